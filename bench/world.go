package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jmoiron/sqlx"
	_ "github.com/lib/pq" // the driver the contract asks for

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/engine"
	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/localpg"
	"github.com/keybridge/keybridge/internal/secret"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/connector"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/migrations"
	"github.com/keybridge/keybridge/plugin"
)

// shopID is the reference shop's, so that either shop can stand in.
const shopID = demoshop.ShopID

// world is a CRM account, a shop and the engine between them, on the machine's clock.
type world struct {
	clock  clock.Clock
	pg     *localpg.Server
	db     *sqlx.DB
	sim    *simulator
	set    *settings.Store
	conn   plugin.ConnectionID
	engine *engine.Engine
}

// openWorld starts database and simulator. The database keeps what it commits, as a shop's does.
// shop makes the shop once the database is there.
func openWorld(ctx context.Context, offers int, shop func(context.Context, *sqlx.DB) (plugin.Shop, error)) (w *world, err error) {
	w = &world{clock: clock.System()}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if w.pg, err = localpg.Start(ctx, localpg.Config{}); err != nil {
		return nil, err
	}
	if w.db, err = sqlx.ConnectContext(ctx, "postgres", w.pg.DSN()); err != nil {
		return nil, err
	}
	if err := migrations.Apply(ctx, w.db); err != nil {
		return nil, err
	}
	if w.sim, err = startSim(offers); err != nil {
		return nil, err
	}
	s, err := shop(ctx, w.db)
	if err != nil {
		return nil, err
	}
	err = w.join(ctx, s)
	return w, err
}

// join connects the shop and the account: everything comes, and new goods are published.
func (w *world) join(ctx context.Context, shop plugin.Shop) error {
	box, err := secret.NewBox(plugin.KeyRing{Current: "a", Keys: map[string][]byte{"a": bytes.Repeat([]byte("k"), 32)}})
	if err != nil {
		return err
	}
	w.set = settings.NewStore(w.db, box, w.clock)
	c, err := w.set.Create(ctx, shopID, "keycrm", "KeyCRM", keycrmtest.DefaultKey, "account")
	if err != nil {
		return err
	}
	w.conn = c.ID
	if err := w.set.SetEnabled(ctx, w.conn, true); err != nil {
		return err
	}
	err = w.edit(ctx, func(s *settings.Catalog) {
		s.Products, s.Categories, s.New, s.Missing = true, true, settings.NewPublish, settings.MissingHide
	})
	if err != nil {
		return err
	}
	w.engine = engine.New(engine.Deps{
		DB: w.db, Clock: w.clock, Log: slog.New(slog.DiscardHandler), Connections: w.set, PluginID: "crm",
		Shop: func(context.Context, plugin.ShopID) (plugin.Shop, error) { return shop, nil },
		CRM:  func(context.Context, plugin.ConnectionID) (catalog.CRM, error) { return w.crm() },
	})
	return nil
}

func (w *world) edit(ctx context.Context, edit func(*settings.Catalog)) error {
	c, err := w.set.Get(ctx, w.conn)
	if err != nil {
		return err
	}
	edit(&c.Settings.Catalog)
	_, err = w.set.Save(ctx, w.conn, c.Version, c.Settings, true, plugin.Operator{ID: "1"})
	return err
}

// crm is the way to the CRM that the engine and the bare loop share.
func (w *world) crm() (catalog.CRM, error) {
	client, err := keycrm.New(w.sim.baseURL, keycrmtest.DefaultKey)
	if err != nil {
		return nil, err
	}
	return connector.New(client), nil
}

// full makes a run, slice after slice, as a worker does.
func (w *world) full(ctx context.Context, kind catalog.Kind) (catalog.Run, error) {
	id, err := w.engine.Start(ctx, w.conn, kind, "cli")
	if err != nil {
		return catalog.Run{}, err
	}
	return w.finish(ctx, id, catalog.Done)
}

// preview makes a run that stops with its plan made.
func (w *world) preview(ctx context.Context) (catalog.Run, error) {
	id, err := w.engine.Preview(ctx, w.conn, catalog.Full, "cli")
	if err != nil {
		return catalog.Run{}, err
	}
	return w.finish(ctx, id, catalog.Approval)
}

func (w *world) finish(ctx context.Context, id int64, want catalog.State) (catalog.Run, error) {
	for {
		if err := w.engine.Handle(ctx, id); err != nil {
			return catalog.Run{}, err
		}
		run, err := w.engine.Run(ctx, id)
		if err != nil {
			return run, err
		}
		switch {
		case run.State == want:
			return run, nil
		case run.State != catalog.Running && run.State != catalog.Queued:
			return run, fmt.Errorf("run %d is %s in %s: %s %v %v", id, run.State, run.Phase, run.Code, run.Params, run.Guards)
		}
	}
}

func (w *world) close() error {
	var errs []error
	if w.sim != nil {
		errs = append(errs, w.sim.stop())
	}
	if w.db != nil {
		errs = append(errs, w.db.Close())
	}
	if w.pg != nil {
		errs = append(errs, w.pg.Stop(context.Background()))
	}
	return errors.Join(errs...)
}
