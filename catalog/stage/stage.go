// Package stage reads the CRM into staging tables, page by page: categories, products, offers, prices and stock.
// Before something counts as missing it is asked for again by its id.
package stage

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/session"
)

// list is one of the lists a run reads.
type list[T any] struct {
	name string
	// fetch is called by the prefetcher, beside the session, whose fields it may not use.
	fetch func(ctx context.Context, codes []string, page string) (catalog.Page[T], error)
	// stage stores rows and answers how many of them were not there before.
	stage func(tx *sqlx.Tx, rows []T) (int, error)
	// have counts the staged rows of the codes; nil codes: of all.
	have func(tx *sqlx.Tx, codes []string) (int, error)
}

// part is what of a list is asked for.
type part struct {
	codes []string // nil: the whole list
	// end says where the run goes on once the part is read; total is how long it was.
	end func(ctx context.Context, tx *sqlx.Tx, run *catalog.Run, total int) error
}

// readPage stages a page, with those behind it that were prefetched, and moves on: to the next page, or to where the
// part ends.
func readPage[T any](ctx context.Context, w *session.Session, cursor session.Paged, l list[T], p part) error {
	at := cursor.At()
	key := session.PageKey{Phase: w.Run.Phase, Codes: strings.Join(p.codes, ","), Page: at.Page}
	got, err := session.NextPages(ctx, w, key, session.MaxAhead, func(ctx context.Context, page string) (catalog.Page[T], error) {
		return l.fetch(ctx, p.codes, page)
	})
	if err != nil {
		return fmt.Errorf("read %s page %q: %w", l.name, at.Page, err)
	}
	w.Asked = got.Asked
	run := w.Next()
	run.Counters.Requests += got.Count
	keep := w.CommitAsync
	if got.First {
		keep = w.Commit
	}
	return keep(ctx, run, func(tx *sqlx.Tx) error {
		fresh, err := l.stage(tx, got.Rows)
		if err != nil {
			return err
		}
		run.Done += int64(fresh)
		if p.codes == nil {
			run.Total = int64(got.Total)
		}
		run.Total = max(run.Total, run.Done)
		at.Saw(got.Count, fresh)
		if got.Next != "" && !at.Endless() {
			at.Page = got.Next
			session.MoveTo(run, cursor)
			return nil
		}
		have, err := l.have(tx, p.codes)
		if err != nil {
			return err
		}
		// A part is read completely only if as many rows were seen as it says it has. Rows that moved
		// while it was read are few; more than one in a hundred means that something is wrong.
		if have*100 < got.Total*99 {
			if !at.Again && at.Pages <= session.AgainPages {
				at.Turn(at.Group)
				at.Again, at.Codes = true, p.codes
				session.MoveTo(run, cursor)
				return nil
			}
			incomplete(run, l.name, have, got.Total)
		}
		return p.end(ctx, tx, run, got.Total)
	})
}

// incomplete notes that a list was not answered whole.
func incomplete(run *catalog.Run, name string, read, total int) {
	run.Guards = append(run.Guards, catalog.Guard{Code: catalog.GuardIncomplete, Params: catalog.Params{
		"list": name, "read": strconv.Itoa(read), "total": strconv.Itoa(total),
	}})
}

// inGroups ends the parts of a list that is asked for by so many groups: behind the last comes a phase.
func inGroups(cursor session.Paged, groups int, then catalog.Phase) func(context.Context, *sqlx.Tx, *catalog.Run, int) error {
	return func(_ context.Context, _ *sqlx.Tx, run *catalog.Run, _ int) error {
		if at := cursor.At(); at.Group+1 < groups {
			at.Turn(at.Group + 1)
			session.MoveTo(run, cursor)
			return nil
		}
		run.Enter(then)
		return nil
	}
}

// readCategories reads the tree, when it is to be written or products are chosen by it.
func (w reader) readCategories(ctx context.Context) error {
	set := w.Run.Settings
	if !set.Categories && len(set.Chosen) == 0 {
		return w.SkipTo(ctx, catalog.ReadProducts)
	}
	source, err := w.OpenCRM(ctx)
	if err != nil {
		return err
	}
	at, err := session.CursorOf[session.PagingCursor](w.Run)
	if err != nil {
		return err
	}
	return readPage(ctx, w.Session, &at, list[catalog.Category]{
		name: "categories",
		fetch: func(ctx context.Context, _ []string, page string) (catalog.Page[catalog.Category], error) {
			return source.CategoryPage(ctx, page)
		},
		stage: func(tx *sqlx.Tx, rows []catalog.Category) (int, error) {
			return w.Store.Staging.PutCategories(ctx, tx, w.Run.ID, rows)
		},
		have: func(tx *sqlx.Tx, _ []string) (int, error) {
			return w.Store.Batches.Have(ctx, tx, "stage_category", "", w.Run.ID, nil)
		},
	}, part{end: inGroups(&at, 1, catalog.ReadProducts)})
}

// readProducts reads the live products, of the chosen categories when some are chosen.
func (w reader) readProducts(ctx context.Context) error {
	if !w.Run.Settings.Products {
		return w.SkipTo(ctx, catalog.CheckPlan)
	}
	groups, err := w.categoryGroups(ctx)
	if err != nil {
		return err
	}
	source, err := w.OpenCRM(ctx)
	if err != nil {
		return err
	}
	at, err := session.CursorOf[session.PagingCursor](w.Run)
	if err != nil {
		return err
	}
	p := part{end: inGroups(&at, len(groups), catalog.ReadOffers)}
	if groups != nil {
		p.codes = groups[at.Group]
	}
	return readPage(ctx, w.Session, &at, list[catalog.Product]{
		name: "products",
		fetch: func(ctx context.Context, group []string, page string) (catalog.Page[catalog.Product], error) {
			return source.ProductPage(ctx, catalog.ProductQuery{Categories: group}, page)
		},
		stage: func(tx *sqlx.Tx, rows []catalog.Product) (int, error) {
			return w.Store.Staging.PutProducts(ctx, tx, w.Run.ID, w.stagedProducts(rows, true))
		},
		have: func(tx *sqlx.Tx, codes []string) (int, error) {
			return w.Store.Batches.Have(ctx, tx, "stage_product", "category_id", w.Run.ID, codes)
		},
	}, p)
}

// categoryGroups are the chosen categories and all below them, in groups; nil when all products are
// asked for. Chosen categories that have all vanished stop the run: that never means "all".
func (w reader) categoryGroups(ctx context.Context) ([][]string, error) {
	if len(w.Run.Settings.Chosen) == 0 {
		return nil, nil
	}
	ids, err := w.Store.Staging.ChosenCategories(ctx, w.Run.ID, w.Run.Settings.Chosen)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, &session.Stop{Code: catalog.CodeCategoriesVanished}
	}
	return grouped(ids), nil
}

func grouped(ids []string) [][]string {
	var groups [][]string
	for len(ids) > catalog.GroupSize {
		groups = append(groups, ids[:catalog.GroupSize])
		ids = ids[catalog.GroupSize:]
	}
	return append(groups, ids)
}

// stagedProducts prepares rows for staging. Archived ones are not live even when they were not
// asked for.
func (w reader) stagedProducts(rows []catalog.Product, scanned bool) []plan.StagedProduct {
	out := make([]plan.StagedProduct, 0, len(rows))
	for _, p := range rows {
		p = p.Scrubbed()
		body := plan.JSON(p)
		row := plan.StagedProduct{
			ID: p.ID, Presence: plan.Live, Scanned: scanned, NameKey: plan.NameKey(p.Name), Category: p.CategoryID,
			Hash: plan.Digest(body), Body: body, ReadAt: w.Asked,
		}
		if p.Archived {
			row.Presence = plan.Archived
		}
		out = append(out, row)
	}
	return out
}
