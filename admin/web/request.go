package web

import (
	"context"
	"mime"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// maxForm bounds a posted form in bytes; the largest maps of the largest accounts are far below.
const maxForm = 1 << 20

// Request is one request of a signed-in operator, with what every page needs.
type Request struct {
	Operator plugin.Operator
	Shop     plugin.Shop
	Profile  plugin.Profile
	Words    *i18n.Words
	// Conn is the connection the address names; zero elsewhere.
	Conn settings.Connection
	// Links are the addresses of Conn's pages, or of those without a connection.
	Links Links
}

// May reports a permission.
func (req *Request) May(p plugin.Permission) bool { return req.Operator.May(p) }

// When writes a moment in the shop's zone; empty for the zero one.
func (req *Request) When(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	zone := req.Profile.Zone
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("02.01.2006 15:04")
}

// WhenSet is When of a moment that may not be set.
func (req *Request) WhenSet(t *time.Time) string {
	if t == nil {
		return ""
	}
	return req.When(*t)
}

// Enter checks who asks and whether they may. The request is as complete as it can be beside an error.
func (s *Site) Enter(w http.ResponseWriter, r *http.Request, need plugin.Permission) (*Request, error) {
	op, ok := s.Host.Operator(r)
	if !ok {
		return nil, errNotSignedIn
	}
	if !s.Active(op.Shop) {
		return nil, ErrNotFound
	}
	req := &Request{Operator: op, Words: s.Words.For(op.Lang), Links: s.Links("")}
	shop, err := s.Host.Shop(r.Context(), op.Shop)
	if err != nil {
		return req, err
	}
	req.Shop = shop
	if req.Profile, err = shop.Profile(r.Context()); err != nil {
		return req, err
	}
	req.Words = s.Words.For(op.Lang, req.Profile.Locale)
	if !op.May(need) {
		return req, errForbidden
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if err := s.checkWrite(w, r); err != nil {
			return req, err
		}
	}
	if !isText(r) {
		return req, ErrNoText
	}
	return req, s.findConnection(r.Context(), req, plugin.ConnectionID(chi.URLParam(r, "connection")))
}

// checkWrite bounds the body before anything reads it, then checks where the request comes from.
func (s *Site) checkWrite(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if isForm(r) {
		if err := r.ParseForm(); err != nil {
			return errTooLarge
		}
	}
	if err := s.Host.VerifyCSRF(r); err != nil {
		return errForged
	}
	return nil
}

func isForm(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/x-www-form-urlencoded"
}

// findConnection reads the connection; one of another shop does not exist here.
func (s *Site) findConnection(ctx context.Context, req *Request, id plugin.ConnectionID) error {
	if id == "" {
		return nil
	}
	conn, err := s.Settings.Get(ctx, id)
	if err != nil {
		return err
	}
	if conn.Shop != req.Operator.Shop {
		return ErrNotFound
	}
	req.Conn, req.Links = conn, s.Links(conn.ID)
	return nil
}
