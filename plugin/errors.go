package plugin

import "errors"

// The sentinels answer "what can the caller do?". Every error of a Host, Shop or Plugin call wraps
// exactly one of them; an error that wraps none is treated as ErrTemporary. The text of an item's error is
// listed for the merchant and logged, so it says what is wrong and holds neither secrets nor a buyer's data.
var (
	// ErrNotFound: the thing does not exist (any more). We drop or report, we do not retry.
	ErrNotFound = errors.New("not found")
	// ErrInvalid: this input can never be accepted. We show it and never retry.
	ErrInvalid = errors.New("invalid")
	// ErrConflict: the state moved since it was read. We read again and decide anew.
	ErrConflict = errors.New("conflict")
	// ErrRefused: the shop's own rules say no (a status move that is not allowed). Shown, never
	// retried. Use Refuse to say why in the merchant's words.
	ErrRefused = errors.New("refused by the shop's rules")
	// ErrUnsupported: the engine cannot do this at all; it agrees with the declared capabilities.
	ErrUnsupported = errors.New("unsupported")
	// ErrTemporary: trying again later may help.
	ErrTemporary = errors.New("temporary")
)

// Refusal carries the shop's reason in words a merchant understands. It is an ErrRefused.
type Refusal struct {
	// Reason is shown to the merchant as it is, in the shop's locale.
	Reason string
}

// Error implements error.
func (r *Refusal) Error() string { return ErrRefused.Error() + ": " + r.Reason }

// Unwrap makes errors.Is(err, ErrRefused) true.
func (r *Refusal) Unwrap() error { return ErrRefused }

// Refuse answers a Refusal with the shop's reason.
func Refuse(reason string) error { return &Refusal{Reason: reason} }

// Retryable reports whether doing the same again later may help.
// A nil error and every definite answer are not retryable.
func Retryable(err error) bool {
	if err == nil {
		return false
	}
	for _, definite := range []error{ErrNotFound, ErrInvalid, ErrConflict, ErrRefused, ErrUnsupported} {
		if errors.Is(err, definite) {
			return false
		}
	}
	return true
}
