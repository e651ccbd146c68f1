// Package crm holds the words in which catalog, orders, hooks and admin speak of any CRM: errors by
// what the caller can do, and nothing of a particular one.
package crm

import (
	"errors"
	"fmt"
	"time"
)

// What a CRM's answer means for the caller. Every error of a CRM port wraps exactly one.
var (
	// ErrUnauthorised: the key is not accepted; the merchant must enter another.
	ErrUnauthorised = errors.New("the CRM does not accept the key")
	// ErrFeatureOff: the account's plan or settings lack the feature.
	ErrFeatureOff = errors.New("the feature is off in the CRM account")
	// ErrNotFound: no such object any more.
	ErrNotFound = errors.New("not found in the CRM")
	// ErrRefused: this request will never be accepted as it is; see Refusal.
	ErrRefused = errors.New("refused by the CRM")
	// ErrTaken: an order with this natural key exists already; nothing was created.
	ErrTaken = errors.New("already in the CRM")
	// ErrLimited: the minute's budget is used up; see RetryAfter.
	ErrLimited = errors.New("the CRM asks to wait")
	// ErrUnavailable: nothing happened; try later.
	ErrUnavailable = errors.New("the CRM is unavailable")
	// ErrUnknownOutcome: a write may or may not have happened; look before sending again.
	ErrUnknownOutcome = errors.New("it is not known whether the CRM did it")
)

// Refusal is an ErrRefused with the fields the CRM named.
type Refusal struct {
	// Fields maps the CRM's field names to its own texts; may be empty.
	Fields map[string][]string
	// Message is the CRM's own sentence.
	Message string
	cause   error
}

// NewRefusal keeps the cause for logs.
func NewRefusal(message string, fields map[string][]string, cause error) *Refusal {
	return &Refusal{Fields: fields, Message: message, cause: cause}
}

// Error implements error.
func (r *Refusal) Error() string { return fmt.Sprintf("%v: %v", ErrRefused, r.cause) }

// Unwrap makes errors.Is(err, ErrRefused) true and keeps the cause.
func (r *Refusal) Unwrap() []error { return []error{ErrRefused, r.cause} }

// Limited is an ErrLimited with the pause the CRM asked for.
type Limited struct {
	After time.Duration // 0: none was named
	cause error
}

// NewLimited keeps the cause for logs.
func NewLimited(after time.Duration, cause error) *Limited {
	return &Limited{After: after, cause: cause}
}

// Error implements error.
func (l *Limited) Error() string { return fmt.Sprintf("%v: %v", ErrLimited, l.cause) }

// Unwrap makes errors.Is(err, ErrLimited) true and keeps the cause.
func (l *Limited) Unwrap() []error { return []error{ErrLimited, l.cause} }

// RetryAfter answers the pause an error asks for; 0 when it asks for none.
func RetryAfter(err error) time.Duration {
	var l *Limited
	if errors.As(err, &l) {
		return l.After
	}
	return 0
}

// Temporary reports whether trying the same again later may help and can do no harm: nothing
// happened. An unknown outcome is not temporary in this sense.
func Temporary(err error) bool {
	return errors.Is(err, ErrUnavailable) || errors.Is(err, ErrLimited)
}
