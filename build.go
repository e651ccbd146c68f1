package keybridge

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/admin"
	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/words"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/engine"
	"github.com/keybridge/keybridge/catalog/pictures"
	"github.com/keybridge/keybridge/hooks"
	"github.com/keybridge/keybridge/internal/budget"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

// buildEngines joins catalog, orders and hooks with the host and the CRM.
func (k *Keybridge) buildEngines(o options) {
	db, clk := k.host.DB(), k.host.Clock()
	t := o.timings
	k.catalog = engine.New(engine.Deps{
		DB: db, Clock: clk, Log: k.log, Connections: k.settings, Shop: k.host.Shop,
		CRM: func(ctx context.Context, id plugin.ConnectionID) (catalog.CRM, error) {
			return k.accounts.open(ctx, id, budget.Background)
		},
		Urgent: func(ctx context.Context, id plugin.ConnectionID) (catalog.CRM, error) {
			return k.accounts.open(ctx, id, budget.Statuses)
		},
		PluginID: k.manifest.ID, Active: k.installs.Runs, Notify: k.tellWaits, NotifyHeld: k.tellHeld,
		Uncounted: func(ctx context.Context, id plugin.ConnectionID, variants []plugin.VariantID, at time.Time) (map[plugin.VariantID]decimal.Decimal, error) {
			return k.exporter.Uncounted(ctx, id, variants, at)
		},
		Config: engine.Config{Lease: t.Lease, HandOver: t.RequeueAfter, Pictures: pictures.Config{AllowLoopback: o.localPictures}},
	})
	k.exporter = orders.New(orders.Deps{
		DB: db, Clock: clk, Log: k.log, Connections: k.settings, Shop: k.host.Shop,
		Sink: func(ctx context.Context, id plugin.ConnectionID) (orders.Sink, error) {
			return k.accounts.open(ctx, id, budget.Orders)
		},
		Noticed: func(ctx context.Context, id plugin.ConnectionID, t settings.Target, crmID string) {
			k.hooks.Inbox().Look(ctx, id, t, crmID)
		},
		PluginID: k.manifest.ID, Active: k.installs.Active,
		Config: orders.Config{
			Lease: t.Lease, RequeueAfter: t.RequeueAfter, Request: t.Request, ResendAfter: t.ResendAfter, LookupGap: t.LookupGap,
		},
	})
	k.hooks = hooks.New(hooks.Deps{
		DB: db, Clock: clk, Log: k.log, Links: k.settings, Connections: k.settings, Orders: k.exporter,
		Stocks: k.catalog.StockCalls(),
		Shop:   k.host.Shop,
		Reader: func(ctx context.Context, id plugin.ConnectionID) (hooks.Reader, error) {
			return k.accounts.open(ctx, id, budget.Statuses)
		},
		PluginID: k.manifest.ID, CRMName: k.manifest.Name, Active: k.installs.Active,
		Config: hooks.Config{Lease: t.Lease, RequeueAfter: t.RequeueAfter, Request: t.Request},
	})
}

// buildPages joins the merchant's page with everything it shows.
func (k *Keybridge) buildPages() error {
	var err error
	k.admin, err = admin.New(admin.Deps{
		Host: k.host, Settings: k.settings, Active: k.installs.Active,
		CRM: crmKeyCRM, Name: k.manifest.Name,
		Open: func(ctx context.Context, id plugin.ConnectionID) (service.Directory, error) {
			return k.accounts.open(ctx, id, budget.Clicks)
		},
		OpenKey: func(key string) (service.Directory, error) {
			return k.accounts.openKey(key, budget.Clicks)
		},
		Runs: k.catalog, Products: k.catalog, Journal: k.exporter,
		Webhooks: webhookLog{k.hooks.Inbox(), k.catalog.StockCalls()},
		Health:   k.Health,
		Usage: func(ctx context.Context, id plugin.ConnectionID) (budget.Usage, error) {
			u, err := k.accounts.usage(ctx, id)
			if k.raised {
				u.Usual = crmLimit
			}
			return u, err
		},
		Queues: k.queues,
	})
	return err
}

// tellWaits leaves a message that a synchronisation waits for the merchant.
func (k *Keybridge) tellWaits(ctx context.Context, n catalog.ApprovalRequest) error {
	w, err := k.admin.WordsOf(ctx, n.Shop)
	if err != nil {
		return err
	}
	return k.host.Notify(ctx, words.WaitsMessage(w, n))
}

// tellHeld leaves a message that stock is held back.
func (k *Keybridge) tellHeld(ctx context.Context, n catalog.HeldNotice) error {
	w, err := k.admin.WordsOf(ctx, n.Shop)
	if err != nil {
		return err
	}
	return k.host.Notify(ctx, words.HeldMessage(w, n))
}

// queues are the workers' queues in the page's words. The figures know no time limit, so Redis is
// asked first whether it is there.
func (k *Keybridge) queues(ctx context.Context) ([]service.Queue, error) {
	s := k.shared.Load()
	if s == nil {
		return nil, budget.ErrNoRedis
	}
	if err := s.budget.Ping(ctx); err != nil {
		return nil, err
	}
	figures, err := s.queue.Figures()
	var out []service.Queue
	for _, f := range figures {
		out = append(out, service.Queue{
			Name: string(f.Lane), Waiting: f.Waiting, Running: f.Running, Later: f.Later, Dead: f.Dead, Oldest: f.Oldest,
		})
	}
	return out, err
}
