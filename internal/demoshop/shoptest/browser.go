package shoptest

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/plugin"
)

// Browser is one buyer's or one staff member's browser.
type Browser struct {
	t      *testing.T
	url    string
	client *http.Client
}

// Browser is a browser without cookies yet. It follows no redirects.
func (s *Shop) Browser(t *testing.T) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{t: t, url: s.URL, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// At is the same browser, cookies and all, on another engine of the shop.
func (b *Browser) At(s *Shop) *Browser { return &Browser{t: b.t, url: s.URL, client: b.client} }

// Answer is a response read whole.
type Answer struct {
	Status   int
	Location string
	Header   http.Header
	Body     string
}

// Doc parses the page.
func (a Answer) Doc(t *testing.T) *goquery.Document {
	t.Helper()
	d, err := goquery.NewDocumentFromReader(strings.NewReader(a.Body))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Send sends a request and reads the answer.
func (b *Browser) Send(req *http.Request) Answer {
	b.t.Helper()
	res, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return Answer{res.StatusCode, res.Header.Get("Location"), res.Header, string(body)}
}

// Get opens a page.
func (b *Browser) Get(path string) Answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.Send(req)
}

// Post sends a form.
func (b *Browser) Post(path string, form url.Values) Answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.Send(req)
}

// SignIn signs a staff member in and answers the token of their forms.
func (b *Browser) SignIn(login, password string) string {
	b.t.Helper()
	a := b.Post("/admin/login", url.Values{"login": {login}, "password": {password}})
	if a.Status != http.StatusSeeOther {
		b.t.Fatalf("sign in as %s: status %d", login, a.Status)
	}
	token, _ := b.Get("/admin/messages").Doc(b.t).Find(`input[name="csrf_token"]`).First().Attr("value")
	if token == "" {
		b.t.Fatal("no form token on an admin page")
	}
	return token
}

// Form are the values of a plain order by an honest buyer, ready to be changed.
func (b *Browser) Form(changes ...string) url.Values {
	b.t.Helper()
	page := b.Get("/checkout")
	token, _ := page.Doc(b.t).Find(`#checkout input[name="token"]`).Attr("value")
	v := url.Values{
		"token": {token}, "name": {"Олена Коваль"}, "phone": {"050 123 45 67"}, "delivery": {domain.DeliverPickup}, "payment": {domain.PayCash},
	}
	for i := 0; i+1 < len(changes); i += 2 {
		v.Set(changes[i], changes[i+1])
	}
	return v
}

// Buy puts the variants into the basket and places the order; it answers the order's number.
func (b *Browser) Buy(variants []plugin.VariantID, changes ...string) string {
	b.t.Helper()
	for _, v := range variants {
		if a := b.Post("/basket/add", url.Values{"variant": {string(v)}, "qty": {"1"}}); a.Status != http.StatusSeeOther {
			b.t.Fatalf("add variant %s: status %d", v, a.Status)
		}
	}
	a := b.Post("/checkout", b.Form(changes...))
	if a.Status != http.StatusSeeOther {
		b.t.Fatalf("checkout: status %d, %s", a.Status, a.Doc(b.t).Find(".bad, .problem").Text())
	}
	return OrderNumber(b.t, a.Location)
}

// OrderNumber is the order's number in the address of its page.
func OrderNumber(t *testing.T, location string) string {
	t.Helper()
	u, err := url.Parse(location)
	if err != nil || !strings.HasPrefix(u.Path, "/order/") {
		t.Fatalf("location %q is no order", location)
	}
	return strings.TrimPrefix(u.Path, "/order/")
}
