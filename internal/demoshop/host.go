package demoshop

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/hibiken/asynq"
	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// Where the plugin's handlers are mounted.
const (
	pluginAdminPath = "/admin/integrations/keycrm"
	pluginHookPath  = "/hooks/keycrm"
)

// errCSRF is what VerifyCSRF answers for a request that did not come from our own page.
var errCSRF = errors.New("the form is not from this session")

// DB implements plugin.Host.
func (e *Engine) DB() *sqlx.DB { return e.cfg.DB }

// ListenDSN implements plugin.Host.
func (e *Engine) ListenDSN() string { return e.cfg.ListenDSN }

// Redis implements plugin.Host.
func (e *Engine) Redis() asynq.RedisConnOpt { return e.cfg.Redis }

// Logger implements plugin.Host.
func (e *Engine) Logger() *slog.Logger { return e.cfg.Logger }

// Clock implements plugin.Host.
func (e *Engine) Clock() plugin.Clock { return e.cfg.Clock }

// Secrets implements plugin.Host.
func (e *Engine) Secrets() plugin.KeyRing { return e.cfg.Secrets }

// Capture implements plugin.Host.
func (e *Engine) Capture() plugin.CaptureLevel { return e.cfg.Capture }

// URLs implements plugin.Host.
func (e *Engine) URLs() plugin.URLs {
	return plugin.URLs{Admin: e.cfg.PublicURL.JoinPath(pluginAdminPath), Public: e.cfg.PublicURL.JoinPath(pluginHookPath)}
}

// Operator implements plugin.Host.
func (e *Engine) Operator(r *http.Request) (plugin.Operator, bool) {
	s, ok := e.session(r)
	if !ok {
		return plugin.Operator{}, false
	}
	return s.operator(), true
}

// VerifyCSRF implements plugin.Host: the token comes in plugin.CSRFHeader or plugin.CSRFField.
// Errors: plugin.ErrInvalid.
func (e *Engine) VerifyCSRF(r *http.Request) error {
	s, ok := e.session(r)
	if !ok {
		return fmt.Errorf("%w: %w", errCSRF, plugin.ErrInvalid)
	}
	token := r.Header.Get(plugin.CSRFHeader)
	if token == "" {
		token = r.PostFormValue(plugin.CSRFField)
	}
	if !equalSecret(token, s.csrf()) {
		return fmt.Errorf("%w: %w", errCSRF, plugin.ErrInvalid)
	}
	return nil
}

// RenderPage implements plugin.Host.
func (e *Engine) RenderPage(w http.ResponseWriter, r *http.Request, p plugin.Page) error {
	return e.adminFrame(w, r, framedPage{Section: sectionIntegrations, Title: p.Title, Body: p.Body, Head: p.Head, Status: p.Status})
}

// Notify implements plugin.Host. The newest message of one key stays.
func (e *Engine) Notify(ctx context.Context, m plugin.Message) error {
	if m.Shop != ShopID {
		return fmt.Errorf("notify shop %q: %w", m.Shop, plugin.ErrNotFound)
	}
	if m.At.IsZero() {
		m.At = e.now()
	}
	m.Key, m.Title, m.Text = cut(m.Key, 200), cut(m.Title, 300), cut(m.Text, 4000)
	if m.Path = "/" + strings.TrimLeft(m.Path, "/"); m.Path == "/" || len(m.Path) > 500 {
		m.Path = ""
	}
	return e.store.putMessage(ctx, m)
}

// Shops implements plugin.Host.
func (e *Engine) Shops(context.Context) ([]plugin.ShopID, error) {
	return []plugin.ShopID{ShopID}, nil
}

// Shop implements plugin.Host.
func (e *Engine) Shop(_ context.Context, id plugin.ShopID) (plugin.Shop, error) {
	if id != ShopID {
		return nil, fmt.Errorf("shop %q: %w", id, plugin.ErrNotFound)
	}
	return e.shop, nil
}
