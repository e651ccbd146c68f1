package keycrmtest

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

const maxLimit, defaultLimit = 50, 15

// listCall is what a list was asked for.
type listCall struct {
	path        string // below the base URL
	query       url.Values
	page, limit int
	filters     map[string]string // nested between-filters joined with a comma
	includes    map[string]bool
	sort        string
}

func (l *listCall) window() window {
	return window{skip: (l.page - 1) * l.limit, take: l.limit, ascending: l.sort == "id"}
}

// rules say which filters and includes a list knows. ignore lists take unknown ones silently.
type rules struct {
	filters, includes             []string
	sorts                         []string // nil: any sort is taken and an unknown one has no effect
	ignoreFilters, ignoreIncludes bool
}

func readList(path string, q url.Values, r rules) (*listCall, *answer) {
	l := &listCall{path: path, query: q, page: 1, limit: defaultLimit, sort: q.Get("sort")}
	if bad := l.paging(); bad != nil {
		return nil, bad
	}
	l.filters = readFilters(q)
	for name := range l.filters {
		if !contains(r.filters, name) && !r.ignoreFilters {
			return nil, notAllowed("filter", name, r.filters)
		}
	}
	for _, name := range splitComma(l.sort) {
		if name = strings.TrimPrefix(name, "-"); r.sorts != nil && !contains(r.sorts, name) {
			return nil, notAllowed("sort", name, r.sorts)
		}
	}
	var bad *answer
	if l.includes, bad = readIncludes(q, r); bad != nil {
		return nil, bad
	}
	return l, nil
}

// maxPage keeps the count of skipped rows within an int.
const maxPage = 1 << 40

// paging refuses a bad limit; a page that is no positive number is the first, as in Laravel's paginator.
func (l *listCall) paging() *answer {
	if n, err := strconv.Atoi(l.query.Get("page")); err == nil && n > 0 {
		l.page = min(n, maxPage)
	}
	v := l.query.Get("limit")
	if v == "" {
		return nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > maxLimit {
		return invalid("limit", fmt.Sprintf("The limit must be between 1 and %d.", maxLimit))
	}
	l.limit = n
	return nil
}

// readFilters accepts filter[name]=v and filter[name][from]=…&filter[name][to]=….
func readFilters(q url.Values) map[string]string {
	out := map[string]string{}
	for key, values := range q {
		rest, ok := strings.CutPrefix(key, "filter[")
		if !ok || len(values) == 0 {
			continue
		}
		name, tail, ok := strings.Cut(rest, "]")
		if !ok {
			continue
		}
		switch tail {
		case "[from]", "[to]":
			out[name] = q.Get("filter["+name+"][from]") + "," + q.Get("filter["+name+"][to]")
		default:
			out[name] = strings.Join(values, ",")
		}
	}
	return out
}

func readIncludes(q url.Values, r rules) (map[string]bool, *answer) {
	out := map[string]bool{}
	for _, name := range splitComma(q.Get("include")) {
		known := name
		if name == "custom_fields" && contains(r.includes, "customFields") {
			known = "customFields"
		}
		switch {
		case contains(r.includes, known):
			out[strings.ReplaceAll(name, "customFields", "custom_fields")] = true
			if head, _, nested := strings.Cut(name, "."); nested {
				out[head] = true
			}
		case !r.ignoreIncludes:
			return nil, notAllowed("include", name, r.includes)
		}
	}
	return out, nil
}

func notAllowed(what, name string, allowed []string) *answer {
	return message(400, fmt.Sprintf("Requested %[1]s(s) `%[2]s` are not allowed. Allowed %[1]s(s) are `%[3]s`.",
		what, name, strings.Join(allowed, ", ")))
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func splitComma(s string) []string {
	var out []string
	for _, v := range strings.Split(s, ",") {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
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

func page[T any](s *Server, l *listCall, rows []T, total int) *answer {
	last := max((total+l.limit-1)/l.limit, 1)
	base := s.BaseURL() + "/" + l.path
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
	return &answer{status: 200, body: e}
}

// pageLinks shows the first pages and the last, as Laravel's paginator shortens long lists.
func pageLinks(current, last int, e *envelope, link func(int) *string) []pageLink {
	out := []pageLink{{e.PrevPageURL, "&laquo; Previous", false}}
	for n := 1; n <= last; n++ {
		if n > 10 && n < last {
			out = append(out, pageLink{nil, "...", false})
			n = last
		}
		out = append(out, pageLink{link(n), strconv.Itoa(n), n == current})
	}
	return append(out, pageLink{e.NextPageURL, "Next &raquo;", false})
}
