package table_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/keybridge/keybridge/internal/crmsim/table"
)

type row struct{ Name string }

func open(t *testing.T, path string) (*table.Table[row], *table.Journal) {
	t.Helper()
	rows := table.New[row]("rows", 10)
	j, err := table.OpenJournal(path, []table.Keeper{rows})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return rows, j
}

func put(t *testing.T, rows *table.Table[row], j *table.Journal, name string) int64 {
	t.Helper()
	id := rows.Next()
	rows.Put(id, &row{name})
	if err := j.Flush(); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestJournalBringsBackWhatWasFlushed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	rows, j := open(t, path)
	first := put(t, rows, j, "first")
	last := put(t, rows, j, "last")
	rows.Drop(last)
	if err := j.Flush(); err != nil {
		t.Fatal(err)
	}
	rows.Put(rows.Next(), &row{"never flushed"})

	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`[{"Table":"rows","ID":13,"Row":{"Na`); err != nil { // a kill in the middle of a write
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}

	for range 2 { // what is opened is rewritten: the second time it is a snapshot
		again, _ := open(t, path)
		if got, ok := again.Copy(first); !ok || got.Name != "first" || again.Len() != 1 {
			t.Errorf("got %v rows, the first is %+v", again.Len(), got)
		}
		if id := again.Next(); id != last+1 {
			t.Errorf("the next id is %d, want %d: that of a deleted row is not given again", id, last+1)
		}
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	even := func(id int64) bool { return id%2 == 0 }
	for name, c := range map[string]struct {
		window table.Window
		match  func(int64) bool // nil: dense
		want   []int64
		total  int
	}{
		"newest first":          {table.Window{Take: 2}, nil, []int64{9, 8}, 9},
		"oldest first":          {table.Window{Take: 2, Ascending: true}, nil, []int64{1, 2}, 9},
		"the last page":         {table.Window{Skip: 8, Take: 4}, nil, []int64{1}, 9},
		"behind the end":        {table.Window{Skip: 20, Take: 4}, nil, nil, 9},
		"those that match":      {table.Window{Skip: 1, Take: 2}, even, []int64{6, 4}, 4},
		"matching, oldest":      {table.Window{Take: 2, Ascending: true}, even, []int64{2, 4}, 4},
		"a count takes nothing": {table.Window{}, even, nil, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, total := c.window.Dense(1, 9)
			if c.match != nil {
				got, total = c.window.Scan(1, 9, c.match)
			}
			if !slices.Equal(got, c.want) || total != c.total {
				t.Errorf("got %v of %d, want %v of %d", got, total, c.want, c.total)
			}
		})
	}
}

func TestOddRowsAreAtHand(t *testing.T) {
	t.Parallel()
	rows := table.NewNoting("rows", 0, func(r *row) bool { return r.Name == "odd" })
	for _, name := range []string{"even", "odd", "odd"} {
		rows.Put(rows.Next(), &row{name})
	}
	rows.Put(2, &row{"even again"})
	count := 0
	for r := range rows.Oddities() {
		count++
		if r.Name != "odd" {
			t.Errorf("%q is not odd", r.Name)
		}
	}
	if count != 1 {
		t.Errorf("%d rows are odd, want 1", count)
	}
}
