// Package table keeps the rows of a simulated account in memory and journals their changes to a file, so that a killed
// process comes back as it was. Nothing here locks: the account does.
package table

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
)

// Table holds rows by id and remembers which changed since the last flush. Rows that were put are never changed in
// place: a changed copy is put instead, so that the journal learns of it.
type Table[T any] struct {
	name  string
	rows  map[int64]*T
	last  int64
	dirty map[int64]struct{}
	// odd says which rows are not listed like all others; nil: none. oddities are their ids, at hand
	// without walking through all.
	odd      func(*T) bool
	oddities map[int64]struct{}
}

// New makes an empty table whose first id follows last. The journal knows it by its name.
func New[T any](name string, last int64) *Table[T] {
	return &Table[T]{name: name, rows: map[int64]*T{}, last: last, dirty: map[int64]struct{}{}, oddities: map[int64]struct{}{}}
}

// NewNoting also notes the odd rows, see Oddities.
func NewNoting[T any](name string, last int64, odd func(*T) bool) *Table[T] {
	t := New[T](name, last)
	t.odd = odd
	return t
}

// Get is the row, nil when there is none.
func (t *Table[T]) Get(id int64) *T { return t.rows[id] }

// Has reports whether there is such a row.
func (t *Table[T]) Has(id int64) bool { return t.rows[id] != nil }

// Len is how many rows there are.
func (t *Table[T]) Len() int { return len(t.rows) }

// Last is the highest id that was given out so far.
func (t *Table[T]) Last() int64 { return t.last }

// All walks through the rows in no order.
func (t *Table[T]) All() iter.Seq2[int64, *T] { return maps.All(t.rows) }

// Oddities walks through the odd rows in no order.
func (t *Table[T]) Oddities() iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for id := range t.oddities {
			if !yield(t.rows[id]) {
				return
			}
		}
	}
}

// Next returns an id that was never used.
func (t *Table[T]) Next() int64 {
	t.last++
	return t.last
}

// Put stores the row under the id, over one that is there.
func (t *Table[T]) Put(id int64, row *T) {
	t.set(id, row)
	t.last = max(t.last, id)
	t.dirty[id] = struct{}{}
}

// Drop deletes the row. Its id is not given again.
func (t *Table[T]) Drop(id int64) {
	t.remove(id)
	t.dirty[id] = struct{}{}
}

func (t *Table[T]) set(id int64, row *T) {
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

func (t *Table[T]) remove(id int64) {
	delete(t.rows, id)
	delete(t.oddities, id)
}

// IDs are sorted, newest first.
func (t *Table[T]) IDs() []int64 {
	ids := t.ascending()
	slices.Reverse(ids)
	return ids
}

func (t *Table[T]) ascending() []int64 { return slices.Sorted(maps.Keys(t.rows)) }

// Sorted lists the rows by id, oldest first.
func (t *Table[T]) Sorted() []*T {
	ids := t.ascending()
	out := make([]*T, len(ids))
	for i, id := range ids {
		out[i] = t.rows[id]
	}
	return out
}

// Where lists the rows that hold, oldest first, as values; a nil holds is all of them.
func (t *Table[T]) Where(holds func(*T) bool) []T {
	var out []T
	for _, row := range t.Sorted() {
		if holds == nil || holds(row) {
			out = append(out, *row)
		}
	}
	return out
}

// Copies are deep copies of all rows, newest first.
func (t *Table[T]) Copies() []T {
	var out []T
	for _, id := range t.IDs() {
		out = append(out, Clone(t.rows[id]))
	}
	return out
}

// Copy is a deep copy of one row.
func (t *Table[T]) Copy(id int64) (row T, ok bool) {
	if t.rows[id] == nil {
		return row, false
	}
	return Clone(t.rows[id]), true
}

// Clone makes a deep copy of a row.
func Clone[T any](row *T) T {
	var out T
	raw, err := json.Marshal(row)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil { // rows are plain data that the journal writes the same way
		panic(fmt.Sprintf("copy a row: %v", err))
	}
	return out
}

// MissingError says that there is no such row.
type MissingError struct {
	What string // such as "order"
	ID   int64
}

func (e *MissingError) Error() string { return fmt.Sprintf("no %s %d", e.What, e.ID) }
