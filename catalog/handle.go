package catalog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/plugin"
)

// Handle implements jobs.Handler: it works on a run for one slice and says in the run's row when to
// go on. A run that is over, not due or held by another worker is no error.
func (e *Engine) Handle(ctx context.Context, id int64) error {
	run, ok, err := e.store.claim(ctx, id, e.now(), e.deps.Config.Lease)
	if err != nil || !ok {
		return err
	}
	w := &worker{e: e, run: run}
	err = w.slice(ctx)
	return e.finishSlice(ctx, w.run, err)
}

// finishSlice writes down how a slice ended.
func (e *Engine) finishSlice(ctx context.Context, run Run, err error) error {
	stopping := ctx.Err() != nil
	// What is to be written must be written even while the process stops.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	log := e.deps.Log.With("run", run.ID, "connection", run.Connection)
	if err = e.recordOutcome(ctx, log, run, err, stopping); errors.Is(err, errLost) {
		log.Warn("run: it was ended, or its lease ran out and another worker goes on")
		return nil
	}
	return err
}

// recordOutcome stores how a slice ended. Errors: errLost when the run is another worker's by now.
func (e *Engine) recordOutcome(ctx context.Context, log *slog.Logger, run Run, err error, stopping bool) error {
	var why outcome
	var later *budget.Later
	switch {
	case errors.Is(err, errLost):
		return err
	case err == nil && (run.State == Done || run.State == Approval):
		return nil
	case err == nil, stopping:
		return e.store.leave(ctx, run, e.now())
	case errors.As(err, &later): // its turn is too far away to keep a worker for
		return e.store.leave(ctx, run, e.now().Add(later.After))
	default:
		why = outcomeOf(err)
	}
	if why.final || run.attempts+1 >= maxAttempts {
		log.Error("run failed", "phase", run.Phase, "code", why.code, "error", err.Error())
		return e.store.end(ctx, e.deps.DB, run, Failed, why, e.now())
	}
	next := e.now().Add(pause(run.attempts, why.after))
	log.Warn("run waits", "phase", run.Phase, "code", why.code, "until", next, "error", err.Error())
	return e.store.wait(ctx, run, next, why)
}

func ignoreLost(err error) error {
	if errors.Is(err, errLost) {
		return nil
	}
	return err
}

// worker works on one run for one slice.
type worker struct {
	e   *Engine
	run Run

	shop      plugin.Shop
	catalog   plugin.Catalog
	source    CRM // opened when first needed
	rules     rules
	rulesHash []byte
	names     map[plugin.CategoryID]string // of the shop's categories, read when first needed
	// keyed: some links bear keys of offers, or may come to; see splitting.
	keyed bool

	// asked is when the CRM was last asked. What it answers is at least as new as that.
	asked time.Time
	// said are texts of the shop about items that this slice has seen.
	said map[string]bool
	// judged: it is known whether the chosen warehouses are still there.
	judged bool
	// prefetch fetches pages while those before them are stored; nil: nothing is being fetched.
	prefetch *prefetcher
	until    time.Time // when the slice is used up
}

// slice makes steps until the run is over, the slice is used up, or something goes wrong.
func (w *worker) slice(ctx context.Context) (err error) {
	ctx, release := w.keepLease(ctx)
	defer release()
	defer func() {
		if p := recover(); p != nil {
			w.e.deps.Log.Error("run panicked", "run", w.run.ID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("run %d panicked in phase %s", w.run.ID, w.run.Phase)
		}
		err = cause(ctx, err)
	}()
	if err := w.open(ctx); err != nil {
		return err
	}
	defer w.stopPrefetch()
	w.until = w.e.now().Add(w.e.deps.Config.Slice)
	for w.run.State == Running && (w.e.now().Before(w.until) || w.hasPrefetched()) {
		if err := w.step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// cause prefers the loss of the lease, for which a slice's context ended, to the error that this led to.
func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); err != nil && errors.Is(c, errLost) {
		return c
	}
	return err
}

// keepLease renews the lease beside the work, so that a slow answer does not cost it. It gives up
// after a while, because a worker that hangs must lose the run.
func (w *worker) keepLease(ctx context.Context) (context.Context, func()) {
	c := w.e.deps.Config
	ctx, cancel := context.WithCancelCause(ctx)
	over := make(chan struct{})
	run, tick, last := w.run, time.NewTicker(c.Lease/3), w.e.now().Add(c.Slice+4*c.Lease)
	go func() {
		defer close(over)
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := w.e.store.renew(ctx, run, w.e.now().Add(c.Lease)); errors.Is(err, errLost) || w.e.now().After(last) {
				cancel(errLost)
				return
			}
		}
	}()
	return ctx, func() {
		tick.Stop()
		cancel(nil)
		<-over
	}
}

// open reads what the slice works with.
func (w *worker) open(ctx context.Context) error {
	conn, err := w.e.deps.Connections.Get(ctx, w.run.Connection)
	if errors.Is(err, plugin.ErrNotFound) {
		return &stop{code: CodeConnectionGone}
	}
	if err != nil {
		return fmt.Errorf("open run %d: %w", w.run.ID, err)
	}
	if !w.e.active(ctx, w.run.Shop) {
		return errInactive
	}
	if !conn.Enabled {
		return &stop{code: CodeConnectionOff}
	}
	if w.shop, err = w.e.deps.Shop(ctx, w.run.Shop); err != nil {
		return fromShop(err)
	}
	w.catalog = w.shop.Catalog()
	profile, err := w.shop.Profile(ctx)
	if err != nil {
		return fromShop(err)
	}
	lang, err := w.language(ctx)
	if err != nil {
		return err
	}
	w.rules = newRules(w.run.Settings, lang, profile.Currency, w.shop.Capabilities())
	if err := w.freeze(ctx, conn.ID); err != nil {
		return err
	}
	if w.keyed = w.rules.Can.AsProducts; !w.keyed {
		if w.keyed, err = w.e.store.hasKeys(ctx, conn.ID); err != nil {
			return err
		}
	}
	w.rulesHash = w.rules.hash()
	w.rules.Gone, err = w.e.store.confirmedGone(ctx, conn.ID)
	return err
}

// language is the one texts go to: the chosen one, else the shop's first.
func (w *worker) language(ctx context.Context) (string, error) {
	chosen := w.run.Settings.Language
	if chosen == "" {
		lang, err := firstLanguage(ctx, w.shop)
		return lang, fromShop(err)
	}
	langs, err := w.shop.Dictionaries().Languages(ctx)
	if err != nil {
		return "", fromShop(err)
	}
	if !slices.ContainsFunc(langs, func(l plugin.Language) bool { return l.Code == chosen }) {
		// Texts in another language are the merchant's own.
		return "", &stop{code: CodeLanguageGone, params: Params{"language": chosen}}
	}
	return chosen, nil
}

// firstLanguage is the language a shop keeps texts in unless told otherwise.
func firstLanguage(ctx context.Context, shop plugin.Shop) (string, error) {
	langs, err := shop.Dictionaries().Languages(ctx)
	if err != nil {
		return "", err
	}
	if len(langs) > 0 {
		return langs[0].Code, nil
	}
	profile, err := shop.Profile(ctx)
	return profile.Locale, err
}

// crm opens the CRM when the first request is to be made.
func (w *worker) crm(ctx context.Context) (CRM, error) {
	if w.source == nil {
		source, err := w.e.deps.CRM(ctx, w.run.Connection)
		if err != nil {
			return nil, fmt.Errorf("open CRM of %s: %w", w.run.Connection, err)
		}
		w.source = source
	}
	return w.source, nil
}

// step does one piece of work and commits it with its checkpoint.
func (w *worker) step(ctx context.Context) error {
	switch w.run.Phase {
	case ReadCategories:
		return w.readCategories(ctx)
	case ReadProducts:
		return w.readProducts(ctx)
	case ReadOffers:
		return w.readOffers(ctx)
	case Confirm:
		return w.confirm(ctx)
	case ConfirmOffers:
		return w.confirmOffers(ctx)
	case ReadStocks:
		return w.readStocks(ctx)
	case PlanProducts:
		return w.plan(ctx)
	case CheckPlan:
		return w.check(ctx)
	case VerifyPlan:
		return w.verify(ctx)
	case Relink:
		return w.relink(ctx)
	case WriteCategories:
		return w.writeCategories(ctx)
	case WriteProducts:
		return w.write(ctx, w.apply)
	case WriteAgain:
		return w.writeAgain(ctx)
	case WriteImages:
		return w.writeImages(ctx)
	case CheckCurrency:
		return w.checkCurrency(ctx)
	case ReadPrices:
		return w.readPrices(ctx)
	case PlanPrices:
		return w.planPrices(ctx)
	case WritePrices:
		return w.write(ctx, w.applyPrices)
	case Tidy:
		return w.tidy(ctx)
	}
	return &stop{code: CodeInternal}
}

// next is the run as it will stand after a step; its counters are safe to change.
func (w *worker) next() *Run {
	run := w.run
	run.Counters.Skipped = maps.Clone(run.Counters.Skipped)
	run.Guards = slices.Clone(run.Guards)
	return &run
}

// enter moves a run to the start of a phase.
func (r *Run) enter(p Phase) { r.Phase, r.cursor, r.Done, r.Total = p, "", 0, 0 }

// commit stores what a step did and where the run stands then, in one transaction. f may be nil, and
// may still change run.
func (w *worker) commit(ctx context.Context, run *Run, f func(tx *sqlx.Tx) error) error {
	return w.commitBy(ctx, run, w.e.store.inTx, f)
}

// commitAsync is commit for a step that has read and thought but told nobody: it does not wait for the disk.
// Should the database crash in the next moment, the step is forgotten together with its checkpoint
// and made again.
func (w *worker) commitAsync(ctx context.Context, run *Run, f func(tx *sqlx.Tx) error) error {
	return w.commitBy(ctx, run, w.e.store.inAsyncTx, f)
}

func (w *worker) commitBy(ctx context.Context, run *Run, inTx func(context.Context, func(*sqlx.Tx) error) error, f func(tx *sqlx.Tx) error) error {
	err := inTx(ctx, func(tx *sqlx.Tx) error {
		if f != nil {
			if err := f(tx); err != nil {
				return err
			}
		}
		return w.e.store.checkpoint(ctx, tx, w.run, *run, w.e.now().Add(w.e.deps.Config.Lease))
	})
	if err == nil {
		run.attempts = 0
		w.run = *run
	}
	return err
}
