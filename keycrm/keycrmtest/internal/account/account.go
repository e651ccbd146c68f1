// Package account is a simulated KeyCRM account: its rows, and the rules by which they change each other. Who asks for a
// change, a request or a person, is not its matter.
//
// Everything here runs under the account's lock, which Locked takes: nothing else does.
package account

import (
	"errors"
	"fmt"
	"sync"

	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/internal/crmsim/webhook"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/generator"
)

// Account is the whole account.
type Account struct {
	*core
	Dictionaries *Dictionaries
	Catalog      *Catalog
	Hooks        *Hooks
	Stock        *Stock
	Buyers       *Buyers
	Orders       *Orders
	Cards        *Cards

	mu      sync.Mutex
	journal *table.Journal
	outside Outside
}

// Outside is what surrounds an account.
type Outside struct {
	Apply func(Write)             // carries out a write whose time has come
	Wake  func()                  // there may be webhooks to deliver
	Order func(*entity.Order) any // an order as a trigger sends it
	Card  func(*entity.Card) any
}

// Open makes the account that cfg describes, or the one that its journal keeps. It fails when the journal cannot be read
// or written, or is of another catalog. Connect must follow.
func Open(cfg Config) (*Account, error) {
	gen := generator.New(cfg.Seed, cfg.Products, cfg.Offers)
	c := &core{Config: cfg, DB: newDatabase(gen)}
	s := &Account{core: c, Dictionaries: &Dictionaries{core: c}, Catalog: &Catalog{core: c, gen: gen}, Hooks: &Hooks{core: c}}
	s.Stock = &Stock{core: c, Catalog: s.Catalog, Dictionaries: s.Dictionaries, Hooks: s.Hooks}
	s.Buyers = &Buyers{core: c}
	s.Orders = &Orders{core: c, Catalog: s.Catalog, Dictionaries: s.Dictionaries, Hooks: s.Hooks, Stock: s.Stock, Buyers: s.Buyers}
	s.Cards = &Cards{core: c, Dictionaries: s.Dictionaries, Hooks: s.Hooks, Orders: s.Orders}
	s.Dictionaries.completeRows()
	if err := s.openJournal(); err != nil {
		return nil, err
	}
	s.seed()
	return s, nil
}

func (s *Account) openJournal() (err error) {
	s.journal = table.NoJournal(s.DB.tables())
	if s.Config.Path == "" {
		return nil
	}
	if s.journal, err = table.OpenJournal(s.Config.Path, s.DB.tables()); err != nil {
		return err
	}
	if err := s.checkOrigin(); err != nil {
		return errors.Join(err, s.journal.Close())
	}
	return nil
}

// Connect tells the account what surrounds it.
func (s *Account) Connect(o Outside) {
	s.outside = o
	s.Hooks.order, s.Hooks.card = o.Order, o.Card
}

// Close closes the journal; what changes later is not kept. It can be called twice.
func (s *Account) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal.Close()
}

// Locked runs f under the lock, after the writes that are due, and flushes what changed to the journal. Webhooks that f
// caused are on their way afterwards.
func (s *Account) Locked(f func()) {
	defer s.outside.Wake()
	s.mu.Lock()
	defer s.mu.Unlock() // also when f panics: net/http recovers, and the account must stay usable
	s.applyDue()
	f()
	s.Flush()
}

// Lock takes the account's lock for its webhooks; Locked is for everything else.
func (s *Account) Lock() { s.mu.Lock() }

// Unlock gives the lock of Lock back.
func (s *Account) Unlock() { s.mu.Unlock() }

// Deliveries are the webhooks on their way.
func (s *Account) Deliveries() *table.Table[webhook.Delivery] { return s.DB.Deliveries }

// Flush keeps what changed.
func (s *Account) Flush() {
	if err := s.journal.Flush(); err != nil {
		panic(fmt.Sprintf("keycrmtest: %v", err)) // a full disk: better stop than pretend to keep
	}
}

// checkOrigin refuses kept changes of another catalog: their ids would hit other rows.
func (s *Account) checkOrigin() error {
	kept := s.Settings()
	if kept == nil || kept.Origin == (origin{}) || kept.Origin == s.Config.origin() {
		return nil
	}
	return fmt.Errorf("%s keeps an account of another catalog (%s), not of %s", s.Config.Path, kept.Origin, s.Config.origin())
}

// seed fills what a new account has and the journal did not bring.
func (s *Account) seed() {
	s.DB.Statuses.fill(seedStatuses())
	s.DB.Sources.fill(seedSources())
	s.DB.Methods.fill(seedMethods())
	s.DB.DeliveryServices.fill(seedDeliveries())
	s.DB.Tags.fill(seedTags())
	s.DB.Users.fill(seedUsers())
	s.DB.Pipelines.fill(seedPipelines())
	s.DB.Fields.fill(seedFields())
	if s.DB.Settings.Len() == 0 {
		s.DB.Settings.Put(1, &Settings{PipelinesOff: s.Config.NoPipelines, Origin: s.Config.origin()})
	}
	if s.Config.History > 0 && s.DB.Orders.Last() == generator.FirstOrder-1 && s.Catalog.gen.Offers() > 0 {
		s.invent(s.Config.History)
	}
	s.Flush()
}
