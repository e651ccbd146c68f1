package api

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/table"
)

// answerAll pages through a dictionary that is held whole.
func answerAll[T, U any](s *base, c *call, rows []T, render func(*T) U) *crmsim.Answer {
	l, bad := c.list(rules{})
	if bad != nil {
		return bad
	}
	if l.sort == "-id" {
		slices.Reverse(rows)
	}
	return page(s, l, crmsim.Map(table.Cut(rows, l.window()), render), len(rows))
}

// envelope is the full paginator of Laravel.
type envelope struct {
	CurrentPage  int        `json:"current_page"`
	Data         any        `json:"data"`
	FirstPageURL string     `json:"first_page_url"`
	From         *int       `json:"from"`
	LastPage     int        `json:"last_page"`
	LastPageURL  string     `json:"last_page_url"`
	Links        []pageLink `json:"links"`
	NextPageURL  *string    `json:"next_page_url"`
	Path         string     `json:"path"`
	PerPage      int        `json:"per_page"`
	PrevPageURL  *string    `json:"prev_page_url"`
	To           *int       `json:"to"`
	Total        int        `json:"total"`
}

type pageLink struct {
	URL    *string `json:"url"`
	Label  string  `json:"label"`
	Active bool    `json:"active"`
}

func page[T any](s *base, l *listCall, rows []T, total int) *crmsim.Answer {
	last := max((total+l.limit-1)/l.limit, 1)
	base := s.wire.BaseURL() + "/" + l.path
	link := func(n int) *string {
		q := url.Values{}
		for k, v := range l.query {
			q[k] = v
		}
		q.Set("page", strconv.Itoa(n))
		u := base + "?" + q.Encode()
		return &u
	}
	if rows == nil {
		rows = []T{}
	}
	e := envelope{
		CurrentPage: l.page, Data: rows, FirstPageURL: *link(1), LastPage: last, LastPageURL: *link(last),
		Path: base, PerPage: l.limit, Total: total,
	}
	if len(rows) > 0 {
		from, to := (l.page-1)*l.limit+1, (l.page-1)*l.limit+len(rows)
		e.From, e.To = &from, &to
	}
	if l.page < last {
		e.NextPageURL = link(l.page + 1)
	}
	if l.page > 1 {
		e.PrevPageURL = link(min(l.page-1, last))
	}
	e.Links = pageLinks(l.page, last, &e, link)
	return &crmsim.Answer{Status: 200, Body: e}
}

// pageLinks names the pages that Laravel's paginator names, with gaps where it leaves some out.
func pageLinks(current, last int, e *envelope, link func(int) *string) []pageLink {
	out := []pageLink{{e.PrevPageURL, "&laquo; Previous", false}}
	before := 0
	for _, n := range shownPages(current, last) {
		if n > before+1 {
			out = append(out, pageLink{nil, "...", false})
		}
		out = append(out, pageLink{link(n), strconv.Itoa(n), n == current})
		before = n
	}
	return append(out, pageLink{e.NextPageURL, "Next &raquo;", false})
}

// shownPages is Laravel's window: two pages at each end and three on each side of the current one, and ten in a row
// where that one is near an end.
func shownPages(current, last int) []int {
	const side, near = 3, 7
	low, high := current-side, current+side
	switch {
	case last < 2*side+8:
		low, high = 1, last
	case current <= near:
		low, high = 1, near+side
	case current > last-near:
		low, high = last-near-side+1, last
	}
	var out []int
	for n := 1; n <= last; n++ {
		if n <= 2 || n > last-2 || n >= low && n <= high {
			out = append(out, n)
		}
	}
	return out
}
