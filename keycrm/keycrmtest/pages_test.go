package keycrmtest_test

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// visitor looks at the pages as a person does.
type visitor struct {
	t *testing.T
	s *keycrmtest.Server
	c *http.Client
}

func newVisitor(t *testing.T) (*visitor, *keycrm.Client) {
	t.Helper()
	s := keycrmtest.Start(t, keycrmtest.WithCatalog(60, 130), keycrmtest.WithManualWebhooks())
	c, err := keycrm.New(s.BaseURL(), s.Key())
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t, s, &http.Client{}}, c
}

func (v *visitor) see(path string) *goquery.Document {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.s.URL()+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.read(req, 200)
}

func (v *visitor) read(req *http.Request, status int) *goquery.Document {
	v.t.Helper()
	res, err := v.c.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != status {
		body, _ := io.ReadAll(res.Body)
		v.t.Fatalf("%s %s: %d, want %d: %s", req.Method, req.URL.Path, res.StatusCode, status, body)
	}
	doc, err := goquery.NewDocumentFromReader(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return doc
}

// send posts a form given as name, value… and returns the page it leads to.
func (v *visitor) send(path string, fields ...string) *goquery.Document {
	v.t.Helper()
	return v.post(path, 200, "", fields...)
}

func (v *visitor) post(path string, status int, origin string, fields ...string) *goquery.Document {
	v.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.s.URL()+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if origin != "" {
		req.Header.Set("Origin", origin)
	}
	return v.read(req, status)
}

func (v *visitor) wants(doc *goquery.Document, selector, text string) {
	v.t.Helper()
	if got := doc.Find(selector).Text(); !strings.Contains(got, text) {
		v.t.Errorf("%s shows %q, want %q in it", selector, strings.TrimSpace(got), text)
	}
}

func TestOverviewGivesWhatTheShopNeeds(t *testing.T) {
	t.Parallel()
	v, _ := newVisitor(t)
	doc := v.see("/")
	v.wants(doc, "#api-key", keycrmtest.DefaultKey)
	v.wants(doc, "#base-url", v.s.BaseURL())
	doc = v.send("/settings/pipelines", "on", "0")
	v.wants(doc, ".badge.bad", "вимкнено")
	v.send("/settings/stock-hook", "url", "http://127.0.0.1:1/x", "warehouse", "1")
	if got, _ := v.see("/").Find("input[name=url]").Attr("value"); got != "http://127.0.0.1:1/x" {
		t.Errorf("the stock webhook is %q", got)
	}
}

func TestPeopleArchiveAllTheyFound(t *testing.T) {
	t.Parallel()
	v, _ := newVisitor(t)
	archived := func() (n int) {
		for id := range int64(60) {
			if p, ok := v.s.Product(1001 + id); ok && p.Archived {
				n++
			}
		}
		return n
	}
	before := archived()
	branch := v.see("/catalog?category=10")
	v.wants(branch, "form small", "Знайдено")
	found, err := strconv.Atoi(strings.Trim(branch.Find(`form[action="/catalog/archive"] small`).Text(), "Знайдео:. "))
	if err != nil || found < 2 {
		t.Fatalf("a branch of the tree finds %d products, %v", found, err)
	}
	v.send("/catalog/archive", "category", "10", "archived", "1")
	if n := archived(); n <= before || n > before+found {
		t.Errorf("%d products are archived, before %d, found %d", n, before, found)
	}
	v.send("/catalog/archive", "category", "10", "archived", "0")
	if n := archived(); n > before {
		t.Errorf("%d products are archived after they came back, before %d", n, before)
	}
	v.send("/catalog/archive", "q", "немає такого", "archived", "1")
	if n := archived(); n > before {
		t.Errorf("finding nothing archived %d products", n)
	}
}

func TestPeopleEditTheCatalog(t *testing.T) {
	t.Parallel()
	v, c := newVisitor(t)
	if n := v.see("/catalog").Find("tbody tr").Length(); n != 40 {
		t.Errorf("%d rows on a page, want 40", n)
	}
	doc := v.send("/catalog", "name", "Чайник", "sku", "KTL-1", "price", "1 250,50", "stock", "3", "category", "11")
	v.wants(doc, "h2", "Чайник")
	v.wants(v.see("/catalog?q=KTL-1"), "tbody", "1250.50")
	rows, _, err := c.Offers.List(t.Context(), keycrm.OfferQuery{SKUs: []string{"KTL-1"}, IncludeProduct: true})
	if err != nil || len(rows) != 1 || !rows[0].Price.Equal(dec("1250.5")) || rows[0].Product.CategoryID != 11 {
		t.Fatalf("%+v, %v", rows, err)
	}
	o := rows[0]
	v.post("/offers/5", 422, "", "price", "5") // no such offer
	v.send("/offers/"+id(o.ID), "price", "999", "stock_2", "4")
	v.post("/offers/"+id(o.ID), 422, "", "price", "дорого")
	v.send("/catalog/"+id(o.ProductID), "name", "Чайник новий", "description", "<p>х</p>", "category", "")
	v.wants(v.send("/catalog/"+id(o.ProductID)+"/archive", "archived", "1"), "main", "Повернути з архіву")
	got, _ := v.s.Offer(o.ID)
	p, _ := v.s.Product(o.ProductID)
	if !got.Price.Equal(dec("999")) || !got.Quantity().Equal(dec("7")) || p.Name != "Чайник новий" || p.CategoryID != 0 || !p.Archived {
		t.Errorf("offer %+v, product %+v", got, p)
	}
	v.send("/catalog/" + id(o.ProductID) + "/delete")
	if _, ok := v.s.Product(o.ProductID); ok {
		t.Error("the product is still there")
	}
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

func TestPeopleHandleAnOrder(t *testing.T) {
	t.Parallel()
	v, c := newVisitor(t)
	in := order("SHOP-5", line("", "100", "1"))
	in.Marketing = &keycrm.Marketing{Source: "google"}
	in.CustomFields = []keycrm.FieldValue{keycrm.SelectValue("OR_1009", "Подарункове"), keycrm.SwitchValue("OR_1015", true)}
	o := create(t, c, in)
	v.wants(v.see("/orders"), "tbody", "SHOP-5")
	path := "/orders/" + id(o.ID)
	doc := v.see(path)
	for _, want := range []string{"google", "ПакуванняПодарункове", "Подарункове пакуваннятак"} {
		v.wants(doc, "main", want)
	}
	v.send(path+"/status", "status_id", "9")
	v.send(path+"/tracking", "tracking_code", "2045")
	v.send(path+"/comment", "manager_comment", "Передзвонити")
	offer := anOffer(t, v.s)
	v.wants(v.send(path+"/lines", "sku", offer.SKU, "quantity", "2"), "main", offer.SKU)
	v.send(path+"/payments", "payment_method_id", "2", "amount", "50")
	got, _ := v.s.Order(o.ID)
	if got.StatusID != 9 || got.Shipping.TrackingCode != "2045" || got.ManagerComment != "Передзвонити" || len(got.Lines) != 2 ||
		!got.Lines[1].Price.Equal(offer.Price) || len(got.Payments) != 1 {
		t.Fatalf("the order: %+v", got)
	}
	v.send(path+"/payments/"+id(got.Payments[0].ID), "status", "canceled")
	v.wants(v.send(path+"/lines", "name", "Листівка", "price", "25,50", "quantity", "2"), "main", "разова позиція")
	v.post(path+"/lines", 422, "", "name", "", "price", "1", "quantity", "1")
	v.post(path+"/lines", 422, "", "name", "Листівка", "price", "1", "quantity", "-3")
	v.post(path+"/lines", 422, "", "name", "Листівка", "price", "1", "quantity", "")
	v.post(path+"/lines", 422, "", "name", "Листівка", "price", "-1", "quantity", "1")
	if v.see(path).Find(`form[action$="/lines"] [required]`).Length() > 0 {
		t.Error("a one-off line cannot be added without an article")
	}
	v.post(path+"/status", 422, "", "status_id", "555")
	v.send(path + "/delete")
	if _, ok := v.s.Order(o.ID); ok {
		t.Error("the order is still there")
	}
}

func TestPeopleMoveCards(t *testing.T) {
	t.Parallel()
	v, c := newVisitor(t)
	card, err := c.Cards.Create(t.Context(), aCard())
	if err != nil {
		t.Fatal(err)
	}
	v.wants(v.see("/cards"), ".column:first-child", "SHOP1-1")
	path := "/cards/" + id(card.ID)
	v.wants(v.see(path), "main", "З сайту")
	v.wants(v.send(path+"/status", "status_id", "202"), ".column:nth-child(2)", "SHOP1-1")
	v.wants(v.send(path+"/convert"), "h2", "Замовлення 70001")
	v.send(path + "/delete")
}

func TestPeopleSetUpTriggersAndFaults(t *testing.T) {
	t.Parallel()
	v, c := newVisitor(t)
	doc := v.send("/triggers", "name", "Статуси", "event", keycrmtest.EventOrderStatus, "values", "9, 12", "source", "7",
		"url", "http://127.0.0.1:1/hook", "method", "POST")
	v.wants(doc, "tbody", "Зміна статусу замовлення")
	v.wants(v.send("/triggers/1/toggle"), "tbody", "Увімкнути")
	v.send("/triggers/1/toggle")
	create(t, c, order("A-1", line("", "1", "1")))
	v.send("/orders/70001/status", "status_id", "9")
	deliver(t, v.s)
	v.wants(v.see("/triggers"), ".badge.bad", "connection refused")
	v.send("/triggers/1/delete")
	v.post("/triggers", 422, "", "name", "без посилання", "event", keycrmtest.EventOrderStatus)
	v.send("/faults", "kind", "status", "path", "/v1/buyer", "times", "1", "status", "503")
	if _, _, err := c.Buyers.List(t.Context(), keycrm.BuyerQuery{}); err == nil {
		t.Error("the fault did not strike")
	}
	v.send("/faults", "kind", "hang", "times", "0")
	v.wants(v.see("/faults"), "tbody", "не відповідати")
	v.wants(v.send("/faults/2/delete"), "tbody", "Усе працює")
	v.wants(v.see("/requests"), "tbody", "/v1/order")
	v.wants(v.send("/requests/reset"), "tbody", "ще не було")
	v.wants(v.send("/dictionaries/statuses/1", "name", "Щойно отримано"), "main", "Нова Пошта")
	if v.s.StatusName(1) != "Щойно отримано" {
		t.Errorf("status 1 is %q", v.s.StatusName(1))
	}
	v.see("/buyers")
	v.post("/buyers/merge", 422, "", "from", "1", "into", "2")
}

func TestPagesAreForThisMachineAlone(t *testing.T) {
	t.Parallel()
	v, c := newVisitor(t)
	create(t, c, order("A-1", line("", "1", "1")))
	v.post("/orders/70001/delete", 403, "http://evil.example")
	v.post("/orders/70001/comment", 200, v.s.URL(), "manager_comment", "x")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.s.URL()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "evil.example"
	v.read(req, 403)
	if _, err := keycrmtest.StartServer("0.0.0.0:0"); err == nil {
		t.Error("it listens on every address")
	}
	missing, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.s.URL()+"/orders/5", nil)
	if err != nil {
		t.Fatal(err)
	}
	v.wants(v.read(missing, 404), "main", "немає")
}

func TestPeopleSetUpDictionaries(t *testing.T) {
	t.Parallel()
	v, c := newVisitor(t)
	for kind, fields := range map[string][]string{
		"statuses": {"name", "На паузі", "group", "2"}, "sources": {"name", "Rozetka", "currency", "EUR"},
		"methods": {"name", "Частинами"}, "deliveries": {"name", "Meest", "source_name", ""}, "tags": {"name", "VIP", "color", "#112233"},
		"users": {"name", "Ірина Нова", "email", "iryna@example.com"}, "pipelines": {"name", "Весілля", "payments", "0"},
		"fields": {"name", "Коробка", "model", "order", "type", "select", "options", "S, M"},
	} {
		doc := v.send("/dictionaries/"+kind, fields...)
		row := doc.Find("#" + kind + " tr").Last()
		if got, _ := row.Find("input[name=name]").Attr("value"); got != fields[1] {
			t.Errorf("%s: the last row is %q, want %q", kind, got, fields[1])
			continue
		}
		save, _ := row.Find("form").First().Attr("action")
		v.send(save, "name", fields[1]+" 2", "options", "M, L")
		doc = v.send(save+"/active", "on", "0")
		v.wants(doc, "#"+kind+" tr.off .badge", "вимкнено")
		v.post("/dictionaries/"+kind, 422, "", "name", "")
		v.post("/dictionaries/"+kind+"/99999", 422, "", "name", "x")
	}
	if f := v.s.CustomFields(); f[len(f)-1].Name != "Коробка 2" || f[len(f)-1].Options[1].Value != "L" || f[len(f)-1].Active {
		t.Errorf("%+v", f[len(f)-1])
	}
	if src := v.s.Sources(); src[len(src)-1].Name != "Rozetka 2" || src[len(src)-1].Currency != "EUR" {
		t.Errorf("%+v", src)
	}
	v.post("/dictionaries/nothing", 422, "", "name", "x")
	v.post("/dictionaries/fields", 422, "", "name", "x", "model", "moon", "type", "text")
	v.send("/dictionaries/pipelines/1/statuses", "name", "Передоплата")
	v.send("/dictionaries/pipelines/1/statuses/102", "name", "Розмовляємо")
	v.send("/dictionaries/pipelines/1/statuses/105/delete")
	card, err := c.Cards.Create(t.Context(), aCard())
	if err != nil {
		t.Fatal(err)
	}
	v.wants(v.post("/dictionaries/pipelines/1/statuses/101/delete", 422, ""), "main", "перенесіть")
	statuses, _, err := c.Pipelines.Statuses(t.Context(), card.PipelineID, keycrm.PageQuery{})
	var titles []string
	for _, st := range statuses {
		titles = append(titles, st.Title)
	}
	if got := strings.Join(titles, ", "); err != nil || got != "Новий, Розмовляємо, Успішно, Відмова, Передоплата" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestPeopleFindAnOrder(t *testing.T) {
	t.Parallel()
	v, c := newVisitor(t)
	for _, uuid := range []string{"A-1", "B-2"} {
		create(t, c, order(uuid, line("", "10", "1")))
	}
	for query, want := range map[string]int{"b-2": 1, "тестенко": 2, "70001": 1, "": 2} {
		if n := v.see("/orders?q=" + url.QueryEscape(query)).Find("tbody a").Length(); n != want {
			t.Errorf("%q finds %d orders, want %d", query, n, want)
		}
	}
	v.wants(v.see("/orders?q=zzz"), "tbody", "Нічого не знайдено")
}

func TestFaviconExists(t *testing.T) {
	t.Parallel()
	s, _, _ := account(t)
	_, page := ask(t, s, "GET", "/", "", nil)
	_, after, _ := strings.Cut(page, `<link rel="icon" href="`)
	path, _, _ := strings.Cut(after, `"`)
	if res, text := ask(t, s, "GET", path, "", nil); res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(text, "<svg") {
		t.Errorf("%q: %d %s", path, res.StatusCode, res.Header.Get("Content-Type"))
	}
	if res, _ := ask(t, s, "GET", "/favicon.ico", "", nil); res.StatusCode != http.StatusMovedPermanently || res.Header.Get("Location") != path {
		t.Errorf("/favicon.ico: %d to %q", res.StatusCode, res.Header.Get("Location"))
	}
}
