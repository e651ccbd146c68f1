package keycrm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// BaseURL is the address of the live service. The version is part of it: without /v1 an nginx page answers.
// Source: KeyCRM OpenAPI v1, servers.
const BaseURL = "https://openapi.keycrm.app/v1"

const (
	defaultMaxBody   = 16 << 20
	defaultUserAgent = "keybridge"
	defaultTimeout   = 60 * time.Second
)

// Client speaks to one KeyCRM account. It is safe for concurrent use and starts no goroutine that outlives a call.
type Client struct {
	Products     *ProductsService
	Categories   *CategoriesService
	Offers       *OffersService
	Orders       *OrdersService
	Cards        *CardsService
	Pipelines    *PipelinesService
	Dictionaries *DictionariesService
	CustomFields *CustomFieldsService
	Buyers       *BuyersService

	host string // all of the client that may be printed
}

// Option changes a Client while New builds it.
type Option func(*options)

type options struct {
	client    *http.Client
	transport http.RoundTripper
	budget    func(context.Context, Request) error
	observe   func(Call)
	maxBody   int64
	userAgent string
	plainHTTP bool
}

// WithHTTPClient sends requests through a copy of c: c itself is not changed. Redirects are refused whatever c says.
func WithHTTPClient(c *http.Client) Option { return func(o *options) { o.client = c } }

// WithTransport sends requests through t. It wins over the transport of WithHTTPClient.
func WithTransport(t http.RoundTripper) Option { return func(o *options) { o.transport = t } }

// WithBudget makes every request ask wait before it is sent. An error of wait is returned to the caller (matched by
// errors.Is, also as ErrUnavailable) and nothing is sent. When ctx ends, the call returns without awaiting wait.
func WithBudget(wait func(ctx context.Context, r Request) error) Option {
	return func(o *options) { o.budget = wait }
}

// WithMaxBody limits an answer to n bytes (default 16 MiB); a longer one is an error.
func WithMaxBody(n int64) Option { return func(o *options) { o.maxBody = n } }

// WithUserAgent names the caller to KeyCRM.
func WithUserAgent(ua string) Option { return func(o *options) { o.userAgent = ua } }

// WithObserver calls f after every request, also a failed one. f must be safe for concurrent use and quick.
func WithObserver(f func(Call)) Option { return func(o *options) { o.observe = f } }

// WithPlainHTTP allows an http address that is not loopback, such as a simulator in another container.
func WithPlainHTTP() Option { return func(o *options) { o.plainHTTP = true } }

// New checks the address and the key's form and builds a Client; it sends nothing. An http address is refused unless
// it is loopback (see WithPlainHTTP), since the key would travel readable. The environment's proxy is honoured.
func New(baseURL, apiKey string, opts ...Option) (*Client, error) {
	o := options{maxBody: defaultMaxBody, userAgent: defaultUserAgent}
	for _, opt := range opts {
		opt(&o)
	}
	base, err := checkBase(baseURL, o.plainHTTP)
	if err != nil {
		return nil, err
	}
	key := strings.TrimSpace(apiKey)
	if err := checkKey(key); err != nil {
		return nil, err
	}
	c := &caller{
		base: base, budget: o.budget, observe: o.observe, maxBody: o.maxBody, userAgent: o.userAgent,
		authorise: func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) },
		redact:    func(s string) string { return strings.ReplaceAll(s, key, "[key]") },
	}
	c.reads, c.writes = httpClients(o)
	return withServices(c), nil
}

func withServices(c *caller) *Client {
	return &Client{
		Products:     &ProductsService{c},
		Categories:   &CategoriesService{c},
		Offers:       &OffersService{c},
		Orders:       &OrdersService{c},
		Cards:        &CardsService{c},
		Pipelines:    &PipelinesService{c},
		Dictionaries: &DictionariesService{c},
		CustomFields: &CustomFieldsService{c},
		Buyers:       &BuyersService{c},
		host:         c.base.Host,
	}
}

// Format keeps every verb of fmt from walking into the client.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "keycrm.Client(%s)", c.host) }

func checkBase(raw string, plainHTTP bool) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(strings.TrimSpace(raw), "/"))
	if err != nil || u.Host == "" {
		return nil, errors.New("keycrm: the base address is not a URL")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("keycrm: the base address must have no user, query or fragment")
	}
	switch {
	case u.Scheme == "https", u.Scheme == "http" && (plainHTTP || loopback(u.Hostname())):
		return u, nil
	case u.Scheme == "http":
		return nil, fmt.Errorf("keycrm: %s is plain http: the key would travel readable", u.Host)
	}
	return nil, fmt.Errorf("keycrm: address scheme %q is neither https nor http", u.Scheme)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

func checkKey(key string) error {
	if key == "" {
		return errors.New("keycrm: the API key is empty")
	}
	for _, r := range key {
		if r <= ' ' || r > '~' {
			return errors.New("keycrm: the API key holds a character that no key has")
		}
	}
	return nil
}

// httpClients returns the clients for reads and for writes. A write gets a connection of its own: on a kept one that
// the server is just closing nobody could tell whether the request arrived.
func httpClients(o options) (reads, writes *http.Client) {
	c := http.Client{Timeout: defaultTimeout}
	if o.client != nil {
		c = *o.client
	}
	if o.transport != nil {
		c.Transport = o.transport
	}
	if c.Transport == nil {
		c.Transport = defaultTransport()
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	w := c
	if t, ok := c.Transport.(*http.Transport); ok {
		t = t.Clone()
		t.DisableKeepAlives = true
		w.Transport = t
	}
	return &c, &w
}

func defaultTransport() http.RoundTripper {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          8,
		MaxIdleConnsPerHost:   8,
		IdleConnTimeout:       30 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 45 * time.Second,
	}
}
