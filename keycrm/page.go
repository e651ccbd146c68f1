package keycrm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strconv"

	"github.com/keybridge/keybridge/keycrm/internal/jsonscan"
)

// Page says where a list's answer stands. Rows can move between pages while a list is read.
type Page struct {
	Current int  // this page, from 1
	Last    int  // the last page at the moment of the answer
	Total   int  // rows in the whole list at that moment
	PerPage int  // rows asked for
	Next    bool // a further page exists
}

// PageOf is one page of a walk. Rows leaves out repeats of the pages just before; Repeats counts them.
type PageOf[T any] struct {
	Page
	Rows    []T
	Repeats int
}

// errNoData tells an answer that is no list from an empty list: the first must never look like the second.
var errNoData = errors.New("the answer has no list in data")

type envelope[T any] struct {
	Data        *List[T]
	CurrentPage lenientInt
	LastPage    lenientInt
	Total       lenientInt
	PerPage     lenientInt
	NextPageURL json.RawMessage
}

func (e *envelope[T]) read(s *jsonscan.Scanner) error {
	return s.Object(func(name []byte) error {
		switch string(name) {
		case "data":
			return read(s, &e.Data)
		case "current_page":
			return read(s, &e.CurrentPage)
		case "last_page":
			return read(s, &e.LastPage)
		case "total":
			return read(s, &e.Total)
		case "per_page":
			return read(s, &e.PerPage)
		case "next_page_url":
			return read(s, &e.NextPageURL)
		default:
			_, err := s.Skip()
			return err
		}
	})
}

// list reads one page. KeyCRM's own description promises only total, current_page, per_page, data and the URLs.
func list[T any](ctx context.Context, c *caller, name, path string, q *query) ([]T, *Page, error) {
	if q.err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, q.err)
	}
	v := q.v
	if limit, _ := strconv.Atoi(v.Get("limit")); limit > MaxLimit {
		return nil, nil, fmt.Errorf("%s: limit %d is above %d", name, limit, MaxLimit)
	}
	var env envelope[T]
	if err := c.get(ctx, name, path, v, &env); err != nil {
		return nil, nil, fmt.Errorf("%s page %s: %w", name, v.Get("page"), err)
	}
	if env.Data == nil {
		return nil, nil, fmt.Errorf("%s page %s: %w", name, v.Get("page"),
			&TransportError{Method: "GET", Path: path, Sent: true, Err: errNoData})
	}
	p := &Page{
		Current: int(env.CurrentPage), Last: int(env.LastPage), Total: int(env.Total), PerPage: int(env.PerPage),
	}
	var next string
	_ = json.Unmarshal(env.NextPageURL, &next)
	p.Next = next != "" || len(env.NextPageURL) == 0 && p.Current < p.Last
	return *env.Data, p, nil
}

// rememberedPages is how many pages back repeats are recognised: enough for the rows that shift when orders arrive
// during a walk, and bounded however long the list is.
const rememberedPages = 3

// errStuck is a list that keeps answering the same rows for different pages.
var errStuck = errors.New("the list answers the same rows again and again")

// walk reads pages from first until the list ends. fetch must send one request.
func walk[T any](path string, first int, id func(*T) int64, fetch func(page int) ([]T, *Page, error)) iter.Seq2[PageOf[T], error] {
	return func(yield func(PageOf[T], error) bool) {
		var seen recent
		for n, stuck := max(first, 1), 0; ; n++ {
			rows, page, err := fetch(n)
			if err != nil {
				yield(PageOf[T]{}, err)
				return
			}
			out := PageOf[T]{Page: *page, Rows: rows[:0:0]}
			for i := range rows {
				if seen.has(id(&rows[i])) {
					out.Repeats++
					continue
				}
				out.Rows = append(out.Rows, rows[i])
			}
			seen.push(idsOf(rows, id))
			if stuck++; len(out.Rows) > 0 || len(rows) == 0 {
				stuck = 0
			}
			if stuck > rememberedPages {
				yield(PageOf[T]{}, &TransportError{Method: http.MethodGet, Path: path, Sent: true, Err: errStuck})
				return
			}
			if !yield(out, nil) || !page.Next || len(rows) == 0 {
				return
			}
		}
	}
}

// recent holds the ids of the last pages.
type recent struct{ pages []map[int64]struct{} }

func (r *recent) has(id int64) bool {
	for _, p := range r.pages {
		if _, ok := p[id]; ok {
			return true
		}
	}
	return false
}

func (r *recent) push(page map[int64]struct{}) {
	if r.pages = append(r.pages, page); len(r.pages) > rememberedPages {
		r.pages = r.pages[1:]
	}
}

func idsOf[T any](rows []T, id func(*T) int64) map[int64]struct{} {
	ids := make(map[int64]struct{}, len(rows))
	for i := range rows {
		ids[id(&rows[i])] = struct{}{}
	}
	return ids
}

// rowsOf flattens pages to rows.
func rowsOf[T any](pages iter.Seq2[PageOf[T], error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for page, err := range pages {
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			for _, row := range page.Rows {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}
