package keycrmtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"
)

const inProcessURL = "https://keycrm.test"

// Server is a simulated KeyCRM account. It is safe for concurrent use. Make it with New, Open, Start or StartServer.
type Server struct {
	cfg     config
	mux     *http.ServeMux
	sender  *sender
	limiter *limiter
	log     *requestLog
	faults  *faults
	pics    *pictureCache

	mu      sync.Mutex // guards all that follows
	gen     *generator
	skus    map[string][]int64 // ids of stored offers; built when first asked for
	db      *database
	journal *journal
	unknown map[string]int
	after   func(Request)

	http *http.Server
	addr string
	done chan struct{}
}

// database is everything that can change and that outlives the process.
type database struct {
	settings         *table[settings]
	categories       *table[Category]
	products         *table[Product] // edited or added; the others are computed
	offers           *table[Offer]
	buyers           *table[Buyer]
	orders           *table[Order]
	cards            *table[Card]
	statuses         *table[OrderStatus]
	sources          *table[Source]
	methods          *table[PaymentMethod]
	deliveryServices *table[DeliveryService]
	tags             *table[Tag]
	users            *table[User]
	pipelines        *table[Pipeline]
	fields           *table[CustomField]
	files            *table[storedFile]
	triggers         *table[Trigger]
	deliveries       *table[Delivery]
	pending          *table[pendingWrite]
	counters         *table[counter]
}

// settings are the account's switches, a single row.
type settings struct {
	PipelinesOff bool
	ProductsOff  []int64 // pipelines whose products block is off
	PaymentsOff  []int64
	StockHook    StockHook
	Closed       []int64 // warehouses that were deleted
	Origin       origin
}

// origin names the invented catalog that the ids of kept rows belong to.
type origin struct {
	Seed             int64
	Products, Offers int
}

func (o origin) String() string {
	return fmt.Sprintf("seed %d, %d products, %d offers", o.Seed, o.Products, o.Offers)
}

// counter keeps ids that live inside rows (lines, payments, contacts).
type counter struct{ Last int64 }

func (d *database) tables() []keeper {
	return []keeper{
		d.settings, d.categories, d.products, d.offers, d.buyers, d.orders, d.cards, d.statuses, d.triggers,
		d.deliveries, d.pending, d.counters, d.sources, d.methods, d.deliveryServices, d.tags, d.users, d.pipelines, d.fields,
		d.files,
	}
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
	if len(cfg.keys) == 0 {
		cfg.keys = []string{DefaultKey}
	}
	cfg.publicURL = strings.TrimRight(cfg.publicURL, "/")
	s := &Server{
		cfg: cfg, gen: newGenerator(cfg.seed, cfg.products, cfg.offers), unknown: map[string]int{},
		limiter: newLimiter(cfg.limit), log: newRequestLog(), faults: newFaults(), pics: newPictureCache(),
	}
	s.db = newDatabase(s.gen)
	if cfg.path != "" {
		j, err := openJournal(cfg.path, s.db.tables())
		if err != nil {
			return nil, err
		}
		s.journal = j
	}
	if err := s.checkOrigin(); err != nil {
		return nil, errors.Join(err, s.journal.close())
	}
	s.seed()
	s.mux = s.routes()
	s.sender = newSender(s)
	return s, nil
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
	if s.cfg.publicURL == inProcessURL {
		s.cfg.publicURL = "http://" + s.addr
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
	s.sender.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal != nil {
		errs = append(errs, s.journal.close())
		s.journal = nil
	}
	return errors.Join(errs...)
}

// URL is where people look at the simulator, without a slash at the end.
func (s *Server) URL() string { return s.cfg.publicURL }

// BaseURL is the API address to give to keycrm.New.
func (s *Server) BaseURL() string { return s.cfg.publicURL + "/v1" }

// Key is the first API key.
func (s *Server) Key() string { return s.cfg.keys[0] }

// Keys are all API keys.
func (s *Server) Keys() []string { return append([]string(nil), s.cfg.keys...) }

func (s *Server) now() time.Time { return s.cfg.now().UTC().Truncate(time.Microsecond) }

// stamp is the time that rows keep: whole seconds, as in KeyCRM.
func (s *Server) stamp() time.Time { return s.now().Truncate(time.Second) }

// locked runs f under the lock, after the writes that are due, and flushes what changed to the journal. Webhooks that f
// caused are on their way afterwards.
func (s *Server) locked(f func()) {
	defer s.sender.wake()
	s.mu.Lock()
	defer s.mu.Unlock() // also when f panics: net/http recovers, and the account must stay usable
	s.applyDue()
	f()
	s.flush()
}

func (s *Server) flush() {
	if s.journal == nil {
		for _, t := range s.db.tables() {
			t.forget()
		}
		return
	}
	var set []change
	for _, t := range s.db.tables() {
		rows, err := t.changes()
		if err != nil {
			panic(fmt.Sprintf("keycrmtest: %v", err)) // rows are plain data
		}
		set = append(set, rows...)
	}
	if err := s.journal.append(set); err != nil {
		panic(fmt.Sprintf("keycrmtest: %v", err)) // a full disk: better stop than pretend to keep
	}
}

func (s *Server) nextID(kind int64) int64 {
	c, ok := s.db.counters.rows[kind]
	if !ok {
		c = &counter{Last: firstInner[kind]}
	}
	c = &counter{Last: c.Last + 1}
	s.db.counters.put(kind, c)
	return c.Last
}

// Kinds of ids that live inside rows, and where each starts.
const (
	idLine int64 = iota + 1
	idPayment
	idContact
	idPipelineStatus
	idFieldOption
	idFieldUUID
)

var firstInner = [...]int64{
	idLine: 880000, idPayment: 6000, idContact: 5000, idPipelineStatus: 300, idFieldOption: 2000, idFieldUUID: 1100,
}

var hundred = decimal.NewFromInt(100)
