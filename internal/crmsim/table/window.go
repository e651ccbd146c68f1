package table

// Window is the slice of a list that a page shows.
type Window struct {
	Skip, Take int
	Ascending  bool // oldest first
}

// Dense cuts the window out of the ids first…last, none of which is missing; the count is of all.
func (w Window) Dense(first, last int64) (ids []int64, total int) {
	total = int(last - first + 1)
	for n := w.Skip; n < total && len(ids) < w.Take; n++ {
		if w.Ascending {
			ids = append(ids, first+int64(n))
		} else {
			ids = append(ids, last-int64(n))
		}
	}
	return ids, max(total, 0)
}

// Scan cuts the window out of those of the ids first…last that match; the count is of all that do.
func (w Window) Scan(first, last int64, match func(int64) bool) (ids []int64, total int) {
	for n := int64(0); n <= last-first; n++ {
		id := last - n
		if w.Ascending {
			id = first + n
		}
		if !match(id) {
			continue
		}
		if total >= w.Skip && len(ids) < w.Take {
			ids = append(ids, id)
		}
		total++
	}
	return ids, total
}

// Cut takes the window out of rows that stand in their order.
func Cut[T any](rows []T, w Window) []T {
	from := min(w.Skip, len(rows))
	return rows[from:min(from+w.Take, len(rows))]
}
