// Package shoptest opens whole demo shops for tests: an engine on a database of its own behind a real
// HTTP server, browsers of buyers and staff, and a plugin that records what it is told.
package shoptest

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/internal/pgtest"
	"github.com/keybridge/keybridge/plugin"
)

// Opened is the instant every test's clock starts at: a Monday noon in Kyiv.
func Opened() time.Time { return time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC) }

// Shop is an engine behind a real HTTP server.
type Shop struct {
	*demoshop.Engine
	Pool  *sqlx.DB
	Time  *clock.Fake
	Store *store.Store
	URL   string
	Logs  *Log
}

// Log is what the shop logged.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String answers all lines so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// New opens a shop that closes with the test. Staff sign in with "owner-secret", "manager-secret" and
// "viewer-secret"; change alters what it is made of.
func New(t *testing.T, change ...func(*demoshop.Config)) *Shop {
	t.Helper()
	pool := pgtest.NewMigrated(t, "demoshop", func(db *sqlx.DB) error { return store.Migrate(context.Background(), db.DB) })
	return Over(t, pool, change...)
}

// Over is New on a database that has the shop's tables.
func Over(t *testing.T, pool *sqlx.DB, change ...func(*demoshop.Config)) *Shop {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String()
	public, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	s := &Shop{Pool: pool, Time: clock.NewFake(Opened()), URL: base, Logs: &Log{}}
	s.Store = store.New(pool, s.Time)
	cfg := demoshop.Config{
		DB: pool, Clock: s.Time, PublicURL: public, Logger: slog.New(slog.NewTextHandler(s.Logs, nil)),
		AdminPassword: "owner-secret", ManagerPassword: "manager-secret", ViewerPassword: "viewer-secret",
	}
	for _, c := range change {
		c(&cfg)
	}
	if s.Engine, err = demoshop.Open(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = s.Handler()
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TwoLanguages makes a shop whose texts are kept in Ukrainian and English.
func TwoLanguages(c *demoshop.Config) {
	c.Languages = []plugin.Language{{Code: "uk", Name: "Українська"}, {Code: "en", Name: "English"}}
}

// Only is the one shop of the engine, through the contract.
func (s *Shop) Only(t *testing.T) plugin.Shop {
	t.Helper()
	only, err := s.Shop(t.Context(), demoshop.ShopID)
	if err != nil {
		t.Fatal(err)
	}
	return only
}

// Order reads an order by its number through the contract.
func (s *Shop) Order(t *testing.T, number string) plugin.Order {
	t.Helper()
	full, err := s.Store.Orders.ByNumber(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.Only(t).Orders().Get(t.Context(), domain.FormatID[plugin.OrderID](full.ID))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// By is the origin of writes in tests.
func By() plugin.Origin { return plugin.Origin{Plugin: "fake", Connection: "c1", Ref: "test"} }

// Dec reads a decimal.
func Dec(s string) *decimal.Decimal {
	d := decimal.RequireFromString(s)
	return &d
}

// Ptr is a pointer to a value.
func Ptr[T any](v T) *T { return &v }

// Simple is a published product with one variant for sale.
func Simple(name, price, stock string) plugin.NewProduct {
	v := plugin.NewVariant{SKU: "SKU-" + name, Price: plugin.NewMoney(price, demoshop.Currency), Orderable: true, Published: true}
	if stock != "" {
		v.Stock = Dec(stock)
	}
	return plugin.NewProduct{Lang: demoshop.Locale, Name: name, Published: true, Orderable: true, Variants: []plugin.NewVariant{v}}
}

// Create creates products that must all be accepted.
func (s *Shop) Create(t *testing.T, products ...plugin.NewProduct) []plugin.ProductResult {
	t.Helper()
	results, err := s.Only(t).Catalog().CreateProducts(t.Context(), By(), products)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Err != nil {
			t.Fatalf("create product %d: %v", i, r.Err)
		}
	}
	return results
}

// Product reads a product through the contract.
func (s *Shop) Product(t *testing.T, id plugin.ProductID) plugin.Product {
	t.Helper()
	ps, err := s.Only(t).Catalog().Products(t.Context(), demoshop.Locale, []plugin.ProductID{id})
	if err != nil || len(ps) != 1 {
		t.Fatalf("read product %s: %d found, %v", id, len(ps), err)
	}
	return ps[0]
}
