package keycrmtest

import (
	"fmt"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

// read asks the account under its lock.
func read[T any](a *account.Account, ask func() T) (out T) {
	a.Locked(func() { out = ask() })
	return out
}

// change changes the account under its lock.
func change(a *account.Account, edit func() error) (err error) {
	a.Locked(func() { err = edit() })
	if err != nil {
		return fmt.Errorf("keycrmtest: %w", err)
	}
	return nil
}

// found is a copy of a row, if there is one.
func found[T any](a *account.Account, find func(int64) (T, bool), id int64) (row T, ok bool) {
	a.Locked(func() { row, ok = find(id) })
	return row, ok
}
