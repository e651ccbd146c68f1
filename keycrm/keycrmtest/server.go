package keycrmtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/webhook"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/api"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/pictures"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/web"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/wire"
)

const inProcessURL = "https://keycrm.test"

// Server is a simulated KeyCRM account. It is safe for concurrent use. Make it with New, Open, Start or StartServer.
//
// Its control methods are what a test, or a person on the pages, does inside KeyCRM. Those that name an object answer an
// error when there is none. A function given to an Edit method must not call the Server.
type Server struct {
	orderControl
	cardControl
	catalogControl
	dictionaryControl
	settingControl
	trafficControl

	mux  *http.ServeMux
	wire *wire.Renderer
	keys []string

	http *http.Server
	addr string
	done chan struct{}
}

// New builds a simulator that is used in process through Transport or as an http.Handler. It panics where Open
// returns an error.
func New(opts ...Option) *Server {
	s, err := Open(opts...)
	if err != nil {
		panic(err)
	}
	return s
}

// Open builds a simulator; it fails only when the file of WithPersistence cannot be read or written.
func Open(opts ...Option) (*Server, error) {
	cfg := defaults()
	for _, o := range opts {
		o(&cfg)
	}
	if len(cfg.api.Keys) == 0 {
		cfg.api.Keys = []string{DefaultKey}
	}
	a, err := account.Open(cfg.account)
	if err != nil {
		return nil, fmt.Errorf("keycrmtest: %w", err)
	}
	s := &Server{
		orderControl: orderControl{a}, cardControl: cardControl{a}, catalogControl: catalogControl{a},
		dictionaryControl: dictionaryControl{a}, settingControl: settingControl{a},
		wire: &wire.Renderer{Account: a, PublicURL: strings.TrimRight(cfg.publicURL, "/")}, keys: cfg.api.Keys,
	}
	if err := s.join(a, cfg); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return s, nil
}

// join puts the API, the pages and the webhooks around the account.
func (s *Server) join(a *account.Account, cfg config) error {
	t := &crmsim.Traffic{Limiter: crmsim.NewLimiter(cfg.limit)}
	endpoints := api.New(a, s.wire, t, cfg.api)
	s.mux = http.NewServeMux()
	s.mux.Handle("/v1/", endpoints)
	s.mux.Handle("GET /pictures/{name}", pictures.New(a, cfg.pictureSize))
	sender := webhook.New(a, &t.Faults, cfg.webhooks)
	a.Connect(account.Outside{Apply: endpoints.Apply, Wake: sender.Wake, Order: s.wire.HookOrder, Card: s.wire.HookCard})
	s.trafficControl = trafficControl{a, t, sender}
	sender.Start()
	return web.Handle(s.mux, web.Config{
		Account: a, Traffic: t, Keys: s.keys, Strict: cfg.api.Strict, BaseURL: s.BaseURL, Known: s.known, Wake: sender.Wake,
	})
}

// known says whether the simulator goes by that host: one that does not listen goes by any.
func (s *Server) known(host string) bool {
	return s.addr == "" || strings.Contains(s.wire.PublicURL, "//"+host)
}

// TB is the part of testing.TB that Start needs.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Start runs a simulator on a free loopback port until the test ends.
func Start(t TB, opts ...Option) *Server {
	t.Helper()
	s, err := StartServer("127.0.0.1:0", opts...)
	if err != nil {
		t.Fatalf("start the KeyCRM simulator: %v", err)
		return nil
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Fatalf("stop the KeyCRM simulator: %v", err)
		}
	})
	return s
}

// StartServer runs a simulator on addr, which must be a loopback address; port 0 takes a free one.
func StartServer(addr string, opts ...Option) (*Server, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("keycrmtest: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("keycrmtest: %s is not a loopback address", host)
	}
	s, err := Open(opts...)
	if err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("keycrmtest: %w", err), s.Close())
	}
	s.addr = l.Addr().String()
	if s.wire.PublicURL == inProcessURL {
		s.wire.PublicURL = "http://" + s.addr
	}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // ends with ErrServerClosed
	}()
	return s, nil
}

// Close stops listening and sending webhooks and closes the journal. It can be called twice.
func (s *Server) Close() error {
	var errs []error
	if s.http != nil {
		errs = append(errs, s.http.Close())
		<-s.done
	}
	s.sender.Stop()
	return errors.Join(append(errs, s.wire.Close())...)
}

// URL is where people look at the simulator, without a slash at the end.
func (s *Server) URL() string { return s.wire.PublicURL }

// BaseURL is the API address to give to keycrm.New.
func (s *Server) BaseURL() string { return s.wire.BaseURL() }

// Key is the first API key.
func (s *Server) Key() string { return s.keys[0] }

// Keys are all API keys.
func (s *Server) Keys() []string { return append([]string(nil), s.keys...) }

// Now is the simulator's clock, in UTC.
func (s *Server) Now() time.Time { return s.wire.Now() }

// ServeHTTP serves the API under /v1/, pictures under /pictures/ and pages for people elsewhere.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Transport carries requests to the simulator without a socket, whatever host they name. It reports to httptrace as
// net/http does, ends at once when the request's context ends, and turns a cut connection into an error.
func (s *Server) Transport() http.RoundTripper { return crmsim.Transport(s) }
