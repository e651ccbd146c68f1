package demoshop

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/keybridge/keybridge/plugin"
)

const (
	sessionCookie = "demoshop_session"
	sessionLife   = 12 * time.Hour
)

// staff is somebody who may sign in. Passwords live in the configuration and nowhere else.
type staff struct {
	Login       string
	Name        string
	password    string
	permissions []plugin.Permission
}

func (e *Engine) staff(login string) (staff, bool) {
	all := []staff{
		{"admin", "Власник", e.cfg.AdminPassword, []plugin.Permission{plugin.PermView, plugin.PermOperate, plugin.PermConfigure}},
		{"manager", "Менеджер", e.cfg.ManagerPassword, []plugin.Permission{plugin.PermView, plugin.PermOperate}},
		{"viewer", "Спостерігач", e.cfg.ViewerPassword, []plugin.Permission{plugin.PermView}},
	}
	for _, s := range all {
		if s.Login == login && s.password != "" {
			return s, true
		}
	}
	return staff{}, false
}

// session is a signed-in browser.
type session struct {
	token string
	staff staff
	lang  string // of the admin, chosen in this browser
}

// csrf is derived from the session's secret, so it ends with the session.
func (s session) csrf() string { return derive(s.token, "csrf") }

func (s session) may(p plugin.Permission) bool { return s.operator().May(p) }

func (s session) operator() plugin.Operator {
	return plugin.Operator{
		ID: s.staff.Login, Name: s.staff.Name, Shop: ShopID, Permissions: s.staff.permissions, Lang: s.lang, CSRFToken: s.csrf(),
	}
}

// randomToken is 256 bits for cookies and keys.
func randomToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// hashToken is how tokens are kept: who reads the database cannot use them.
func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// derive makes a secret for one purpose from another secret.
func derive(secret, purpose string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(purpose))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// equalSecret compares in constant time, whatever the lengths.
func equalSecret(a, b string) bool {
	return subtle.ConstantTimeCompare(hashToken(a), hashToken(b)) == 1
}

// proof binds a session to the password it was opened with: a changed password ends it.
func proof(token, password string) []byte { return hashToken(derive(token, password)) }

type sessionKey struct{}

// session answers who is signed in, asking the database once a request.
func (e *Engine) session(r *http.Request) (session, bool) {
	if s, ok := r.Context().Value(sessionKey{}).(session); ok {
		return s, true
	}
	c, err := r.Cookie(sessionCookie)
	if err != nil || c.Value == "" {
		return session{}, false
	}
	row, err := e.store.sessionRow(r.Context(), hashToken(c.Value))
	if err != nil {
		return session{}, false
	}
	who, ok := e.staff(row.Login)
	if !ok || subtle.ConstantTimeCompare(row.Proof, proof(c.Value, who.password)) != 1 {
		return session{}, false
	}
	return session{token: c.Value, staff: who, lang: e.langOf(r)}, true
}

// withSession keeps the session at hand for the rest of the request.
func withSession(r *http.Request, s session) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), sessionKey{}, s))
}

// openSession signs somebody in.
func (e *Engine) openSession(ctx context.Context, w http.ResponseWriter, who staff) error {
	token := randomToken()
	row := sessionRow{TokenHash: hashToken(token), Login: who.Login, Proof: proof(token, who.password), ExpiresAt: e.now().Add(sessionLife)}
	if err := e.store.putSession(ctx, row); err != nil {
		return err
	}
	http.SetCookie(w, e.cookie(sessionCookie, token, sessionLife))
	return nil
}

// closeSession signs the browser out.
func (e *Engine) closeSession(w http.ResponseWriter, r *http.Request) error {
	http.SetCookie(w, e.cookie(sessionCookie, "", -1))
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil //nolint:nilerr // no cookie: there is no session to close
	}
	return e.store.dropSession(r.Context(), hashToken(c.Value))
}

// cookie is how all cookies of the shop are set. A negative life deletes it.
func (e *Engine) cookie(name, value string, life time.Duration) *http.Cookie {
	c := &http.Cookie{
		Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: e.cfg.PublicURL.Scheme == "https", MaxAge: int(life.Seconds()),
	}
	if life < 0 {
		c.MaxAge = -1
	}
	return c
}

// checkPassword compares in constant time; an unknown login costs the same.
func (e *Engine) checkPassword(login, password string) (staff, bool) {
	who, known := e.staff(login)
	return who, equalSecret(password, who.password) && known
}

// loginGuard slows down guessing: a burst of wrong passwords per login, then one in six seconds.
// Right passwords cost nothing, but wait too while the guard is shut.
type loginGuard struct {
	mu     sync.Mutex
	limits map[string]*rate.Limiter
}

func newLoginGuard() *loginGuard { return &loginGuard{limits: map[string]*rate.Limiter{}} }

func (g *loginGuard) limiter(login string) *rate.Limiter {
	if login != "admin" && login != "manager" && login != "viewer" {
		login = "" // strangers share one, so that the map stays small
	}
	l := g.limits[login]
	if l == nil {
		l = rate.NewLimiter(rate.Every(6*time.Second), 10)
		g.limits[login] = l
	}
	return l
}

// shut reports whether too many wrong passwords came.
func (g *loginGuard) shut(login string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.limiter(login).TokensAt(now) < 1
}

// failed notes a wrong password.
func (g *loginGuard) failed(login string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limiter(login).AllowN(now, 1)
}
