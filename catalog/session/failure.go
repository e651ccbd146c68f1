package session

import (
	"errors"
	"fmt"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/store"
	"github.com/keybridge/keybridge/internal/backoff"
	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/plugin"
)

// Stop is an error that fails a run for good, with a code and its parameters.
type Stop struct {
	Code   catalog.Code
	Params catalog.Params
	// rule is the sentence of the contract that the shop broke; empty: none.
	rule string
}

// Error says the code and, of a shop that broke the contract, the rule.
func (s *Stop) Error() string {
	if s.rule == "" {
		return fmt.Sprintf("stopped: %s", s.Code)
	}
	return fmt.Sprintf("stopped: %s %v: the contract says: %s", s.Code, s.Params, s.rule)
}

// errInactive: the plugin is switched off in the shop. The run waits, because it may be switched on again
// any moment.
var errInactive = errors.New("the plugin is not active in the shop")

// shopError marks what the shop as a whole answered, to tell it from our own database.
type shopError struct{ err error }

func (e *shopError) Error() string { return "shop: " + e.err.Error() }

func (e *shopError) Unwrap() error { return e.err }

// FromShop marks an error as the shop's answer, for OutcomeOf; nil stays nil.
func FromShop(err error) error {
	if err == nil {
		return nil
	}
	return &shopError{err: err}
}

// OutcomeOf says what an error of a step means for the run: retry or fail, why, and the pause asked for. What it does
// not know is CodeInternal, and retried.
func OutcomeOf(err error) store.Outcome {
	var st *Stop
	if errors.As(err, &st) {
		return store.Outcome{Code: st.Code, Params: st.Params, Final: true}
	}
	if errors.Is(err, errInactive) {
		return store.Outcome{Code: catalog.CodeShopInactive}
	}
	var sh *shopError
	if errors.As(err, &sh) {
		if plugin.Retryable(err) {
			return store.Outcome{Code: catalog.CodeShopUnavailable}
		}
		return store.Outcome{Code: catalog.CodeShopRefused, Final: true}
	}
	return outcomeOfCRM(err)
}

func outcomeOfCRM(err error) store.Outcome {
	switch {
	case errors.Is(err, budget.ErrNoRedis):
		return store.Outcome{Code: catalog.CodeNoRedis}
	case errors.Is(err, crm.ErrUnauthorised):
		return store.Outcome{Code: catalog.CodeUnauthorised, Final: true}
	case errors.Is(err, crm.ErrFeatureOff):
		return store.Outcome{Code: catalog.CodeFeatureOff, Final: true}
	case errors.Is(err, crm.ErrRefused), errors.Is(err, crm.ErrNotFound):
		var r *crm.Refusal
		if errors.As(err, &r) {
			return store.Outcome{Code: catalog.CodeRefused, Params: catalog.Params{"message": r.Message}, Final: true}
		}
		return store.Outcome{Code: catalog.CodeRefused, Final: true}
	case errors.Is(err, crm.ErrLimited):
		return store.Outcome{Code: catalog.CodeLimited, After: crm.RetryAfter(err)}
	case errors.Is(err, crm.ErrUnavailable):
		return store.Outcome{Code: catalog.CodeUnavailable}
	}
	return store.Outcome{Code: catalog.CodeInternal}
}

// MaxAttempts is how often in a row a run is tried before it fails: about five hours of Pause.
const MaxAttempts = 27

// Pause is the backoff after the given number of failures in a row (0: this is the first), 5 s to 15 min; a pause that
// was asked for counts if it is longer.
func Pause(failures int, asked time.Duration) time.Duration {
	// No jitter: few runs are at work at a time, and the budget paces what they ask.
	return max(asked, backoff.Policy{Base: 5 * time.Second, Cap: 15 * time.Minute}.Pause(failures))
}
