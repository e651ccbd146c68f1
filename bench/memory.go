package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/demoshop"
	"github.com/keybridge/keybridge/internal/localproc"
	"github.com/keybridge/keybridge/plugin"
)

const childMemory = "run-for-memory"

// measureMemory compares the peak of the heap in two processes of their own.
func (b *bench) measureMemory(ctx context.Context) error {
	small, err := b.peak(ctx, b.small)
	if err != nil {
		return err
	}
	large, err := b.peak(ctx, b.large)
	if err != nil {
		return err
	}
	b.figure("heap-growth-mb", (large-small)/(1<<20), 32)
	return nil
}

// peak is the most bytes of heap in use in a process that synchronises so many offers.
func (b *bench) peak(ctx context.Context, offers int) (float64, error) {
	cmd, err := self(childMemory, "-offers", strconv.Itoa(offers))
	if err != nil {
		return 0, err
	}
	var out strings.Builder
	cmd.Stdout = &out
	proc, err := localproc.Start(cmd, localproc.Options{DeathSignal: syscall.SIGTERM})
	if err != nil {
		return 0, err
	}
	start := clock.System().Now()
	select {
	case <-proc.Done():
	case <-ctx.Done():
		return 0, errors.Join(ctx.Err(), proc.Stop(context.WithoutCancel(ctx), localproc.Step{Signal: syscall.SIGTERM, Wait: 10 * time.Second}))
	}
	if err := proc.Wait(); err != nil {
		return 0, fmt.Errorf("%d offers: %w", offers, err)
	}
	bytes, err := strconv.ParseFloat(strings.TrimSpace(out.String()), 64)
	b.note("%d offers: peak %.1f MB after %.0f s", offers, bytes/(1<<20), clock.System().Now().Sub(start).Seconds())
	return bytes, err
}

// runForMemory makes a first run and one that finds nothing changed, with the reference shop, whose
// goods lie in the database and not in this process, and prints the peak of the heap in use.
func runForMemory(ctx context.Context, args []string, _ io.Reader, out io.Writer) (err error) {
	f := flag.NewFlagSet(childMemory, flag.ContinueOnError)
	offers := f.Int("offers", 0, "")
	if err := f.Parse(args); err != nil {
		return err
	}
	debug.SetGCPercent(100)
	w, err := openWorld(ctx, *offers, openDemoShop)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	runtime.GC()
	stop := watchHeap()
	for range 2 {
		if _, err := w.full(ctx, catalog.Full); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, stop())
	return nil
}

// openDemoShop is the reference shop without its pictures.
func openDemoShop(ctx context.Context, db *sqlx.DB) (plugin.Shop, error) {
	engine, err := demoshop.Open(ctx, demoshop.Config{
		DB: db, Clock: clock.System(), PublicURL: &url.URL{Scheme: "http", Host: "127.0.0.1:1"},
	})
	if err != nil {
		return nil, err
	}
	shop, err := engine.Shop(ctx, demoshop.ShopID)
	return withoutPictures{shop}, err
}

type withoutPictures struct{ plugin.Shop }

func (s withoutPictures) Capabilities() plugin.Capabilities {
	var out plugin.Capabilities
	for _, c := range s.Shop.Capabilities() {
		if c != plugin.CapImages {
			out = append(out, c)
		}
	}
	return out
}

// watchHeap looks at the heap every five milliseconds until the answered function is called, which
// answers the most bytes it has seen in use: what runtime.MemStats calls HeapInuse.
func watchHeap() (stop func() uint64) {
	tick, done, peak := clock.System().NewTicker(5*time.Millisecond), make(chan struct{}), make(chan uint64)
	go func() {
		most := uint64(0)
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}}
		for {
			metrics.Read(s)
			most = max(most, s[0].Value.Uint64()+s[1].Value.Uint64())
			select {
			case <-tick.C:
			case <-done:
				peak <- most
				return
			}
		}
	}()
	return func() uint64 {
		tick.Stop()
		close(done)
		return <-peak
	}
}
