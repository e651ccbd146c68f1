// Package api is the Open API v1 of a simulated KeyCRM account: its endpoints, what they read and refuse, and the pages of
// its lists.
package api

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/form"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/wire"
)

// Config is how the API is reached.
type Config struct {
	Keys   []string
	Strict bool // find what requests send and KeyCRM does not document
}

// API serves the paths below /v1/.
type API struct {
	*base
	Config
	traffic *crmsim.Traffic
	routes  []route
	catalog catalog
	cards   cards
}

// New makes the API of the account.
func New(a *account.Account, w *wire.Renderer, t *crmsim.Traffic, cfg Config) *API {
	b := &base{Account: a, wire: w, read: reader{a}}
	s := &API{base: b, Config: cfg, traffic: t, catalog: catalog{b}, cards: cards{b}}
	s.routes = sortedRoutes(endpoints(b))
	return s
}

// Apply carries out a write that was accepted and whose time has come, under the account's lock.
func (s *API) Apply(w account.Write) {
	f := s.form(w.Body)
	switch w.Kind {
	case account.WriteOffers:
		s.catalog.applyOffers(f)
	case account.WriteStocks:
		s.catalog.applyStocks(f)
	case account.WriteCard:
		s.cards.apply(w.Card, f)
	}
}

// maxBody is above what a file may have, so that a file that is too large is answered as such.
const maxBody = 11 << 20

func (s *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := choose(s.routes, r)
	s.traffic.Serve(w, r, s.Now(), bearer(r), maxBody, func(w *crmsim.Recorder, body []byte) { s.serve(w, r, h, body) })
}

// serve is what each request goes through: faults, the key, the minute's limit.
func (s *API) serve(w *crmsim.Recorder, r *http.Request, h handler, body []byte) {
	fault := s.traffic.Faults.Take(r.Method, r.URL.Path)
	if fault.Before(w, r, tooMany()) {
		return
	}
	if refusal := s.admit(w, r); refusal != nil {
		refusal.WriteTo(w)
		return
	}
	if len(body) > maxBody {
		message(http.StatusRequestEntityTooLarge, "The POST data is too large.").WriteTo(w)
		return
	}
	var a *crmsim.Answer
	s.Locked(func() { a = h(s.call(r, body)) })
	fault.After(w, r, a)
	if fault != nil && fault.Kind == crmsim.FaultMovingRows {
		s.Locked(s.addSurprise)
	}
}

func (s *API) call(r *http.Request, body []byte) *call {
	c := &call{r: r, q: r.URL.Query(), Body: form.ReadBody(r, body, s.Otherwise(account.GuessForms))}
	c.note = func(what string) {
		if s.Strict {
			s.traffic.Findings.Add(r.Method + " " + r.URL.Path + ": " + what)
		}
	}
	file := strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") && strings.HasSuffix(r.URL.Path, uploadPath)
	if c.Undeclared && !file {
		c.note("a body that no Content-Type calls JSON")
	}
	c.noteQuery()
	return c
}

// addSurprise adds a product that nobody expects in the middle of a walk through the catalog.
func (s *API) addSurprise() {
	n := s.traffic.Log.Count() + 1
	s.Catalog.Insert(account.NewProduct{
		Product: entity.Product{Name: fmt.Sprintf("Новинка %d", n)},
		Offers:  []entity.Offer{{SKU: fmt.Sprintf("NEW-%d", n), Price: decimal.NewFromInt(100)}},
	})
}

// admit checks the key and the minute's limit.
func (s *API) admit(w http.ResponseWriter, r *http.Request) *crmsim.Answer {
	key := bearer(r)
	if !slices.Contains(s.Keys, key) {
		return message(http.StatusUnauthorized, "Unauthenticated.")
	}
	ok, left, wait := s.traffic.Limiter.Take(key, s.Now())
	if limit := s.traffic.Limiter.Limit(); limit > 0 {
		w.Header().Set("X-RateLimit-Limit", strconv.Itoa(limit))
		w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(left))
	}
	if ok {
		return nil
	}
	seconds := int((wait + time.Second - 1) / time.Second)
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(s.Now().Add(wait).Unix(), 10))
	return tooMany()
}

func bearer(r *http.Request) string {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return strings.TrimSpace(key)
}
