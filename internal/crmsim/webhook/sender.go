package webhook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/table"
)

// parallelDeliveries is how many webhooks are on their way at once.
const parallelDeliveries = 16

// Account is what a Sender needs of the account whose webhooks it delivers.
type Account interface {
	sync.Locker
	Deliveries() *table.Table[Delivery] // with the lock held
	Flush()                             // with the lock held: keeps what changed
	Now() time.Time
}

// Config is how a CRM delivers.
type Config struct {
	Client      *http.Client  // nil: one with a timeout of 10 s that follows no redirect
	Manual      bool          // deliveries wait for Deliver
	RetryDelay  time.Duration // between the attempts of a delivery
	MaxAttempts int
	UserAgent   string
}

// Sender delivers webhooks off the requests that cause them: each on its own, so that a slow receiver holds nobody up
// and no order is promised. Deliver sends them one after another, oldest first.
type Sender struct {
	Config
	account Account
	faults  *crmsim.Faults
	signal  chan struct{}
	slots   chan struct{}
	ctx     context.Context //nolint:containedctx // the life of the goroutines, ended by Stop
	cancel  context.CancelFunc
	done    chan struct{}
	round   sync.Mutex // one call of pass at a time

	inFlight map[int64]bool // deliveries on their way, guarded by the account's lock
	landed   *sync.Cond     // some are not any more
}

// New makes a Sender; Start must follow, and Stop ends it.
func New(account Account, faults *crmsim.Faults, cfg Config) *Sender {
	d := &Sender{
		Config: cfg, account: account, faults: faults, signal: make(chan struct{}, 1),
		slots: make(chan struct{}, parallelDeliveries), done: make(chan struct{}), inFlight: map[int64]bool{},
		landed: sync.NewCond(account),
	}
	if d.Client == nil {
		d.Client = &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}}
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d
}

// Start begins to deliver, unless the Sender is manual.
func (d *Sender) Start() {
	if d.Manual {
		close(d.done)
		return
	}
	go d.run()
	d.Wake()
}

// Wake tells the Sender that there may be something to deliver.
func (d *Sender) Wake() {
	select {
	case d.signal <- struct{}{}:
	default:
	}
}

// Stop ends deliveries; what is on its way stays undelivered. It can be called twice.
func (d *Sender) Stop() {
	d.cancel()
	<-d.done
	d.drain()
}

// Deliver sends everything that waits, without a pause between attempts, and returns when nothing waits. Its error is
// that of ctx.
func (d *Sender) Deliver(ctx context.Context) error {
	for range d.MaxAttempts {
		if !d.pass(ctx) {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// drain waits until nothing is on its way.
func (d *Sender) drain() {
	d.account.Lock()
	defer d.account.Unlock()
	for len(d.inFlight) > 0 {
		d.landed.Wait()
	}
}

func (d *Sender) run() {
	defer close(d.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		for _, batch := range d.take(false) {
			go d.deliver(d.ctx, batch)
		}
		if d.waiting() {
			timer.Reset(d.RetryDelay)
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
func (d *Sender) pass(ctx context.Context) bool {
	d.round.Lock()
	defer d.round.Unlock()
	for _, batch := range d.take(true) {
		d.deliver(ctx, batch)
	}
	d.drain()
	return d.waiting()
}

// deliver sends a batch in its order.
func (d *Sender) deliver(ctx context.Context, batch []Delivery) {
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

func (d *Sender) land(batch []Delivery) {
	d.account.Lock()
	for _, del := range batch {
		delete(d.inFlight, del.ID)
	}
	d.landed.Broadcast()
	d.account.Unlock()
	d.Wake()
}

func (d *Sender) waiting() bool {
	d.account.Lock()
	defer d.account.Unlock()
	for _, row := range d.account.Deliveries().All() {
		if !row.Done {
			return true
		}
	}
	return false
}

// take copies the deliveries that are due (all that are left when hurried) in order, with the webhook faults applied.
// What is in one batch must go one after another. They count as in flight until they land.
func (d *Sender) take(hurried bool) [][]Delivery {
	d.account.Lock()
	defer d.account.Unlock()
	if d.ctx.Err() != nil {
		return nil
	}
	var due []Delivery
	now := time.Now()
	for _, row := range d.account.Deliveries().Sorted() {
		if row.Done || d.inFlight[row.ID] || !hurried && len(row.Attempts) > 0 && now.Before(row.NextAt) {
			continue
		}
		due = append(due, table.Clone(row))
	}
	batches := d.applyFaults(due)
	for _, batch := range batches {
		for _, del := range batch {
			d.inFlight[del.ID] = true
		}
	}
	return batches
}

// applyFaults plays the webhook faults on fresh deliveries.
func (d *Sender) applyFaults(rows []Delivery) [][]Delivery {
	var out [][]Delivery
	for i := 0; i < len(rows); i++ {
		one := []Delivery{rows[i]}
		if len(rows[i].Attempts) == 0 {
			if d.faults.HookReorderWaits() && i+1 >= len(rows) {
				return out // its partner has not come yet
			}
			switch fault := d.faults.TakeHook(); {
			case fault == nil:
			case fault.Kind == crmsim.FaultHookTwice:
				one = append(one, rows[i])
			case fault.Kind == crmsim.FaultHookReorder:
				one = []Delivery{rows[i+1], rows[i]}
				i++
			case fault.Kind == crmsim.FaultHookDrop:
				d.finish(rows[i], Attempt{At: d.account.Now(), Err: "dropped on demand"}, true)
				continue
			}
		}
		out = append(out, one)
	}
	return out
}

// attempt sends once and stores what came of it.
func (d *Sender) attempt(ctx context.Context, del Delivery) {
	try := Attempt{At: d.account.Now()}
	req, err := http.NewRequestWithContext(ctx, del.Method, del.URL, bytes.NewReader(del.Body))
	if err == nil {
		if del.Method == http.MethodPost {
			req.Header.Set("Content-Type", "application/json")
		}
		req.Header.Set("User-Agent", d.UserAgent)
		try.Status, err = d.post(req)
	}
	if err != nil {
		try.Err = reason(err)
	}
	if ctx.Err() != nil && d.ctx.Err() != nil {
		return // stopping: the journal still has the delivery open
	}
	d.account.Lock()
	defer d.account.Unlock()
	d.finish(del, try, false)
	d.account.Flush()
}

func (d *Sender) post(req *http.Request) (int, error) {
	res, err := d.Client.Do(req)
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
func (d *Sender) finish(del Delivery, try Attempt, drop bool) {
	row := d.account.Deliveries().Get(del.ID)
	if row == nil {
		return
	}
	next := table.Clone(row)
	next.Attempts = append(next.Attempts, try)
	next.Done = next.Done || drop || try.Status == http.StatusOK || len(next.Attempts) >= d.MaxAttempts
	next.NextAt = time.Now().Add(d.RetryDelay)
	d.account.Deliveries().Put(next.ID, &next)
}
