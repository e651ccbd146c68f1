package catalog

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/settings"
)

// outsideKept is for how long a product that was seen outside the chosen categories is not asked about
// again.
const outsideKept = 7 * 24 * time.Hour

// question is what linked products are to be asked about by id.
type question struct {
	// untreated are the notes about missing products that leave work to do.
	untreated []string
	// scope are the chosen categories and all below them; nil: all products are of interest.
	scope []string
	// since: who was seen outside the scope before that is asked about again.
	since time.Time
	keys  bool // links bear keys of offers; see splitting
}

func (w *worker) question(ctx context.Context) (question, error) {
	q := question{untreated: untreated(w.run.Settings.Missing), since: w.e.now().Add(-outsideKept), keys: w.keyed}
	if len(w.run.Settings.Chosen) == 0 {
		return q, nil
	}
	var err error
	q.scope, err = w.e.store.chosenCategories(ctx, w.run.ID, w.run.Settings.Chosen)
	return q, err
}

// confirm asks by id for linked products that the scan has not shown: rows can slip through while
// pages are read, and archived ones are left out. Only then is a product missing.
func (w *worker) confirm(ctx context.Context) error {
	if w.run.Settings.Missing == settings.MissingNothing {
		if err := w.e.store.analyseStaged(ctx); err != nil {
			return err
		}
		return w.skipTo(ctx, ConfirmOffers)
	}
	q, err := w.question(ctx)
	if err != nil {
		return err
	}
	at, err := w.run.at()
	if err != nil {
		return err
	}
	if at.After == "" && w.run.Total == 0 {
		return w.beginConfirm(ctx, q)
	}
	ids, err := w.e.store.unseen(ctx, w.run, q, at.After, GroupSize)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return w.skipTo(ctx, ConfirmOffers)
	}
	source, err := w.crm(ctx)
	if err != nil {
		return err
	}
	w.asked = w.e.now()
	page, err := source.ProductPage(ctx, ProductQuery{IDs: ids, Archived: true}, "")
	if err != nil {
		return fmt.Errorf("confirm %d products: %w", len(ids), err)
	}
	if page.Total > len(ids) {
		// The answer is not to our question, so silence about a product says nothing.
		return &stop{code: CodeIncomplete, params: Params{
			"list": "confirm", "read": strconv.Itoa(len(ids)), "total": strconv.Itoa(page.Total),
		}}
	}
	rows := w.confirmed(ids, page.Rows, q.scope)
	run := w.next()
	run.Counters.Requests++
	run.Done += int64(len(ids))
	run.moveTo(cursor{After: ids[len(ids)-1]})
	return w.commit(ctx, run, func(tx *sqlx.Tx) error {
		if _, err := w.e.store.stageProducts(ctx, tx, run.ID, rows); err != nil || run.Preview {
			return err
		}
		return w.e.store.noteOutside(ctx, tx, *run, q, rows, w.asked)
	})
}

// beginConfirm counts what is to be asked about.
func (w *worker) beginConfirm(ctx context.Context, q question) error {
	if err := w.e.store.analyseStaged(ctx); err != nil {
		return err
	}
	n, err := w.e.store.countUnseen(ctx, w.run, q)
	if err != nil {
		return err
	}
	run := w.next()
	if run.Total = n; n == 0 {
		run.enter(ConfirmOffers)
	}
	return w.commitAsync(ctx, run, func(tx *sqlx.Tx) error {
		if run.Preview {
			return nil
		}
		return w.e.store.noteInside(ctx, tx, *run, q)
	})
}

// confirmed makes one row of each id asked for.
func (w *worker) confirmed(ids []string, answered []Product, categories []string) []stagedProduct {
	asked, found, scope := setOf(ids), map[string]bool{}, setOf(categories)
	var rows []stagedProduct
	for _, p := range w.stagedProducts(answered, false) {
		if !asked[p.ID] {
			continue
		}
		found[p.ID] = true
		if p.Presence == live && categories != nil && !scope[p.Category] {
			p.Presence = outside
		}
		rows = append(rows, p)
	}
	for _, id := range ids {
		if !found[id] {
			rows = append(rows, stagedProduct{ID: id, Presence: absent, Body: []byte("{}"), Hash: []byte{}, ReadAt: w.asked})
		}
	}
	return rows
}
