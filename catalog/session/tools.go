package session

import (
	"context"
	"time"

	"github.com/keybridge/keybridge/catalog/pictures"
	"github.com/keybridge/keybridge/catalog/store"
	"github.com/keybridge/keybridge/internal/calendar"
	"github.com/keybridge/keybridge/internal/safehtml"
	"github.com/keybridge/keybridge/plugin"
)

// Tools are what every part of the engine works with. Safe for concurrent use; they hold no state beside
// the tables.
type Tools struct {
	Deps     Deps
	Store    *store.Store
	Texts    *safehtml.Policy
	Pictures *pictures.Fetcher
	writers  writers
	Calendar *calendar.Calendar
}

// NewTools makes tools of the dependencies, with the defaults of Config filled in. It starts and asks nothing.
func NewTools(d Deps) *Tools {
	d.Config = d.Config.withDefaults()
	return &Tools{
		Deps: d, Store: store.New(d.DB, d.Config.Lease), Texts: safehtml.New(), Pictures: pictures.New(d.Config.Pictures),
		writers:  newWriters(d.DB.Stats().MaxOpenConnections),
		Calendar: calendar.New(calendar.Deps{DB: d.DB, Clock: d.Clock, Log: d.Log, Lease: d.Config.Lease}),
	}
}

// Now is the clock's moment, in UTC.
func (t *Tools) Now() time.Time { return t.Deps.Clock.Now().UTC() }

// Active reports whether the plugin is active in a shop.
func (t *Tools) Active(ctx context.Context, shop plugin.ShopID) bool {
	return t.Deps.Active == nil || t.Deps.Active(ctx, shop)
}
