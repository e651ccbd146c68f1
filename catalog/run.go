package catalog

import (
	"time"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// Enter moves a run to the start of a phase.
func (r *Run) Enter(p Phase) { r.Phase, r.Cursor, r.Done, r.Total = p, "", 0, 0 }

// Holds reports whether the run holds back the stock of variants that would go to none; see GuardStock.
func (r Run) Holds() bool { return guardOf(r.Guards) != nil }

// Cause names the run, and the setting changed before it, as the cause of stock that is held back.
func (r Run) Cause() HeldCause {
	c := HeldCause{Run: r.ID}
	if g := guardOf(r.Guards); g != nil {
		c.Setting = g.Params["setting"]
	}
	return c
}

// Count adds listed items to the counters.
func (c *Counters) Count(items []Item) {
	for _, it := range items {
		switch it.Kind {
		case ItemSkip:
			c.skip(it.Reason)
		case ItemConflict:
			c.Conflicts++
		case ItemError:
			c.Errors++
		case ItemNote:
			c.Notes++
		}
	}
}

// Run is one synchronisation as the merchant sees it. Times are UTC.
type Run struct {
	ID         int64
	Connection plugin.ConnectionID
	Shop       plugin.ShopID
	Kind       Kind
	State      State
	Phase      Phase
	// Done and Total are the progress of the phase, in rows; Total is 0 while it is not known.
	Done, Total int64
	Counters    Counters
	// StartedBy is an operator's id, "schedule" or "cli".
	StartedBy string
	// Code and Params say why the run waits or ended otherwise than done; empty when all is well.
	Code       Code
	Params     Params
	CreatedAt  time.Time
	StartedAt  *time.Time // nil: not begun
	FinishedAt *time.Time // nil: not over
	// Guards are the reasons for which a person was asked; none: nobody was, but for a preview. GuardStock
	// asks nobody.
	Guards []Guard
	// Preview: the run was asked for to see what it would do.
	Preview bool
	// Rematch: linked products are matched anew by key; see engine.Engine.Rematch.
	Rematch bool
	// ApprovedBy is who let the plan be written, an operator's id or "cli"; empty: nobody.
	ApprovedBy string
	ApprovedAt *time.Time
	// NextAt is when a waiting run goes on.
	NextAt time.Time
	// Settings are those the run was asked for with.
	Settings settings.Catalog

	// The rest is the engine's own: where the phase stands, failures in a row, the number of its lease, and in
	// which Layout all that is stored.
	Cursor   string
	Attempts int
	Fence    int64
	Layout   int
}

// Counters count what a run did, in products unless the name says otherwise.
type Counters struct {
	Requests     int            `json:"requests"` // to the CRM
	Categories   int            `json:"categories"`
	Created      int            `json:"created"`
	Updated      int            `json:"updated"`
	Unchanged    int            `json:"unchanged"`
	Missing      int            `json:"missing"` // gone from the CRM, and hidden or made unavailable
	Skipped      map[Reason]int `json:"skipped,omitempty"`
	Conflicts    int            `json:"conflicts"`
	Errors       int            `json:"errors"`
	Images       int            `json:"images"`        // pictures stored
	ImagesFailed int            `json:"images_failed"` // pictures
	// Notes counts remarks on what was not done whole, those on pictures apart.
	Notes int `json:"notes,omitempty"`
	// Hidden and Unavailable say what was done with the missing ones.
	Hidden      int `json:"hidden,omitempty"`
	Unavailable int `json:"unavailable,omitempty"`
	// Restored counts those that had been hidden or made unavailable and came back, among Updated.
	Restored int `json:"restored,omitempty"`
	// Foreign counts written products that we did not create, among Updated.
	Foreign int `json:"foreign,omitempty"`
	// Seen counts linked products that the CRM's list showed, once the run is over.
	Seen int `json:"seen,omitempty"`
	// Held counts variants whose stock was held back.
	Held int `json:"held,omitempty"`
	// Available counts linked variants that can be bought, as far as stock goes, once the run is over.
	Available int `json:"available,omitempty"`
}

// Written are the counters less what planning counts: what was asked and what was written.
func (c Counters) Written() Counters {
	c.Unchanged, c.Skipped, c.Conflicts, c.Errors, c.Notes = 0, nil, 0, 0, 0
	c.Held, c.ImagesFailed = 0, 0 // are tried again
	return c
}

func (c *Counters) skip(r Reason) {
	if c.Skipped == nil {
		c.Skipped = map[Reason]int{}
	}
	c.Skipped[r]++
}

// Change is one value a run wrote.
type Change struct {
	ID      int64
	CRMID   string
	Product plugin.ProductID
	Variant plugin.VariantID // empty when the product itself changed
	Name    string           // of the product
	Field   Field
	Old     string
	New     string
	// Overwrote: an edit made in the shop gave way.
	Overwrote bool
	// Held, in a plan: it will be held back; see GuardStock.
	Held bool `json:"-"`
	At   time.Time
}

// Item is something a run left alone or could not do.
type Item struct {
	ID      int64
	Kind    ItemKind
	CRMID   string
	Product plugin.ProductID // empty when there is none
	Name    string
	Reason  Reason
	Params  Params
	At      time.Time
}
