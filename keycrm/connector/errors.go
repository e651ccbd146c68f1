package connector

import (
	"errors"
	"fmt"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/keycrm"
)

// translate turns KeyCRM's errors into the neutral ones; nil stays nil. What it does not know (a
// cancelled context of ours, a budget without Redis) is passed on as unavailable: nothing happened.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var api *keycrm.APIError
	switch {
	case errors.Is(err, keycrm.ErrLimited):
		errors.As(err, &api)
		if api == nil {
			return crm.NewLimited(0, err)
		}
		return crm.NewLimited(api.RetryAfter, err)
	case errors.Is(err, keycrm.ErrRefused):
		if errors.As(err, &api) {
			return crm.NewRefusal(api.Message, api.Fields, err)
		}
		return crm.NewRefusal("", nil, err)
	}
	for from, to := range map[error]error{
		keycrm.ErrUnauthorised:   crm.ErrUnauthorised,
		keycrm.ErrFeatureOff:     crm.ErrFeatureOff,
		keycrm.ErrNotFound:       crm.ErrNotFound,
		keycrm.ErrTaken:          crm.ErrTaken,
		keycrm.ErrUnknownOutcome: crm.ErrUnknownOutcome,
	} {
		if errors.Is(err, from) {
			return fmt.Errorf("%w: %w", to, err)
		}
	}
	return fmt.Errorf("%w: %w", crm.ErrUnavailable, err)
}
