package web

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/plugin"
)

// Refused is an answer that is no page: its words explain it.
type Refused struct {
	Status int
	Code   string // words "refused.…"
}

// Error implements error.
func (e *Refused) Error() string { return "refused: " + e.Code }

// The refusals; those that handlers answer by themselves are exported.
var (
	errNotSignedIn = &Refused{http.StatusUnauthorized, "signed_out"}
	errForbidden   = &Refused{http.StatusForbidden, "forbidden"}
	errForged      = &Refused{http.StatusForbidden, "csrf"}
	// ErrNotFound: there is no such page, or not of this shop.
	ErrNotFound = &Refused{http.StatusNotFound, "not_found"}
	errTooLarge = &Refused{http.StatusRequestEntityTooLarge, "too_large"}
	// ErrNoText: the request holds what the database cannot keep as text.
	ErrNoText = &Refused{http.StatusBadRequest, "no_text"}
)

// Classify turns an error into an answer. What is not foreseen is logged and shown as our fault.
func (s *Site) Classify(r *http.Request, err error) *Refused {
	var known *Refused
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(err, plugin.ErrNotFound) {
		return ErrNotFound
	}
	if r.Context().Err() == nil {
		s.Host.Logger().Error("admin page", "method", r.Method, "route", RouteOf(r), "error", err.Error())
	}
	return &Refused{http.StatusInternalServerError, "internal"}
}

// RouteOf is the pattern of the request's route, for the log; empty outside a router.
func RouteOf(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil {
		return c.RoutePattern()
	}
	return ""
}

// fail shows why there is no page. Nobody signed in, or an inactive shop, gets no frame either.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, req *Request, err error) {
	why := s.Classify(r, err)
	if req == nil {
		http.Error(w, http.StatusText(why.Status), why.Status)
		return
	}
	data := refusalPage{Base: s.Base(r, req), Text: req.Words.T("refused." + why.Code + ".text")}
	title := req.Words.T("refused." + why.Code + ".title")
	if err := s.Render(w, r, req, why.Status, "refusal", title, data); err != nil {
		s.Host.Logger().Error("admin refusal page", "error", err.Error())
	}
}

type refusalPage struct {
	Base
	Text string
}

// NotFound answers an address that has no page.
func (s *Site) NotFound() http.HandlerFunc {
	return s.Page(plugin.PermView, func(http.ResponseWriter, *http.Request, *Request) error { return ErrNotFound })
}
