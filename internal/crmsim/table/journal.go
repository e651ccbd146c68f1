package table

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// Journal is an append-only file: each line is one consistent set of row changes. A line reaches the kernel with one
// write before the request is answered, so killing the process loses nothing that was answered.
type Journal struct {
	f      *os.File // nil: changes are not kept
	tables []Keeper
}

// Keeper is a Table of any rows, as its journal sees it.
type Keeper interface {
	key() string
	changes() ([]change, error)
	forget()
	snapshot() ([]change, error)
	load(change) error
}

// NoJournal forgets the changes of the tables.
func NoJournal(tables []Keeper) *Journal { return &Journal{tables: tables} }

// OpenJournal replays the file at path into the tables and rewrites it as a snapshot, so that it does not grow for ever.
// One process at a time may use a file.
func OpenJournal(path string, tables []Keeper) (*Journal, error) {
	if err := replay(path, tables); err != nil {
		return nil, err
	}
	var all []change
	for _, t := range tables {
		rows, err := t.snapshot()
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j := &Journal{f, tables}
	if err := j.append(all); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := os.Rename(tmp, path); err != nil {
		return nil, errors.Join(fmt.Errorf("journal: %w", err), f.Close())
	}
	return j, nil
}

// Flush writes what changed in the tables since the last time.
func (j *Journal) Flush() error {
	var set []change
	for _, t := range j.tables {
		if j.f == nil {
			t.forget()
			continue
		}
		rows, err := t.changes()
		if err != nil {
			return err
		}
		set = append(set, rows...)
	}
	return j.append(set)
}

// Close closes the file; later changes are forgotten. It can be called twice.
func (j *Journal) Close() error {
	if j.f == nil {
		return nil
	}
	f := j.f
	j.f = nil
	return f.Close()
}

// replay loads every whole line. A torn last line is what a kill in the middle of a write leaves: it was not answered.
func replay(path string, tables []Keeper) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	defer func() { _ = f.Close() }()
	byName := map[string]Keeper{}
	for _, t := range tables {
		byName[t.key()] = t
	}
	r := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("journal: %w", err)
		}
		if err := loadLine(line, byName); err != nil {
			return fmt.Errorf("journal %s line %d: %w", path, n, err)
		}
	}
}

func loadLine(line []byte, byName map[string]Keeper) error {
	var set []change
	if err := json.Unmarshal(line, &set); err != nil {
		return err
	}
	for _, c := range set {
		t, ok := byName[c.Table]
		if !ok {
			continue // written by a version that knew more
		}
		if err := t.load(c); err != nil {
			return err
		}
	}
	return nil
}

func (j *Journal) append(set []change) error {
	if len(set) == 0 {
		return nil
	}
	line, err := json.Marshal(set)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if _, err := j.f.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// change is one row of the journal; a nil Row is a deletion, which still keeps the id from being used again.
type change struct {
	Table string
	ID    int64
	Row   json.RawMessage `json:",omitempty"`
}

func (t *Table[T]) key() string { return t.name }

// forget takes what changed for kept.
func (t *Table[T]) forget() { clear(t.dirty) }

func (t *Table[T]) changes() ([]change, error) {
	ids := make([]int64, 0, len(t.dirty))
	for id := range t.dirty {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	clear(t.dirty)
	return t.rowsOf(ids)
}

func (t *Table[T]) snapshot() ([]change, error) {
	ids := t.IDs()
	if _, ok := t.rows[t.last]; !ok && t.last > 0 {
		ids = append(ids, t.last) // a deletion mark keeps the highest id from coming back
	}
	return t.rowsOf(ids)
}

func (t *Table[T]) rowsOf(ids []int64) ([]change, error) {
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

func (t *Table[T]) load(c change) error {
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
