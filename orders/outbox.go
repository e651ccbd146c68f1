package orders

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/jobs/lease"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders/statuses"
	"github.com/keybridge/keybridge/plugin"
)

// EntryState is where an entry of the outbox stands.
type EntryState string

// The states of an entry. Nobody needs to do anything about the first five.
const (
	Pending  EntryState = "pending"  // not tried yet
	Sending  EntryState = "sending"  // a request is under way
	Checking EntryState = "checking" // sent, and its fate is not known: looking
	Retrying EntryState = "retrying" // something temporary; again at NextAt
	Created  EntryState = "created"  // in the CRM; something after it is still to do
	Done     EntryState = "done"
	Blocked  EntryState = "blocked" // waits for the merchant
	Dead     EntryState = "dead"    // no retry cures it
	Ignored  EntryState = "ignored" // left out, see the reason
)

// StepName names one action on an entry.
type StepName string

// The steps, in the order they are done.
const (
	StepCreate StepName = "create" // the CRM gets the order
	StepFacts  StepName = "facts"  // the shop learns the CRM's number
	StepStatus StepName = "status" // the CRM learns the shop's status
)

// StepState is where a step stands.
type StepState string

// The states of a step; sending and checking belong to StepCreate alone.
const (
	StepPending  StepState = "pending"
	StepSending  StepState = "sending"
	StepChecking StepState = "checking"
	StepRetrying StepState = "retrying"
	StepDone     StepState = "done"
	StepBlocked  StepState = "blocked"
	StepDead     StepState = "dead"
	StepSkipped  StepState = "skipped" // nothing was to do, see the reason
	StepIgnored  StepState = "ignored" // StepCreate alone: the whole order is left out
)

// step is one action with its own state and retries.
type step struct {
	Name          StepName     `db:"step"`
	State         StepState    `db:"state"`
	Tries         int          `db:"tries"`
	Resends       int          `db:"rounds"`
	MissedLookups int          `db:"negatives"`
	LookedAt      sql.NullTime `db:"looked_at"`
	KeyInUse      bool         `db:"taken"`
	Wanted        int64        `db:"wanted"`
	Reason        Reason       `db:"reason"`
	Params        Params       `db:"reason_params"`
	NextAt        *time.Time   `db:"next_at"`
	ChangedAt     time.Time    `db:"changed_at"`

	stored StepState // as the row has it, as far as this worker knows
}

// to moves the step; next is when it goes on by itself, nil: never.
func (s *step) to(state StepState, next *time.Time, reason Reason, params Params) {
	s.State, s.NextAt, s.Reason, s.Params = state, next, reason, params
}

func (s *step) finish(state StepState, reason Reason, params Params) {
	s.Tries = 0
	s.to(state, nil, reason, params)
}

// entry is a row of the outbox, leased by a worker.
type entry struct {
	lease.Row
	Shop         plugin.ShopID       `db:"shop_id"`
	Order        plugin.OrderID      `db:"order_id"`
	Storefront   plugin.StorefrontID `db:"storefront"`
	Domain       string              `db:"domain"`
	PlacedAt     time.Time           `db:"placed_at"`
	Connection   sql.NullString      `db:"connection_id"`
	Forced       bool                `db:"forced"`
	Target       settings.Target     `db:"target"`
	Number       string              `db:"number"`
	Key          string              `db:"natural_key"`
	Source       string              `db:"source"`
	Currency     string              `db:"currency"`
	Total        decimal.NullDecimal `db:"total"`
	BranchAsText bool                `db:"branch_as_text"`
	CRMID        sql.NullString      `db:"crm_id"`
	CRMURL       string              `db:"crm_url"`
	CRMTotal     decimal.NullDecimal `db:"crm_total"`
	ConvertedID  string              `db:"converted_id"`

	steps   []*step
	claimed time.Time // when the worker took it, by the injected clock
	// begun is the status with which the CRM's order began, if this worker has created it; else nil. Apart
	// from the columns above, so that what a webhook writes meanwhile is not undone.
	begun *statuses.Seen
}

const entryColumns = `id, shop_id, order_id, storefront, domain, placed_at, connection_id, forced, target, number,
	natural_key, source, currency, total, branch_as_text, crm_id, crm_url, crm_total, converted_id, fence`

func (e *entry) connection() plugin.ConnectionID { return plugin.ConnectionID(e.Connection.String) }

func (e *entry) placement() plugin.Placement {
	return plugin.Placement{Shop: e.Shop, Order: e.Order, Storefront: e.Storefront, Domain: e.Domain, PlacedAt: e.PlacedAt}
}

// step answers a step; one that is not there yet is added, pending and due at once.
func (e *entry) step(name StepName) *step {
	for _, s := range e.steps {
		if s.Name == name {
			return s
		}
	}
	s := &step{Name: name, State: StepPending, Wanted: 1, NextAt: &time.Time{}, stored: StepPending}
	e.steps = append(e.steps, s)
	return s
}

// due answers the first step that may go on now; nil when none may.
func (e *entry) due(now time.Time) *step {
	order := []StepName{StepCreate}
	if e.step(StepCreate).State == StepDone {
		order = []StepName{StepFacts, StepStatus}
	}
	for _, name := range order {
		for _, s := range e.steps {
			if s.Name == name && s.NextAt != nil && !s.NextAt.After(now) {
				return s
			}
		}
	}
	return nil
}

// derive tells an entry's state from its steps, with the reason that explains it and the time it
// goes on; nil: not by itself.
func derive(steps []*step) (EntryState, *step) {
	var create *step
	var rest []*step
	for _, s := range steps {
		if s.Name == StepCreate {
			create = s
		} else {
			rest = append(rest, s)
		}
	}
	if create == nil {
		return Pending, &step{NextAt: &time.Time{}}
	}
	if create.State != StepDone {
		return EntryState(create.State), create
	}
	worst := &step{Params: Params{}}
	state := Done
	for _, rank := range []struct {
		of StepState
		is EntryState
	}{{StepRetrying, Created}, {StepPending, Created}, {StepBlocked, Blocked}, {StepDead, Dead}} {
		for _, s := range rest {
			if s.State == rank.of {
				state, worst = rank.is, &step{Reason: s.Reason, Params: s.Params}
			}
		}
	}
	for _, s := range rest {
		if s.NextAt != nil && (worst.NextAt == nil || s.NextAt.Before(*worst.NextAt)) {
			worst.NextAt = s.NextAt
		}
	}
	return state, worst
}

// Value implements driver.Valuer.
func (p Params) Value() (driver.Value, error) {
	if p == nil {
		return "{}", nil
	}
	b, err := json.Marshal(p)
	return string(b), err
}

// Scan implements sql.Scanner.
func (p *Params) Scan(src any) error {
	b, ok := src.([]byte)
	if !ok {
		return fmt.Errorf("params: %T is not jsonb: %w", src, plugin.ErrInvalid)
	}
	return json.Unmarshal(b, p)
}
