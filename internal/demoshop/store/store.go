package store

import (
	"time"

	"github.com/jmoiron/sqlx"
)

// Store is all SQL of the shop, in parts by what they are about.
type Store struct {
	Products *Products
	Shelf    *Shelf
	Sales    *Sales
	Orders   *Orders
	Events   *Events
	Office   *Office
}

// New is the store on a pool whose schema is up to date. The pool stays the caller's.
func New(db *sqlx.DB, clock Clock) *Store {
	c := conn{db, clock}
	return &Store{&Products{c}, &Shelf{c}, &Sales{c}, &Orders{c}, &Events{c}, &Office{c}}
}

// Now is the present instant as the database will keep it.
func (s *Store) Now() time.Time { return s.Orders.now() }
