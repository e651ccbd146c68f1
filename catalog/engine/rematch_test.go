package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// own puts a product of the merchant's own into the shop.
func (w *world) own(name, sku, barcode string) plugin.ProductID {
	w.t.Helper()
	res, err := w.shop.Shop.Catalog().CreateProducts(w.t.Context(), plugin.Origin{}, []plugin.NewProduct{{
		Lang: "uk", Name: name, Published: true, Orderable: true,
		Variants: []plugin.NewVariant{{SKU: sku, Barcode: barcode, Price: plugin.NewMoney("250", "UAH"), Orderable: true, Published: true}},
	}})
	must(w.t, err)
	must(w.t, res[0].Err)
	return res[0].ID
}

// links tells which product of the CRM is which of the shop, with its variants.
func (w *world) links() string {
	w.t.Helper()
	var rows []string
	must(w.t, w.db.SelectContext(w.t.Context(), &rows, `SELECT l.crm_id || '=' || coalesce(l.product_id, '?') || ':' ||
			coalesce((SELECT string_agg(v.product_id, ',') FROM keybridge.link_variant v
				WHERE v.connection_id = l.connection_id AND v.crm_product_id = l.crm_id), '-')
		FROM keybridge.link_product l ORDER BY l.crm_id::bigint`))
	return strings.Join(rows, " ")
}

// link tells one link as links does.
func link(crm int64, product plugin.ProductID) string {
	return fmt.Sprintf("%d=%s:%s", crm, product, product)
}

// rematching is a shop whose own products were matched by SKU and would be others by barcode: a and b
// change places, c moves to what nobody had, d's key finds nothing, e's finds what we created, f is
// free and comes after a.
type rematching struct {
	*world
	crm    map[string]int64
	shop   map[string]plugin.ProductID
	before string
}

func newRematching(t *testing.T) *rematching {
	t.Helper()
	sim, _ := few(t, 0)
	crm := map[string]int64{}
	add := func(name, sku, barcode string) {
		p := goods(name, sku, 0)
		p.Offers[0].Barcode = barcode
		crm[name] = sim.AddProduct(p)
	}
	add("a", "SKU-A", "B")
	add("b", "SKU-B", "A")
	add("c", "SKU-C", "FREE")
	add("d", "SKU-D", "NOWHERE")
	add("e", "SKU-E", "MADE")
	add("made", "SKU-MADE", "MADE-CRM")
	w := newWorld(t, sim, func(c *settings.Catalog) {
		c.New = settings.NewPublish
		c.Owners = settings.Owners{settings.FieldBarcode: settings.OwnerShop, settings.FieldSKU: settings.OwnerShop, settings.FieldName: settings.OwnerShop}
	})
	r := &rematching{world: w, crm: crm, shop: map[string]plugin.ProductID{}}
	for _, p := range [][3]string{{"a", "SKU-A", "A"}, {"b", "SKU-B", "B"}, {"c", "SKU-C", "C"}, {"d", "SKU-D", "D"}, {"e", "SKU-E", "E"}, {"free", "SKU-FREE", "FREE"}} {
		r.shop[p[0]] = w.own("Товар магазину "+p[0], p[1], p[2])
	}
	w.approved(catalog.Full, catalog.GuardForeign)
	r.shop["made"] = w.product("SKU-MADE").ID
	w.patch(plugin.ProductPatch{ID: r.shop["made"], Variants: []plugin.VariantPatch{{ID: w.product("SKU-MADE").Variants[0].ID, Barcode: ptr("MADE")}}})
	r.before = w.links()
	if want := r.told(map[string]string{"a": "a", "b": "b", "c": "c", "d": "d", "e": "e", "made": "made"}); r.before != want {
		t.Fatalf("matched by SKU are %s, want %s", r.before, want)
	}
	w.edit(w.conn, func(c *settings.Catalog) { c.Match = settings.MatchBarcode })
	w.full()
	if got := w.links(); got != r.before {
		t.Fatalf("another key alone has changed links: %s", got)
	}
	return r
}

func (r *rematching) told(of map[string]string) string {
	var out []string
	for crm, shop := range of {
		out = append(out, link(r.crm[crm], r.shop[shop]))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func (r *rematching) after() string {
	return r.told(map[string]string{"a": "b", "b": "a", "c": "free", "d": "d", "e": "e", "made": "made"})
}

func (r *rematching) preview() int64 {
	r.t.Helper()
	id, err := r.engine.Rematch(r.t.Context(), r.conn, "1")
	must(r.t, err)
	if run := r.finish(id); run.State != catalog.Approval || !run.Rematch {
		r.t.Fatalf("the run is %s in %s: %s", run.State, run.Phase, run.Code)
	}
	return id
}

func TestMatchingAgainChangesLinksOnlyOnceApproved(t *testing.T) {
	t.Parallel()
	r := newRematching(t)
	products := len(r.snapshot())
	id := r.preview()
	run, err := r.engine.Run(t.Context(), id)
	must(t, err)
	if len(run.Guards) != 1 || run.Guards[0].Code != catalog.GuardRematch || run.Guards[0].Params["count"] != "3" {
		t.Errorf("guards %+v", run.Guards)
	}
	plan, err := r.engine.Plan(t.Context(), id, "", 100)
	must(t, err)
	var shown []string
	for _, p := range plan {
		for _, c := range p.Changes {
			if c.Field == catalog.FieldLink {
				shown = append(shown, p.Name+": "+c.Old+" → "+c.New)
			}
		}
	}
	if want := fmt.Sprintf("a: Товар магазину a (%s) → Товар магазину b (%s)", r.shop["a"], r.shop["b"]); len(shown) != 3 || !slices.Contains(shown, want) {
		t.Errorf("the plan shows %v, want %s among three", shown, want)
	}
	listed := map[catalog.Reason]string{}
	for _, it := range r.items(id) {
		listed[it.Reason] += it.CRMID
	}
	if listed[catalog.ReasonLinkKept] != code(r.crm["d"]) || listed[catalog.ReasonLinkedElsewhere] != code(r.crm["e"]) {
		t.Errorf("listed %v", listed)
	}
	if got := r.links(); got != r.before {
		t.Errorf("before approval the links are %s", got)
	}
	must(t, r.engine.Approve(t.Context(), id, "7"))
	if run := r.finish(id); run.State != catalog.Done {
		t.Fatalf("the run ended %s in %s: %s", run.State, run.Phase, run.Code)
	}
	if got := r.links(); got != r.after() {
		t.Errorf("after approval the links are %s, want %s", got, r.after())
	}
	if n := len(r.snapshot()); n != products {
		t.Errorf("%d lines of the shop became %d: something was created", products, n)
	}
	r.full()
	r.world.shop.writes.Store(0)
	if r.full(); r.world.shop.writes.Load() != 0 || r.links() != r.after() {
		t.Errorf("a run after matching again wrote, or links are %s", r.links())
	}
}

func TestWhatMovesWhileAPersonLooksKeepsItsLink(t *testing.T) {
	t.Parallel()
	r := newRematching(t)
	id := r.preview()
	// b moves, so a cannot have its place; c goes all the same.
	must(t, r.sim.EditProduct(r.crm["b"], func(p *keycrmtest.Product) { p.Name = "b2" }))
	must(t, r.engine.Approve(t.Context(), id, "7"))
	if run := r.finish(id); run.State != catalog.Done {
		t.Fatalf("the run ended %s: %s", run.State, run.Code)
	}
	want := r.told(map[string]string{"a": "a", "b": "b", "c": "free", "d": "d", "e": "e", "made": "made"})
	if got := r.links(); got != want {
		t.Errorf("links are %s, want %s", got, want)
	}
}

func TestMatchingAgainBearsACrashAnywhere(t *testing.T) {
	t.Parallel()
	for steps := 1; ; steps++ {
		r := newRematching(t)
		id := r.preview()
		must(t, r.engine.Approve(t.Context(), id, "7"))
		crashed := r.crashAfter(id, steps)
		if got := r.links(); got != r.before && got != r.after() {
			t.Errorf("after a crash at call %d of the shop the links are half of either: %s", steps, got)
		}
		r.engine = r.newEngine()
		if run := r.finish(id); run.State != catalog.Done || r.links() != r.after() {
			t.Fatalf("after the crash the run ended %s: %s, links %s", run.State, run.Code, r.links())
		}
		if !crashed {
			return
		}
	}
}

// crashAfter works on a run until the shop was called so many times, then leaves it as a killed process
// would; false: the run ended before.
func (r *rematching) crashAfter(id int64, calls int) bool {
	ctx, cancel := context.WithCancelCause(r.t.Context())
	defer cancel(nil)
	seen := 0
	r.world.shop.stopAt(func(context.Context, string) {
		if seen++; seen == calls {
			cancel(errors.New("killed"))
		}
	})
	_ = r.engine.Handle(ctx, id)
	r.world.shop.stopAt(nil)
	r.clock.Advance(time.Minute) // longer than a silent worker keeps its run
	return seen >= calls
}

func TestMatchingAgainNeedsAKey(t *testing.T) {
	t.Parallel()
	sim, _ := few(t, 1)
	w := newWorld(t, sim, func(c *settings.Catalog) { c.Match = settings.MatchNever })
	if _, err := w.engine.Rematch(t.Context(), w.conn, "1"); !errors.Is(err, catalog.ErrNoKey) {
		t.Errorf("Rematch = %v, want ErrNoKey", err)
	}
}
