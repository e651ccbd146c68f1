package demoshop

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/hibiken/asynq"
	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/internal/demoshop/backoffice"
	"github.com/keybridge/keybridge/internal/demoshop/bridge"
	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/session"
	"github.com/keybridge/keybridge/plugin"
)

// What never changes of the shop; one process serves one.
const (
	// ShopID is the id of the only shop.
	ShopID = bridge.ShopID
	// Currency is the only currency of the shop, ISO 4217.
	Currency = domain.Currency
	// Locale is the first language of its texts, BCP 47, and the language of its own pages.
	Locale = domain.Locale
)

// Config is what an Engine is made of. DB and PublicURL are needed, all else has a default.
type Config struct {
	// DB is a lib/pq pool; the engine keeps its tables in the schema "demoshop". The caller closes it.
	DB *sqlx.DB
	// ListenDSN is handed to the plugin; empty when there is none.
	ListenDSN string
	// Redis is handed to the plugin; the shop itself needs none.
	Redis asynq.RedisConnOpt
	// Logger: nil means silence.
	Logger *slog.Logger
	// Clock: nil means the system's.
	Clock plugin.Clock
	// Secrets is handed to the plugin.
	Secrets plugin.KeyRing
	// PublicURL is where buyers, staff and webhooks reach the shop, without a path.
	PublicURL *url.URL
	// ShopName is shown to buyers; empty means «Обрій».
	ShopName string
	// AdminPassword signs in "admin" (owner), ManagerPassword "manager", ViewerPassword "viewer".
	// Somebody with an empty password cannot sign in.
	AdminPassword   string
	ManagerPassword string
	ViewerPassword  string
	// AdminLang is the language of the admin until somebody chooses another, "uk" or "en"; empty
	// means "uk".
	AdminLang string
	// Languages are those texts of products and categories are kept in, "uk" first; empty means "uk"
	// alone. The storefront shows the first.
	Languages []plugin.Language
	// Capture is how the plugin learns of placed orders; zero means plugin.CaptureInTx.
	Capture plugin.CaptureLevel
	// Storefronts are the faces of the shop; empty means one, "main", on PublicURL's host. An order
	// belongs to the first that names the host it was placed on, else to the first of all.
	Storefronts []plugin.Storefront
	// VariantsAsProducts makes it a shop whose products have one variant each.
	VariantsAsProducts bool
}

// withDefaults checks the configuration and fills what was left out.
func (c Config) withDefaults() (Config, error) {
	if c.DB == nil {
		return c, errors.New("demo shop: no database given")
	}
	if c.PublicURL == nil || c.PublicURL.Host == "" {
		return c, errors.New("demo shop: no public URL given")
	}
	if c.PublicURL.Path != "" && c.PublicURL.Path != "/" {
		return c, fmt.Errorf("demo shop: the public URL %s must not have a path", c.PublicURL)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = systemClock{}
	}
	if c.ShopName == "" {
		c.ShopName = "Обрій"
	}
	if c.AdminLang == "" {
		c.AdminLang = Locale
	}
	if !backoffice.Speaks(c.AdminLang) {
		return c, fmt.Errorf("demo shop: the admin does not speak %q", c.AdminLang)
	}
	if len(c.Languages) == 0 {
		c.Languages = []plugin.Language{{Code: domain.Locale, Name: "Українська"}}
	}
	if c.Languages[0].Code != domain.Locale {
		return c, fmt.Errorf("demo shop: the first language of texts is %q, not %q", domain.Locale, c.Languages[0].Code)
	}
	if c.Capture == 0 {
		c.Capture = plugin.CaptureInTx
	}
	if len(c.Storefronts) == 0 {
		c.Storefronts = []plugin.Storefront{{ID: "main", Name: c.ShopName, Domains: []string{c.PublicURL.Hostname()}}}
	}
	return c, nil
}

// host is what the plugin gets.
func (c Config) host(zone *time.Location) bridge.Config {
	return bridge.Config{
		DB: c.DB, ListenDSN: c.ListenDSN, Redis: c.Redis, Logger: c.Logger, Clock: c.Clock, Secrets: c.Secrets,
		PublicURL: c.PublicURL, Capture: c.Capture, ShopName: c.ShopName, Zone: zone, Languages: c.Languages,
		Storefronts: c.Storefronts, VariantsAsProducts: c.VariantsAsProducts,
	}
}

// fronts are the faces of the shop.
func (c Config) fronts() []domain.Storefront {
	out := make([]domain.Storefront, len(c.Storefronts))
	for i, f := range c.Storefronts {
		out[i] = domain.Storefront{ID: string(f.ID), Domains: f.Domains}
	}
	return out
}

// admin is who may sign in, and how the admin speaks.
func (c Config) admin() backoffice.Config {
	out := backoffice.Config{Lang: c.AdminLang, Staff: []session.Staff{
		{Login: "admin", Name: "Власник", Password: c.AdminPassword, Permissions: []plugin.Permission{plugin.PermView, plugin.PermOperate, plugin.PermConfigure}},
		{Login: "manager", Name: "Менеджер", Password: c.ManagerPassword, Permissions: []plugin.Permission{plugin.PermView, plugin.PermOperate}},
		{Login: "viewer", Name: "Спостерігач", Password: c.ViewerPassword, Permissions: []plugin.Permission{plugin.PermView}},
	}}
	for _, l := range c.Languages[1:] {
		out.Foreign = append(out.Foreign, domain.Language(l))
	}
	return out
}
