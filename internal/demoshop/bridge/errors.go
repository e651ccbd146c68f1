package bridge

import (
	"errors"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/plugin"
)

// contractError is an error of the shop that is one of the contract's as well, so that each side
// finds the kind it knows.
type contractError struct {
	error
	kind error
}

// Unwrap answers both.
func (e contractError) Unwrap() []error { return []error{e.error, e.kind} }

// contractErr puts an error of the shop into the contract's words: every method of the bridge
// answers errors through it, because the plugin decides by their kind whether to try again. What the
// shop does not know, the plugin may try again too.
func contractErr(err error) error {
	var refusal *domain.Refusal
	kind := plugin.ErrTemporary
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refusal):
		kind = plugin.Refuse(refusal.Reason)
	case errors.Is(err, domain.ErrNotFound):
		kind = plugin.ErrNotFound
	case errors.Is(err, domain.ErrInvalid):
		kind = plugin.ErrInvalid
	case errors.Is(err, domain.ErrConflict):
		kind = plugin.ErrConflict
	}
	return contractError{err, kind}
}
