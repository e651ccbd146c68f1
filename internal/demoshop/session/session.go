// Package session knows who of the staff is signed in. It is no part of the admin's pages, so that these
// can ask it from anywhere.
package session

import (
	"context"
	"crypto/subtle"
	"net/http"
	"slices"
	"time"

	"github.com/keybridge/keybridge/internal/demoshop/secrets"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/internal/demoshop/web"
	"github.com/keybridge/keybridge/plugin"
)

const (
	sessionCookie = "demoshop_session"
	// SessionLife is how long somebody stays signed in.
	SessionLife = 12 * time.Hour
)

// Staff is somebody who may sign in. Passwords live in the configuration and nowhere else; with an
// empty one nobody signs in.
type Staff struct {
	Login       string
	Name        string
	Password    string
	Permissions []plugin.Permission
}

// Session is a signed-in browser.
type Session struct {
	Staff Staff
	token string
}

// CSRF is the token of the session's forms. It is derived from the session's secret, so it ends with
// the session.
func (s Session) CSRF() string { return secrets.Derive(s.token, "csrf") }

// May reports whether whoever is signed in holds the permission.
func (s Session) May(p plugin.Permission) bool { return slices.Contains(s.Staff.Permissions, p) }

// Keeper signs staff in and out.
type Keeper struct {
	site  *web.Site
	staff []Staff
	guard *loginGuard
}

// New knows the staff by their logins.
func New(site *web.Site, staff []Staff) *Keeper {
	return &Keeper{site: site, staff: staff, guard: newLoginGuard(staff)}
}

func (s *Keeper) named(login string) (Staff, bool) {
	for _, who := range s.staff {
		if who.Login == login && who.Password != "" {
			return who, true
		}
	}
	return Staff{}, false
}

// proof binds a session to the password it was opened with: a changed password ends it.
func proof(token, password string) []byte { return secrets.Hash(secrets.Derive(token, password)) }

type sessionKey struct{}

// Of answers who is signed in, asking the database once a request when With kept the answer.
func (s *Keeper) Of(r *http.Request) (Session, bool) {
	if known, ok := r.Context().Value(sessionKey{}).(Session); ok {
		return known, true
	}
	c, err := r.Cookie(sessionCookie)
	if err != nil || c.Value == "" {
		return Session{}, false
	}
	row, err := s.site.Store.Office.Session(r.Context(), secrets.Hash(c.Value))
	if err != nil {
		return Session{}, false
	}
	who, ok := s.named(row.Login)
	if !ok || subtle.ConstantTimeCompare(row.Proof, proof(c.Value, who.Password)) != 1 {
		return Session{}, false
	}
	return Session{Staff: who, token: c.Value}, true
}

// With keeps the session at hand for the rest of the request.
func With(r *http.Request, s Session) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), sessionKey{}, s))
}

// Shut reports whether too many wrong passwords came for the login: then no password is looked at.
func (s *Keeper) Shut(login string) bool { return s.guard.shut(login, s.site.Now()) }

// Open signs somebody in; false when login and password do not fit. Passwords are compared in
// constant time, and an unknown login costs the same.
func (s *Keeper) Open(ctx context.Context, w http.ResponseWriter, login, password string) (bool, error) {
	who, known := s.named(login)
	if !secrets.Equal(password, who.Password) || !known {
		s.guard.failed(login, s.site.Now())
		return false, nil
	}
	token := secrets.Random()
	row := store.SessionRow{TokenHash: secrets.Hash(token), Login: who.Login, Proof: proof(token, who.Password), ExpiresAt: s.site.Now().Add(SessionLife)}
	if err := s.site.Store.Office.PutSession(ctx, row); err != nil {
		return true, err
	}
	http.SetCookie(w, s.site.Cookie(sessionCookie, token, SessionLife))
	return true, nil
}

// Close signs the browser out.
func (s *Keeper) Close(w http.ResponseWriter, r *http.Request) error {
	http.SetCookie(w, s.site.Cookie(sessionCookie, "", -1))
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil //nolint:nilerr // no cookie: there is no session to close
	}
	return s.site.Store.Office.DropSession(r.Context(), secrets.Hash(c.Value))
}
