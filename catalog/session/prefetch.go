package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/contain"
)

const (
	// MaxAhead is how many pages of the CRM may be in hand that are not stored yet, and are stored
	// together.
	MaxAhead = 16
	// OneAhead is for batches read from our own store: one is made ready while the one before is stored.
	OneAhead = 1
	// batchWait is how long a page waits for company. A CRM that lets a page a second through has each
	// stored by itself.
	batchWait = 100 * time.Millisecond
)

// PageKey names a page of a list.
type PageKey struct {
	Phase catalog.Phase
	Codes string // that are asked for, joined; empty: the whole list
	Page  string
}

// PageBatch is some pages of a list that follow one another, as NextPages answers them.
type PageBatch[T any] struct {
	Rows []T
	// Total and Next are those of the last page.
	Total int
	Next  string
	// Asked is when the first page was asked for.
	Asked time.Time
	Count int // of pages
	// First: reading has just begun. What is read first is stored for good at once, so that the run gets
	// on however often the database crashes.
	First bool
}

// prefetcher fetches pages of a list while earlier ones are stored: one at a time, and no more than depth in
// advance of what is stored. Should the run go on elsewhere than at the page behind, what was fetched
// is dropped.
type prefetcher struct {
	next   PageKey // the one that comes out next
	depth  int
	most   int // how many may come out together: one at first, then more and more, up to depth
	cancel context.CancelFunc
	pages  chan fetched
	over   chan struct{}
}

// fetched is a page as it was answered.
type fetched struct {
	page  any // a Page of what the list is of
	asked time.Time
	err   error
	last  bool // nothing more will come
}

// errReadingEnded means that whoever fetched ended without an answer, though nobody told it to.
var errReadingEnded = errors.New("reading ahead ended without an answer")

// NextPages answers the page that key names together with those behind it that come at once, depth at most, and goes on
// fetching (prefetch). fetch is called beside the steps of w and must not use what they change. An error of fetch is
// answered once what was read before it is stored; the page is asked for again then.
func NextPages[T any](ctx context.Context, w *Session, key PageKey, depth int, fetch func(ctx context.Context, page string) (catalog.Page[T], error)) (PageBatch[T], error) {
	if w.prefetch == nil || w.prefetch.next != key {
		w.stopPrefetch()
		startPrefetch(ctx, w, key, depth, fetch)
	}
	most := w.prefetch.most
	w.prefetch.most = min(2*most, w.prefetch.depth)
	f, ok := <-w.prefetch.pages
	out := PageBatch[T]{First: most == 1, Asked: f.asked}
	for wait := time.NewTimer(batchWait); ok; {
		if f.err != nil {
			w.stopPrefetch()
			if out.Count > 0 { // what is good is stored first; then the page is asked for again
				return out, nil
			}
			return out, f.err
		}
		page, _ := f.page.(catalog.Page[T])
		out.Rows, out.Total, out.Next = append(out.Rows, page.Rows...), page.Total, page.Next
		out.Count++
		if f.last {
			w.stopPrefetch()
			return out, nil
		}
		w.prefetch.next.Page = page.Next
		if out.Count == most {
			return out, nil
		}
		select {
		case f, ok = <-w.prefetch.pages:
		case <-wait.C:
			return out, nil
		}
	}
	if out.Count > 0 {
		return out, nil
	}
	w.stopPrefetch()
	if err := context.Cause(ctx); err != nil { // the slice is to end, and its answer may have found no taker
		return out, err
	}
	return out, errReadingEnded
}

// startPrefetch begins to fetch at a page, until the list or the slice ends.
func startPrefetch[T any](ctx context.Context, w *Session, key PageKey, depth int, fetch func(ctx context.Context, page string) (catalog.Page[T], error)) {
	ctx, cancel := context.WithCancel(ctx)
	// One page more is held by the goroutine that fetches.
	a := &prefetcher{next: key, depth: depth, most: 1, cancel: cancel, pages: make(chan fetched, depth-1), over: make(chan struct{})}
	w.prefetch = a
	e, until := w.Tools, w.until
	go func() {
		defer close(a.over)
		defer close(a.pages)
		err := contain.Do(func() error {
			for at := key.Page; ; {
				f := fetched{asked: e.Now()}
				page, err := fetch(ctx, at)
				f.page, f.err = page, err
				f.last = err != nil || page.Next == "" || !e.Now().Before(until)
				if !a.send(ctx, f) || f.last {
					return nil
				}
				at = page.Next
			}
		})
		if contain.Log(e.Deps.Log, err, "reading ahead panicked") {
			a.send(ctx, fetched{err: fmt.Errorf("page %q: %w", key.Page, err), last: true})
		}
	}()
}

func (a *prefetcher) send(ctx context.Context, f fetched) bool {
	select {
	case a.pages <- f:
		return true
	case <-ctx.Done():
		return false
	}
}

// stopPrefetch ends what is being fetched and waits until it is over.
func (w *Session) stopPrefetch() {
	if a := w.prefetch; a != nil {
		w.prefetch = nil
		a.cancel()
		<-a.over
	}
}

// hasPrefetched reports whether pages of the CRM were fetched that are not stored yet. They cost requests, so they
// are stored though the slice is over; what comes from our own store is dropped.
func (w *Session) hasPrefetched() bool { return w.prefetch != nil && w.prefetch.depth > OneAhead }
