package keybridge_test

import (
	"bytes"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/plugin"
)

// Hosts that forgot something, each one member of the contract.
type (
	noDB     struct{ plugin.Host }
	noLogger struct{ plugin.Host }
	noClock  struct{ plugin.Host }
	noKeys   struct{ plugin.Host }
	noRedis  struct{ plugin.Host }
	oddRedis struct{ plugin.Host }
	withURLs struct {
		plugin.Host
		urls plugin.URLs
	}
)

func (noDB) DB() *sqlx.DB                 { return nil }
func (noLogger) Logger() *slog.Logger     { return nil }
func (noClock) Clock() plugin.Clock       { return nil }
func (noKeys) Secrets() plugin.KeyRing    { return plugin.KeyRing{} }
func (noRedis) Redis() asynq.RedisConnOpt { return nil }
func (oddRedis) Redis() asynq.RedisConnOpt {
	return otherLibrary{}
}
func (h withURLs) URLs() plugin.URLs { return h.urls }

type otherLibrary struct{}

func (otherLibrary) MakeRedisClient() any { return "a client of another library" }

func address(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestNewNamesWhatTheHostForgot(t *testing.T) {
	t.Parallel()
	good := newRig(t).engine
	admin, public := address(t, "https://shop.example/admin/keycrm"), address(t, "https://shop.example/hooks")
	urls := func(a, p *url.URL) plugin.Host { return withURLs{good, plugin.URLs{Admin: a, Public: p}} }
	for name, c := range map[string]struct {
		host  plugin.Host
		names []string
	}{
		"no host":                {nil, []string{"host is nil"}},
		"no database":            {noDB{good}, []string{"DB"}},
		"no logger":              {noLogger{good}, []string{"Logger"}},
		"no clock":               {noClock{good}, []string{"Clock"}},
		"no keys":                {noKeys{good}, []string{"Secrets"}},
		"no Redis":               {noRedis{good}, []string{"Redis"}},
		"another Redis library":  {oddRedis{good}, []string{"Redis", "otherLibrary"}},
		"no addresses":           {urls(nil, nil), []string{"URLs.Admin", "URLs.Public"}},
		"a path only":            {urls(address(t, "/admin"), public), []string{"URLs.Admin", `"/admin"`}},
		"another scheme":         {urls(admin, address(t, "ftp://shop.example")), []string{"URLs.Public", "ftp"}},
		"no host in the address": {urls(admin, address(t, "https:///hooks")), []string{"URLs.Public"}},
		"a port alone":           {urls(admin, address(t, "http://:8080/hooks")), []string{"URLs.Public"}},
		"a query":                {urls(admin, address(t, "https://shop.example/?a=1")), []string{"URLs.Public", "query"}},
		"several at once":        {noClock{noDB{urls(nil, public)}}, []string{"DB", "Clock", "URLs.Admin"}},
	} {
		k, err := keybridge.New(c.host)
		if !errors.Is(err, plugin.ErrInvalid) || k != nil {
			t.Errorf("%s: New = %v, %v; want ErrInvalid", name, k != nil, err)
			continue
		}
		for _, n := range c.names {
			if !strings.Contains(err.Error(), n) {
				t.Errorf("%s: the error does not name %s: %v", name, n, err)
			}
		}
	}
	if _, err := keybridge.New(urls(admin, public)); err != nil {
		t.Errorf("a host that forgot nothing: %v", err)
	}
}

// panicky is a host with a member that panics, in the pages and in the clock of webhooks.
type panicky struct {
	*demoshop.Engine
	with    any
	log     *slog.Logger
	written atomic.Bool // the page has begun before
	armed   atomic.Bool
}

func (h *panicky) Logger() *slog.Logger { return h.log }
func (h *panicky) Clock() plugin.Clock  { return h }

func (h *panicky) Now() time.Time {
	if h.armed.Load() {
		panic(h.with)
	}
	return time.Now().UTC()
}

func (h *panicky) Operator(*http.Request) (plugin.Operator, bool) {
	return plugin.Operator{ID: "1", Shop: demoshop.ShopID, Permissions: []plugin.Permission{plugin.PermView}}, true
}

func (h *panicky) RenderPage(w http.ResponseWriter, _ *http.Request, _ plugin.Page) error {
	if h.written.Load() {
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, "<html>")
	}
	panic(h.with)
}

// served is the plugin of a panicky host behind a real server, whose own log is kept.
func served(t *testing.T, with any) (h *panicky, base string, ours, servers *lockedBuffer) {
	t.Helper()
	ours, servers = &lockedBuffer{}, &lockedBuffer{}
	r := newRig(t)
	h = &panicky{Engine: r.engine, with: with, log: slog.New(slog.NewTextHandler(ours, nil))}
	k, err := keybridge.New(h)
	if err != nil {
		t.Fatal(err)
	}
	r.Keybridge = k
	r.attach(t, plugin.RoleWeb)
	r.activate(t)
	mux := http.NewServeMux()
	mux.Handle("/admin/", http.StripPrefix("/admin", k.AdminHandler()))
	mux.Handle("/hooks/", http.StripPrefix("/hooks", k.WebhookHandler()))
	srv := httptest.NewUnstartedServer(mux)
	srv.Config.ErrorLog = log.New(servers, "", 0)
	srv.Start()
	t.Cleanup(srv.Close)
	return h, srv.URL, ours, servers
}

func TestAPanicInAHandlerOfOursStaysWithUs(t *testing.T) {
	t.Parallel()
	h, base, ours, servers := served(t, "boom")
	check := func(what string, res *http.Response, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusInternalServerError || strings.Contains(string(body), "boom") || len(body) == 0 {
			t.Errorf("%s: %s, %q", what, res.Status, body)
		}
	}
	res, err := http.Get(base + "/admin/c/none")
	check("a page", res, err)
	token := strings.Repeat("s", 43)
	h.armed.Store(true)
	res, err = http.Post(base+"/hooks/orders/"+token, "application/json", strings.NewReader("{}"))
	check("a webhook", res, err)
	h.armed.Store(false)
	h.written.Store(true)
	res, err = http.Get(base + "/admin/c/none")
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("a page that had begun: %v, %v", res, err)
	}
	_ = res.Body.Close()
	if got := strings.Count(ours.String(), `msg="handler panicked"`); got != 3 || strings.Count(ours.String(), "host_test.go") < 3 {
		t.Errorf("our log tells of %d panics, with their stacks want 3:\n%s", got, ours)
	}
	if strings.Contains(ours.String(), token) {
		t.Error("our log holds the token of a webhook")
	}
	if servers.String() != "" {
		t.Errorf("the host's server logged: %s", servers)
	}
}

func TestAHandlerMayCutTheConnection(t *testing.T) {
	t.Parallel()
	_, base, ours, _ := served(t, http.ErrAbortHandler)
	if res, err := http.Get(base + "/admin/c/none"); err == nil {
		_ = res.Body.Close()
		t.Errorf("an aborted page answered %s", res.Status)
	}
	if strings.Contains(ours.String(), "panicked") {
		t.Errorf("our log: %s", ours)
	}
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
