package catalog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// HeldStock is the stock of a connection that is held back: the CRM says there is none, of so many variants
// at once that its word is doubted. Everything else of them is written, and they are let go by themselves
// once it is not doubted any more. Times are UTC.
type HeldStock struct {
	// Count counts variants, but for Confirmed ones: of those a person has said that there really are none,
	// and they are being written.
	Count, Confirmed int
	// Since is when the first of them was held back, Until the latest; zero: none is.
	Since, Until time.Time
	// Causes say what held them back, the earliest first.
	Causes []HeldCause
}

// HeldCause says what held stock back.
type HeldCause struct {
	// Run is the first run that did; 0: stock calls did.
	Run int64
	// Setting is one that was changed since the run before, "warehouses" or "owner_stock"; empty: none was.
	Setting string
	Since   time.Time
	Count   int
}

// HeldSettings lists the settings that a cause can name, so that a page can be checked to have words for each.
func HeldSettings() []string { return []string{"warehouses", "owner_stock"} }

// HeldVariant is a variant whose stock is held back.
type HeldVariant struct {
	Offer   string           `db:"offer_id"`
	Product plugin.ProductID `db:"product_id"`
	Variant plugin.VariantID `db:"variant_id"`
	Name    string           `db:"name"` // of the product
	SKU     string           `db:"sku"`
	// Old is the stock in the shop; empty: it was not tracked. Says is what the CRM has.
	Old     string    `db:"old"`
	Says    string    `db:"says"`
	Since   time.Time `db:"since"`
	Run     int64     `db:"run_id"` // 0: a stock call
	Setting string    `db:"setting"`
}

// HeldNotice tells a merchant that stock is held back.
type HeldNotice struct {
	Shop       plugin.ShopID
	Connection plugin.ConnectionID
	HeldStock
	// Again: they were told an hour ago, and it is held back still.
	Again bool
	At    time.Time
}

// heldTellAgain is when a merchant is told once more of what is still held back.
const heldTellAgain = time.Hour

// heldTellPause is when a message that was not taken is tried again.
const heldTellPause = time.Minute

// Held tells what is held back of a connection.
func (e *Engine) Held(ctx context.Context, id plugin.ConnectionID) (HeldStock, error) {
	groups, err := e.store.heldCauses(ctx, id)
	if err != nil {
		return HeldStock{}, err
	}
	var out HeldStock
	for _, g := range groups {
		out.Confirmed += g.Confirmed
		n := g.Count - g.Confirmed
		if n == 0 {
			continue
		}
		out.Count += n
		out.Causes = append(out.Causes, HeldCause{Run: g.Run, Setting: g.Setting, Since: g.Since.UTC(), Count: n})
		if out.Since.IsZero() {
			out.Since = g.Since.UTC()
		}
		if g.Until.After(out.Until) {
			out.Until = g.Until.UTC()
		}
	}
	return out, nil
}

// HeldVariants lists it, from behind the offer after (empty: from the first).
func (e *Engine) HeldVariants(ctx context.Context, id plugin.ConnectionID, after string, limit int) ([]HeldVariant, error) {
	return e.store.heldVariants(ctx, id, after, limit)
}

// ConfirmHeld takes a person's word for it that there really are none of what was held back up to a moment,
// and answers how many variants these are. They are read once more and written a moment later, whatever
// the guard says, or by the next run. by is an operator's id or "cli".
func (e *Engine) ConfirmHeld(ctx context.Context, id plugin.ConnectionID, until time.Time, by string) (n int, err error) {
	now := e.now()
	err = e.store.inTx(ctx, func(tx *sqlx.Tx) error {
		rows, err := e.store.confirmHeld(ctx, tx, id, until, by, now)
		if n = len(rows); err != nil || n == 0 {
			return err
		}
		deeds := each(rows, func(h HeldVariant) auditEntry {
			return auditEntry{Action: "sold_out", Product: h.Product, Variant: h.Variant}
		})
		if err := e.store.audit(ctx, tx, id, by, deeds, now); err != nil {
			return err
		}
		_, err = e.store.lookAtHeld(ctx, tx, id, true, now)
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
	if e.deps.NotifyHeld == nil {
		return nil
	}
	now := e.now()
	t := telling{before: now.Add(-heldTellAgain), now: now, until: now.Add(heldTellPause)}
	due, err := e.store.heldUntold(ctx, t)
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range due {
		conn, err := e.deps.Connections.Get(ctx, id)
		if errors.Is(err, plugin.ErrNotFound) || err == nil && (!conn.Enabled || !e.active(ctx, conn.Shop)) {
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

// telling is one look at who is to be told: of what they were told of before a moment at the latest, and
// until when nobody else does.
type telling struct{ before, now, until time.Time }

// tellHeld claims what there is to tell and notes that it was told only once the message was taken, so that
// a crash in between tells it twice rather than never.
func (e *Engine) tellHeld(ctx context.Context, conn settings.Connection, t telling) error {
	mine, again, err := e.store.claimHeld(ctx, conn.ID, t)
	if err != nil || !mine {
		return err
	}
	held, err := e.Held(ctx, conn.ID)
	if err != nil || held.Count == 0 {
		return err
	}
	n := HeldNotice{Shop: conn.Shop, Connection: conn.ID, HeldStock: held, Again: again, At: t.now}
	if err := e.deps.NotifyHeld(ctx, n); err != nil {
		return err
	}
	return e.store.heldTold(ctx, conn.ID, t)
}

// holds reports whether the run holds back the stock of variants that would go to none.
func (r Run) holds() bool { return guardOf(r.Guards) != nil }

// cause is what the run's holding back is put down to.
func (r Run) cause() HeldCause {
	c := HeldCause{Run: r.ID}
	if g := guardOf(r.Guards); g != nil {
		c.Setting = g.Params["setting"]
	}
	return c
}

func guardOf(guards []Guard) *Guard {
	for i := range guards {
		if guards[i].Code == GuardStock {
			return &guards[i]
		}
	}
	return nil
}

// drained fills in what the guard of stock needs to know beside the plan, once that alone may be much.
func (w *worker) drained(ctx context.Context, tx *sqlx.Tx, run *Run, m *measures) error {
	if m.SoldOut == 0 {
		return nil
	}
	var err error
	if m.Recent, err = w.e.store.soldOutSince(ctx, tx, run.Connection, w.e.now().Add(-soldOutWindow)); err != nil {
		return err
	}
	if m.SoldOut+m.Recent <= w.rules.Limits.StockCount {
		return nil
	}
	before, err := w.e.store.stockBefore(ctx, tx, *run)
	if err != nil {
		return err
	}
	m.Before = before + m.Recent
	was, _, ok, err := w.e.store.lastRun(ctx, tx, run.Connection)
	if ok {
		m.Setting = stockSetting(was, run.Settings)
	}
	return err
}

// doubts reports whether stock that a group of offers would bring to none is held back; nil: it is not.
func (w *stockWorker) doubts(ctx context.Context, b *priceBatch) (*HeldCause, error) {
	var going []string
	for i := range b.plans {
		going = append(going, each(b.plans[i].goingOut(), func(s soldOut) string { return s.Offer })...)
	}
	if len(going) == 0 {
		return nil, nil
	}
	d, was, err := w.drain(ctx, going)
	if err != nil || !d.suspicious(w.rules.Limits) {
		return nil, err
	}
	cause := &HeldCause{}
	if was != nil {
		cause.Setting = stockSetting(*was, w.run.Settings)
	}
	return cause, nil
}

// drain counts what goes to none by calls, and before; going are the offers of which the CRM says so now.
// It answers the settings of the last run beside it, nil when there was none.
func (w *stockWorker) drain(ctx context.Context, going []string) (drain, *settings.Catalog, error) {
	s, conn := w.e.store, w.call.Connection
	d := drain{Now: len(going)}
	var err error
	if d.Recent, err = s.soldOutSince(ctx, w.e.deps.DB, conn, w.e.now().Add(-soldOutWindow)); err != nil {
		return d, nil, err
	}
	if d.Held, err = s.countHeld(ctx, conn, going); err != nil {
		return d, nil, err
	}
	was, counted, ok, err := s.lastRun(ctx, w.e.deps.DB, conn)
	if err != nil || !ok {
		return d, nil, err
	}
	d.Before = counted.Available
	return d, &was, nil
}

// lookAtHeld reads once a slice what is held back, when it is no longer so much that it is doubted.
func (w *stockWorker) lookAtHeld(ctx context.Context) (more bool, err error) {
	if w.looked {
		return false, nil
	}
	w.looked = true
	d, _, err := w.drain(ctx, nil)
	if err != nil || d.Held == 0 || d.suspicious(w.rules.Limits) {
		return false, err
	}
	n, err := w.inBulk(ctx, func(ctx context.Context, tx *sqlx.Tx, b bulk) (int64, error) {
		return w.e.store.lookAtHeld(ctx, tx, b.conn, false, b.now)
	})
	return n > 0, err
}
