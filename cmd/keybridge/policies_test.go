package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"

	"github.com/hibiken/asynq"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/cmd/keybridge/internal/visit"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// counter is a demo in which a merchant tries out the catalog's menus on the page.
type counter struct {
	*mortal
	ctx      context.Context //nolint:containedctx // of one test, which hands it to every step
	merchant *visit.Merchant
	set      visit.Wishes
	saved    bool
}

// newCounter joins an empty shop with an account of one product; set is what the merchant begins with.
func newCounter(t *testing.T, set visit.Wishes) *counter {
	t.Helper()
	set.ByHand = true
	c := &counter{mortal: newMortal(t, keycrmtest.WithCatalog(1, 1)), ctx: t.Context(), set: set}
	c.start()
	c.merchant = c.mortal.merchant(c.ctx)
	if err := c.merchant.Connect(c.ctx, c.sim.Key()); err != nil {
		t.Fatal(err)
	}
	return c
}

// add makes a product of one offer in the CRM.
func (c *counter) add(name, sku, barcode string) (product int64) {
	return c.sim.AddProduct(keycrmtest.NewProduct{
		Product: keycrmtest.Product{Name: name},
		Offers:  []keycrmtest.Offer{{SKU: sku, Barcode: barcode, Price: decimal.NewFromInt(100)}},
	})
}

// price changes the price of a product in the CRM.
func (c *counter) price(product, price int64) {
	c.t.Helper()
	p, ok := c.sim.Product(product)
	if !ok {
		c.t.Fatalf("the CRM has no product %d", product)
	}
	if err := c.sim.SetPrice(p.OfferIDs[0], decimal.NewFromInt(price)); err != nil {
		c.t.Fatal(err)
	}
}

// run saves what the menus shall say and brings the catalog once, approving what it asks about. The
// first save starts a run by itself.
func (c *counter) run(change func(*visit.Wishes)) {
	c.t.Helper()
	if change != nil {
		change(&c.set)
	}
	if err := c.merchant.Save(c.ctx, c.set); err != nil {
		c.t.Fatalf("save %+v: %v", c.set, err)
	}
	if !c.saved {
		c.saved = true
	} else if err := c.merchant.RunNow(c.ctx); err != nil {
		c.t.Fatal(err)
	}
	run := c.latest("over or waits for a decision", func(r visit.Run) bool { return r.Over() || r.State == "approval" })
	if run.State == "approval" {
		c.says(0, []string{"Done"}, "approve", fmt.Sprint(run.ID))
	} else if run.State != "done" {
		c.t.Fatalf("run %d ended as %s: %s", run.ID, run.State, run.Code)
	}
}

// latest waits until the latest run is as wanted.
func (c *counter) latest(what string, is func(visit.Run) bool) (run visit.Run) {
	c.t.Helper()
	until(c.t, patience, "the run is "+what, func(ctx context.Context) error {
		runs, err := c.merchant.Runs(ctx)
		if err != nil {
			return err
		}
		if len(runs) == 0 {
			return errors.New("there is none")
		}
		if run = runs[0]; !is(run) {
			return fmt.Errorf("run %d is %s", run.ID, run.State)
		}
		return nil
	})
	return run
}

// shopProduct is what buyers get of a product.
type shopProduct struct {
	Published bool  `db:"published"`
	Orderable bool  `db:"orderable"`
	Price     int64 `db:"price"`
}

// linked answers the shop's product of one of the CRM; false when there is none.
func (c *counter) linked(product int64) (shopProduct, bool) {
	c.t.Helper()
	var found []shopProduct
	const q = `SELECT p.published, p.orderable AND v.orderable AS orderable, coalesce(v.price, 0)::bigint AS price
		FROM keybridge.link_product l
		JOIN demoshop.products p ON p.id::text = l.product_id
		JOIN demoshop.variants v ON v.product_id = p.id
		WHERE l.crm_id = $1`
	if err := c.db.Select(&found, q, fmt.Sprint(product)); err != nil {
		c.t.Fatal(err)
	}
	if len(found) == 0 {
		return shopProduct{}, false
	}
	return found[0], true
}

func (c *counter) want(what string, product int64, want shopProduct) {
	c.t.Helper()
	if got, ok := c.linked(product); !ok || got != want {
		c.t.Errorf("%s: the shop has %+v (linked %t), want %+v", what, got, ok, want)
	}
}

func (c *counter) wantNone(what string, product int64) {
	c.t.Helper()
	if got, ok := c.linked(product); ok {
		c.t.Errorf("%s: the shop has %+v, want no product", what, got)
	}
}

// TestEachPolicyInTheDemo tries every choice of the three policies on the page and looks at the shop.
func TestEachPolicyInTheDemo(t *testing.T) {
	t.Parallel()
	c := newCounter(t, visit.Wishes{
		Target: "Не синхронізувати", NewProducts: "Не створювати (тільки оновлювати)", Existing: "Оновлювати", Missing: "Нічого не робити",
	})
	first := c.add("Глечик", "JUG", "")
	c.run(nil)
	c.wantNone("«Не створювати»", first)
	c.run(func(w *visit.Wishes) { w.NewProducts = "Приховувати" })
	c.want("«Приховувати» new", first, shopProduct{Orderable: true, Price: 100})
	second := c.add("Миска", "BOWL", "")
	c.run(func(w *visit.Wishes) { w.NewProducts = "Опублікувати" })
	c.want("«Опублікувати»", second, shopProduct{Published: true, Orderable: true, Price: 100})

	c.price(second, 130)
	c.run(func(w *visit.Wishes) {
		w.Existing = "Не оновлювати (тільки створити нові)"
	})
	c.want("«Не оновлювати»", second, shopProduct{Published: true, Orderable: true, Price: 100})
	c.run(func(w *visit.Wishes) { w.Existing = "Оновлювати" })
	c.want("«Оновлювати»", second, shopProduct{Published: true, Orderable: true, Price: 130})

	third := c.add("Таріль", "PLATE", "")
	c.add("Чаша", "CHALICE", "")
	c.run(nil)
	archive := func(gone bool) {
		t.Helper()
		if err := c.sim.ArchiveProduct(third, gone); err != nil {
			t.Fatal(err)
		}
	}
	onSale := shopProduct{Published: true, Orderable: true, Price: 100}
	archive(true)
	c.run(func(w *visit.Wishes) { w.Missing = "Нічого не робити" })
	c.want("«Нічого не робити»", third, onSale)
	c.run(func(w *visit.Wishes) { w.Missing = "Зробити недоступними" })
	c.want("«Зробити недоступними»", third, shopProduct{Published: true, Price: 100})
	archive(false)
	c.run(nil)
	c.want("back in the CRM", third, onSale)
	archive(true)
	c.run(func(w *visit.Wishes) { w.Missing = "Приховувати" })
	c.want("«Приховувати» missing", third, shopProduct{Orderable: true, Price: 100})
	archive(false)
	c.run(nil)
	c.want("back in the CRM once more", third, onSale)
}

// TestEachMatchKeyInTheDemo gives the shop, for every key, a product that agrees in that key alone; with
// the id the name must agree too, so it comes first.
func TestEachMatchKeyInTheDemo(t *testing.T) {
	t.Parallel()
	c := newCounter(t, visit.Wishes{Target: "Не синхронізувати", NewProducts: "Не створювати (тільки оновлювати)"})
	shop := c.openShop()
	make1 := func(p plugin.NewProduct, v plugin.NewVariant) string {
		t.Helper()
		p.Orderable, p.Variants = true, []plugin.NewVariant{v}
		made, err := shop.Catalog().CreateProducts(c.ctx, plugin.Origin{}, []plugin.NewProduct{p})
		if err != nil || made[0].Err != nil {
			t.Fatalf("make %q: %v, %+v", p.Name, err, made)
		}
		return string(made[0].ID)
	}
	bySKU := c.add("Ваза", "VASE", "")
	byCode := c.add("Кухоль", "MUG", "4820000000017")
	byName := c.add("Тарілка  глибока", "DEEP", "")
	byExternal := c.add("Свічник", "CANDLE", "")
	byID := c.add("Дзбан", "EWER", "")
	byIDAlone := c.add("Куманець", "FLASK", "")
	c.withID(byIDAlone, func() string {
		return make1(plugin.NewProduct{Name: "щось інше"}, plugin.NewVariant{SKU: "OTHER"})
	})
	for _, one := range []struct {
		key     string
		crm     int64
		product string
	}{
		{"Ідентифікатор", byID, c.withID(byID, func() string {
			return make1(plugin.NewProduct{Name: "Дзбан"}, plugin.NewVariant{SKU: "ґ"})
		})},
		{"Артикул", bySKU, make1(plugin.NewProduct{Name: "а"}, plugin.NewVariant{SKU: "VASE"})},
		{"Штрихкод", byCode, make1(plugin.NewProduct{Name: "б"}, plugin.NewVariant{SKU: "б", Barcode: "4820000000017"})},
		{"Найменування товару", byName, make1(plugin.NewProduct{Name: " тарілка  Глибока"}, plugin.NewVariant{SKU: "в"})},
		{"Зовнішній ідентифікатор", byExternal, make1(plugin.NewProduct{Name: "г", ExternalID: fmt.Sprint(byExternal)}, plugin.NewVariant{SKU: "г"})},
	} {
		c.wantNone("before «"+one.key+"»", one.crm)
		c.run(func(w *visit.Wishes) { w.Match = one.key })
		if n := c.count(`SELECT count(*) FROM keybridge.link_product WHERE crm_id = $1 AND product_id = $2`, fmt.Sprint(one.crm), one.product); n != 1 {
			t.Errorf("«%s» did not find the shop's product %s", one.key, one.product)
		}
		if got, _ := c.linked(one.crm); got.Price != 100 {
			t.Errorf("«%s»: the price of the found product is %d, want 100", one.key, got.Price)
		}
	}
	c.wantNone("an id that collides by accident", byIDAlone)

	make1(plugin.NewProduct{Name: "є"}, plugin.NewVariant{SKU: "FLASK"})
	c.price(bySKU, 120)
	fresh := c.add("Макітра", "BIGBOWL", "")
	c.run(func(w *visit.Wishes) {
		w.Match, w.NewProducts = "Не оновлювати (тільки створювати нові)", "Опублікувати"
	})
	c.wantNone("«Не оновлювати» and a SKU that the shop holds", byIDAlone)
	if got, _ := c.linked(bySKU); got.Price != 100 {
		t.Errorf("«Не оновлювати (тільки створювати нові)» wrote the price %d", got.Price)
	}
	c.want("«Не оновлювати (тільки створювати нові)»", fresh, shopProduct{Published: true, Orderable: true, Price: 100})
}

// openShop opens the demo's shop beside the demo, as somebody who works in its admin.
func (c *counter) openShop() plugin.Shop {
	c.t.Helper()
	public, err := url.Parse(c.shopURL())
	if err != nil {
		c.t.Fatal(err)
	}
	engine, err := demoshop.Open(c.ctx, demoshop.Config{DB: c.db, PublicURL: public, Redis: asynq.RedisClientOpt{}})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = engine.Close() })
	shops, err := engine.Shops(c.ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	shop, err := engine.Shop(c.ctx, shops[0])
	if err != nil {
		c.t.Fatal(err)
	}
	return shop
}

// withID makes the shop's next product have an id.
func (c *counter) withID(id int64, create func() string) string {
	c.t.Helper()
	next := c.count(`SELECT last_value FROM demoshop.products_id_seq`)
	if _, err := c.db.ExecContext(c.ctx, `SELECT setval('demoshop.products_id_seq', $1, false)`, id); err != nil {
		c.t.Fatal(err)
	}
	made := create()
	if made != fmt.Sprint(id) {
		c.t.Fatalf("the shop called the product %s, want %d", made, id)
	}
	if _, err := c.db.ExecContext(c.ctx, `SELECT setval('demoshop.products_id_seq', $1)`, max(int64(next), id)); err != nil {
		c.t.Fatal(err)
	}
	return made
}
