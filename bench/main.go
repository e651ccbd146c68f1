package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strings"
)

// errMissed tells that all was measured and some figure is not what it should be.
var errMissed = errors.New("a figure misses its goal")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, errMissed):
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string, out, notes io.Writer) error {
	if len(args) > 0 {
		if child, ok := children()[args[0]]; ok {
			return child(ctx, args[1:], os.Stdin, out)
		}
	}
	b := &bench{out: out, notes: notes}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(notes)
	only := f.String("only", "", "measure these alone: "+strings.Join(groupNames(), ","))
	f.IntVar(&b.rounds, "rounds", 3, "how often each ratio is measured; the median counts")
	f.IntVar(&b.offers, "offers", 100_000, "offers of the catalog that is synchronised without a limit")
	f.IntVar(&b.small, "small", 10_000, "offers of the smaller catalog whose memory is compared")
	f.StringVar(&b.pace, "pace", "bin/pace.test", "the tests of the module's root, compiled")
	f.StringVar(&b.decode, "decode", "bin/decode.test", "the tests of the client, compiled")
	f.IntVar(&b.large, "large", 1_000_000, "offers of the larger one")
	profile := f.String("profile", "", "write a CPU profile of this process to the file")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *profile != "" {
		file, err := os.Create(*profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	for _, g := range groups() {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), g.name) {
			continue
		}
		if err := g.measure(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	if b.missed {
		return errMissed
	}
	return nil
}

// group is what is measured together.
type group struct {
	name    string
	measure func(*bench, context.Context) error
}

func groups() []group {
	return []group{
		{"requests", (*bench).measureRequests},
		{"pace", (*bench).measurePace},
		{"decode", (*bench).measureDecode},
		{"speed", (*bench).measureSpeed},
		{"memory", (*bench).measureMemory},
	}
}

func groupNames() []string {
	var names []string
	for _, g := range groups() {
		names = append(names, g.name)
	}
	return names
}

// child is what this program does in a process of its own.
type child func(ctx context.Context, args []string, in io.Reader, out io.Writer) error

func children() map[string]child {
	return map[string]child{childSim: serveSim, childMemory: runForMemory}
}
