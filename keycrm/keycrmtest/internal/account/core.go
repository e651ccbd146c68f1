package account

import (
	"fmt"
	"slices"
	"time"

	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// Config is what an account is made with.
type Config struct {
	Clock            func() time.Time
	Seed             int64
	Products, Offers int // size of the invented catalog
	History          int // orders that a new account has had
	VisibilityDelay  time.Duration
	WriteDelay       time.Duration
	UUIDPerSource    bool // source_uuid is unique in its source alone
	Otherwise        []Guess
	NoReserve        bool
	NoPipelines      bool   // of a new account
	Path             string // of the journal; empty: none
}

func (c *Config) origin() origin { return origin{c.Seed, c.Products, c.Offers} }

// core is what all parts of the account stand on: its configuration, clock and rows.
type core struct {
	Config Config
	DB     *Database
}

// Now is the account's clock, in UTC.
func (s *core) Now() time.Time { return s.Config.Clock().UTC().Truncate(time.Microsecond) }

// Stamp is the time that rows keep: whole seconds, as in KeyCRM.
func (s *core) Stamp() time.Time { return s.Now().Truncate(time.Second) }

// Otherwise says whether the guess is turned round.
func (s *core) Otherwise(g Guess) bool { return slices.Contains(s.Config.Otherwise, g) }

// Settings are the account's switches.
func (s *core) Settings() *Settings { return s.DB.Settings.Get(1) }

// EditSettings changes the account's switches.
func (s *core) EditSettings(edit func(*Settings)) {
	c := table.Clone(s.Settings())
	edit(&c)
	s.DB.Settings.Put(1, &c)
}

// Settings are the account's switches, a single row.
type Settings struct {
	PipelinesOff bool
	ProductsOff  []int64 // pipelines whose products block is off
	PaymentsOff  []int64
	StockHook    entity.StockHook
	Closed       []int64 // warehouses that were deleted
	Origin       origin
}

// origin names the invented catalog that the ids of kept rows belong to.
type origin struct {
	Seed             int64
	Products, Offers int
}

func (o origin) String() string {
	return fmt.Sprintf("seed %d, %d products, %d offers", o.Seed, o.Products, o.Offers)
}

// nextID is an id that was never used, of the kind of things inside rows.
func (s *core) nextID(kind int64) int64 {
	c := s.DB.counters.Get(kind)
	if c == nil {
		c = &counter{Last: firstInner[kind]}
	}
	c = &counter{Last: c.Last + 1}
	s.DB.counters.Put(kind, c)
	return c.Last
}

// counter keeps ids that live inside rows (lines, payments, contacts).
type counter struct{ Last int64 }

// Kinds of ids that live inside rows, and where each starts.
const (
	idLine int64 = iota + 1
	idPayment
	idContact
	idPipelineStatus
	idFieldOption
	idFieldUUID
)

var firstInner = [...]int64{
	idLine: 880000, idPayment: 6000, idContact: 5000, idPipelineStatus: 300, idFieldOption: 2000, idFieldUUID: 1100,
}

// Toggled is the list with the id in it, or without.
func Toggled(list []int64, id int64, in bool) []int64 {
	list = slices.DeleteFunc(slices.Clone(list), func(v int64) bool { return v == id })
	if in {
		list = append(list, id)
	}
	return list
}

func missing(what string, id int64) error { return &table.MissingError{What: what, ID: id} }
