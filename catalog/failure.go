package catalog

import (
	"errors"
	"fmt"
	"time"

	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/plugin"
)

// outcome says why a run waits or fails, in codes.
type outcome struct {
	code   Code
	params Params
	// final: trying again cannot help.
	final bool
	// after is the pause asked for; 0: none was.
	after time.Duration
}

// stop is an error of ours that ends a run with a code.
type stop struct {
	code   Code
	params Params
	// rule is the sentence of the contract that the shop broke; empty: none.
	rule string
}

func (s *stop) Error() string {
	if s.rule == "" {
		return fmt.Sprintf("stopped: %s", s.code)
	}
	return fmt.Sprintf("stopped: %s %v: the contract says: %s", s.code, s.params, s.rule)
}

// errInactive: the plugin is switched off in the shop. The run waits, because it may be switched on again
// any moment.
var errInactive = errors.New("the plugin is not active in the shop")

// shopError marks what the shop as a whole answered, to tell it from our own database.
type shopError struct{ err error }

func (e *shopError) Error() string { return "shop: " + e.err.Error() }
func (e *shopError) Unwrap() error { return e.err }

func fromShop(err error) error {
	if err == nil {
		return nil
	}
	return &shopError{err: err}
}

// outcomeOf reads an error of a step.
func outcomeOf(err error) outcome {
	var st *stop
	if errors.As(err, &st) {
		return outcome{code: st.code, params: st.params, final: true}
	}
	if errors.Is(err, errInactive) {
		return outcome{code: CodeShopInactive}
	}
	var sh *shopError
	if errors.As(err, &sh) {
		if plugin.Retryable(err) {
			return outcome{code: CodeShopUnavailable}
		}
		return outcome{code: CodeShopRefused, final: true}
	}
	return outcomeOfCRM(err)
}

func outcomeOfCRM(err error) outcome {
	switch {
	case errors.Is(err, budget.ErrNoRedis):
		return outcome{code: CodeNoRedis}
	case errors.Is(err, crm.ErrUnauthorised):
		return outcome{code: CodeUnauthorised, final: true}
	case errors.Is(err, crm.ErrFeatureOff):
		return outcome{code: CodeFeatureOff, final: true}
	case errors.Is(err, crm.ErrRefused), errors.Is(err, crm.ErrNotFound):
		var r *crm.Refusal
		if errors.As(err, &r) {
			return outcome{code: CodeRefused, params: Params{"message": r.Message}, final: true}
		}
		return outcome{code: CodeRefused, final: true}
	case errors.Is(err, crm.ErrLimited):
		return outcome{code: CodeLimited, after: crm.RetryAfter(err)}
	case errors.Is(err, crm.ErrUnavailable):
		return outcome{code: CodeUnavailable}
	}
	return outcome{code: CodeInternal}
}

// maxAttempts is how often in a row a run is tried before it fails: about five hours.
const maxAttempts = 24

// pause is how long to wait after the given number of failures in a row (0: this is the first).
func pause(failures int, asked time.Duration) time.Duration {
	steps := []time.Duration{5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute}
	return max(asked, steps[min(failures, len(steps)-1)])
}
