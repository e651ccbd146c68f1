package crmsim

import (
	"slices"
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
	FaultMovingRows FaultKind = "moving_rows" // serve the request, then a new row moves all others down by one
)

// The faults of webhooks.
const (
	FaultHookTwice   FaultKind = "hook_twice"   // deliver twice
	FaultHookReorder FaultKind = "hook_reorder" // hold one back until the next one has gone
	FaultHookDrop    FaultKind = "hook_drop"    // never deliver
)

// Fault is one thing going wrong on demand.
type Fault struct {
	ID         int64 // given by Faults.Add
	Kind       FaultKind
	Method     string        // empty: any
	Path       string        // prefix of the path, such as "/v1/order"; empty: any
	Skip       int           // let so many matching requests pass first
	Times      int           // then hit so many; 0: until cleared
	Status     int           // for FaultStatus and FaultErrorAfter; 0: 502
	Delay      time.Duration // for FaultSlow, in real time
	RetryAfter time.Duration // for FaultLimited; 0: 30 s; negative: the header is left out
}

// Faults is the list of what is to go wrong. The zero value is empty and ready; it is safe for concurrent use.
type Faults struct {
	mu   sync.Mutex
	last int64
	rows []*Fault
}

// Add makes something go wrong and returns its id. Faults are looked through in the order they were added.
func (f *Faults) Add(fault Fault) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last++
	fault.ID = f.last
	f.rows = append(f.rows, &fault)
	return fault.ID
}

// Remove ends one fault; an unknown id is none.
func (f *Faults) Remove(id int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rows = slices.DeleteFunc(f.rows, func(row *Fault) bool { return row.ID == id })
}

// Clear ends all faults.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rows = nil
}

// All lists what is still to go wrong.
func (f *Faults) All() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]Fault, len(f.rows))
	for i, row := range f.rows {
		out[i] = *row
	}
	return out
}

func isHookFault(k FaultKind) bool { return strings.HasPrefix(string(k), "hook_") }

// Take returns the first fault that hits this request, nil for none.
func (f *Faults) Take(method, path string) *Fault {
	return f.pick(func(row *Fault) bool {
		return !isHookFault(row.Kind) && (row.Method == "" || row.Method == method) && strings.HasPrefix(path, row.Path)
	})
}

// TakeHook returns the first webhook fault, nil for none.
func (f *Faults) TakeHook() *Fault {
	return f.pick(func(row *Fault) bool { return isHookFault(row.Kind) })
}

func (f *Faults) pick(match func(*Fault) bool) *Fault {
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

// HookReorderWaits reports whether the next webhook is to be swapped with the one after it.
func (f *Faults) HookReorderWaits() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, row := range f.rows {
		if isHookFault(row.Kind) {
			return row.Kind == FaultHookReorder && row.Skip == 0
		}
	}
	return false
}
