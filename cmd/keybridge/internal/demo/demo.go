package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/keybridge/keybridge/plugin"
)

// Run runs the demo until ctx ends.
func Run(ctx context.Context, cfg Config) error {
	d, err := start(ctx, cfg)
	if err != nil {
		return friendly(err)
	}
	defer d.stop()
	if cfg.Role == plugin.RoleWorker {
		fmt.Fprintf(cfg.Out, "Working for %s. Ctrl-C stops.\n", d.state.ShopURL)
		<-ctx.Done()
		return nil
	}
	if !cfg.Blank {
		if err := d.connect(ctx); err != nil {
			return friendly(err)
		}
	}
	d.printGuide()
	<-ctx.Done()
	fmt.Fprintln(cfg.Out, "\nStopping …")
	return nil
}

// demo is a running demo.
type demo struct {
	cfg      Config
	state    *state
	services *services
	shop     *shop
	log      *os.File
}

// start starts everything in order; a failure ends what was started already.
func start(ctx context.Context, cfg Config) (_ *demo, err error) {
	d := &demo{cfg: cfg}
	defer func() {
		if err != nil {
			d.stop()
		}
	}()
	if err := os.MkdirAll(cfg.Dir, 0o755); err != nil { // the database's own account passes through
		return nil, fmt.Errorf("make the demo's folder: %w", err)
	}
	say := func(sentence string) { fmt.Fprintln(cfg.Out, sentence) }
	d.services = &services{}
	// Postgres first: it holds the folder, so that nothing of a running demo is touched.
	if err := d.services.startPostgres(ctx, cfg, say); err != nil {
		return nil, err
	}
	if err := d.openState(); err != nil {
		return nil, err
	}
	if err := d.services.startRest(ctx, cfg); err != nil {
		return nil, err
	}
	if cfg.CRMURL != "" || cfg.Key != "" {
		d.state.CRMURL = cfg.CRMURL // empty: KeyCRM's own
	}
	if d.services.sim != nil {
		d.state.CRMURL = d.services.sim.BaseURL()
	}
	log := slog.New(slog.NewJSONHandler(d.log, nil))
	if d.shop, err = startShop(ctx, cfg, d.state, d.services, log); err != nil {
		return nil, err
	}
	d.state.ShopURL, d.state.Database = d.shop.url, d.services.dsn
	return d, d.state.save(cfg.Dir)
}

func (d *demo) stop() {
	if d.shop != nil {
		d.shop.stop()
	}
	if d.services != nil {
		d.services.stop()
	}
	if d.log != nil {
		_ = d.log.Close()
	}
}

// openState forgets an earlier demo if told to, and reads what the folder keeps.
func (d *demo) openState() error {
	if d.cfg.Fresh {
		if err := forget(d.cfg.Dir); err != nil {
			return err
		}
	}
	var err error
	if d.state, err = loadState(d.cfg.Dir); err != nil {
		return err
	}
	if d.cfg.Role == plugin.RoleWorker && d.state.ShopURL == "" {
		return errors.New("start the demo with --role web first, with the same --dir: the worker reads its addresses and keys there")
	}
	name := "keybridge.log"
	if d.cfg.Role == plugin.RoleWorker {
		name = "worker.log"
	}
	d.log, err = os.OpenFile(filepath.Join(d.cfg.Dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the demo's log: %w", err)
	}
	return nil
}

// forget removes what earlier demos kept in dir, and nothing else; the launcher of Postgres forgets
// its own folder.
func forget(dir string) error {
	for _, name := range []string{"keycrm.journal", stateFile, "keybridge.log", "worker.log"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("forget the earlier demo: %w", err)
		}
	}
	return nil
}
