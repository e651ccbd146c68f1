package keycrmtest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// journal is an append-only file: each line is one consistent set of row changes. A line reaches the kernel with one
// write before the request is answered, so killing the process loses nothing that was answered.
type journal struct{ f *os.File }

// openJournal replays the file into the tables and rewrites it as a snapshot, so that it does not grow for ever.
func openJournal(path string, tables []keeper) (*journal, error) {
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
	j := &journal{f}
	if err := j.append(all); err == nil {
		err = os.Rename(tmp, path)
		if err == nil {
			return j, nil
		}
		return nil, errors.Join(fmt.Errorf("journal: %w", err), f.Close())
	} else {
		return nil, errors.Join(err, f.Close())
	}
}

// replay loads every whole line. A torn last line is what a kill in the middle of a write leaves: it was not answered.
func replay(path string, tables []keeper) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	defer func() { _ = f.Close() }()
	byName := map[string]keeper{}
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

func loadLine(line []byte, byName map[string]keeper) error {
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

func (j *journal) append(set []change) error {
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

func (j *journal) close() error { return j.f.Close() }
