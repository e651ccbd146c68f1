package keycrmtest

import (
	"net/http"
	"time"

	"github.com/keybridge/keybridge/internal/crmsim/webhook"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/api"
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
	account     account.Config
	api         api.Config
	limit       int
	webhooks    webhook.Config
	publicURL   string
	pictureSize int
}

func defaults() config {
	return config{
		account: account.Config{Clock: time.Now, Seed: 1, Products: 1260, Offers: 2400},
		limit:   60, pictureSize: 480, publicURL: inProcessURL,
		webhooks: webhook.Config{RetryDelay: time.Second, MaxAttempts: 3, UserAgent: "GuzzleHttp/7"},
	}
}

// WithClock takes the time from now, which must be safe for concurrent use.
func WithClock(now func() time.Time) Option { return func(c *config) { c.account.Clock = now } }

// WithKey adds an API key (default: DefaultKey alone). Each key has its own minute.
func WithKey(key string) Option { return func(c *config) { c.api.Keys = append(c.api.Keys, key) } }

// WithLimit sets how many requests a minute a key may send (default 60); 0 switches the limiter off.
func WithLimit(perMinute int) Option { return func(c *config) { c.limit = perMinute } }

// WithPictureSize sets how wide and high pictures are drawn, in pixels (default 480).
func WithPictureSize(pixels int) Option { return func(c *config) { c.pictureSize = pixels } }

// WithSeed chooses another invented catalog (default 1).
func WithSeed(seed int64) Option { return func(c *config) { c.account.Seed = seed } }

// WithCatalog sets the size of the invented catalog (default 1260 products, 2400 offers). Rows are computed when they
// are asked for, so a million costs little.
func WithCatalog(products, offers int) Option {
	return func(c *config) { c.account.Products, c.account.Offers = products, offers }
}

// WithHistory gives a new account so many orders of the last months, with their buyers, payments and parcels, and a
// third as many cards (default 0: none). The same seed gives the same history, counted back from the clock.
func WithHistory(orders int) Option { return func(c *config) { c.account.History = orders } }

// WithVisibilityDelay hides new orders and cards from lists for d (default 0); reading them by id works at once.
func WithVisibilityDelay(d time.Duration) Option {
	return func(c *config) { c.account.VisibilityDelay = d }
}

// WithWriteDelay makes what is answered with 202 (offers, stocks, cards) take effect d later (default 0).
func WithWriteDelay(d time.Duration) Option { return func(c *config) { c.account.WriteDelay = d } }

// WithUUIDScope sets how far source_uuid must be unique (default ScopeAccount).
func WithUUIDScope(s UUIDScope) Option {
	return func(c *config) { c.account.UUIDPerSource = s == ScopeSource }
}

// WithStrict records every field, and every member of a query, that a request sends and KeyCRM does not document: see
// Server.UnknownFields.
func WithStrict() Option { return func(c *config) { c.api.Strict = true } }

// WithWebhookClient sends webhooks through hc (default: a client with a timeout of 10 s).
func WithWebhookClient(hc *http.Client) Option { return func(c *config) { c.webhooks.Client = hc } }

// WithManualWebhooks holds webhooks back until Server.DeliverWebhooks is called, so that a test decides the moment.
func WithManualWebhooks() Option { return func(c *config) { c.webhooks.Manual = true } }

// WithRetryDelay sets the pause between the attempts of a delivery (default 1 s).
func WithRetryDelay(d time.Duration) Option { return func(c *config) { c.webhooks.RetryDelay = d } }

// WithPublicURL sets the base of picture addresses and paging links (default: where the server listens).
func WithPublicURL(base string) Option { return func(c *config) { c.publicURL = base } }

// WithPersistence keeps what was changed in the file at path, so that it survives the process being killed. A file that
// was written with another seed or size of the catalog is refused. One process at a time may use a file.
func WithPersistence(path string) Option { return func(c *config) { c.account.Path = path } }

// WithoutReserve keeps orders from touching stock.
func WithoutReserve() Option { return func(c *config) { c.account.NoReserve = true } }

// WithoutPipelines answers everything about pipelines with "Leads are not enabled".
func WithoutPipelines() Option { return func(c *config) { c.account.NoPipelines = true } }

// WithOtherwise turns guesses round.
func WithOtherwise(guesses ...Guess) Option {
	return func(c *config) { c.account.Otherwise = append(c.account.Otherwise, guesses...) }
}
