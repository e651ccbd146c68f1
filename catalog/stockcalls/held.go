package stockcalls

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/store"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
)

// doubts reports whether stock that a group of offers would bring to none is held back; nil: it is not.
func (w *stockWorker) doubts(ctx context.Context, b *plan.PriceBatch) (*catalog.HeldCause, error) {
	var going []string
	for i := range b.Plans {
		going = append(going, sliceutil.Map(b.Plans[i].SellingOut(), func(s plan.SoldOut) string { return s.Offer })...)
	}
	if len(going) == 0 {
		return nil, nil
	}
	d, was, err := w.drain(ctx, going)
	if err != nil || !d.Suspicious(w.Rules.Limits) {
		return nil, err
	}
	cause := &catalog.HeldCause{}
	if was != nil {
		cause.Setting = plan.StockSetting(*was, w.Settings)
	}
	return cause, nil
}

// drain counts what goes to none by calls, and before; going are the offers of which the CRM says so now.
// It answers the settings of the last run beside it, nil when there was none.
func (w *stockWorker) drain(ctx context.Context, going []string) (plan.SoldOutCount, *settings.Catalog, error) {
	s, conn := w.Store, w.call.Connection
	d := plan.SoldOutCount{Now: len(going)}
	var err error
	if d.Recent, err = s.Held.SoldOutSince(ctx, w.Deps.DB, conn, w.Now().Add(-plan.SoldOutWindow)); err != nil {
		return d, nil, err
	}
	if d.Held, err = s.Held.Count(ctx, conn, going); err != nil {
		return d, nil, err
	}
	was, counted, ok, err := s.Held.LastRun(ctx, w.Deps.DB, conn)
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
	if err != nil || d.Held == 0 || d.Suspicious(w.Rules.Limits) {
		return false, err
	}
	n, err := w.inBulk(ctx, func(ctx context.Context, tx *sqlx.Tx, b store.Bulk) (int64, error) {
		return w.Store.Held.Recheck(ctx, tx, b.Conn, false, b.Now)
	})
	return n > 0, err
}
