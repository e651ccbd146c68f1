// Package pictures fetches pictures from addresses that strangers have written. Addresses inside the machine or its
// network are refused where the connection is made (SSRF), size and type are those of the bytes.
package pictures

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/keybridge/keybridge/plugin"
)

// Config tunes how pictures are fetched. Zero values take the defaults.
type Config struct {
	// MaxBytes of one picture. Default 10 MB.
	MaxBytes int64
	// MaxPerProduct is how many pictures of a product are taken. Default 12.
	MaxPerProduct int
	// Timeout of one picture. Default 20 s.
	Timeout time.Duration
	// ProductTimeout is for all pictures of one product. Default 60 s.
	ProductTimeout time.Duration
	// Parallel is how many products get their pictures at a time. Default 4.
	Parallel int
	// AllowLoopback lets pictures come from this machine, as in the demo. Other private addresses
	// stay refused.
	AllowLoopback bool
}

// WithDefaults fills in what is zero.
func (p Config) WithDefaults() Config {
	p.MaxBytes = cmp.Or(p.MaxBytes, 10<<20)
	p.MaxPerProduct = cmp.Or(p.MaxPerProduct, 12)
	p.Timeout = cmp.Or(p.Timeout, 20*time.Second)
	p.ProductTimeout = cmp.Or(p.ProductTimeout, time.Minute)
	p.Parallel = cmp.Or(p.Parallel, 4)
	return p
}

// What can be wrong with a picture's address or answer. All other errors mean that it could not be
// fetched now.
var (
	ErrAddress = errors.New("pictures may not come from this address")
	ErrTooBig  = errors.New("the picture is too big")
	ErrType    = errors.New("this is no picture")
)

// maxRedirects is how often a picture's address may point to another.
const maxRedirects = 5

// Fetcher fetches pictures. Safe for concurrent use.
type Fetcher struct {
	limits Config
	client *http.Client
}

// New asks nothing.
func New(p Config) *Fetcher {
	p = p.WithDefaults()
	f := &Fetcher{limits: p}
	// The address is checked where the connection is made, after the name was looked up, so a name
	// that leads to an inner address is refused, at a redirect too.
	dialer := &net.Dialer{Timeout: p.Timeout, Control: func(_, address string, _ syscall.RawConn) error {
		return f.checkAddress(address)
	}}
	f.client = &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: p.Timeout, ResponseHeaderTimeout: p.Timeout,
			MaxResponseHeaderBytes: 64 << 10, MaxIdleConnsPerHost: p.Parallel, IdleConnTimeout: time.Minute,
			ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("more than %d redirects: %w", maxRedirects, ErrAddress)
			}
			return checkURL(req.URL)
		},
	}
	return f
}

func checkURL(u *url.URL) error {
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return ErrAddress
	}
	return nil
}

func (f *Fetcher) checkAddress(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return ErrAddress
	}
	addr := at.Addr().Unmap()
	if addr.IsLoopback() && f.limits.AllowLoopback {
		return nil
	}
	if !public(addr) {
		return ErrAddress
	}
	return nil
}

// public reports whether an address belongs to the open internet.
// Source: IANA special-purpose address registries, IPv4 and IPv6 (2024).
func public(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, special := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
	} {
		if netip.MustParsePrefix(special).Contains(a) {
			return false
		}
	}
	return true
}

// Fetch reads one picture. The error wraps ErrAddress, ErrTooBig or ErrType when another try will
// not help.
func (f *Fetcher) Fetch(ctx context.Context, address string) (*plugin.ImageContent, error) {
	u, err := url.Parse(address)
	if err != nil || checkURL(u) != nil {
		return nil, ErrAddress
	}
	ctx, cancel := context.WithTimeout(ctx, f.limits.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, ErrAddress
	}
	req.Header.Set("Accept", "image/*")
	req.Header.Set("User-Agent", "Keybridge")
	res, err := f.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch picture: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch picture: status %d", res.StatusCode)
	}
	if res.ContentLength > f.limits.MaxBytes {
		return nil, ErrTooBig
	}
	return f.read(address, res.Body)
}

func (f *Fetcher) read(address string, body io.Reader) (*plugin.ImageContent, error) {
	data, err := io.ReadAll(io.LimitReader(body, f.limits.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("fetch picture: %w", err)
	}
	if int64(len(data)) > f.limits.MaxBytes {
		return nil, ErrTooBig
	}
	// What the server says of the type does not count: the bytes do.
	kind := http.DetectContentType(data)
	switch kind {
	case "image/jpeg", "image/png", "image/webp", "image/gif":
	default:
		return nil, ErrType
	}
	sum := sha256.Sum256(data)
	return &plugin.ImageContent{
		SourceURL: address, ContentType: kind, SHA256: hex.EncodeToString(sum[:]), Bytes: data,
	}, nil
}
