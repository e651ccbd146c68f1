package keycrmtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// FaultKind says what goes wrong.
type FaultKind string

// The faults of API requests.
const (
	FaultStatus     FaultKind = "status"      // answer Status with an HTML page, nothing done
	FaultLimited    FaultKind = "limited"     // answer 429 with RetryAfter, nothing done
	FaultSlow       FaultKind = "slow"        // wait Delay, then serve
	FaultHang       FaultKind = "hang"        // never answer; nothing done
	FaultHangAfter  FaultKind = "hang_after"  // serve the request, then never answer
	FaultCutBefore  FaultKind = "cut_before"  // cut the connection, nothing done
	FaultCutAfter   FaultKind = "cut_after"   // serve the request, cut the connection before the answer
	FaultCutBody    FaultKind = "cut_body"    // serve the request, cut the answer in the middle
	FaultWrongJSON  FaultKind = "wrong_json"  // serve the request, answer something that is no JSON
	FaultErrorAfter FaultKind = "error_after" // serve the request, answer Status with an HTML page
	FaultMovingRows FaultKind = "moving_rows" // serve the request, then a new product moves all rows down by one
)

// The faults of webhooks.
const (
	FaultHookTwice   FaultKind = "hook_twice"   // deliver twice
	FaultHookReorder FaultKind = "hook_reorder" // hold one back until the next one has gone
	FaultHookDrop    FaultKind = "hook_drop"    // never deliver
)

// Fault is one thing going wrong on demand.
type Fault struct {
	ID         int64 // given by Server.Fault
	Kind       FaultKind
	Method     string        // empty: any
	Path       string        // prefix of the path, such as "/v1/order"; empty: any
	Skip       int           // let so many matching requests pass first
	Times      int           // then hit so many; 0: until cleared
	Status     int           // for FaultStatus and FaultErrorAfter; 0: 502
	Delay      time.Duration // for FaultSlow, in real time
	RetryAfter time.Duration // for FaultLimited; 0: 30 s; negative: the header is left out
}

// faults is the list of what is to go wrong.
type faults struct {
	mu   sync.Mutex
	last int64
	rows []*Fault
	hits map[int64]int
}

func newFaults() *faults { return &faults{hits: map[int64]int{}} }

func (f *faults) add(fault Fault) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last++
	fault.ID = f.last
	f.rows = append(f.rows, &fault)
	return fault.ID
}

func (f *faults) remove(id int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rows = slices.DeleteFunc(f.rows, func(row *Fault) bool { return row.ID == id })
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rows = nil
}

func (f *faults) all() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]Fault, len(f.rows))
	for i, row := range f.rows {
		out[i] = *row
	}
	return out
}

func isHookFault(k FaultKind) bool { return strings.HasPrefix(string(k), "hook_") }

// take returns the first fault that hits this request, nil for none.
func (f *faults) take(method, path string) *Fault {
	return f.pick(func(row *Fault) bool {
		return !isHookFault(row.Kind) && (row.Method == "" || row.Method == method) && strings.HasPrefix(path, row.Path)
	})
}

// takeHook returns the first webhook fault.
func (f *faults) takeHook() *Fault {
	return f.pick(func(row *Fault) bool { return isHookFault(row.Kind) })
}

func (f *faults) pick(match func(*Fault) bool) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, row := range f.rows {
		if !match(row) {
			continue
		}
		if row.Skip > 0 {
			row.Skip--
			continue
		}
		if row.Times == 1 {
			f.rows = append(f.rows[:i:i], f.rows[i+1:]...)
		} else if row.Times > 1 {
			row.Times--
		}
		hit := *row
		return &hit
	}
	return nil
}

// before plays what happens ahead of the request's work; true means that it is over.
func (f *Fault) before(w http.ResponseWriter, r *http.Request) bool {
	if f == nil {
		return false
	}
	switch f.Kind {
	case FaultStatus:
		f.htmlPage(w)
	case FaultLimited:
		f.limited(w)
	case FaultSlow:
		return !wait(r, f.Delay)
	case FaultHang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case FaultCutBefore:
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// after plays what happens to the answer.
func (f *Fault) after(w *recorder, r *http.Request, a *answer) {
	if f == nil {
		write(w, a)
		return
	}
	switch f.Kind {
	case FaultHangAfter:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case FaultCutAfter:
		panic(http.ErrAbortHandler)
	case FaultErrorAfter:
		f.htmlPage(w)
	case FaultWrongJSON:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(a.status)
		_, _ = w.Write([]byte(`{"data": [{"id": 1, "na`))
	case FaultCutBody:
		cutBody(w, a)
	default:
		write(w, a)
	}
}

func cutBody(w *recorder, a *answer) {
	data, err := json.Marshal(a.body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(a.status)
	_, _ = w.Write(data[:len(data)/2])
	w.Flush()
	panic(http.ErrAbortHandler)
}

func (f *Fault) htmlPage(w http.ResponseWriter) {
	status := f.Status
	if status == 0 {
		status = http.StatusBadGateway
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("<html><head><title>" + strconv.Itoa(status) + "</title></head><body><center><h1>" +
		strconv.Itoa(status) + " " + http.StatusText(status) + "</h1></center></body></html>"))
}

func (f *Fault) limited(w http.ResponseWriter) {
	pause := f.RetryAfter
	if pause == 0 {
		pause = 30 * time.Second
	}
	if pause > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(pause/time.Second)))
	}
	write(w, message(http.StatusTooManyRequests, "Too Many Attempts."))
}

// wait pauses for d of real time; false when the sender left before.
func wait(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
