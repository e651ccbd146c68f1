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

// sender delivers webhooks one after another, off the requests that cause them.
type sender struct {
	s      *Server
	client *http.Client
	signal chan struct{}
	ctx    context.Context //nolint:containedctx // the life of the goroutine, ended by stop
	cancel context.CancelFunc
	done   chan struct{}
	once   sync.Once
	round  sync.Mutex // one round of deliveries at a time
}

func newSender(s *Server) *sender {
	d := &sender{s: s, client: s.cfg.webhookClient, signal: make(chan struct{}, 1), done: make(chan struct{})}
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
}

func (d *sender) run() {
	defer close(d.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if d.pass(d.ctx, false) {
			timer.Reset(d.s.cfg.retryDelay) // something waits for another attempt
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

// pass tries every delivery that is due (all that are left when hurried) once; true when some must be tried again.
func (d *sender) pass(ctx context.Context, hurried bool) bool {
	d.round.Lock()
	defer d.round.Unlock()
	again := false
	for _, del := range d.due(hurried) {
		if ctx.Err() != nil {
			return true
		}
		if !d.attempt(ctx, del) {
			again = true
		}
	}
	return again || d.waiting()
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

// due copies the open deliveries in order, with the webhook faults applied.
func (d *sender) due(hurried bool) []Delivery {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	ids := d.s.db.deliveries.ids()
	slices.Reverse(ids)
	var out []Delivery
	now := time.Now()
	for _, id := range ids {
		row := d.s.db.deliveries.rows[id]
		if row.Done || !hurried && len(row.Attempts) > 0 && now.Before(row.NextAt) {
			continue
		}
		out = append(out, clone(row))
	}
	return d.spoil(out)
}

// spoil plays the webhook faults on fresh deliveries.
func (d *sender) spoil(rows []Delivery) []Delivery {
	for i := 0; i < len(rows); i++ {
		if len(rows[i].Attempts) > 0 {
			continue
		}
		if d.s.faults.hookReorderWaits() && i+1 >= len(rows) {
			return rows[:i] // its partner has not come yet
		}
		fault := d.s.faults.takeHook()
		if fault == nil {
			continue
		}
		switch fault.Kind {
		case FaultHookTwice:
			rows = slices.Insert(rows, i+1, rows[i])
			i++
		case FaultHookReorder:
			rows[i], rows[i+1] = rows[i+1], rows[i]
			i++
		case FaultHookDrop:
			d.finish(rows[i], Attempt{At: d.s.now(), Err: "dropped on demand"}, true)
			rows = slices.Delete(rows, i, i+1)
			i--
		}
	}
	return rows
}

// attempt sends once and stores what came of it; true when the delivery is over.
func (d *sender) attempt(ctx context.Context, del Delivery) bool {
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
		return false // stopping: the journal still has the delivery open
	}
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	over := d.finish(del, try, false)
	d.s.flush()
	return over
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
func (d *sender) finish(del Delivery, try Attempt, drop bool) bool {
	row, ok := d.s.db.deliveries.rows[del.ID]
	if !ok {
		return true
	}
	next := clone(row)
	next.Attempts = append(next.Attempts, try)
	next.Done = next.Done || drop || try.Status == http.StatusOK || len(next.Attempts) >= maxAttempts
	next.NextAt = time.Now().Add(d.s.cfg.retryDelay)
	d.s.db.deliveries.put(next.ID, &next)
	return next.Done
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
