package storefront_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/shoptest"
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
	s := shoptest.New(t)
	np := shoptest.Simple("Светр", "1999.90", "5")
	np.Variants[0].Options = []plugin.Attribute{{Name: "Розмір", Value: "M"}}
	sweater := s.Create(t, np)[0]
	mug := s.Create(t, shoptest.Simple("Чашка", "120", ""))[0]
	_, err := s.Only(t).Catalog().SetImages(t.Context(), shoptest.By(), []plugin.ImageSet{{ProductID: mug.ID, Images: []plugin.ImageRef{
		{Content: &plugin.ImageContent{ContentType: "image/png", Bytes: []byte("png")}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	b := s.Browser(t)
	b.Get("/?utm_source=google&utm_campaign=осінь")
	b.Get("/product/" + string(sweater.ID))
	b.Post("/basket/add", url.Values{"variant": {string(sweater.Added[0])}, "qty": {"2"}})
	b.Post("/basket/add", url.Values{"variant": {string(mug.Added[0])}})
	a := b.Post("/checkout", b.Form("delivery", domain.DeliverBranch, "np_branch", "7b422fc8-e1b8-11e3-8c4a-0050568002cf", "payment", domain.PayCard,
		"email", "olena@example.com", "addon_gift_wrap", "1", "addon_postcard", "1", "postcard_text", "Вітаю!", "promo", " літо5 ",
		"other_recipient", "1", "recipient_name", "Іван Коваль", "recipient_phone", "0671112233", "comment", "Після 18:00"))
	if a.Status != http.StatusSeeOther {
		t.Fatalf("checkout: %d %s", a.Status, a.Doc(t).Find(".bad").Text())
	}
	o := s.Order(t, shoptest.OrderNumber(t, a.Location))
	checkSum(t, o)
	// Goods 4119.80, five percent 205.99, wrap 50, delivery 80.
	want := plugin.Order{
		ID: o.ID, Number: "1001", Storefront: "main", Domain: "127.0.0.1", Version: "1", PlacedAt: shoptest.Opened(), Status: domain.StatusNew, Currency: demoshop.Currency,
		Buyer:     plugin.Buyer{FullName: "Олена Коваль", Phone: "050 123 45 67", Email: "olena@example.com"},
		Recipient: plugin.Recipient{FullName: "Іван Коваль", Phone: "0671112233"},
		Lines: []plugin.OrderLine{
			{
				ID: o.Lines[0].ID, ProductID: sweater.ID, VariantID: sweater.Added[0], SKU: "SKU-Светр", Name: "Светр",
				Options: []plugin.Attribute{{Name: "Розмір", Value: "M"}}, Quantity: decimal.NewFromInt(2), Price: *shoptest.Dec("1999.90"),
			},
			{
				ID: o.Lines[1].ID, ProductID: mug.ID, VariantID: mug.Added[0], SKU: "SKU-Чашка", Name: "Чашка",
				Quantity: decimal.NewFromInt(1), Price: *shoptest.Dec("120"), PictureURL: s.URL + "/img/1",
			},
		},
		AddOns: []plugin.OrderAddOn{
			{Code: domain.AddOnWrap, Name: "Подарункове пакування", Price: *shoptest.Dec("50"), Quantity: decimal.NewFromInt(1)},
			{Code: domain.AddOnCard, Name: "Листівка з вашим текстом", Quantity: decimal.NewFromInt(1), Value: "Вітаю!"},
		},
		Discount: *shoptest.Dec("205.99"), DiscountPercent: *shoptest.Dec("5"), PromoCode: "ЛІТО5",
		Delivery: plugin.Delivery{
			Method: domain.DeliverBranch, Price: *shoptest.Dec("80"), Country: "UA", Region: "Львівська", City: "Львів",
			Branch: "Відділення №9: просп. Свободи, 31", BranchRef: "7b422fc8-e1b8-11e3-8c4a-0050568002cf",
		},
		Payments: []plugin.Payment{{
			ID: o.Payments[0].ID, Method: domain.PayCard, Amount: *shoptest.Dec("4043.81"), State: plugin.PaymentPaid, PaidAt: shoptest.Opened(), Note: "Навчальна оплата карткою",
		}},
		Comment: "Після 18:00", UTM: plugin.UTM{Source: "google", Campaign: "осінь"}, Total: *shoptest.Dec("4043.81"),
	}
	if diff := cmp.Diff(want, o); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if p := s.Product(t, sweater.ID); !p.Variants[0].Stock.Equal(decimal.NewFromInt(3)) || p.Version == sweater.Version {
		t.Errorf("stock %s at version %s, want 3 at a newer one", p.Variants[0].Stock, p.Version)
	}
	page := b.Get(a.Location)
	if got := page.Doc(t).Find("#order-number").Text(); page.Status != 200 || got != "1001" {
		t.Errorf("thank-you page: %d, number %q", page.Status, got)
	}
	if a := b.Get("/order/1001?key=guess"); a.Status != http.StatusNotFound {
		t.Errorf("order page with a wrong key: %d", a.Status)
	}
}

func TestFormSentTwiceMakesOneOrder(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	made := s.Create(t, shoptest.Simple("Мед", "250", "10"))[0]
	b := s.Browser(t)
	b.Post("/basket/add", url.Values{"variant": {string(made.Added[0])}})
	form := b.Form()
	locations := make(chan string, 5)
	for range 5 {
		go func() { locations <- b.Post("/checkout", form).Location }()
	}
	first := <-locations
	for range 4 {
		if l := <-locations; l != first || !strings.HasPrefix(l, "/order/") {
			t.Errorf("sent again leads to %q, first to %q", l, first)
		}
	}
	page, err := s.Only(t).Orders().List(t.Context(), plugin.OrderQuery{Limit: 10})
	if err != nil || len(page.Placements) != 1 {
		t.Errorf("%d orders, %v; want one", len(page.Placements), err)
	}
	if stock := s.Product(t, made.ID).Variants[0].Stock; !stock.Equal(decimal.NewFromInt(9)) {
		t.Errorf("stock is %s, want 9", stock)
	}
}

func TestLastItemIsSoldOnce(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	made := s.Create(t, shoptest.Simple("Кобзар", "300", "1"))[0]
	const buyers = 6
	forms := make([]url.Values, buyers)
	browsers := make([]*shoptest.Browser, buyers)
	for i := range buyers {
		browsers[i] = s.Browser(t)
		browsers[i].Post("/basket/add", url.Values{"variant": {string(made.Added[0])}})
		forms[i] = browsers[i].Form()
	}
	answers := make(chan shoptest.Answer, buyers)
	for i := range buyers {
		go func() { answers <- browsers[i].Post("/checkout", forms[i]) }()
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
	if stock := s.Product(t, made.ID).Variants[0].Stock; sold != 1 || !stock.IsZero() {
		t.Errorf("sold %d times, %s left", sold, stock)
	}
}

func TestPriceChangedWhileBuyerTyped(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	made := s.Create(t, shoptest.Simple("Лампа", "900", ""))[0]
	b := s.Browser(t)
	b.Post("/basket/add", url.Values{"variant": {string(made.Added[0])}})
	form := b.Form("goods", "900")
	_, err := s.Only(t).Catalog().UpdateVariants(t.Context(), shoptest.By(), []plugin.VariantPatch{{ID: made.Added[0], Price: shoptest.Ptr(plugin.NewMoney("950", demoshop.Currency))}})
	if err != nil {
		t.Fatal(err)
	}
	a := b.Post("/checkout", form)
	seen, _ := a.Doc(t).Find(`input[name="goods"]`).Attr("value")
	if a.Status != http.StatusConflict || seen != "950" {
		t.Fatalf("status %d, the form now shows %q", a.Status, seen)
	}
	form.Set("goods", seen)
	if a := b.Post("/checkout", form); a.Status != http.StatusSeeOther {
		t.Errorf("confirmed again: status %d", a.Status)
	}
}

func TestWrongFieldsAreNamed(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	made := s.Create(t, shoptest.Simple("Мило", "90", ""))[0]
	b := s.Browser(t)
	b.Post("/basket/add", url.Values{"variant": {string(made.Added[0])}})
	cases := []struct{ field, value, delivery string }{
		{"name", "  ", domain.DeliverPickup},
		{"phone", "12", domain.DeliverPickup},
		{"phone", "тел", domain.DeliverPickup},
		{"email", "a@b", domain.DeliverPickup},
		{"promo", "ЗИМА", domain.DeliverPickup},
		{"payment", "bitcoin", domain.DeliverPickup},
		{"np_branch", "unknown", domain.DeliverBranch},
		{"post_code", "123", domain.DeliverUkrposhta},
		{"date", "2026-03-02", domain.DeliverCourier},
		{"city", "", domain.DeliverCourier},
		{"delivery", "horse", ""},
	}
	for _, c := range cases {
		form := b.Form("city", "Київ", "street", "Хрещатик, 1", "post_code", "01001")
		if c.delivery != "" {
			form.Set("delivery", c.delivery)
		}
		form.Set(c.field, c.value)
		a := b.Post("/checkout", form)
		if n := a.Doc(t).Find(".bad").Length(); a.Status != http.StatusUnprocessableEntity || n != 1 {
			t.Errorf("%s=%q: status %d with %d complaints", c.field, c.value, a.Status, n)
		}
	}
	if number := b.Buy(nil, "delivery", domain.DeliverCourier, "city", "Київ", "street", "Хрещатик, 1", "date", "2026-03-05"); s.Order(t, number).Delivery.Date != "2026-03-05" {
		t.Error("the wished day is lost")
	}
}

func TestUTMIsKeptFromLandingToOrder(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	item := s.Create(t, shoptest.Simple("Чай", "80", ""))[0].Added
	b := s.Browser(t)
	b.Get("/catalog?utm_source=first&utm_medium=cpc")
	b.Get("/?utm_source=second")
	b.Get("/?utm_source=&utm_medium=") // empty marks are no visit
	if got := s.Order(t, b.Buy(item)).UTM; got != (plugin.UTM{Source: "second"}) {
		t.Errorf("marks are %+v, want the last visit's", got)
	}
	token := s.Browser(t)
	csrf := token.SignIn("admin", "owner-secret")
	if a := token.Post("/admin/settings", url.Values{plugin.CSRFField: {csrf}, "phone_region": {"UA"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("switch off: %d", a.Status)
	}
	if p, err := s.Only(t).Profile(t.Context()); err != nil || p.CollectsUTM {
		t.Errorf("profile says %+v, %v", p, err)
	}
	b.Get("/?utm_source=third")
	if got := s.Order(t, b.Buy(item)).UTM; got != (plugin.UTM{}) {
		t.Errorf("switched off, the order still has %+v", got)
	}
}

func TestPayingLater(t *testing.T) {
	t.Parallel()
	s := shoptest.New(t)
	f := shoptest.NewPlugin()
	s.Use(f)
	b := s.Browser(t)
	b.Post("/basket/add", url.Values{"variant": {string(s.Create(t, shoptest.Simple("Чай", "80", ""))[0].Added[0])}})
	a := b.Post("/checkout", b.Form("payment", domain.PayCard, "pay_later", "1"))
	number := shoptest.OrderNumber(t, a.Location)
	if p := s.Order(t, number).Payments[0]; p.State != plugin.PaymentPending || !p.PaidAt.IsZero() {
		t.Fatalf("payment is %+v", p)
	}
	s.Time.Advance(time.Hour)
	u, _ := url.Parse(a.Location)
	if a := b.Post("/order/"+number+"/pay", url.Values{"key": {"wrong"}}); a.Status != http.StatusNotFound {
		t.Errorf("paying with a wrong key: %d", a.Status)
	}
	for range 2 { // a second click changes nothing
		if a := b.Post("/order/"+number+"/pay", url.Values{"key": {u.Query().Get("key")}}); a.Status != http.StatusSeeOther {
			t.Errorf("paying: %d", a.Status)
		}
	}
	o := s.Order(t, number)
	if p := o.Payments[0]; p.State != plugin.PaymentPaid || !p.PaidAt.Equal(shoptest.Opened().Add(time.Hour)) || o.Version != "2" {
		t.Errorf("order %s is at %s with payment %+v", number, o.Version, p)
	}
	if e := f.Event(t); e.Kind != plugin.PaymentChanged || e.Actor.Kind != plugin.ActorSystem || e.Order != o.ID {
		t.Errorf("event %+v", e)
	}
}
