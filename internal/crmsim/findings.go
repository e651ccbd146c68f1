package crmsim

import (
	"maps"
	"slices"
	"sync"
)

// Findings is what strict mode found: members of requests that the CRM does not document. The zero value is empty and
// ready; it is safe for concurrent use.
type Findings struct {
	mu   sync.Mutex
	rows map[string]bool
}

// Add notes a finding; one that is there already is none.
func (f *Findings) Add(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rows == nil {
		f.rows = map[string]bool{}
	}
	f.rows[what] = true
}

// All lists the findings by name.
func (f *Findings) All() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	rows := slices.AppendSeq(make([]string, 0, len(f.rows)), maps.Keys(f.rows))
	slices.Sort(rows)
	return rows
}

// Reset forgets all findings.
func (f *Findings) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.rows)
}
