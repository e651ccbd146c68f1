// Package visit plays the people of the demo over HTTP, as their browsers would: a merchant who
// connects KeyCRM, a buyer, a manager in the CRM. They read pages and send the forms they find there,
// so that what they can do, a person can do too.
package visit

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/PuerkitoBio/goquery"
)

// Browser is one visitor with cookies of their own. Not for concurrent use.
type Browser struct {
	http *http.Client
	base *url.URL
}

// pageLimit bounds what is read of one page.
const pageLimit = 16 << 20

// NewBrowser starts at base, such as "http://127.0.0.1:8080".
func NewBrowser(base string) (*Browser, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("open browser: %w", err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("open browser: %w", err)
	}
	return &Browser{base: u, http: &http.Client{Jar: jar, Timeout: time.Minute}}, nil
}

// Page is what a visitor sees.
type Page struct {
	URL    *url.URL // after redirects
	Status int
	Doc    *goquery.Document
	from   *Browser
}

// Get opens a page; path may be absolute. An answer of 400 and above is an error, the page comes
// with it.
func (b *Browser) Get(ctx context.Context, path string) (*Page, error) {
	u, err := b.base.Parse(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return b.do(req)
}

func (b *Browser) post(ctx context.Context, u *url.URL, values url.Values) (*Page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(values.Encode()))
	if err != nil {
		return nil, fmt.Errorf("send %s: %w", u.Path, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", u.Scheme+"://"+u.Host)
	return b.do(req)
}

func (b *Browser) do(req *http.Request) (*Page, error) {
	res, err := b.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	doc, err := goquery.NewDocumentFromReader(io.LimitReader(res.Body, pageLimit))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", req.URL.Path, err)
	}
	p := &Page{URL: res.Request.URL, Status: res.StatusCode, Doc: doc, from: b}
	if res.StatusCode >= 400 {
		return p, fmt.Errorf("%s %s answers %d: %s", req.Method, req.URL.Path, res.StatusCode, p.complaint())
	}
	return p, nil
}

// complaint is what the page says went wrong, as far as it can be told.
func (p *Page) complaint() string {
	text := p.Text("[role=alert], .error, .alert, main, body")
	if len(text) > 300 {
		text = text[:300] + "…"
	}
	return text
}

// Text is the words of the first match, white space folded.
func (p *Page) Text(selector string) string {
	return strings.Join(strings.Fields(p.Doc.Find(selector).First().Text()), " ")
}

// Follow opens the first link that matches.
func (p *Page) Follow(ctx context.Context, selector string) (*Page, error) {
	href, ok := p.Doc.Find(selector).First().Attr("href")
	if !ok {
		return nil, fmt.Errorf("%s has no link %s", p.URL.Path, selector)
	}
	u, err := p.URL.Parse(href)
	if err != nil {
		return nil, fmt.Errorf("follow %s: %w", href, err)
	}
	return p.from.Get(ctx, u.String())
}

// Form is a form as the visitor found it, with its fields filled in as the page has them.
type Form struct {
	page   *Page
	action *url.URL
	method string
	url.Values
}

// Form finds the first form that matches.
func (p *Page) Form(selector string) (*Form, error) {
	sel := p.Doc.Find(selector).First()
	if sel.Length() == 0 || !sel.Is("form") {
		return nil, fmt.Errorf("%s has no form %s", p.URL.Path, selector)
	}
	action, err := p.URL.Parse(sel.AttrOr("action", ""))
	if err != nil {
		return nil, fmt.Errorf("form %s of %s: %w", selector, p.URL.Path, err)
	}
	f := &Form{page: p, action: action, method: strings.ToUpper(sel.AttrOr("method", "get")), Values: url.Values{}}
	f.collect(sel)
	// Fields elsewhere on the page may belong to the form by its id.
	if id := sel.AttrOr("id", ""); id != "" {
		p.Doc.Find(`[form="` + id + `"]`).Each(func(_ int, s *goquery.Selection) { f.field(s) })
	}
	return f, nil
}

func (f *Form) collect(sel *goquery.Selection) {
	sel.Find("input, select, textarea").Each(func(_ int, s *goquery.Selection) {
		if _, elsewhere := s.Attr("form"); !elsewhere {
			f.field(s)
		}
	})
}

// field adds one field as a browser would send it.
func (f *Form) field(s *goquery.Selection) {
	name, named := s.Attr("name")
	if _, off := s.Attr("disabled"); !named || off {
		return
	}
	switch goquery.NodeName(s) {
	case "select":
		f.choice(name, s)
	case "textarea":
		f.Add(name, s.Text())
	case "input":
		switch s.AttrOr("type", "text") {
		case "checkbox", "radio":
			if _, on := s.Attr("checked"); on {
				f.Add(name, s.AttrOr("value", "on"))
			}
		case "submit", "button", "image", "reset", "file":
		default:
			f.Add(name, s.AttrOr("value", ""))
		}
	}
}

func (f *Form) choice(name string, s *goquery.Selection) {
	chosen := s.Find("option[selected]")
	if _, many := s.Attr("multiple"); !many {
		if chosen.Length() == 0 {
			chosen = s.Find("option").First()
		}
		chosen = chosen.Last()
	}
	chosen.Each(func(_ int, o *goquery.Selection) { f.Add(name, o.AttrOr("value", o.Text())) })
}

// Send sends the form and answers the page that follows.
func (f *Form) Send(ctx context.Context) (*Page, error) {
	if f.method != http.MethodPost {
		u := *f.action
		u.RawQuery = f.Encode()
		return f.page.from.Get(ctx, u.String())
	}
	return f.page.from.post(ctx, f.action, f.Values)
}
