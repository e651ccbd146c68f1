package session

import (
	"encoding/json"
	"fmt"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/catalog/requests"
)

const (
	// MaxStale is how many pages may show nothing new before the list is taken for one without an end.
	MaxStale = 5
	// AgainPages is how long a list may be to be read once more when rows were missed.
	AgainPages = 20
)

// Each phase has a cursor of its own type, which says where it stands between two steps. It is stored as
// JSON with the run; see catalog.Layout for what happens to those that another version has stored.

// CursorOf reads the cursor of the run's phase; that of a phase just begun is the zero value. An error means that
// another phase has stored it, or another layout: a bug.
func CursorOf[C any](run catalog.Run) (C, error) {
	var c C
	if run.Cursor == "" {
		return c, nil
	}
	if err := json.Unmarshal([]byte(run.Cursor), &c); err != nil {
		return c, fmt.Errorf("cursor of run %d: %w", run.ID, err)
	}
	return c, nil
}

// MoveTo stores where the run's phase stands.
func MoveTo(run *catalog.Run, c any) { run.Cursor = string(plan.JSON(c)) }

// PagingCursor is the cursor of a list that is read page by page.
type PagingCursor struct {
	// Group counts the groups of codes the list is asked for by; 0 for the first or only one.
	Group int    `json:"group,omitempty"`
	Page  string `json:"page,omitempty"`
	// Pages counts those read of the group, Stale those in a row that showed nothing new.
	Pages int `json:"pages,omitempty"`
	Stale int `json:"stale,omitempty"`
	// Again: the group is read a second time, because rows were missed the first time.
	Again bool `json:"again,omitempty"`
	// Codes are those asked for now where they do not follow from the group.
	Codes []string `json:"codes,omitempty"`
}

// Paged is a cursor with paging in it.
type Paged interface{ At() *PagingCursor }

// At implements Paged.
func (p *PagingCursor) At() *PagingCursor { return p }

// Saw counts pages that were read, with so many rows that were not staged before.
func (p *PagingCursor) Saw(pages, fresh int) {
	p.Pages += pages
	p.Stale += pages
	if fresh > 0 {
		p.Stale = 0
	}
}

// Endless reports whether the list shows no sign of an end.
func (p *PagingCursor) Endless() bool {
	if p.Again { // nothing new is what is to be expected
		return p.Pages > AgainPages+MaxStale
	}
	return p.Stale >= MaxStale
}

// Turn goes to the start of a group.
func (p *PagingCursor) Turn(group int) { *p = PagingCursor{Group: group} }

// StrategyCursor is the cursor of a list that may be asked for whole or by groups.
type StrategyCursor struct {
	PagingCursor
	// Way is what was chosen, Groups how many groups there are.
	Way    requests.Strategy `json:"way,omitempty"`
	Groups int               `json:"groups,omitempty"`
	// Total is how many rows the whole list has; nil: not asked in this run. Rest is where it goes on then.
	Total *int   `json:"total,omitempty"`
	Rest  string `json:"rest,omitempty"`
	// Sampled products have shown SampleOffers offers.
	Sampled      int `json:"sampled,omitempty"`
	SampleOffers int `json:"sample_offers,omitempty"`
}

// ConfirmCursor is the cursor of offers that are asked for again: those of the products behind After.
type ConfirmCursor struct {
	PagingCursor
	After string `json:"after,omitempty"`
}

// RowCursor is the cursor of a phase that takes rows of our own store in the order of their ids. The names in JSON
// are those of layout 1, so that a process of the version before goes on where we stand while both are at work.
type RowCursor struct {
	After string `json:"page,omitempty"`
}

// ProductCursor is the cursor of a phase that takes products of the CRM in the order of their ids.
type ProductCursor struct {
	After string `json:"after,omitempty"`
}

// TreeCursor is the cursor of writing the tree: the categories of the CRM that the shop did not take, by id.
type TreeCursor map[string]bool

// TidyCursor is the cursor of the last phase.
type TidyCursor struct {
	Counted bool `json:"counted,omitempty"`
}
