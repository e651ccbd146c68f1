package keycrmtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// maxAttempts is how often KeyCRM tries a webhook.
const maxAttempts = 3

// parallelDeliveries is how many webhooks are on their way at once.
const parallelDeliveries = 16

// sender delivers webhooks off the requests that cause them: each on its own, so that a slow receiver holds nobody up
// and no order is promised. With manual webhooks they go one after another, oldest first.
type sender struct {
	s      *Server
	client *http.Client
	signal chan struct{}
	slots  chan struct{}
	ctx    context.Context //nolint:containedctx // the life of the goroutines, ended by stop
	cancel context.CancelFunc
	done   chan struct{}
	once   sync.Once
	round  sync.Mutex // one call of pass at a time

	flying map[int64]bool // deliveries on their way, guarded by s.mu
	landed *sync.Cond     // some are not any more
}

func newSender(s *Server) *sender {
	d := &sender{
		s: s, client: s.cfg.webhookClient, signal: make(chan struct{}, 1), slots: make(chan struct{}, parallelDeliveries),
		done: make(chan struct{}), flying: map[int64]bool{}, landed: sync.NewCond(&s.mu),
	}
	if d.client == nil {
		d.client = &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}}
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	if s.cfg.manualWebhooks {
		close(d.done)
		return d
	}
	go d.run()
	d.wake()
	return d
}

func (d *sender) wake() {
	select {
	case d.signal <- struct{}{}:
	default:
	}
}

func (d *sender) stop() {
	d.once.Do(d.cancel)
	<-d.done
	d.settle()
}

// settle waits until nothing is on its way.
func (d *sender) settle() {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	for len(d.flying) > 0 {
		d.landed.Wait()
	}
}

func (d *sender) run() {
	defer close(d.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		for _, batch := range d.take(false) {
			go d.deliver(d.ctx, batch)
		}
		if d.waiting() {
			timer.Reset(d.s.cfg.retryDelay)
		} else {
			timer.Reset(time.Hour)
		}
		select {
		case <-d.ctx.Done():
			return
		case <-d.signal:
		case <-timer.C:
		}
	}
}

// pass tries every delivery that is left once, one after another; true when some must be tried again.
func (d *sender) pass(ctx context.Context) bool {
	d.round.Lock()
	defer d.round.Unlock()
	for _, batch := range d.take(true) {
		d.deliver(ctx, batch)
	}
	d.settle()
	return d.waiting()
}

// deliver sends a batch in its order.
func (d *sender) deliver(ctx context.Context, batch []Delivery) {
	defer d.land(batch)
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	case <-ctx.Done():
		return
	}
	for _, del := range batch {
		if ctx.Err() != nil {
			return
		}
		d.attempt(ctx, del)
	}
}

func (d *sender) land(batch []Delivery) {
	d.s.mu.Lock()
	for _, del := range batch {
		delete(d.flying, del.ID)
	}
	d.landed.Broadcast()
	d.s.mu.Unlock()
	d.wake()
}

func (d *sender) waiting() bool {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	for _, row := range d.s.db.deliveries.rows {
		if !row.Done {
			return true
		}
	}
	return false
}

// take copies the deliveries that are due (all that are left when hurried) in order, with the webhook faults applied.
// What is in one batch must go one after another. They count as flying until they land.
func (d *sender) take(hurried bool) [][]Delivery {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	if d.ctx.Err() != nil {
		return nil
	}
	ids := d.s.db.deliveries.ids()
	slices.Reverse(ids)
	var due []Delivery
	now := time.Now()
	for _, id := range ids {
		row := d.s.db.deliveries.rows[id]
		if row.Done || d.flying[id] || !hurried && len(row.Attempts) > 0 && now.Before(row.NextAt) {
			continue
		}
		due = append(due, clone(row))
	}
	batches := d.spoil(due)
	for _, batch := range batches {
		for _, del := range batch {
			d.flying[del.ID] = true
		}
	}
	return batches
}

// spoil plays the webhook faults on fresh deliveries.
func (d *sender) spoil(rows []Delivery) [][]Delivery {
	var out [][]Delivery
	for i := 0; i < len(rows); i++ {
		one := []Delivery{rows[i]}
		if len(rows[i].Attempts) == 0 {
			if d.s.faults.hookReorderWaits() && i+1 >= len(rows) {
				return out // its partner has not come yet
			}
			switch fault := d.s.faults.takeHook(); {
			case fault == nil:
			case fault.Kind == FaultHookTwice:
				one = append(one, rows[i])
			case fault.Kind == FaultHookReorder:
				one = []Delivery{rows[i+1], rows[i]}
				i++
			case fault.Kind == FaultHookDrop:
				d.finish(rows[i], Attempt{At: d.s.now(), Err: "dropped on demand"}, true)
				continue
			}
		}
		out = append(out, one)
	}
	return out
}

// attempt sends once and stores what came of it.
func (d *sender) attempt(ctx context.Context, del Delivery) {
	try := Attempt{At: d.s.now()}
	req, err := http.NewRequestWithContext(ctx, del.Method, del.URL, bytes.NewReader(del.Body))
	if err == nil {
		if del.Method == http.MethodPost {
			req.Header.Set("Content-Type", "application/json")
		}
		req.Header.Set("User-Agent", "GuzzleHttp/7")
		try.Status, err = d.post(req)
	}
	if err != nil {
		try.Err = reason(err)
	}
	if ctx.Err() != nil && d.ctx.Err() != nil {
		return // stopping: the journal still has the delivery open
	}
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	d.finish(del, try, false)
	d.s.flush()
}

func (d *sender) post(req *http.Request) (int, error) {
	res, err := d.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	return res.StatusCode, nil
}

func reason(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}

// finish stores an attempt, with the lock held.
func (d *sender) finish(del Delivery, try Attempt, drop bool) {
	row, ok := d.s.db.deliveries.rows[del.ID]
	if !ok {
		return
	}
	next := clone(row)
	next.Attempts = append(next.Attempts, try)
	next.Done = next.Done || drop || try.Status == http.StatusOK || len(next.Attempts) >= maxAttempts
	next.NextAt = time.Now().Add(d.s.cfg.retryDelay)
	d.s.db.deliveries.put(next.ID, &next)
}

// hookReorderWaits reports whether the next webhook is to be swapped with the one after it.
func (f *faults) hookReorderWaits() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, row := range f.rows {
		if isHookFault(row.Kind) {
			return row.Kind == FaultHookReorder && row.Skip == 0
		}
	}
	return false
}
