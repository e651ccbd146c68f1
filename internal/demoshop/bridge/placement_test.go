package bridge_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/demoshop/shoptest"
	"github.com/keybridge/keybridge/plugin"
)

func TestCaptureIsLastInTheCheckout(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	f := shoptest.NewPlugin()
	if _, err := s.Pool.Exec(`CREATE TABLE noted (order_id text, lines int, stock numeric)`); err != nil {
		t.Fatal(err)
	}
	f.OnPlaced = func(ctx context.Context, tx plugin.Execer, p plugin.Placement) {
		if _, limited := ctx.Deadline(); limited {
			t.Error("the hook runs under a deadline")
		}
		// Everything of the order is written when the hook runs, and its row commits with it.
		_, err := tx.ExecContext(ctx, `
			INSERT INTO noted SELECT o.id, (SELECT count(*) FROM demoshop.order_lines WHERE order_id = o.id), v.stock
			FROM demoshop.orders o, demoshop.variants v, demoshop.baskets b WHERE b.lines = '[]' AND o.id = $1`, string(p.Order))
		if err != nil {
			t.Error(err)
		}
	}
	s.Use(f)
	number := s.Browser(t).Buy(s.Create(t, shoptest.Simple("Чай", "80", "4"))[0].Added)
	o := s.Order(t, number)
	want := []plugin.Placement{{Shop: demoshop.ShopID, Order: o.ID, Storefront: "main", Domain: "127.0.0.1", PlacedAt: shoptest.Opened()}}
	f.Mu.Lock()
	defer f.Mu.Unlock()
	if diff := cmp.Diff(want, f.Noted); diff != "" || !cmp.Equal(want, f.Told) {
		t.Errorf("told %v, committed %v (-want +got):\n%s", f.Noted, f.Told, diff)
	}
	var row struct {
		OrderID string          `db:"order_id"`
		Lines   int             `db:"lines"`
		Stock   decimal.Decimal `db:"stock"`
	}
	if err := s.Pool.Get(&row, `SELECT * FROM noted`); err != nil || row.OrderID != string(o.ID) || row.Lines != 1 || !row.Stock.Equal(decimal.NewFromInt(3)) {
		t.Errorf("noted %+v, %v", row, err)
	}
}

func TestHookFailureNeverCostsTheSale(t *testing.T) {
	t.Parallel()
	hooks := map[string]func(ctx context.Context, tx plugin.Execer, p plugin.Placement){
		"raises": func(ctx context.Context, tx plugin.Execer, _ plugin.Placement) {
			_, _ = tx.ExecContext(ctx, `SELECT 1 / 0`)
		},
		"panics": func(context.Context, plugin.Execer, plugin.Placement) { panic("boom") },
		"violates": func(ctx context.Context, tx plugin.Execer, _ plugin.Placement) {
			_, _ = tx.ExecContext(ctx, `DELETE FROM demoshop.orders`)
			_, _ = tx.ExecContext(ctx, `SELECT * FROM no_such_table`)
		},
	}
	for name, hook := range hooks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := shoptest.New(t)
			f := shoptest.NewPlugin()
			f.OnPlaced = hook
			s.Use(f)
			o := s.Order(t, s.Browser(t).Buy(s.Create(t, shoptest.Simple("Чай", "80", "4"))[0].Added))
			page, err := s.Only(t).Orders().List(t.Context(), plugin.OrderQuery{Limit: 10})
			if err != nil || len(page.Placements) != 1 || page.Placements[0].Order != o.ID || len(o.Lines) != 1 {
				t.Errorf("order %+v, listed %+v, %v", o, page, err)
			}
			if !strings.Contains(s.Logs.String(), "plugin did not note the order") {
				t.Error("nothing in the log")
			}
		})
	}
}

func TestDurableCaptureComesUntilTaken(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t, func(c *demoshop.Config) { c.Capture = plugin.CaptureDurable })
	f := shoptest.NewPlugin()
	var mu sync.Mutex
	refusals := 2
	f.OnEvent = func(plugin.Event) error {
		mu.Lock()
		defer mu.Unlock()
		if refusals--; refusals >= 0 {
			return plugin.ErrTemporary
		}
		return nil
	}
	s.Use(f)
	o := s.Order(t, s.Browser(t).Buy(s.Create(t, shoptest.Simple("Чай", "80", ""))[0].Added))
	e := f.Event(t)
	want := plugin.Event{
		Kind: plugin.OrderPlaced, Shop: demoshop.ShopID, Order: o.ID, Actor: plugin.Actor{Kind: plugin.ActorBuyer}, At: shoptest.Opened(),
		Placement: &plugin.Placement{Shop: demoshop.ShopID, Order: o.ID, Storefront: "main", Domain: "127.0.0.1", PlacedAt: shoptest.Opened()},
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	if len(f.Noted) != 0 {
		t.Error("the hook of another level was called")
	}
}
