package orders

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// Waits reports whether an entry waits for a person. Of a card that is still looked for a person may decide, and
// the search goes on till then.
func (r Row) Waits() bool {
	return r.State == Blocked || r.State == Dead || r.State == Checking && r.Reason == ReasonStillLooking
}

// Row is an entry as the journal lists it. It holds no personal data.
type Row struct {
	ID         int64
	Shop       plugin.ShopID
	Order      plugin.OrderID
	Number     string              // empty until the order was first read
	Connection plugin.ConnectionID // empty until routed
	Target     settings.Target     // empty until first sent
	State      EntryState
	// Reason and Params explain the state; empty when there is nothing to explain.
	Reason Reason
	Params Params
	// Attempts is how often the order was sent.
	Attempts int
	PlacedAt time.Time
	// NextAt is when it goes on by itself; zero: not by itself.
	NextAt   time.Time
	Currency string
	Total    decimal.Decimal
	CRMID    string // empty: not in the CRM as far as we know
	CRMURL   string
	CRMTotal decimal.Decimal
	// CRMDeletedAt is when we saw that the CRM's order is gone; zero: it is there.
	CRMDeletedAt time.Time
}

// Differs reports whether the CRM computes another total.
func (r Row) Differs() bool { return r.CRMID != "" && !r.CRMTotal.Equal(r.Total) }

// Filter narrows the journal. Zero values do not narrow.
type Filter struct {
	Shop       plugin.ShopID
	Connection plugin.ConnectionID
	// Unrouted adds, to those of Connection, orders of the shop that no connection took.
	Unrouted bool
	States   []EntryState
	// Waiting leaves those that wait for a person, Calm the others.
	Waiting, Calm bool
	// Reason, and if they are not nil its Params, are those of the entries.
	Reason Reason
	Params Params
	// Number is an order number or a CRM id, exactly.
	Number string
	// Before continues a list after its last row's ID and PlacedAt.
	Before *Row
}

// Entry is an entry with all that was done about it.
type Entry struct {
	Row
	Steps    []StepView
	Attempts []AttemptView
}

// StepView is a step as people see it.
type StepView struct {
	Name      StepName
	State     StepState
	Tries     int
	Reason    Reason
	Params    Params
	NextAt    time.Time // zero: not by itself
	ChangedAt time.Time
}

// AttemptView is one request that was sent. Outcome is "created", "taken", "refused", "temporary",
// "unknown", or empty while it is under way.
type AttemptView struct {
	StartedAt  time.Time
	FinishedAt time.Time // zero: under way, or its worker died
	Outcome    string
	Body       string // masked; empty once the same bytes were sent twice more
	Answer     string // masked JSON
}

// List answers the journal, newest placement first, at most limit rows. Errors: those of Postgres.
func (x *Exporter) List(ctx context.Context, f Filter, limit int) ([]Row, error) {
	rows, err := x.store.list(ctx, f, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Row, len(rows))
	for i, r := range rows {
		out[i] = r.row()
	}
	return out, nil
}

// Entry answers one with its steps and attempts. Errors: plugin.ErrNotFound.
func (x *Exporter) Entry(ctx context.Context, id int64) (Entry, error) {
	row, err := x.store.row(ctx, id)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Row: row.row()}
	steps, err := selectSteps(ctx, x.store.db, id)
	if err != nil {
		return Entry{}, err
	}
	for _, s := range steps {
		v := StepView{Name: s.Name, State: s.State, Tries: s.Tries, Reason: s.Reason, Params: s.Params, ChangedAt: s.ChangedAt.UTC()}
		if s.NextAt != nil {
			v.NextAt = s.NextAt.UTC()
		}
		e.Steps = append(e.Steps, v)
	}
	attempts, err := x.store.attemptRows(ctx, id)
	if err != nil {
		return Entry{}, err
	}
	for _, a := range attempts {
		e.Attempts = append(e.Attempts, AttemptView{
			StartedAt: a.StartedAt.UTC(), FinishedAt: a.FinishedAt.Time.UTC(), Outcome: string(a.Outcome),
			Body: a.Masked, Answer: string(a.Answer),
		})
	}
	return e, nil
}

// ByOrder answers the entry of a shop's order. Errors: plugin.ErrNotFound.
func (x *Exporter) ByOrder(ctx context.Context, shop plugin.ShopID, order plugin.OrderID) (Entry, error) {
	id, err := x.store.idOf(ctx, shop, order)
	if err != nil {
		return Entry{}, err
	}
	return x.Entry(ctx, id)
}

// Group is how many entries wait for a person for the same reason.
type Group struct {
	State  EntryState `db:"state"`
	Reason Reason     `db:"reason"`
	Params Params     `db:"reason_params"`
	Count  int        `db:"n"`
}

// Groups answers what waits for a person, the largest groups first. Errors: those of Postgres.
func (x *Exporter) Groups(ctx context.Context, f Filter, limit int) ([]Group, error) {
	f.Waiting = true
	return x.store.groups(ctx, f, limit)
}

// Counts answers how many entries of a shop stand in each state; with a connection, of that one.
// Errors: those of Postgres.
func (x *Exporter) Counts(ctx context.Context, f Filter) (map[EntryState]int, error) {
	return x.store.counts(ctx, f)
}

// OldestPending answers when the oldest order was placed that the CRM does not have yet and that goes
// on by itself; zero when none waits. An empty shop means all. Errors: those of Postgres.
func (x *Exporter) OldestPending(ctx context.Context, shop plugin.ShopID) (time.Time, error) {
	return x.store.oldestPending(ctx, shop)
}

// ErrBusy means that a worker has the entry right now; try again in a moment.
var ErrBusy = fmt.Errorf("the order is being sent right now: %w", plugin.ErrConflict)

// Retry is a person's decision to try again now. An entry whose outcome nobody knows is looked up
// again first; one that was left out is sent although it is old or cancelled.
// Errors: plugin.ErrNotFound, ErrBusy.
func (x *Exporter) Retry(ctx context.Context, id int64) error {
	return x.store.retry(ctx, id, "", x.Clock.Now())
}

// RetryBy is Retry, and an entry that no connection took goes to this one from then on.
// Errors: as Retry's.
func (x *Exporter) RetryBy(ctx context.Context, id int64, conn plugin.ConnectionID) error {
	return x.store.retry(ctx, id, conn, x.Clock.Now())
}

// RetryGroup is RetryBy for all entries that wait for a person for the filter's reason, the oldest first and most
// at a time. It answers how many go on; those that a worker has right now are left.
// Errors: those of Postgres. Those counted by then go on all the same.
func (x *Exporter) RetryGroup(ctx context.Context, f Filter, conn plugin.ConnectionID, most int) (int, error) {
	f.Waiting = true
	ids, err := x.store.ids(ctx, f, most)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, id := range ids {
		switch err := x.RetryBy(ctx, id, conn); {
		case err == nil:
			n++
		case !errors.Is(err, plugin.ErrConflict) && !errors.Is(err, plugin.ErrNotFound):
			return n, err
		}
	}
	return n, nil
}

// Ignore is a person's decision to leave an order out. One that the CRM has, or may have, stays.
// Errors: plugin.ErrNotFound, ErrBusy, plugin.ErrConflict when it is in the CRM.
func (x *Exporter) Ignore(ctx context.Context, id int64) error {
	return x.store.ignore(ctx, id, x.Clock.Now())
}

// Preview answers what would be sent for an order, without personal data unless unmasked, and what blocks it.
// Errors: plugin.ErrNotFound and those of the shop and the CRM.
func (x *Exporter) Preview(ctx context.Context, conn settings.Connection, order plugin.OrderID, unmasked bool) ([]byte, []Block, error) {
	shop, err := x.Shop(ctx, conn.Shop)
	if err != nil {
		return nil, nil, err
	}
	o, err := shop.Orders().Get(ctx, order)
	if err != nil {
		return nil, nil, fmt.Errorf("preview order %q: %w", order, err)
	}
	sink, err := x.Sink(ctx, conn.ID)
	if err != nil {
		return nil, nil, err
	}
	dict, err := x.dictionary(ctx, conn.ID, sink)
	if err != nil {
		return nil, nil, err
	}
	in, err := inputOf(ctx, shop, o, conn.Settings.Orders, dict)
	if err != nil {
		return nil, nil, err
	}
	draft, blocks := Map(in)
	if len(blocks) > 0 {
		return nil, blocks, nil
	}
	if !unmasked {
		draft = draft.Masked()
	}
	body, err := sink.EncodeOrder(draft)
	if errors.Is(err, ErrBadCode) {
		return nil, []Block{{Code: ReasonBadMapping, Params: Params{"detail": err.Error()}}}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var indented json.RawMessage = body
	if out, err := json.MarshalIndent(indented, "", "  "); err == nil {
		body = out
	}
	return body, nil, nil
}
