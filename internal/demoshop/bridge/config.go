package bridge

import (
	"log/slog"
	"net/url"
	"time"

	"github.com/hibiken/asynq"
	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// Config is what the plugin gets of the process and is told of the shop.
type Config struct {
	// What the plugin works with.
	DB        *sqlx.DB
	ListenDSN string
	Redis     asynq.RedisConnOpt
	Logger    *slog.Logger
	Clock     plugin.Clock
	Secrets   plugin.KeyRing
	PublicURL *url.URL // where buyers, staff and webhooks reach the shop, without a path
	Capture   plugin.CaptureLevel
	// What the shop is.
	ShopName           string
	Zone               *time.Location
	Languages          []plugin.Language // those texts are kept in, the first in columns of its own
	Storefronts        []plugin.Storefront
	VariantsAsProducts bool // products have one variant each
}
