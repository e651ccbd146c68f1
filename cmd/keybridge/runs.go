package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"github.com/jmoiron/sqlx"
	_ "github.com/lib/pq" // the driver the contract asks for
	"github.com/spf13/cobra"

	"github.com/keybridge/keybridge"
	"github.com/keybridge/keybridge/cmd/keybridge/internal/demo"
	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/plugin"
)

// runsAt says which database the subcommands of runs look into, and in which language they speak of it.
type runsAt struct{ dir, lang string }

func runsCommand() *cobra.Command {
	at := &runsAt{}
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "Look after synchronisations: list, show, start, approve, cancel, held",
		Long: `Looks after the synchronisations of a shop in its database; the shop's own workers do the work.

The database is the one of DATABASE_URL, or of the demo kept in the folder of --dir.`,
		Args: cobra.NoArgs,
	}
	cmd.PersistentFlags().StringVar(&at.dir, "dir", ".demo", "folder of the demo, used without DATABASE_URL")
	cmd.PersistentFlags().StringVar(&at.lang, "lang", "en", "language of what is told of runs: en or uk")
	cmd.AddCommand(at.list(), at.show(), at.start(), at.approve(), at.cancel(), at.held())
	return cmd
}

// open reaches the database. The caller calls done.
func (at *runsAt) open(ctx context.Context) (runs *keybridge.Runs, done func(), err error) {
	dsn := os.Getenv("DATABASE_URL")
	if dsn == "" {
		if dsn, err = demo.Database(at.dir); err != nil {
			return nil, nil, err
		}
	}
	if dsn == "" {
		return nil, nil, fmt.Errorf("no demo is kept in %s: start one, name its folder in --dir, or set DATABASE_URL to the shop's database", at.dir)
	}
	db, err := sqlx.ConnectContext(ctx, "postgres", dsn)
	if err != nil {
		return nil, nil, fmt.Errorf("reach the database (is the demo running, or DATABASE_URL right?): %w", err)
	}
	runs, err = keybridge.OpenRuns(ctx, db, clock.System(), at.lang)
	if err != nil {
		_ = db.Close()
		return nil, nil, err
	}
	return runs, func() { _ = db.Close() }, nil
}

// on makes a command's RunE of a function that needs the database.
func (at *runsAt) on(f func(ctx context.Context, r *keybridge.Runs, out io.Writer, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		r, done, err := at.open(cmd.Context())
		if err != nil {
			return err
		}
		defer done()
		return f(cmd.Context(), r, cmd.OutOrStdout(), args)
	}
}

func (at *runsAt) list() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "list [connection]", Short: "List connections and their latest runs", Args: cobra.MaximumNArgs(1),
		RunE: at.on(func(ctx context.Context, r *keybridge.Runs, out io.Writer, args []string) error {
			return listRuns(ctx, r, out, only(args), limit)
		}),
	}
	cmd.Flags().IntVar(&limit, "limit", 10, "how many runs of each connection")
	return cmd
}

func (at *runsAt) show() *cobra.Command {
	var plan bool
	cmd := &cobra.Command{
		Use: "show run", Short: "Show a run: what it did, what it left alone and why", Args: cobra.ExactArgs(1),
		RunE: at.on(func(ctx context.Context, r *keybridge.Runs, out io.Writer, args []string) error {
			id, err := runID(args[0])
			if err != nil {
				return err
			}
			if plan {
				return showPlan(ctx, r, out, id)
			}
			return showRun(ctx, r, out, id)
		}),
	}
	cmd.Flags().BoolVar(&plan, "plan", false, "list all that a run waiting for a decision would change")
	return cmd
}

func (at *runsAt) start() *cobra.Command {
	var ask asked
	var detach bool
	cmd := &cobra.Command{
		Use: "start [connection]", Short: "Start a run and watch it", Args: cobra.MaximumNArgs(1),
		Long: `Starts a run and watches it to its end. Ctrl-C ends the watching, not the run. The exit status is 0
when the run ended well or a preview is ready, else 1.`,
		Example: `  keybridge runs start
  keybridge runs start --prices
  keybridge runs start --preview      what would change, written only once approved
  keybridge runs start --rematch      the same, with linked products matched anew by the key that is set now`,
		RunE: at.on(func(ctx context.Context, r *keybridge.Runs, out io.Writer, args []string) error {
			conn, err := oneConnection(ctx, r, only(args))
			if err != nil {
				return err
			}
			id, err := startRun(ctx, r, conn, ask)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "Run %d of %s is asked for.\n", id, conn)
			if detach {
				return nil
			}
			return watch(ctx, r, out, id)
		}),
	}
	cmd.Flags().BoolVar(&ask.prices, "prices", false, "bring prices and stock only")
	cmd.Flags().BoolVar(&ask.preview, "preview", false, "plan everything and write nothing until it is approved")
	cmd.Flags().BoolVar(&ask.rematch, "rematch", false, "preview a run of everything that also matches linked products anew")
	cmd.MarkFlagsMutuallyExclusive("prices", "rematch")
	cmd.Flags().BoolVar(&detach, "detach", false, "do not watch")
	return cmd
}

func (at *runsAt) approve() *cobra.Command {
	var detach bool
	cmd := &cobra.Command{
		Use: "approve run", Short: "Let a run that waits for a decision write its plan", Args: cobra.ExactArgs(1),
		Long: `Lets a run write exactly what it has planned, and watches it. A product that has changed on either
side since is left alone and listed.`,
		RunE: at.on(func(ctx context.Context, r *keybridge.Runs, out io.Writer, args []string) error {
			id, err := runID(args[0])
			if err != nil {
				return err
			}
			if err := approve(ctx, r, id); err != nil {
				return err
			}
			fmt.Fprintf(out, "Run %d may write its plan.\n", id)
			if detach {
				return nil
			}
			return watch(ctx, r, out, id)
		}),
	}
	cmd.Flags().BoolVar(&detach, "detach", false, "do not watch")
	return cmd
}

func approve(ctx context.Context, r *keybridge.Runs, id int64) error {
	err := r.Approve(ctx, id)
	switch {
	case errors.Is(err, plugin.ErrConflict):
		return fmt.Errorf("run %d does not wait for a decision, or the settings are others than it planned with: keybridge runs show %d", id, id)
	case errors.Is(err, plugin.ErrRefused):
		return errors.New("the connection, or what the run would bring, is switched off on the integrations page")
	}
	return err
}

func (at *runsAt) cancel() *cobra.Command {
	return &cobra.Command{
		Use: "cancel run", Short: "End a run; what it has written stays", Args: cobra.ExactArgs(1),
		RunE: at.on(func(ctx context.Context, r *keybridge.Runs, out io.Writer, args []string) error {
			id, err := runID(args[0])
			if err != nil {
				return err
			}
			if err := r.Cancel(ctx, id); err != nil {
				return err
			}
			run, err := r.Get(ctx, id)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "Run %d: %s.\n", id, run.Words.State)
			return nil
		}),
	}
}

func only(args []string) plugin.ConnectionID {
	if len(args) == 0 {
		return ""
	}
	return plugin.ConnectionID(args[0])
}

func runID(arg string) (int64, error) {
	id, err := strconv.ParseInt(arg, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no number of a run; keybridge runs list shows them", arg)
	}
	return id, nil
}

// oneConnection is the wanted one or, without a wish, the only one there is.
func oneConnection(ctx context.Context, r *keybridge.Runs, want plugin.ConnectionID) (plugin.ConnectionID, error) {
	if want != "" {
		return want, nil
	}
	all, err := r.Connections(ctx)
	switch {
	case err != nil:
		return "", err
	case len(all) == 0:
		return "", errors.New("the shop has no connection yet: make one on its integrations page")
	case len(all) > 1:
		return "", errors.New("there are several connections; name one: keybridge runs list shows them")
	}
	return all[0].ID, nil
}

// asked is what kind of a run is wanted.
type asked struct{ prices, preview, rematch bool }

func (a asked) of(ctx context.Context, r *keybridge.Runs, conn plugin.ConnectionID) (int64, error) {
	switch {
	case a.rematch:
		return r.Rematch(ctx, conn)
	case a.prices:
		return r.Start(ctx, conn, keybridge.PriceRun, a.preview)
	}
	return r.Start(ctx, conn, keybridge.FullRun, a.preview)
}

func startRun(ctx context.Context, r *keybridge.Runs, conn plugin.ConnectionID, ask asked) (int64, error) {
	id, err := ask.of(ctx, r, conn)
	switch {
	case errors.Is(err, keybridge.ErrNoKey):
		return 0, fmt.Errorf("connection %s brings new products only («Не оновлювати»), so there is no key to match by: choose one on the integrations page", conn)
	case errors.Is(err, plugin.ErrConflict):
		return 0, fmt.Errorf("run %d of %s is not over yet: keybridge runs show %d", id, conn, id)
	case errors.Is(err, plugin.ErrRefused):
		return 0, fmt.Errorf("connection %s, or what the run would bring, is switched off on the integrations page", conn)
	case errors.Is(err, plugin.ErrNotFound) && isKind(string(conn)):
		return 0, fmt.Errorf("nothing was started: there is no connection %s; the kind of a run is an option, see keybridge runs start --help", conn)
	case errors.Is(err, plugin.ErrNotFound):
		return 0, fmt.Errorf("there is no connection %s; keybridge runs list shows them", conn)
	}
	return id, err
}

// isKind: somebody typed what kind of a run is wanted where the connection goes.
func isKind(arg string) bool {
	return slices.Contains([]string{"full", "prices", "preview", "rematch"}, arg)
}
