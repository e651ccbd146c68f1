package keycrm

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// What went wrong, by what the caller can do about it. Match with errors.Is; every error of a request that was sent
// or refused matches exactly one of them.
var (
	// ErrUnauthorised: KeyCRM does not know the key.
	ErrUnauthorised = errors.New("keycrm: the API key is not accepted")
	// ErrFeatureOff: the account's plan or settings lack the feature, such as pipelines.
	ErrFeatureOff = errors.New("keycrm: the feature is switched off in the account")
	// ErrNotFound: no such object, or it was deleted or merged into another.
	ErrNotFound = errors.New("keycrm: not found")
	// ErrRefused: KeyCRM will never accept this request; APIError.Fields names the bad fields.
	ErrRefused = errors.New("keycrm: the request is refused")
	// ErrTaken: an order with this source_uuid exists already. Nothing was created.
	ErrTaken = errors.New("keycrm: the source uuid is taken")
	// ErrLimited: more requests than the minute allows. Nothing was done; APIError.RetryAfter says how long to wait.
	ErrLimited = errors.New("keycrm: too many requests")
	// ErrUnavailable: KeyCRM was not reached or could not answer, and nothing was changed.
	ErrUnavailable = errors.New("keycrm: unavailable")
	// ErrUnknownOutcome: a write was sent and its fate is not known. Look for its result before sending it again.
	ErrUnknownOutcome = errors.New("keycrm: it is not known whether the write happened")
)

// APIError is an answer outside 2xx. It never carries the API key.
type APIError struct {
	Method     string
	Path       string              // below the base URL, query left out
	Status     int                 // HTTP status code
	Message    string              // KeyCRM's own words, for people; may be empty and differs between versions
	Fields     map[string][]string // 422: dotted field name ("products.0.quantity") to texts; else nil
	RetryAfter time.Duration       // pause KeyCRM asked for; 0 when it named none
	JSON       bool                // false: the body was not JSON, so something before KeyCRM may have answered
}

func (e *APIError) Error() string {
	s := fmt.Sprintf("%s %s: status %d", e.Method, e.Path, e.Status)
	if !e.JSON {
		s += " without a JSON body"
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	for _, f := range e.fieldNames() {
		s += fmt.Sprintf("; %s: %s", f, strings.Join(e.Fields[f], " "))
	}
	return s
}

func (e *APIError) fieldNames() []string {
	names := make([]string, 0, len(e.Fields))
	for f := range e.Fields {
		names = append(names, f)
	}
	slices.Sort(names)
	return names
}

// Is reports whether target is the sentinel of this answer.
func (e *APIError) Is(target error) bool { return target == e.kind() }

func (e *APIError) kind() error {
	switch {
	case e.Status >= 500, e.Status == http.StatusRequestTimeout:
		return lost(e.Method, true)
	case e.Status == http.StatusTooManyRequests:
		return ErrLimited
	case e.Status == http.StatusUnauthorized:
		return ErrUnauthorised
	case e.Status < 400, !e.JSON:
		// A redirect, or a page of a proxy or of another server: KeyCRM itself has not seen the request. Above all an
		// HTML 404 (a base address without /v1) must not look like a deleted order.
		return ErrUnavailable
	}
	return e.refusal()
}

func (e *APIError) refusal() error {
	switch e.Status {
	case http.StatusForbidden, http.StatusPaymentRequired:
		return ErrFeatureOff
	case http.StatusNotFound:
		return ErrNotFound
	case http.StatusBadRequest:
		// The one 400 with a fixed text in KeyCRM's description: pipelines are off.
		if strings.Contains(strings.ToLower(e.Message), "not enabled") {
			return ErrFeatureOff
		}
	case http.StatusUnprocessableEntity:
		if e.taken() {
			return ErrTaken
		}
	}
	return ErrRefused
}

// taken looks at the field, not at the message: the message's text depends on KeyCRM's version.
func (e *APIError) taken() bool {
	return slices.ContainsFunc(e.Fields["source_uuid"], func(s string) bool {
		s = strings.ToLower(s)
		return strings.Contains(s, "taken") || strings.Contains(s, "already") || strings.Contains(s, "вже")
	})
}

// TransportError is a request without a usable answer: no connection, a cut, a timeout, a cancelled context, a
// refused budget, or a body that could not be read. It never carries the API key or the query.
type TransportError struct {
	Method string
	Path   string // below the base URL, query left out
	Sent   bool   // false: certainly nothing reached KeyCRM
	Err    error  // the cause; context.Canceled and the budget's errors are found through it
}

func (e *TransportError) Error() string {
	if !e.Sent {
		return fmt.Sprintf("%s %s: not sent: %v", e.Method, e.Path, e.Err)
	}
	return fmt.Sprintf("%s %s: %v", e.Method, e.Path, e.Err)
}

// Unwrap returns the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// Is reports whether target is the sentinel of this failure.
func (e *TransportError) Is(target error) bool { return target == lost(e.Method, e.Sent) }

// lost says what a missing answer means: a read is simply to be repeated, a write that left us may have happened.
func lost(method string, sent bool) error {
	if method == http.MethodGet || !sent {
		return ErrUnavailable
	}
	return ErrUnknownOutcome
}
