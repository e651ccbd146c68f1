package keybridge

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/redislink"
	"github.com/keybridge/keybridge/internal/secret"
	"github.com/keybridge/keybridge/plugin"
)

// checkHost looks at what the host gives for the whole process, so that an engine author reads at the
// start what would else panic or fail at the first page. It tells everything that is wrong at once, each
// with the member of plugin.Host it is about, and answers the box of the host's secrets.
// Errors: plugin.ErrInvalid.
func checkHost(host plugin.Host) (*secret.Box, error) {
	if host == nil {
		return nil, fmt.Errorf("the host is nil: %w", plugin.ErrInvalid)
	}
	var wrong []error
	missing := func(member string, isNil bool) {
		if isNil {
			wrong = append(wrong, fmt.Errorf("the host's %s is nil: %w", member, plugin.ErrInvalid))
		}
	}
	missing("DB", host.DB() == nil)
	missing("Logger", host.Logger() == nil)
	missing("Clock", host.Clock() == nil)
	box, err := secret.NewBox(host.Secrets())
	if err != nil {
		wrong = append(wrong, fmt.Errorf("the host's Secrets: %w", err))
	}
	urls := host.URLs()
	wrong = append(wrong, checkURL("URLs.Admin", urls.Admin), checkURL("URLs.Public", urls.Public), checkRedis(host))
	return box, errors.Join(wrong...)
}

// checkURL: addresses are put together from it, so it must say where it leads and end as a path.
func checkURL(member string, u *url.URL) error {
	switch {
	case u == nil:
		return fmt.Errorf("the host's %s is nil: %w", member, plugin.ErrInvalid)
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return fmt.Errorf("the host's %s is %q; an absolute http or https address with a host is needed: %w", member, u.Redacted(), plugin.ErrInvalid)
	case u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("the host's %s is %q; it must not have a query or a fragment: %w", member, u.Redacted(), plugin.ErrInvalid)
	}
	return nil
}

// checkRedis makes a client and asks nothing of it.
func checkRedis(host plugin.Host) error {
	opt := host.Redis()
	if opt == nil {
		return fmt.Errorf("the host's Redis is nil: %w", plugin.ErrInvalid)
	}
	link, err := redislink.Open(opt, clock.System(), slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("the host's Redis: %w", err)
	}
	return link.Close()
}
