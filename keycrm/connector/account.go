package connector

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/keycrm"
)

// maxMarks bounds a fingerprint; the oldest sources come first.
const maxMarks = 48

// Account recognises the account the key opens; that the key works is shown by its answer.
//
// KeyCRM names no account in its API. What stays is when its order sources were made: a source keeps
// its id and created_at for good, however often it is renamed, so each gives a mark. Sources come
// and go, so two keys count as keys of one account when they share a mark (see
// crm.Fingerprint). The built-in statuses and payment methods have the same ids everywhere and tell
// nothing. The first user, as a rule the owner, gives a mark in the same way; it recognises an
// account that has no source yet.
// Errors: those of package crm; crm.ErrUnauthorised for a key KeyCRM does not know.
func (c *Connector) Account(ctx context.Context) (crm.Fingerprint, error) {
	sources, err := keycrm.Collect(ctx, c.crm.Dictionaries.Sources)
	if err != nil {
		return "", fmt.Errorf("recognise account: %w", translate(err))
	}
	owner, err := c.owner(ctx)
	if err != nil {
		return "", err
	}
	slices.SortFunc(sources, func(a, b keycrm.Source) int { return cmp.Compare(a.ID, b.ID) })
	marks := owner
	for _, s := range sources {
		if !s.CreatedAt.IsZero() && len(marks) < maxMarks {
			marks = append(marks, mark("source", s.ID, s.CreatedAt))
		}
	}
	return crm.NewFingerprint(marks...), nil
}

// owner answers the mark of the account's first user; none when KeyCRM keeps its users to itself.
func (c *Connector) owner(ctx context.Context) ([]string, error) {
	var first keycrm.User
	for u, err := range c.crm.Dictionaries.AllUsers(ctx, keycrm.UserQuery{}) {
		err = translate(err)
		if errors.Is(err, crm.ErrFeatureOff) || errors.Is(err, crm.ErrNotFound) || errors.Is(err, crm.ErrRefused) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("recognise account: %w", err)
		}
		if first.ID == 0 || u.ID < first.ID {
			first = u
		}
	}
	if first.ID == 0 || first.CreatedAt.IsZero() {
		return nil, nil
	}
	return []string{mark("user", first.ID, first.CreatedAt)}, nil
}

// mark digests, so that nothing of the account can be read from the fingerprint. Seconds are enough:
// not every answer of KeyCRM carries the fraction.
func mark(kind string, id int64, made keycrm.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %s", kind, id, made.UTC().Format(time.RFC3339)))
	return hex.EncodeToString(sum[:8])
}
