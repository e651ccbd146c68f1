package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog/requests"
)

// cursor is where a list stands between two pages.
type cursor struct {
	// Group counts the groups of codes a list is asked for by; 0 for the first or only one.
	Group int    `json:"group,omitempty"`
	Page  string `json:"page,omitempty"`
	// Pages counts those read of the group, Stale those in a row that showed nothing new.
	Pages int `json:"pages,omitempty"`
	Stale int `json:"stale,omitempty"`
	// Again: the group is read a second time, because rows were missed the first time.
	Again bool `json:"again,omitempty"`
	// Codes are those asked for now where they do not follow from the group; After is the last of
	// those asked for before.
	Codes []string `json:"codes,omitempty"`
	After string   `json:"after,omitempty"`

	// What follows is of lists that may be asked for whole or by groups: which of it was chosen, how
	// many groups there are, how many rows the whole list has, where it goes on, and what a sample
	// of products has shown.
	Way          requests.Strategy `json:"way,omitempty"`
	Groups       int               `json:"groups,omitempty"`
	Total        *int              `json:"total,omitempty"` // nil: not asked in this run
	Rest         string            `json:"rest,omitempty"`
	Sampled      int               `json:"sampled,omitempty"`
	SampleOffers int               `json:"sample_offers,omitempty"`
}

const (
	// maxStale is how many pages may show nothing new before the list is taken for one without an end.
	maxStale = 5
	// againPages is how long a list may be to be read once more when rows were missed.
	againPages = 20
)

// saw notes pages with so many rows that were not there before.
func (c *cursor) saw(pages, fresh int) {
	c.Pages += pages
	c.Stale += pages
	if fresh > 0 {
		c.Stale = 0
	}
}

// endless reports whether the list shows no sign of an end.
func (c *cursor) endless() bool {
	if c.Again { // nothing new is what is to be expected
		return c.Pages > againPages+maxStale
	}
	return c.Stale >= maxStale
}

// turn goes to the start of a group.
func (c *cursor) turn(group int) {
	c.Group, c.Page, c.Pages, c.Stale, c.Again, c.Codes = group, "", 0, 0, false, nil
}

func (r Run) at() (cursor, error) {
	var c cursor
	if r.cursor == "" {
		return c, nil
	}
	if err := json.Unmarshal([]byte(r.cursor), &c); err != nil {
		return c, fmt.Errorf("cursor of run %d: %w", r.ID, err)
	}
	return c, nil
}

func (r *Run) moveTo(c cursor) { r.cursor = string(toJSON(c)) }

// list is one of the lists a run reads.
type list[T any] struct {
	name string
	// fetch runs ahead, beside the worker, whose fields it may not use.
	fetch func(ctx context.Context, codes []string, page string) (Page[T], error)
	// stage stores rows and answers how many of them were not there before.
	stage func(tx *sqlx.Tx, rows []T) (int, error)
	// have counts the staged rows of the codes; nil codes: of all.
	have func(tx *sqlx.Tx, codes []string) (int, error)
}

// part is what of a list is asked for.
type part struct {
	codes []string // nil: the whole list
	// end says where the run goes on once the part is read; total is how long it was.
	end func(ctx context.Context, tx *sqlx.Tx, run *Run, at cursor, total int) error
}

// readPage reads a page, with those behind it that are at hand, and moves on: to the next page, or to
// where the part ends.
func readPage[T any](ctx context.Context, w *worker, at cursor, l list[T], p part) error {
	key := pageKey{phase: w.run.Phase, codes: strings.Join(p.codes, ","), page: at.Page}
	got, err := nextPages(ctx, w, key, maxAhead, func(ctx context.Context, page string) (Page[T], error) {
		return l.fetch(ctx, p.codes, page)
	})
	if err != nil {
		return fmt.Errorf("read %s page %q: %w", l.name, at.Page, err)
	}
	w.asked = got.asked
	run := w.next()
	run.Counters.Requests += got.count
	keep := w.commitAsync
	if got.first {
		keep = w.commit
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
		at.saw(got.count, fresh)
		if got.Next != "" && !at.endless() {
			at.Page = got.Next
			run.moveTo(at)
			return nil
		}
		have, err := l.have(tx, p.codes)
		if err != nil {
			return err
		}
		// A part is read completely only if as many rows were seen as it says it has. Rows that moved
		// while it was read are few; more than one in a hundred means that something is wrong.
		if have*100 < got.Total*99 {
			if !at.Again && at.Pages <= againPages {
				at.turn(at.Group)
				at.Again, at.Codes = true, p.codes
				run.moveTo(at)
				return nil
			}
			run.incomplete(l.name, have, got.Total)
		}
		return p.end(ctx, tx, run, at, got.Total)
	})
}

// incomplete notes that a list was not answered whole.
func (r *Run) incomplete(name string, read, total int) {
	r.Guards = append(r.Guards, Guard{Code: GuardIncomplete, Params: Params{
		"list": name, "read": strconv.Itoa(read), "total": strconv.Itoa(total),
	}})
}

// inGroups ends the parts of a list that is asked for by so many groups: behind the last comes a phase.
func inGroups(groups int, then Phase) func(context.Context, *sqlx.Tx, *Run, cursor, int) error {
	return func(_ context.Context, _ *sqlx.Tx, run *Run, at cursor, _ int) error {
		if at.Group+1 < groups {
			at.turn(at.Group + 1)
			run.moveTo(at)
			return nil
		}
		run.enter(then)
		return nil
	}
}

// readCategories reads the tree, when it is to be written or products are chosen by it.
func (w *worker) readCategories(ctx context.Context) error {
	set := w.run.Settings
	if !set.Categories && len(set.Chosen) == 0 {
		return w.skipTo(ctx, ReadProducts)
	}
	source, err := w.crm(ctx)
	if err != nil {
		return err
	}
	at, err := w.run.at()
	if err != nil {
		return err
	}
	return readPage(ctx, w, at, list[Category]{
		name: "categories",
		fetch: func(ctx context.Context, _ []string, page string) (Page[Category], error) {
			return source.CategoryPage(ctx, page)
		},
		stage: func(tx *sqlx.Tx, rows []Category) (int, error) {
			return w.e.store.stageCategories(ctx, tx, w.run.ID, rows)
		},
		have: func(tx *sqlx.Tx, _ []string) (int, error) {
			return w.e.store.have(ctx, tx, "stage_category", "", w.run.ID, nil)
		},
	}, part{end: inGroups(1, ReadProducts)})
}

// readProducts reads the live products, of the chosen categories when some are chosen.
func (w *worker) readProducts(ctx context.Context) error {
	if !w.run.Settings.Products {
		return w.skipTo(ctx, CheckPlan)
	}
	groups, err := w.categoryGroups(ctx)
	if err != nil {
		return err
	}
	source, err := w.crm(ctx)
	if err != nil {
		return err
	}
	at, err := w.run.at()
	if err != nil {
		return err
	}
	p := part{end: inGroups(len(groups), ReadOffers)}
	if groups != nil {
		p.codes = groups[at.Group]
	}
	return readPage(ctx, w, at, list[Product]{
		name: "products",
		fetch: func(ctx context.Context, group []string, page string) (Page[Product], error) {
			return source.ProductPage(ctx, ProductQuery{Categories: group}, page)
		},
		stage: func(tx *sqlx.Tx, rows []Product) (int, error) {
			return w.e.store.stageProducts(ctx, tx, w.run.ID, w.stagedProducts(rows, true))
		},
		have: func(tx *sqlx.Tx, codes []string) (int, error) {
			return w.e.store.have(ctx, tx, "stage_product", "category_id", w.run.ID, codes)
		},
	}, p)
}

// categoryGroups are the chosen categories and all below them, in groups; nil when all products are
// asked for. Chosen categories that have all vanished stop the run: that never means "all".
func (w *worker) categoryGroups(ctx context.Context) ([][]string, error) {
	if len(w.run.Settings.Chosen) == 0 {
		return nil, nil
	}
	ids, err := w.e.store.chosenCategories(ctx, w.run.ID, w.run.Settings.Chosen)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, &stop{code: CodeCategoriesVanished}
	}
	return grouped(ids), nil
}

func grouped(ids []string) [][]string {
	var groups [][]string
	for len(ids) > GroupSize {
		groups = append(groups, ids[:GroupSize])
		ids = ids[GroupSize:]
	}
	return append(groups, ids)
}

func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, s := range list {
		set[s] = true
	}
	return set
}

// stagedProducts prepares rows for staging. Archived ones are not live even when they were not
// asked for.
func (w *worker) stagedProducts(rows []Product, scanned bool) []stagedProduct {
	out := make([]stagedProduct, 0, len(rows))
	for _, p := range rows {
		p = p.scrubbed()
		body := toJSON(p)
		row := stagedProduct{
			ID: p.ID, Presence: live, Scanned: scanned, NameKey: nameKey(p.Name), Category: p.CategoryID,
			Hash: digest(body), Body: body, ReadAt: w.asked,
		}
		if p.Archived {
			row.Presence = archived
		}
		out = append(out, row)
	}
	return out
}

func digest(body []byte) []byte {
	sum := sha256.Sum256(body)
	return sum[:]
}

// skipTo moves to another phase without having done anything in this one.
func (w *worker) skipTo(ctx context.Context, p Phase) error {
	run := w.next()
	run.enter(p)
	return w.commitAsync(ctx, run, nil)
}
