package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

func simCommand() *cobra.Command {
	var (
		addr             string
		seed             int64
		products, offers int
		limit            int
		key, path        string
		strict           bool
		history          int
		lag              time.Duration
		otherwise        string
	)
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Run the simulated KeyCRM alone",
		Long: `Runs the simulated KeyCRM: its API under /v1 and a page for people at /. For the tests of a
shop engine, or to look at what KeyCRM answers. It listens on loopback only. docs/simulator.md tells more.`,
		Example: `  keybridge sim
  keybridge sim --addr 127.0.0.1:0 --products 200 --offers 400 --limit 0 --strict
  keybridge sim --offers 1000000 --products 300000
  keybridge sim --history 300 --keep account.journal`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if key == "" {
				return errors.New("--key must not be empty: the simulator would ask for none")
			}
			if min(products, offers, limit, history) < 0 || lag < 0 {
				return errors.New("--products, --offers, --limit, --history and --lag must not be negative")
			}
			guesses, err := guessesNamed(otherwise)
			if err != nil {
				return err
			}
			opts := []keycrmtest.Option{
				keycrmtest.WithSeed(seed), keycrmtest.WithCatalog(products, offers),
				keycrmtest.WithLimit(limit), keycrmtest.WithKey(key), keycrmtest.WithHistory(history),
				keycrmtest.WithWriteDelay(lag), keycrmtest.WithVisibilityDelay(lag), keycrmtest.WithOtherwise(guesses...),
			}
			if path != "" {
				opts = append(opts, keycrmtest.WithPersistence(path))
			}
			if strict {
				opts = append(opts, keycrmtest.WithStrict())
			}
			sim, err := keycrmtest.StartServer(addr, opts...)
			if err != nil {
				return fmt.Errorf("start the simulator at %s: %w", addr, err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Simulated KeyCRM\n  page   %s/\n  API    %s\n  key    %s\nCtrl-C stops it.\n",
				sim.URL(), sim.BaseURL(), sim.Key())
			<-cmd.Context().Done()
			return sim.Close()
		},
	}
	f := cmd.Flags()
	f.StringVar(&addr, "addr", "127.0.0.1:8090", "loopback address to listen at; port 0 takes a free one")
	f.Int64Var(&seed, "seed", 1, "which invented catalog")
	f.IntVar(&products, "products", 1260, "number of products")
	f.IntVar(&offers, "offers", 2400, "number of offers; every product has one at least")
	f.IntVar(&limit, "limit", 60, "requests a minute that a key may make; 0: no limit")
	f.StringVar(&key, "key", keycrmtest.DefaultKey, "the API key it accepts")
	f.IntVar(&history, "history", 0, "number of past orders of a new account, with a third as many cards")
	f.DurationVar(&lag, "lag", 0, "how long new orders and cards are missing from lists, and accepted (202) writes take")
	f.StringVar(&path, "keep", "", "file that keeps changes between starts, for one seed and size; empty: nothing is kept")
	f.BoolVar(&strict, "strict", false, "show every field that is sent and KeyCRM does not document under /requests")
	f.StringVar(&otherwise, "otherwise", "", "guesses about KeyCRM to turn round, with commas between: "+guessNames())
	return cmd
}

func guessNames() string {
	var names []string
	for _, g := range keycrmtest.Guesses() {
		names = append(names, string(g))
	}
	return strings.Join(names, ", ")
}

// guessesNamed reads --otherwise.
func guessesNamed(list string) ([]keycrmtest.Guess, error) {
	var out []keycrmtest.Guess
	for name := range strings.SplitSeq(list, ",") {
		g := keycrmtest.Guess(strings.TrimSpace(name))
		switch {
		case g == "":
		case slices.Contains(keycrmtest.Guesses(), g):
			out = append(out, g)
		default:
			return nil, fmt.Errorf("--otherwise: no guess is called %q; there are %s", g, guessNames())
		}
	}
	return out, nil
}
