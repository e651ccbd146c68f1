package stage

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/session"
	"github.com/keybridge/keybridge/catalog/store"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
)

// outsideKept is for how long a product that was seen outside the chosen categories is not asked about
// again.
const outsideKept = 7 * 24 * time.Hour

func (w reader) question(ctx context.Context) (store.Question, error) {
	q := store.Question{Untreated: plan.Untreated(w.Run.Settings.Missing), Since: w.Now().Add(-outsideKept), Keys: w.Keyed}
	if len(w.Run.Settings.Chosen) == 0 {
		return q, nil
	}
	var err error
	q.Scope, err = w.Store.Staging.ChosenCategories(ctx, w.Run.ID, w.Run.Settings.Chosen)
	return q, err
}

// confirm asks by id for linked products that the scan has not shown: rows can slip through while
// pages are read, and archived ones are left out. Only then is a product missing.
func (w reader) confirm(ctx context.Context) error {
	if w.Run.Settings.Missing == settings.MissingNothing {
		if err := w.Store.Staging.Analyse(ctx); err != nil {
			return err
		}
		return w.SkipTo(ctx, catalog.ConfirmOffers)
	}
	q, err := w.question(ctx)
	if err != nil {
		return err
	}
	at, err := session.CursorOf[session.ProductCursor](w.Run)
	if err != nil {
		return err
	}
	if at.After == "" && w.Run.Total == 0 {
		return w.beginConfirm(ctx, q)
	}
	ids, err := w.Store.Staging.Unseen(ctx, w.Run, q, at.After, catalog.GroupSize)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return w.SkipTo(ctx, catalog.ConfirmOffers)
	}
	source, err := w.OpenCRM(ctx)
	if err != nil {
		return err
	}
	w.Asked = w.Now()
	page, err := source.ProductPage(ctx, catalog.ProductQuery{IDs: ids, Archived: true}, "")
	if err != nil {
		return fmt.Errorf("confirm %d products: %w", len(ids), err)
	}
	if page.Total > len(ids) {
		// The answer is not to our question, so silence about a product says nothing.
		return &session.Stop{Code: catalog.CodeIncomplete, Params: catalog.Params{
			"list": "confirm", "read": strconv.Itoa(len(ids)), "total": strconv.Itoa(page.Total),
		}}
	}
	rows := w.confirmed(ids, page.Rows, q.Scope)
	run := w.Next()
	run.Counters.Requests++
	run.Done += int64(len(ids))
	session.MoveTo(run, session.ProductCursor{After: ids[len(ids)-1]})
	return w.Commit(ctx, run, func(tx *sqlx.Tx) error {
		if _, err := w.Store.Staging.PutProducts(ctx, tx, run.ID, rows); err != nil || run.Preview {
			return err
		}
		return w.Store.Staging.NoteOutside(ctx, tx, *run, q, rows, w.Asked)
	})
}

// beginConfirm counts what is to be asked about.
func (w reader) beginConfirm(ctx context.Context, q store.Question) error {
	if err := w.Store.Staging.Analyse(ctx); err != nil {
		return err
	}
	n, err := w.Store.Staging.CountUnseen(ctx, w.Run, q)
	if err != nil {
		return err
	}
	run := w.Next()
	if run.Total = n; n == 0 {
		run.Enter(catalog.ConfirmOffers)
	}
	return w.CommitAsync(ctx, run, func(tx *sqlx.Tx) error {
		if run.Preview {
			return nil
		}
		return w.Store.Staging.NoteInside(ctx, tx, *run, q)
	})
}

// confirmed makes one row of each id asked for.
func (w reader) confirmed(ids []string, answered []catalog.Product, categories []string) []plan.StagedProduct {
	asked, found, scope := sliceutil.Set(ids), map[string]bool{}, sliceutil.Set(categories)
	var rows []plan.StagedProduct
	for _, p := range w.stagedProducts(answered, false) {
		if !asked[p.ID] {
			continue
		}
		found[p.ID] = true
		if p.Presence == plan.Live && categories != nil && !scope[p.Category] {
			p.Presence = plan.Outside
		}
		rows = append(rows, p)
	}
	for _, id := range ids {
		if !found[id] {
			rows = append(rows, plan.StagedProduct{ID: id, Presence: plan.Absent, Body: []byte("{}"), Hash: []byte{}, ReadAt: w.Asked})
		}
	}
	return rows
}
