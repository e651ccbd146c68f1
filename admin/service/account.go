package service

import (
	"context"
	"errors"

	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/secret"
)

// TryKey asks the CRM whose key it is. The code says what is wrong with it; words "connect.…".
func (s *Service) TryKey(ctx context.Context, key string) (account crm.Fingerprint, code string) {
	if key == "" {
		return "", "empty"
	}
	dir, err := s.OpenKey(key)
	if err != nil { // by its form it cannot be a key
		return "", "malformed"
	}
	ctx, cancel := context.WithTimeout(ctx, s.Reach)
	defer cancel()
	account, err = dir.Account(ctx)
	if err != nil {
		s.Host.Logger().Info("API key tried", "outcome", Trouble(err))
	}
	return account, Trouble(err)
}

// Trouble names what an error of the CRM means for the merchant; words "reason.…". Empty for nil.
func Trouble(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, budget.ErrNoRedis):
		return "no_redis"
	case errors.Is(err, secret.ErrSealed):
		return "key_sealed"
	case errors.Is(err, crm.ErrUnauthorised):
		return "crm_unauthorised"
	case errors.Is(err, crm.ErrFeatureOff):
		return "crm_feature_off"
	case errors.Is(err, crm.ErrLimited):
		return "crm_limited"
	case errors.Is(err, crm.ErrRefused):
		return "crm_refused"
	}
	return "crm_unavailable"
}
