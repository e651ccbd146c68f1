package bridge

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/hibiken/asynq"
	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/plugin"
)

// Desk is the shop's admin, as far as the plugin's pages need it.
type Desk interface {
	// Operator answers who is signed in; false when nobody is.
	Operator(r *http.Request) (plugin.Operator, bool)
	// VerifyCSRF checks the token of a form against the session. Errors: ErrInvalid.
	VerifyCSRF(r *http.Request) error
	// RenderPage writes the plugin's page in the frame of the admin.
	RenderPage(w http.ResponseWriter, r *http.Request, p plugin.Page) error
}

// Host is the process the plugin lives in.
type Host struct {
	cfg  Config
	shop *Shop
	desk Desk
}

var _ plugin.Host = (*Host)(nil)

// NewHost is the host of the one shop.
func NewHost(cfg Config, shop *Shop, desk Desk) *Host {
	return &Host{cfg: cfg, shop: shop, desk: desk}
}

// DB implements plugin.Host.
func (h *Host) DB() *sqlx.DB { return h.cfg.DB }

// ListenDSN implements plugin.Host.
func (h *Host) ListenDSN() string { return h.cfg.ListenDSN }

// Redis implements plugin.Host.
func (h *Host) Redis() asynq.RedisConnOpt { return h.cfg.Redis }

// Logger implements plugin.Host.
func (h *Host) Logger() *slog.Logger { return h.cfg.Logger }

// Clock implements plugin.Host.
func (h *Host) Clock() plugin.Clock { return h.cfg.Clock }

// Secrets implements plugin.Host.
func (h *Host) Secrets() plugin.KeyRing { return h.cfg.Secrets }

// Capture implements plugin.Host.
func (h *Host) Capture() plugin.CaptureLevel { return h.cfg.Capture }

// URLs implements plugin.Host.
func (h *Host) URLs() plugin.URLs {
	return plugin.URLs{Admin: h.cfg.PublicURL.JoinPath(AdminPath), Public: h.cfg.PublicURL.JoinPath(HookPath)}
}

// Operator implements plugin.Host.
func (h *Host) Operator(r *http.Request) (plugin.Operator, bool) { return h.desk.Operator(r) }

// VerifyCSRF implements plugin.Host: the token comes in plugin.CSRFHeader or plugin.CSRFField.
// Errors: plugin.ErrInvalid.
func (h *Host) VerifyCSRF(r *http.Request) error { return contractErr(h.desk.VerifyCSRF(r)) }

// RenderPage implements plugin.Host.
func (h *Host) RenderPage(w http.ResponseWriter, r *http.Request, p plugin.Page) error {
	return h.desk.RenderPage(w, r, p)
}

// Notify implements plugin.Host. The newest message of one key stays.
func (h *Host) Notify(ctx context.Context, m plugin.Message) error {
	if m.Shop != ShopID {
		return contractErr(fmt.Errorf("notify shop %q: %w", m.Shop, domain.ErrNotFound))
	}
	row := store.Message{
		Key: domain.Cut(m.Key, 200), Severity: string(m.Severity), Title: domain.Cut(m.Title, 300), Text: domain.Cut(m.Text, 4000),
		Path: "/" + strings.TrimLeft(m.Path, "/"), At: m.At,
	}
	if row.At.IsZero() {
		row.At = h.cfg.Clock.Now()
	}
	if row.Path == "/" || len(row.Path) > 500 {
		row.Path = ""
	}
	return contractErr(h.shop.office.PutMessage(ctx, row))
}

// Shops implements plugin.Host.
func (h *Host) Shops(context.Context) ([]plugin.ShopID, error) { return []plugin.ShopID{ShopID}, nil }

// Shop implements plugin.Host.
func (h *Host) Shop(_ context.Context, id plugin.ShopID) (plugin.Shop, error) {
	if id != ShopID {
		return nil, contractErr(fmt.Errorf("shop %q: %w", id, domain.ErrNotFound))
	}
	return h.shop, nil
}
