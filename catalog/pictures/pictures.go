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

	"code.dny.dev/ssrf"

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
	limits   Config
	guardian *ssrf.Guardian
	client   *http.Client
}

// New prepares a fetcher and connects to nothing.
func New(p Config) *Fetcher {
	p = p.WithDefaults()
	f := &Fetcher{limits: p, guardian: guardian(p.AllowLoopback)}
	// The address is checked where the connection is made, after the name was looked up, so a name
	// that leads to an inner address is refused, at a redirect too.
	dialer := &net.Dialer{Timeout: p.Timeout, Control: func(_, address string, c syscall.RawConn) error {
		return f.checkAddress(address, c)
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

// guardian refuses what does not belong to the open internet, by the IANA special-purpose registries. Any port will do:
// shops keep pictures at odd ones.
func guardian(loopback bool) *ssrf.Guardian {
	options := []ssrf.Option{ssrf.WithAnyPort()}
	if loopback {
		options = append(options, ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.0/8")),
			ssrf.WithAllowedV6Prefixes(netip.MustParsePrefix("::1/128")))
	}
	return ssrf.New(options...)
}

// checkAddress takes an IPv4 address written as an IPv6 one for what it is.
func (f *Fetcher) checkAddress(address string, c syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return ErrAddress
	}
	network, addr := "tcp6", at.Addr().Unmap()
	if addr.Is4() {
		network = "tcp4"
	}
	if err := f.guardian.Safe(network, netip.AddrPortFrom(addr, at.Port()).String(), c); err != nil {
		return fmt.Errorf("%w: %w", ErrAddress, err)
	}
	return nil
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
