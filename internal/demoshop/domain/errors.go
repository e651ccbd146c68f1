package domain

import (
	"errors"
	"fmt"
)

// What can be wrong, by what whoever asked can do about it.
var (
	// ErrNotFound: there is no such thing.
	ErrNotFound = errors.New("not found")
	// ErrInvalid: the shop will never take this value.
	ErrInvalid = errors.New("invalid")
	// ErrConflict: somebody changed it meanwhile; read again.
	ErrConflict = errors.New("changed meanwhile")
	// ErrTemporary: try again later.
	ErrTemporary = errors.New("temporary")
)

// Refusal is a rule of the shop that stands against a change, in words for the merchant.
type Refusal struct{ Reason string }

// Error implements error.
func (r *Refusal) Error() string { return "refused: " + r.Reason }

// Refuse makes a Refusal.
func Refuse(reason string) error { return &Refusal{reason} }

// Invalidf is an ErrInvalid with what is wrong.
func Invalidf(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, ErrInvalid)...)
}
