package keybridge

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/admin/words"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/engine"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// Runs looks after synchronisations from beside the shop's process, for a command or a script of the
// operator's. It reads and writes rows and asks neither the CRM nor Redis; the workers of the shop
// take up what it starts and lets go on. Safe for concurrent use.
type Runs struct {
	engine   *engine.Engine
	settings *settings.Store
	words    *i18n.Words
}

// The kinds of runs that can be started.
const (
	FullRun  = catalog.Full
	PriceRun = catalog.Prices
)

// ErrNoKey: the settings name no key to match products by.
var ErrNoKey = catalog.ErrNoKey

// byCLI is who starts and approves here.
const byCLI = "cli"

// OpenRuns uses the database of a shop to which the plugin has been attached before. lang is a BCP 47
// tag; Ukrainian when there are no words in it. Errors: plugin.ErrUnsupported, plugin.ErrNotFound when
// the database knows no Keybridge.
func OpenRuns(ctx context.Context, db *sqlx.DB, clk plugin.Clock, lang string) (*Runs, error) {
	if err := probe(ctx, db); err != nil {
		return nil, err
	}
	there, err := hasTables(ctx, db)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, fmt.Errorf("this database has no tables of Keybridge: %w", plugin.ErrNotFound)
	}
	installs := &installations{db: db}
	if err := installs.refresh(ctx); err != nil {
		return nil, err
	}
	bundle, err := i18n.Load()
	if err != nil {
		return nil, err
	}
	r := &Runs{settings: settings.NewStore(db, nil, clk), words: bundle.For(lang)}
	r.engine = engine.New(engine.Deps{
		DB: db, Clock: clk, Log: slog.New(slog.DiscardHandler), Connections: r.settings, Active: installs.Runs,
	})
	return r, nil
}

// RunReport is a synchronisation, as it is and in words.
type RunReport struct {
	catalog.Run
	Words words.Run
}

func (r *Runs) report(run catalog.Run) RunReport {
	return RunReport{Run: run, Words: words.DescribeRun(r.words, run)}
}

// Connections lists those of all shops that are not deleted.
func (r *Runs) Connections(ctx context.Context) ([]settings.Connection, error) {
	return r.settings.All(ctx)
}

// List answers the latest runs of a connection, newest first.
func (r *Runs) List(ctx context.Context, id plugin.ConnectionID, limit int) ([]RunReport, error) {
	runs, err := r.engine.Runs(ctx, id, limit)
	if err != nil {
		return nil, err
	}
	out := make([]RunReport, len(runs))
	for i, run := range runs {
		out[i] = r.report(run)
	}
	return out, nil
}

// Get reads one run. Errors: plugin.ErrNotFound.
func (r *Runs) Get(ctx context.Context, run int64) (RunReport, error) {
	found, err := r.engine.Run(ctx, run)
	if err != nil {
		return RunReport{}, err
	}
	return r.report(found), nil
}

// Start asks for a run, or for a preview of it that writes nothing until it is approved. While a run
// of the connection is not over it answers that one's id and plugin.ErrConflict.
// Errors: plugin.ErrConflict, plugin.ErrRefused (switched off), plugin.ErrNotFound, plugin.ErrInvalid (an
// unknown kind).
func (r *Runs) Start(ctx context.Context, id plugin.ConnectionID, kind catalog.Kind, preview bool) (int64, error) {
	if kind != FullRun && kind != PriceRun {
		return 0, fmt.Errorf("start a run of kind %q: %w", kind, plugin.ErrInvalid)
	}
	if preview {
		return r.engine.Preview(ctx, id, kind, byCLI)
	}
	return r.engine.Start(ctx, id, kind, byCLI)
}

// Rematch asks for a preview of a full run that also matches linked products anew, by the key that is
// set now; links change only once it is approved. Errors: as Start's, and ErrNoKey.
func (r *Runs) Rematch(ctx context.Context, id plugin.ConnectionID) (int64, error) {
	return r.engine.Rematch(ctx, id, byCLI)
}

// Approve lets a run that waits for a decision write its plan and nothing else. Errors:
// plugin.ErrNotFound, plugin.ErrConflict (it does not wait, or the settings have changed since),
// plugin.ErrRefused (switched off).
func (r *Runs) Approve(ctx context.Context, run int64) error {
	return r.engine.Approve(ctx, run, byCLI)
}

// Cancel ends a run; what it has written stays. Errors: plugin.ErrNotFound.
func (r *Runs) Cancel(ctx context.Context, run int64) error { return r.engine.Cancel(ctx, run) }

// LeftAlone is something a run did not do.
type LeftAlone struct {
	catalog.Item
	Words string // why
}

// LeftAlone lists what a run left alone, oldest first, from behind the item with the id after.
func (r *Runs) LeftAlone(ctx context.Context, run, after int64, limit int) ([]LeftAlone, error) {
	items, err := r.engine.Items(ctx, run, after, limit)
	if err != nil {
		return nil, err
	}
	out := make([]LeftAlone, len(items))
	for i, item := range items {
		out[i] = LeftAlone{Item: item, Words: words.DescribeItem(r.words, item)}
	}
	return out, nil
}

// HeldStock is the stock that is held back of a connection: the CRM says there is none, of too many
// variants at once.
type HeldStock struct {
	catalog.HeldStock
	// Variants are those held back, at most as many as asked for.
	Variants []catalog.HeldVariant
	// Words say how much it is; empty: nothing is held back.
	Words string
}

// Held tells what is held back of a connection, with some of the variants.
func (r *Runs) Held(ctx context.Context, id plugin.ConnectionID, limit int) (HeldStock, error) {
	held, err := r.engine.Held(ctx, id)
	if err != nil {
		return HeldStock{}, err
	}
	out := HeldStock{HeldStock: held}
	if held.Count == 0 {
		return out, nil
	}
	out.Words = r.words.N("held.text", held.Count)
	out.Variants, err = r.engine.HeldVariants(ctx, id, "", limit)
	return out, err
}

// ConfirmHeld says that there really are none of what Held tells, up to the moment Until, and answers how
// many variants these are. A worker of the shop reads them once more and writes them.
func (r *Runs) ConfirmHeld(ctx context.Context, id plugin.ConnectionID, until time.Time) (int, error) {
	return r.engine.ConfirmHeld(ctx, id, until, byCLI)
}

// Planned is what a run means to do about one product.
type Planned struct {
	catalog.Intended
	Words words.Planned
}

// Plan lists what a run that is not over means to do, from behind the CRM's product after.
func (r *Runs) Plan(ctx context.Context, run int64, after string, limit int) ([]Planned, error) {
	plan, err := r.engine.Plan(ctx, run, after, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Planned, len(plan))
	for i, p := range plan {
		out[i] = Planned{Intended: p, Words: words.DescribePlanned(r.words, p)}
	}
	return out, nil
}
