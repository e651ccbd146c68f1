package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/store"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// heldTellAgain is when a merchant is told once more of what is still held back.
const heldTellAgain = time.Hour

// heldTellPause is when a message that was not taken is tried again.
const heldTellPause = time.Minute

// Held tells the stock of a connection that is held back.
func (e *Engine) Held(ctx context.Context, id plugin.ConnectionID) (catalog.HeldStock, error) {
	groups, err := e.t.Store.Held.Causes(ctx, id)
	if err != nil {
		return catalog.HeldStock{}, err
	}
	var out catalog.HeldStock
	for _, g := range groups {
		out.Confirmed += g.Confirmed
		n := g.Count - g.Confirmed
		if n == 0 {
			continue
		}
		out.Count += n
		out.Causes = append(out.Causes, catalog.HeldCause{Run: g.Run, Setting: g.Setting, Since: g.Since.UTC(), Count: n})
		if out.Since.IsZero() {
			out.Since = g.Since.UTC()
		}
		if g.Until.After(out.Until) {
			out.Until = g.Until.UTC()
		}
	}
	return out, nil
}

// HeldVariants lists the variants whose stock is held back, but for those that were confirmed, from behind the offer
// after (empty: from the first).
func (e *Engine) HeldVariants(ctx context.Context, id plugin.ConnectionID, after string, limit int) ([]catalog.HeldVariant, error) {
	return e.t.Store.Held.Variants(ctx, id, after, limit)
}

// ConfirmHeld takes a person's word for it that there really are none of what was held back up to a moment,
// and answers how many variants these are. They are read once more and written a moment later, whatever
// the guard says, or by the next run. by is an operator's id or "cli".
func (e *Engine) ConfirmHeld(ctx context.Context, id plugin.ConnectionID, until time.Time, by string) (n int, err error) {
	now := e.t.Now()
	err = e.t.Store.InTx(ctx, func(tx *sqlx.Tx) error {
		rows, err := e.t.Store.Held.Confirm(ctx, tx, id, until, by, now)
		if n = len(rows); err != nil || n == 0 {
			return err
		}
		deeds := sliceutil.Map(rows, func(h catalog.HeldVariant) store.AuditEntry {
			return store.AuditEntry{Action: "sold_out", Product: h.Product, Variant: h.Variant}
		})
		if err := e.t.Store.Review.Audit(ctx, tx, id, by, deeds, now); err != nil {
			return err
		}
		_, err = e.t.Store.Held.Recheck(ctx, tx, id, true, now)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("confirm held stock of %s: %w", id, err)
	}
	return n, nil
}

// TellHeld tells merchants of stock that is held back: when it begins, and once more after an hour if it is
// held back still. A message that was not taken comes again a minute later. Several processes may do so at
// once.
func (e *Engine) TellHeld(ctx context.Context) error {
	if e.t.Deps.NotifyHeld == nil {
		return nil
	}
	now := e.t.Now()
	t := store.Telling{Before: now.Add(-heldTellAgain), Now: now, Until: now.Add(heldTellPause)}
	due, err := e.t.Store.Held.Untold(ctx, t)
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range due {
		conn, err := e.t.Deps.Connections.Get(ctx, id)
		if errors.Is(err, plugin.ErrNotFound) || err == nil && (!conn.Enabled || !e.t.Active(ctx, conn.Shop)) {
			continue // nothing is written there at all
		}
		if err == nil {
			err = e.tellHeld(ctx, conn, t)
		}
		if err != nil { // one merchant who cannot be told holds up no other
			errs = append(errs, fmt.Errorf("tell of held stock of %s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

// tellHeld claims what there is to tell and notes that it was told only once the message was taken, so that
// a crash in between tells it twice rather than never.
func (e *Engine) tellHeld(ctx context.Context, conn settings.Connection, t store.Telling) error {
	mine, again, err := e.t.Store.Held.ClaimTelling(ctx, conn.ID, t)
	if err != nil || !mine {
		return err
	}
	held, err := e.Held(ctx, conn.ID)
	if err != nil || held.Count == 0 {
		return err
	}
	n := catalog.HeldNotice{Shop: conn.Shop, Connection: conn.ID, HeldStock: held, Again: again, At: t.Now}
	if err := e.t.Deps.NotifyHeld(ctx, n); err != nil {
		return err
	}
	return e.t.Store.Held.Told(ctx, conn.ID, t)
}
