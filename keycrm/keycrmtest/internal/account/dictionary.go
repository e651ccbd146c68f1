package account

import (
	"github.com/keybridge/keybridge/internal/crmsim/table"
)

// Dictionary is a table of what people set up under «Налаштування».
type Dictionary[T any] struct {
	*table.Table[T]
	what string          // of its rows, for errors
	id   func(*T) *int64 // where a row keeps its id
	// complete fills what a row lacks that is added (before is nil) or changed, or refuses it; nil: nothing to do.
	complete func(before, after *T) error
}

func newDictionary[T any](name string, last int64, what string, id func(*T) *int64) *Dictionary[T] {
	return &Dictionary[T]{Table: table.New[T](name, last), what: what, id: id}
}

// Add keeps a copy of row and gives it an id; a row that comes with one replaces that row.
func (d *Dictionary[T]) Add(row T) int64 {
	c := table.Clone(&row)
	id := d.id(&c)
	if *id == 0 {
		*id = d.Next()
	}
	if d.complete != nil {
		_ = d.complete(nil, &c) // only changes are refused
	}
	d.Put(*id, &c)
	return *id
}

// Edit changes a row freely, its id excepted. It answers a *table.MissingError when there is none.
func (d *Dictionary[T]) Edit(id int64, edit func(*T)) error {
	row := d.Get(id)
	if row == nil {
		return missing(d.what, id)
	}
	c := table.Clone(row)
	edit(&c)
	*d.id(&c) = id
	if d.complete != nil {
		if err := d.complete(row, &c); err != nil {
			return err
		}
	}
	d.Put(id, &c)
	return nil
}

// fill keeps the rows of a new account.
func (d *Dictionary[T]) fill(rows []T) {
	if d.Len() > 0 {
		return
	}
	for i := range rows {
		d.Put(*d.id(&rows[i]), &rows[i])
	}
}
