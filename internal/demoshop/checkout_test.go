package demoshop

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

// checkSum holds an order to what plugin.Order promises of its parts.
func checkSum(t *testing.T, o plugin.Order) {
	t.Helper()
	sum := o.Delivery.Price.Sub(o.Discount)
	for _, l := range o.Lines {
		sum = sum.Add(l.Price.Mul(l.Quantity)).Sub(l.Discount)
	}
	for _, a := range o.AddOns {
		sum = sum.Add(a.Price.Mul(a.Quantity))
	}
	if !sum.Equal(o.Total) {
		t.Errorf("parts of order %s make %s, its total is %s", o.Number, sum, o.Total)
	}
}

func TestBuyingKeepsEverythingTheBuyerSaid(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	np := simple("Светр", "1999.90", "5")
	np.Variants[0].Options = []plugin.Attribute{{Name: "Розмір", Value: "M"}}
	sweater := s.create(t, np)[0]
	mug := s.create(t, simple("Чашка", "120", ""))[0]
	_, err := s.shop.catalog.SetImages(t.Context(), by(), []plugin.ImageSet{{ProductID: mug.ID, Images: []plugin.ImageRef{
		{Content: &plugin.ImageContent{ContentType: "image/png", Bytes: []byte("png")}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser(t)
	b.get("/?utm_source=google&utm_campaign=осінь")
	b.get("/product/" + string(sweater.ID))
	b.post("/basket/add", url.Values{"variant": {string(sweater.Added[0])}, "qty": {"2"}})
	b.post("/basket/add", url.Values{"variant": {string(mug.Added[0])}})
	a := b.post("/checkout", b.form("delivery", deliverBranch, "np_branch", "7b422fc8-e1b8-11e3-8c4a-0050568002cf", "payment", payCard,
		"email", "olena@example.com", "addon_gift_wrap", "1", "addon_postcard", "1", "postcard_text", "Вітаю!", "promo", " літо5 ",
		"other_recipient", "1", "recipient_name", "Іван Коваль", "recipient_phone", "0671112233", "comment", "Після 18:00"))
	if a.Status != http.StatusSeeOther {
		t.Fatalf("checkout: %d %s", a.Status, a.doc(t).Find(".bad").Text())
	}
	o := s.order(t, orderNumber(t, a.Location))
	checkSum(t, o)
	// Goods 4119.80, five percent 205.99, wrap 50, delivery 80.
	want := plugin.Order{
		ID: o.ID, Number: "1001", Storefront: "main", Domain: "127.0.0.1", Version: "1", PlacedAt: opened(), Status: statusNew, Currency: Currency,
		Buyer:     plugin.Buyer{FullName: "Олена Коваль", Phone: "050 123 45 67", Email: "olena@example.com"},
		Recipient: plugin.Recipient{FullName: "Іван Коваль", Phone: "0671112233"},
		Lines: []plugin.OrderLine{
			{
				ID: o.Lines[0].ID, ProductID: sweater.ID, VariantID: sweater.Added[0], SKU: "SKU-Светр", Name: "Светр",
				Options: []plugin.Attribute{{Name: "Розмір", Value: "M"}}, Quantity: decimal.NewFromInt(2), Price: *dec("1999.90"),
			},
			{
				ID: o.Lines[1].ID, ProductID: mug.ID, VariantID: mug.Added[0], SKU: "SKU-Чашка", Name: "Чашка",
				Quantity: decimal.NewFromInt(1), Price: *dec("120"), PictureURL: s.url + "/img/1",
			},
		},
		AddOns: []plugin.OrderAddOn{
			{Code: addOnWrap, Name: "Подарункове пакування", Price: *dec("50"), Quantity: decimal.NewFromInt(1)},
			{Code: addOnCard, Name: "Листівка з вашим текстом", Quantity: decimal.NewFromInt(1), Value: "Вітаю!"},
		},
		Discount: *dec("205.99"), DiscountPercent: *dec("5"), PromoCode: "ЛІТО5",
		Delivery: plugin.Delivery{
			Method: deliverBranch, Price: *dec("80"), Country: "UA", Region: "Львівська", City: "Львів",
			Branch: "Відділення №9: просп. Свободи, 31", BranchRef: "7b422fc8-e1b8-11e3-8c4a-0050568002cf",
		},
		Payments: []plugin.Payment{{
			ID: o.Payments[0].ID, Method: payCard, Amount: *dec("4043.81"), State: plugin.PaymentPaid, PaidAt: opened(), Note: "Навчальна оплата карткою",
		}},
		Comment: "Після 18:00", UTM: plugin.UTM{Source: "google", Campaign: "осінь"}, Total: *dec("4043.81"),
	}
	if diff := cmp.Diff(want, o); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if p := s.product(t, sweater.ID); !p.Variants[0].Stock.Equal(decimal.NewFromInt(3)) || p.Version == sweater.Version {
		t.Errorf("stock %s at version %s, want 3 at a newer one", p.Variants[0].Stock, p.Version)
	}
	page := b.get(a.Location)
	if got := page.doc(t).Find("#order-number").Text(); page.Status != 200 || got != "1001" {
		t.Errorf("thank-you page: %d, number %q", page.Status, got)
	}
	if a := b.get("/order/1001?key=guess"); a.Status != http.StatusNotFound {
		t.Errorf("order page with a wrong key: %d", a.Status)
	}
}

func TestFormSentTwiceMakesOneOrder(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	made := s.create(t, simple("Мед", "250", "10"))[0]
	b := s.browser(t)
	b.post("/basket/add", url.Values{"variant": {string(made.Added[0])}})
	form := b.form()
	locations := make(chan string, 5)
	for range 5 {
		go func() { locations <- b.post("/checkout", form).Location }()
	}
	first := <-locations
	for range 4 {
		if l := <-locations; l != first || !strings.HasPrefix(l, "/order/") {
			t.Errorf("sent again leads to %q, first to %q", l, first)
		}
	}
	page, err := s.shop.orders.List(t.Context(), plugin.OrderQuery{Limit: 10})
	if err != nil || len(page.Placements) != 1 {
		t.Errorf("%d orders, %v; want one", len(page.Placements), err)
	}
	if stock := s.product(t, made.ID).Variants[0].Stock; !stock.Equal(decimal.NewFromInt(9)) {
		t.Errorf("stock is %s, want 9", stock)
	}
}

func TestLastItemIsSoldOnce(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	made := s.create(t, simple("Кобзар", "300", "1"))[0]
	const buyers = 6
	forms := make([]url.Values, buyers)
	browsers := make([]*browser, buyers)
	for i := range buyers {
		browsers[i] = s.browser(t)
		browsers[i].post("/basket/add", url.Values{"variant": {string(made.Added[0])}})
		forms[i] = browsers[i].form()
	}
	answers := make(chan answer, buyers)
	for i := range buyers {
		go func() { answers <- browsers[i].post("/checkout", forms[i]) }()
	}
	sold := 0
	for range buyers {
		switch a := <-answers; a.Status {
		case http.StatusSeeOther:
			sold++
		case http.StatusConflict:
			if !strings.Contains(a.Body, "Цей товар щойно закінчився") {
				t.Error("the page does not say that the item is sold out")
			}
		default:
			t.Errorf("status %d", a.Status)
		}
	}
	if stock := s.product(t, made.ID).Variants[0].Stock; sold != 1 || !stock.IsZero() {
		t.Errorf("sold %d times, %s left", sold, stock)
	}
}

func TestPriceChangedWhileBuyerTyped(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	made := s.create(t, simple("Лампа", "900", ""))[0]
	b := s.browser(t)
	b.post("/basket/add", url.Values{"variant": {string(made.Added[0])}})
	form := b.form("goods", "900")
	_, err := s.shop.catalog.UpdateVariants(t.Context(), by(), []plugin.VariantPatch{{ID: made.Added[0], Price: ptr(plugin.NewMoney("950", Currency))}})
	if err != nil {
		t.Fatal(err)
	}
	a := b.post("/checkout", form)
	seen, _ := a.doc(t).Find(`input[name="goods"]`).Attr("value")
	if a.Status != http.StatusConflict || seen != "950" {
		t.Fatalf("status %d, the form now shows %q", a.Status, seen)
	}
	form.Set("goods", seen)
	if a := b.post("/checkout", form); a.Status != http.StatusSeeOther {
		t.Errorf("confirmed again: status %d", a.Status)
	}
}

func TestWrongFieldsAreNamed(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	made := s.create(t, simple("Мило", "90", ""))[0]
	b := s.browser(t)
	b.post("/basket/add", url.Values{"variant": {string(made.Added[0])}})
	cases := []struct{ field, value, delivery string }{
		{"name", "  ", deliverPickup},
		{"phone", "12", deliverPickup},
		{"phone", "тел", deliverPickup},
		{"email", "a@b", deliverPickup},
		{"promo", "ЗИМА", deliverPickup},
		{"payment", "bitcoin", deliverPickup},
		{"np_branch", "unknown", deliverBranch},
		{"post_code", "123", deliverUkrposhta},
		{"date", "2026-03-02", deliverCourier},
		{"city", "", deliverCourier},
		{"delivery", "horse", ""},
	}
	for _, c := range cases {
		form := b.form("city", "Київ", "street", "Хрещатик, 1", "post_code", "01001")
		if c.delivery != "" {
			form.Set("delivery", c.delivery)
		}
		form.Set(c.field, c.value)
		a := b.post("/checkout", form)
		if n := a.doc(t).Find(".bad").Length(); a.Status != http.StatusUnprocessableEntity || n != 1 {
			t.Errorf("%s=%q: status %d with %d complaints", c.field, c.value, a.Status, n)
		}
	}
	if number := b.buy(nil, "delivery", deliverCourier, "city", "Київ", "street", "Хрещатик, 1", "date", "2026-03-05"); s.order(t, number).Delivery.Date != "2026-03-05" {
		t.Error("the wished day is lost")
	}
}

func TestUTMIsKeptFromLandingToOrder(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	item := s.create(t, simple("Чай", "80", ""))[0].Added
	b := s.browser(t)
	b.get("/catalog?utm_source=first&utm_medium=cpc")
	b.get("/?utm_source=second")
	b.get("/?utm_source=&utm_medium=") // empty marks are no visit
	if got := s.order(t, b.buy(item)).UTM; got != (plugin.UTM{Source: "second"}) {
		t.Errorf("marks are %+v, want the last visit's", got)
	}
	token := s.browser(t)
	csrf := token.signIn("admin", "owner-secret")
	if a := token.post("/admin/settings", url.Values{plugin.CSRFField: {csrf}, "phone_region": {"UA"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("switch off: %d", a.Status)
	}
	if p, err := s.shop.Profile(t.Context()); err != nil || p.CollectsUTM {
		t.Errorf("profile says %+v, %v", p, err)
	}
	b.get("/?utm_source=third")
	if got := s.order(t, b.buy(item)).UTM; got != (plugin.UTM{}) {
		t.Errorf("switched off, the order still has %+v", got)
	}
}

func TestCaptureIsLastInTheCheckout(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	f := newFakePlugin()
	if _, err := s.db.Exec(`CREATE TABLE noted (order_id text, lines int, stock numeric)`); err != nil {
		t.Fatal(err)
	}
	f.inTx = func(ctx context.Context, tx plugin.Execer, p plugin.Placement) {
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
	number := s.browser(t).buy(s.create(t, simple("Чай", "80", "4"))[0].Added)
	o := s.order(t, number)
	want := []plugin.Placement{{Shop: ShopID, Order: o.ID, Storefront: "main", Domain: "127.0.0.1", PlacedAt: opened()}}
	f.mu.Lock()
	defer f.mu.Unlock()
	if diff := cmp.Diff(want, f.placedTx); diff != "" || !cmp.Equal(want, f.committed) {
		t.Errorf("told %v, committed %v (-want +got):\n%s", f.placedTx, f.committed, diff)
	}
	var row struct {
		OrderID string          `db:"order_id"`
		Lines   int             `db:"lines"`
		Stock   decimal.Decimal `db:"stock"`
	}
	if err := s.db.Get(&row, `SELECT * FROM noted`); err != nil || row.OrderID != string(o.ID) || row.Lines != 1 || !row.Stock.Equal(decimal.NewFromInt(3)) {
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
			s := newTestShop(t)
			f := newFakePlugin()
			f.inTx = hook
			s.Use(f)
			o := s.order(t, s.browser(t).buy(s.create(t, simple("Чай", "80", "4"))[0].Added))
			page, err := s.shop.orders.List(t.Context(), plugin.OrderQuery{Limit: 10})
			if err != nil || len(page.Placements) != 1 || page.Placements[0].Order != o.ID || len(o.Lines) != 1 {
				t.Errorf("order %+v, listed %+v, %v", o, page, err)
			}
			if !strings.Contains(s.logs.String(), "plugin did not note the order") {
				t.Error("nothing in the log")
			}
		})
	}
}

func TestDurableCaptureComesUntilTaken(t *testing.T) {
	t.Parallel()
	s := newTestShop(t, func(c *Config) { c.Capture = plugin.CaptureDurable })
	f := newFakePlugin()
	var mu sync.Mutex
	refusals := 2
	f.handle = func(plugin.Event) error {
		mu.Lock()
		defer mu.Unlock()
		if refusals--; refusals >= 0 {
			return plugin.ErrTemporary
		}
		return nil
	}
	s.Use(f)
	o := s.order(t, s.browser(t).buy(s.create(t, simple("Чай", "80", ""))[0].Added))
	e := f.event(t)
	want := plugin.Event{
		Kind: plugin.OrderPlaced, Shop: ShopID, Order: o.ID, Actor: plugin.Actor{Kind: plugin.ActorBuyer}, At: opened(),
		Placement: &plugin.Placement{Shop: ShopID, Order: o.ID, Storefront: "main", Domain: "127.0.0.1", PlacedAt: opened()},
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	if len(f.placedTx) != 0 {
		t.Error("the hook of another level was called")
	}
}

func TestStorefrontIsChosenByKnownHost(t *testing.T) {
	t.Parallel()
	s := newTestShop(t, func(c *Config) {
		c.Storefronts = []plugin.Storefront{{ID: "ua", Domains: []string{"shop.example"}}, {ID: "kids", Domains: []string{"kids.example"}}}
	})
	for host, want := range map[string][2]string{
		"kids.example:8080": {"kids", "kids.example"}, "SHOP.example": {"ua", "shop.example"}, "evil.example": {"ua", "shop.example"},
	} {
		r := &http.Request{Host: host}
		if front, domain := s.frontOf(r); string(front) != want[0] || domain != want[1] {
			t.Errorf("host %s: %s on %s, want %v", host, front, domain, want)
		}
	}
}

func TestPayingLater(t *testing.T) {
	t.Parallel()
	s := newTestShop(t)
	f := newFakePlugin()
	s.Use(f)
	b := s.browser(t)
	b.post("/basket/add", url.Values{"variant": {string(s.create(t, simple("Чай", "80", ""))[0].Added[0])}})
	a := b.post("/checkout", b.form("payment", payCard, "pay_later", "1"))
	number := orderNumber(t, a.Location)
	if p := s.order(t, number).Payments[0]; p.State != plugin.PaymentPending || !p.PaidAt.IsZero() {
		t.Fatalf("payment is %+v", p)
	}
	s.clock.Advance(time.Hour)
	u, _ := url.Parse(a.Location)
	if a := b.post("/order/"+number+"/pay", url.Values{"key": {"wrong"}}); a.Status != http.StatusNotFound {
		t.Errorf("paying with a wrong key: %d", a.Status)
	}
	for range 2 { // a second click changes nothing
		if a := b.post("/order/"+number+"/pay", url.Values{"key": {u.Query().Get("key")}}); a.Status != http.StatusSeeOther {
			t.Errorf("paying: %d", a.Status)
		}
	}
	o := s.order(t, number)
	if p := o.Payments[0]; p.State != plugin.PaymentPaid || !p.PaidAt.Equal(opened().Add(time.Hour)) || o.Version != "2" {
		t.Errorf("order %s is at %s with payment %+v", number, o.Version, p)
	}
	if e := f.event(t); e.Kind != plugin.PaymentChanged || e.Actor.Kind != plugin.ActorSystem || e.Order != o.ID {
		t.Errorf("event %+v", e)
	}
}
