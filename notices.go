package keybridge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keybridge/keybridge/admin/words"
	"github.com/keybridge/keybridge/catalog"
)

const (
	// tellEvery is how late a merchant may be told.
	tellEvery = time.Minute
	// tellAgain is when one is told again of what still lasts.
	tellAgain = 24 * time.Hour
	// newsAge is how old a failed run or a refused status may be and still be news.
	newsAge = 2 * 24 * time.Hour
)

// tellTroubles leaves a message for the merchant where something has begun to need one: once, by whichever
// process comes first, and again the next day if it lasts. A message that the host did not take is tried
// again.
func (k *Keybridge) tellTroubles(ctx context.Context) error {
	now := k.host.Clock().Now()
	store := notices{k.host.DB()}
	due, err := store.claim(ctx, k.installs.Active, now.Add(-newsAge), now, now.Add(tellEvery))
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range due {
		err := k.tellTrouble(ctx, t, now)
		if err == nil {
			err = store.told(ctx, t, now.Add(tellAgain))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("message of %s of connection %s: %w", t.Kind, t.Connection, err))
		}
	}
	return errors.Join(errs...)
}

func (k *Keybridge) tellTrouble(ctx context.Context, t words.Trouble, now time.Time) error {
	w, err := k.admin.WordsOf(ctx, t.Shop)
	if err != nil {
		return err
	}
	var failed catalog.Run
	if t.Kind == words.RunsFailed {
		if failed, err = k.catalog.Run(ctx, t.Run); err != nil {
			return err
		}
	}
	return k.host.Notify(ctx, words.TroubleMessage(w, t, failed, now))
}
