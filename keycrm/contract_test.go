package keycrm_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// fact is one thing this project relies on, under the number it has in docs/keycrm.md. A fact that writes is tried on
// the simulator alone.
type fact struct {
	id     string
	mark   string // how well it is known: live, spec, help, code, guess
	writes bool
	check  func(p *probe)
}

// probe talks to one account below the client, in plain JSON.
type probe struct {
	t    *testing.T
	base string
	key  string
	http http.RoundTripper
	kind string // Content-Type; empty: JSON
	live bool   // a real account: its rows must not get into a log
	wait func()
}

type answer struct {
	status int
	body   map[string]any
	list   []any
	text   string
}

func (p *probe) send(method, path, body string) answer {
	p.t.Helper()
	p.wait()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, bytes.NewReader([]byte(body)))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", cmp.Or(p.kind, "application/json"))
	req.Header.Set("Authorization", "Bearer "+p.key)
	res, err := p.http.RoundTrip(req)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	out := answer{status: res.StatusCode, text: string(data)}
	_ = json.Unmarshal(data, &out.body) // a list or a page of HTML leaves it nil
	_ = json.Unmarshal(data, &out.list)
	return out
}

func (p *probe) get(path string) answer { p.t.Helper(); return p.send(http.MethodGet, path, "") }

func (p *probe) is(what string, ok bool, a answer) {
	p.t.Helper()
	if ok {
		return
	}
	if p.live && a.status < http.StatusBadRequest {
		a.text = fmt.Sprintf("%d bytes", len(a.text))
	}
	p.t.Errorf("%s: status %d, %.300s", what, a.status, a.text)
}

// rows are the rows of a page.
func (a answer) rows() []map[string]any {
	var out []map[string]any
	list, _ := a.body["data"].([]any)
	for _, r := range list {
		if m, ok := r.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func (a answer) at(path ...string) any {
	var v any = a.body
	for _, k := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

var isoForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`)

const anOrder = `{"source_id":7,"source_uuid":"C-1","buyer":{"full_name":"Олена Тестенко","phone":"+380000000001"},` +
	`"discount_percent":5,"shipping_price":60,"products":[{"name":"Футболка","sku":"NO-SUCH-SKU","price":450,"quantity":2},` +
	`{"name":"Горнятко","price":240,"quantity":1}]}`

const aCard = `{"title":"C-1","source_id":7,"manager_comment":"перший","contact":{"full_name":"Андрій Прикладний"},` +
	`"products":[{"name":"Футболка","price":450,"quantity":1}]}`

func facts() []fact {
	return slices.Concat(transportFacts(), listFacts(), shapeFacts(), orderFacts(), newOrderFacts(), cardFacts(), writeFacts(), detailFacts())
}

func transportFacts() []fact {
	return []fact{
		{"T1", "spec", false, func(p *probe) {
			key := p.key
			p.key = "not-a-key"
			a := p.get("/order/source")
			p.key = key
			p.is("a wrong key is 401", a.status == 401, a)
		}},
		{"T2", "spec", false, func(p *probe) {
			base := p.base
			p.base = strings.TrimSuffix(base, "/v1")
			a := p.get("/order")
			p.base = base
			p.is("without /v1 the answer is no JSON", a.status == 404 && a.body == nil, a)
		}},
		{"T3", "spec", false, func(p *probe) {
			a := p.get("/order/1")
			p.is("an unknown order is 404", a.status == 404, a)
		}},
		{"T4", "live", true, func(p *probe) {
			a := p.send(http.MethodDelete, "/pipelines/cards/1", "")
			p.is("a card cannot be deleted", a.status == 405, a)
		}},
		{"T5", "live", true, func(p *probe) {
			a := p.send(http.MethodPost, "/order", `{}`)
			p.is("validation is 422 with errors by field", a.status == 422 && a.at("errors", "source_id") != nil, a)
		}},
	}
}

func listFacts() []fact {
	return []fact{
		{"L1", "live", false, func(p *probe) {
			a := p.get("/products?limit=1")
			for _, k := range []string{
				"current_page", "data", "first_page_url", "from", "last_page", "last_page_url", "links", "next_page_url", "path",
				"per_page", "prev_page_url", "to", "total",
			} {
				_, ok := a.body[k]
				p.is("the envelope has "+k, ok, a)
			}
		}},
		{"L2", "live", false, func(p *probe) {
			a := p.get("/products?limit=50")
			ids := make([]float64, 0, 50)
			for _, r := range a.rows() {
				id, _ := r["id"].(float64)
				ids = append(ids, -id)
			}
			p.is("products come newest first", slices.IsSorted(ids), a)
		}},
		{"L3", "live", false, func(p *probe) {
			a := p.get("/products?limit=51")
			p.is("more than 50 rows are answered with 50", a.status == 200 && a.at("per_page") == 50.0 && len(a.rows()) <= 50, a)
		}},
		{"L4", "guess", false, func(p *probe) {
			a := p.get("/products?page=99999")
			p.is("a page past the end is empty", a.status == 200 && len(a.rows()) == 0 && a.at("next_page_url") == nil, a)
		}},
		{"L5", "live", false, func(p *probe) {
			a := p.get("/order?filter[nope]=1")
			p.is("an unknown filter is 400 and named", a.status == 400 && strings.Contains(a.text, "nope"), a)
		}},
		{"L6", "live", false, func(p *probe) {
			a := p.get("/order?include=products.warehouse")
			p.is("an unknown include is 400", a.status == 400, a)
		}},
		{"L7", "live", false, func(p *probe) {
			a := p.get("/offers/stocks?filter[warehouse_id]=1&include=nope")
			p.is("stocks ignore unknown filters and includes", a.status == 200, a)
			a = p.get("/users?include=nope")
			p.is("users ignore unknown includes", a.status == 200, a)
		}},
		{"L8", "live", false, func(p *probe) {
			a := p.get("/order?filter[updated_between]=2026-08-01%2000:00:00,%202026-08-01")
			p.is("a window may have a space after the comma and a date alone", a.status == 200, a)
			a = p.get("/order?filter%5Bsource_uuid%5D=none-such")
			p.is("brackets may be encoded", a.status == 200 && len(a.rows()) == 0, a)
		}},
	}
}

func shapeFacts() []fact {
	return []fact{
		{"S1", "spec", false, func(p *probe) {
			a := p.get("/custom-fields?include=options")
			p.is("custom fields are a bare list", a.status == 200 && a.list != nil, a)
		}},
		{"S2", "live", false, func(p *probe) {
			for _, r := range p.get("/products?limit=5").rows() {
				at, _ := r["updated_at"].(string)
				p.is("times are ISO with microseconds: "+at, isoForm.MatchString(at), answer{})
			}
		}},
		{"S3", "live", false, func(p *probe) {
			for _, r := range p.get("/order?limit=5").rows() {
				_, ok := r["products"]
				p.is("parts of an order do not come unasked", !ok, answer{})
			}
		}},
		{"S4", "spec", false, func(p *probe) {
			for _, r := range p.get("/offers/stocks?filter[details]=true&limit=5").rows() {
				_, ok := r["warehouse"].([]any)
				p.is("stock details name the warehouses", ok, answer{})
			}
		}},
		{"S5", "spec", false, func(p *probe) {
			for _, r := range p.get("/order/source").rows() {
				code, _ := r["currency_code"].(string)
				p.is("a source has a currency: "+code, len(code) == 3, answer{})
			}
		}},
		{"S6", "live", false, func(p *probe) {
			groups := map[any]bool{}
			for _, r := range p.get("/order/status?limit=50").rows() {
				groups[r["group_id"]] = true
				_, ok := r["alias"].(string)
				p.is("a status has an alias", ok, answer{})
			}
			p.is("statuses lie in groups 1 to 6", groups[1.0] && groups[5.0] && groups[6.0], answer{})
		}},
		{"S7", "live", false, func(p *probe) {
			for _, r := range p.get("/offers?limit=5&include=product").rows() {
				_, isDefault := r["is_default"]
				_, product := r["product"].(map[string]any)
				_, reserve := r["in_reserve"]
				p.is("an offer has is_default, in_reserve and its product", isDefault && product && reserve, answer{})
			}
		}},
	}
}

func orderFacts() []fact {
	return []fact{
		{"O1", "live", true, func(p *probe) {
			first, second := p.send(http.MethodPost, "/order", anOrder), p.send(http.MethodPost, "/order", anOrder)
			p.is("an order is made", first.status == 201, first)
			p.is("a used source_uuid is 422 on that field", second.status == 422 && second.at("errors", "source_uuid") != nil, second)
		}},
		{"O2", "live", true, func(p *probe) {
			a := p.send(http.MethodPost, "/order", anOrder)
			for _, k := range []string{"buyer", "products", "shipping", "payments"} {
				_, ok := a.body[k]
				p.is("a new order comes with "+k, ok, a)
			}
		}},
		{"O3", "live", true, func(p *probe) {
			a := p.send(http.MethodPost, "/order", anOrder)
			p.is("1140 less 5 % and with 60 shipping is 1143", a.at("products_total") == 1140.0 && a.at("total_discount") == 57.0 && a.at("grand_total") == 1143.0, a)
		}},
		{"O4", "help", true, func(p *probe) {
			a := p.send(http.MethodPost, "/order", anOrder)
			lines, _ := a.at("products").([]any)
			p.is("an unknown SKU makes a line of its own", a.status == 201 && len(lines) == 2, a)
		}},
		{"O5", "spec", true, func(p *probe) {
			p.send(http.MethodPost, "/order", anOrder)
			a := p.send(http.MethodPost, "/order/70001/payment", `{"payment_method_id":2,"amount":10}`)
			_, hasID := a.body["id"]
			p.is("a payment is paid unless said otherwise and answered without its id", a.status == 201 && a.at("status") == "paid" && !hasID, a)
		}},
		{"O6", "spec", true, func(p *probe) {
			p.send(http.MethodPost, "/order", anOrder)
			a := p.send(http.MethodPut, "/order/70001", `{"status_id":12,"products":[{"sku":"ANOTHER","quantity":5}]}`)
			lines, _ := a.at("products").([]any)
			p.is("a change is 202, adds no line and closes the order", a.status == 202 && len(lines) == 2 && a.at("closed_at") != nil, a)
		}},
		{"O7", "help", true, func(p *probe) {
			p.send(http.MethodPost, "/order", anOrder)
			other := strings.ReplaceAll(strings.ReplaceAll(anOrder, "C-1", "C-2"), "Олена Тестенко", "Тестенко Олена")
			a := p.send(http.MethodPost, "/order", other)
			p.is("another spelling of the name is another buyer", a.at("client_id") == 3002.0, a)
		}},
		{"O8", "live", true, func(p *probe) {
			a := p.send(http.MethodPost, "/order", strings.Replace(anOrder, `"discount_percent":5`, `"tags":[999]`, 1))
			p.is("an unknown tag is refused by its place", a.status == 422 && a.at("errors", "tags.0") != nil, a)
		}},
	}
}

func cardFacts() []fact {
	return []fact{
		{"C1", "live", true, func(p *probe) {
			a, b := p.send(http.MethodPost, "/pipelines/cards", aCard), p.send(http.MethodPost, "/pipelines/cards", aCard)
			p.is("a card sent twice is there twice", a.status == 201 && b.status == 201 && a.at("id") != b.at("id"), b)
		}},
		{"C2", "spec", true, func(p *probe) {
			p.send(http.MethodPost, "/pipelines/cards", aCard)
			a := p.send(http.MethodPut, "/pipelines/cards/4001", `{"products":[{"name":"Ще","price":1,"quantity":1}]}`)
			done, _ := a.at("status").(bool)
			p.is("a change is 202 with a status alone", a.status == 202 && done, a)
			lines, _ := p.get("/pipelines/cards/4001?include=products").at("products").([]any)
			p.is("products are added to those there are", len(lines) == 2, answer{})
		}},
		{"C3", "live", true, func(p *probe) {
			p.send(http.MethodPost, "/pipelines/cards", aCard)
			p.send(http.MethodPut, "/pipelines/cards/4001", `{"manager_comment":"другий"}`)
			a := p.get("/pipelines/cards/4001")
			p.is("manager_comment cannot be changed", a.at("manager_comment") == "перший", a)
		}},
		{"C4", "live", true, func(p *probe) {
			p.send(http.MethodPost, "/pipelines/cards", aCard)
			a := p.get("/pipelines/cards/4001")
			p.is("one card comes bare", a.at("id") == 4001.0, a)
		}},
		{"C5", "live", false, func(p *probe) {
			a := p.get("/pipelines/cards?filter[title]=x")
			p.is("cards cannot be looked up by title", a.status == 400, a)
		}},
	}
}

// TestContract tries the facts on the simulator, each on a fresh account.
func TestContract(t *testing.T) {
	t.Parallel()
	for _, f := range facts() {
		t.Run(f.id, func(t *testing.T) {
			t.Parallel()
			s := keycrmtest.New(keycrmtest.WithCatalog(60, 120), keycrmtest.WithManualWebhooks())
			t.Cleanup(func() { _ = s.Close() })
			f.check(&probe{t: t, base: s.BaseURL(), key: s.Key(), http: s.Transport(), wait: func() {}})
		})
	}
}

// TestContractLive tries the facts that only read on the real service when KEYCRM_KEY is set, one request in 1.2 s;
// without a key it runs them over a socket against the simulator.
func TestContractLive(t *testing.T) {
	t.Parallel()
	p := probe{http: http.DefaultTransport, wait: func() {}}
	if p.key = os.Getenv("KEYCRM_KEY"); p.key != "" {
		p.base, p.live = keycrm.BaseURL, true
		p.wait = func() { pause(t.Context(), 1200*time.Millisecond) }
	} else {
		s := keycrmtest.Start(t, keycrmtest.WithCatalog(60, 120))
		p.base, p.key = s.BaseURL(), s.Key()
	}
	//nolint:paralleltest // the service takes one request at a time
	for _, f := range facts() {
		if f.writes {
			continue
		}
		t.Run(f.id, func(t *testing.T) {
			own := p
			own.t = t
			f.check(&own)
		})
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// TestNamedTestsExist looks up every test that docs/keycrm.md names.
func TestNamedTestsExist(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/keycrm.md")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, pattern := range []string{"*_test.go", "keycrmtest/*_test.go", "connector/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(text)
		}
	}
	named := regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]+)`").FindAllStringSubmatch(string(doc), -1)
	for _, m := range named {
		if !strings.Contains(source.String(), "func "+m[1]+"(t *testing.T)") {
			t.Errorf("docs/keycrm.md names %s, which is no test", m[1])
		}
	}
	if len(named) < 15 {
		t.Errorf("only %d tests are named", len(named))
	}
}

// TestEveryFactIsRecorded keeps docs/keycrm.md and this suite together, marks included.
func TestEveryFactIsRecorded(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/keycrm.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range facts() {
		if row := fmt.Sprintf("| %s | %s |", f.id, f.mark); !strings.Contains(string(doc), row) {
			t.Errorf("docs/keycrm.md has no row %q", row)
		}
		if seen[f.id] {
			t.Errorf("two facts are called %s", f.id)
		}
		seen[f.id] = true
	}
	for _, m := range regexp.MustCompile(`(?m)^\| ([TLSOCW]\d+) \|`).FindAllStringSubmatch(string(doc), -1) {
		if !seen[m[1]] {
			t.Errorf("docs/keycrm.md records %s, which nothing tries", m[1])
		}
	}
}
