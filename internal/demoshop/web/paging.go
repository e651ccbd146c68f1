package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxPage bounds how deep lists are turned.
const maxPage = 5000

// Pager is the line of page numbers under a list.
type Pager struct {
	Page  int
	Pages int
	query url.Values
	path  string
}

// NewPager is the line under page number page of a list; size is of a page, found what all pages hold.
func NewPager(r *http.Request, page, size, found int) Pager {
	return Pager{Page: page, Pages: min((found+size-1)/size, maxPage), query: r.URL.Query(), path: r.URL.Path}
}

// Href is the address of another page of the same list.
func (p Pager) Href(page int) string {
	q := url.Values{}
	for k, v := range p.query {
		if k != "page" && k != "done" && !strings.HasPrefix(k, "utm_") {
			q[k] = v
		}
	}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	if len(q) == 0 {
		return p.path
	}
	return p.path + "?" + q.Encode()
}

// Near are the numbers to show; zero stands for a gap.
func (p Pager) Near() []int {
	var out []int
	for n := 1; n <= p.Pages; n++ {
		switch {
		case n == 1 || n == p.Pages || n >= p.Page-2 && n <= p.Page+2:
			out = append(out, n)
		case out[len(out)-1] != 0:
			out = append(out, 0)
		}
	}
	return out
}

// Prev is the page before; zero at the start.
func (p Pager) Prev() int { return max(p.Page-1, 0) }

// Next is the following page; zero at the end.
func (p Pager) Next() int {
	if p.Page >= p.Pages {
		return 0
	}
	return p.Page + 1
}

// PageNumber reads ?page=; anything odd is the first.
func PageNumber(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil || n < 1 || n > maxPage {
		return 1
	}
	return n
}
