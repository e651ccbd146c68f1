package keycrmtest

import (
	"net/http"
	"time"
)

// DefaultKey is the API key of a simulator that was given none.
const DefaultKey = "demo-key-keycrm-simulator"

// UUIDScope says how far an order's source_uuid must be unique; KeyCRM does not document it.
type UUIDScope int

// The scopes of source_uuid.
const (
	ScopeAccount UUIDScope = iota // the default
	ScopeSource
)

// Option changes a Server while New builds it.
type Option func(*config)

type config struct {
	now             func() time.Time
	keys            []string
	limit           int
	seed            int64
	products        int
	offers          int
	visibilityDelay time.Duration
	writeDelay      time.Duration
	scope           UUIDScope
	strict          bool
	otherwise       []Guess
	webhookClient   *http.Client
	manualWebhooks  bool
	retryDelay      time.Duration
	publicURL       string
	path            string
	noReserve       bool
	noPipelines     bool
	history         int
	pictureSize     int
}

func defaults() config {
	return config{
		now: time.Now, limit: 60, seed: 1, products: 1260, offers: 2400, pictureSize: 480, retryDelay: time.Second,
		publicURL: inProcessURL,
	}
}

// WithClock takes the time from now, which must be safe for concurrent use.
func WithClock(now func() time.Time) Option { return func(c *config) { c.now = now } }

// WithKey adds an API key (default: DefaultKey alone). Each key has its own minute.
func WithKey(key string) Option { return func(c *config) { c.keys = append(c.keys, key) } }

// WithLimit sets how many requests a minute a key may send (default 60); 0 switches the limiter off.
func WithLimit(perMinute int) Option { return func(c *config) { c.limit = perMinute } }

// WithPictureSize sets how wide and high pictures are drawn, in pixels (default 480).
func WithPictureSize(pixels int) Option { return func(c *config) { c.pictureSize = pixels } }

// WithSeed chooses another invented catalog (default 1).
func WithSeed(seed int64) Option { return func(c *config) { c.seed = seed } }

// WithCatalog sets the size of the invented catalog (default 1260 products, 2400 offers). Rows are computed when they
// are asked for, so a million costs little.
func WithCatalog(products, offers int) Option {
	return func(c *config) { c.products, c.offers = products, offers }
}

// WithHistory gives a new account so many orders of the last months, with their buyers, payments and parcels, and a
// third as many cards (default 0: none). The same seed gives the same history, counted back from the clock.
func WithHistory(orders int) Option { return func(c *config) { c.history = orders } }

// WithVisibilityDelay hides new orders and cards from lists for d (default 0); reading them by id works at once.
func WithVisibilityDelay(d time.Duration) Option { return func(c *config) { c.visibilityDelay = d } }

// WithWriteDelay makes what is answered with 202 (offers, stocks, cards) take effect d later (default 0).
func WithWriteDelay(d time.Duration) Option { return func(c *config) { c.writeDelay = d } }

// WithUUIDScope sets how far source_uuid must be unique (default ScopeAccount).
func WithUUIDScope(s UUIDScope) Option { return func(c *config) { c.scope = s } }

// WithStrict records every field, and every member of a query, that a request sends and KeyCRM does not document: see
// Server.UnknownFields.
func WithStrict() Option { return func(c *config) { c.strict = true } }

// WithWebhookClient sends webhooks through hc (default: a client with a timeout of 10 s).
func WithWebhookClient(hc *http.Client) Option { return func(c *config) { c.webhookClient = hc } }

// WithManualWebhooks holds webhooks back until Server.DeliverWebhooks is called, so that a test decides the moment.
func WithManualWebhooks() Option { return func(c *config) { c.manualWebhooks = true } }

// WithRetryDelay sets the pause between the attempts of a delivery (default 1 s).
func WithRetryDelay(d time.Duration) Option { return func(c *config) { c.retryDelay = d } }

// WithPublicURL sets the base of picture addresses and paging links (default: where the server listens).
func WithPublicURL(base string) Option { return func(c *config) { c.publicURL = base } }

// WithPersistence keeps what was changed in the file at path, so that it survives the process being killed. A file that
// was written with another seed or size of the catalog is refused. One process at a time may use a file.
func WithPersistence(path string) Option { return func(c *config) { c.path = path } }

// WithoutReserve keeps orders from touching stock.
func WithoutReserve() Option { return func(c *config) { c.noReserve = true } }

// WithoutPipelines answers everything about pipelines with "Leads are not enabled".
func WithoutPipelines() Option { return func(c *config) { c.noPipelines = true } }
