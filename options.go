package keybridge

import (
	"cmp"
	"net/http"
	"time"

	"github.com/keybridge/keybridge/internal/budget"
)

// DefaultCRM is KeyCRM's public API. Source: KeyCRM OpenAPI v1, servers.
const DefaultCRM = "https://openapi.keycrm.app/v1"

// crmLimit is how many requests of one key KeyCRM allows in a minute. Source: docs/keycrm.md, "60 a minute".
const crmLimit = 60

// Option sets what belongs to the operator rather than to the merchant.
type Option func(*options)

type options struct {
	crmURL        string
	transport     http.RoundTripper
	perMinute     int
	raised        bool
	localPictures bool
	cold          time.Duration
	timings       Timings
}

// Timings are the waits that make exports safe and work recoverable. The zero value means the
// defaults; tests and the demo, whose CRM shows new records at once, shorten them.
type Timings struct {
	// Lease is how long a silent worker keeps its row; default 30 s. Rows of orders and webhooks are leased for longer
	// than Request in any case.
	Lease time.Duration
	// RequeueAfter is how long work enqueued in Redis is left to it before it is enqueued again, should
	// Redis or its worker have lost it; default 30 s.
	RequeueAfter time.Duration
	// Scan is how often placements are listed to find orders whose hook did not store them; default 30 s.
	Scan time.Duration
	// Request bounds one request to the CRM; default 30 s.
	Request time.Duration
	// ResendAfter is how long after an unclear answer an order may be sent again at the earliest; default
	// 2 min. It must be longer than the CRM takes to show a new record.
	ResendAfter time.Duration
	// LookupGap is the least time between the two look-ups that must both find nothing before an order
	// is sent again; default 60 s.
	LookupGap time.Duration
}

// withDefaults fills in what the root itself uses; the parts have the defaults of the rest.
func (t Timings) withDefaults() Timings {
	t.Scan = cmp.Or(t.Scan, 30*time.Second)
	t.Request = cmp.Or(t.Request, 30*time.Second)
	return t
}

// WithCRM names another address of the CRM's API than DefaultCRM: a proxy of the operator's, or the
// simulator. Plain http is accepted for loopback addresses only.
func WithCRM(url string) Option { return func(o *options) { o.crmURL = url } }

// WithTransport sends the requests to the CRM through t.
func WithTransport(t http.RoundTripper) Option { return func(o *options) { o.transport = t } }

// WithBudget sets how many requests of one API key are made in any 60 s; the default is 55, because
// KeyCRM allows 60.
func WithBudget(perMinute int) Option { return func(o *options) { o.perMinute = perMinute } }

// WithRaisedLimit is WithBudget for a CRM that allows more than KeyCRM does, such as a simulator's. The page
// says so, lest the merchant take the number for KeyCRM's.
func WithRaisedLimit(perMinute int) Option {
	return func(o *options) { o.perMinute, o.raised = perMinute, true }
}

// WithColdStart sets how long nothing is sent to an account in use after Redis lost count of its
// requests; the default is 60 s. Less is only for a CRM that does not count, such as a simulator's.
func WithColdStart(d time.Duration) Option { return func(o *options) { o.cold = d } }

// WithLocalPictures lets product pictures be fetched from loopback addresses, which is refused
// otherwise, since a picture's address comes from the CRM.
func WithLocalPictures() Option { return func(o *options) { o.localPictures = true } }

// WithTimings shortens or lengthens the waits.
func WithTimings(t Timings) Option { return func(o *options) { o.timings = t } }

func collect(opts []Option) options {
	o := options{crmURL: DefaultCRM, perMinute: budget.DefaultPerMinute}
	for _, opt := range opts {
		opt(&o)
	}
	o.timings = o.timings.withDefaults()
	return o
}
