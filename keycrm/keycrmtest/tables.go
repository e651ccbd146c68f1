package keycrmtest

import (
	"encoding/json"
	"fmt"
	"slices"
)

// table holds rows by id and remembers which changed since the last flush.
type table[T any] struct {
	name  string
	rows  map[int64]*T
	last  int64
	dirty map[int64]struct{}
	// odd says which rows are not listed like all others; nil: none. oddities are their ids, at hand
	// without walking through all.
	odd      func(*T) bool
	oddities map[int64]struct{}
}

func newTable[T any](name string, last int64) *table[T] {
	return &table[T]{name: name, rows: map[int64]*T{}, last: last, dirty: map[int64]struct{}{}, oddities: map[int64]struct{}{}}
}

// newTableNoting also notes the odd rows.
func newTableNoting[T any](name string, last int64, odd func(*T) bool) *table[T] {
	t := newTable[T](name, last)
	t.odd = odd
	return t
}

func (t *table[T]) set(id int64, row *T) {
	t.rows[id] = row
	if t.odd == nil {
		return
	}
	if t.odd(row) {
		t.oddities[id] = struct{}{}
	} else {
		delete(t.oddities, id)
	}
}

func (t *table[T]) remove(id int64) {
	delete(t.rows, id)
	delete(t.oddities, id)
}

// next returns an id that was never used.
func (t *table[T]) next() int64 {
	t.last++
	return t.last
}

func (t *table[T]) put(id int64, row *T) {
	t.set(id, row)
	t.last = max(t.last, id)
	t.dirty[id] = struct{}{}
}

func (t *table[T]) drop(id int64) {
	t.remove(id)
	t.dirty[id] = struct{}{}
}

// ids are sorted, newest first.
func (t *table[T]) ids() []int64 {
	ids := make([]int64, 0, len(t.rows))
	for id := range t.rows {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b int64) int { return int(b - a) })
	return ids
}

// change is one row of the journal; a nil Row is a deletion, which still keeps the id from being used again.
type change struct {
	Table string
	ID    int64
	Row   json.RawMessage `json:",omitempty"`
}

// keeper is what the journal sees of a table.
type keeper interface {
	key() string
	changes() ([]change, error)
	forget()
	snapshot() ([]change, error)
	load(change) error
}

func (t *table[T]) key() string { return t.name }

// forget takes what changed for kept.
func (t *table[T]) forget() { clear(t.dirty) }

func (t *table[T]) changes() ([]change, error) {
	ids := make([]int64, 0, len(t.dirty))
	for id := range t.dirty {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	clear(t.dirty)
	return t.rowsOf(ids)
}

func (t *table[T]) snapshot() ([]change, error) {
	ids := t.ids()
	if _, ok := t.rows[t.last]; !ok && t.last > 0 {
		ids = append(ids, t.last) // a deletion mark keeps the highest id from coming back
	}
	return t.rowsOf(ids)
}

func (t *table[T]) rowsOf(ids []int64) ([]change, error) {
	out := make([]change, 0, len(ids))
	for _, id := range ids {
		c := change{Table: t.name, ID: id}
		if row, ok := t.rows[id]; ok {
			raw, err := json.Marshal(row)
			if err != nil {
				return nil, fmt.Errorf("encode %s %d: %w", t.name, id, err)
			}
			c.Row = raw
		}
		out = append(out, c)
	}
	return out, nil
}

func (t *table[T]) load(c change) error {
	t.last = max(t.last, c.ID)
	if c.Row == nil {
		t.remove(c.ID)
		return nil
	}
	row := new(T)
	if err := json.Unmarshal(c.Row, row); err != nil {
		return fmt.Errorf("decode %s %d: %w", t.name, c.ID, err)
	}
	t.set(c.ID, row)
	return nil
}

// clone makes a deep copy for callers outside the lock.
func clone[T any](row *T) T {
	var out T
	raw, err := json.Marshal(row)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil { // rows are plain data that the journal writes the same way
		panic(fmt.Sprintf("keycrmtest: copy a row: %v", err))
	}
	return out
}
