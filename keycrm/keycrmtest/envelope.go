package keycrmtest

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
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
	var sorts []string
	for _, name := range splitComma(l.sort) {
		sorts = append(sorts, strings.TrimPrefix(name, "-"))
	}
	if bad := others(slices.Sorted(maps.Keys(l.filters)), r.filters); bad != "" && !r.ignoreFilters {
		return nil, notAllowed("filter", "are", bad, r.filters)
	}
	if bad := others(sorts, r.sorts); bad != "" && r.sorts != nil {
		return nil, notAllowed("sort", "is", bad, r.sorts)
	}
	var bad *answer
	if l.includes, bad = readIncludes(q, r); bad != nil {
		return nil, bad
	}
	return l, nil
}

// maxPage keeps the count of skipped rows within an int.
const maxPage = 1 << 40

// paging gives no more than maxLimit rows and refuses a limit that is no positive number; a page that is none is the
// first, as in Laravel's paginator.
func (l *listCall) paging() *answer {
	if n, err := strconv.Atoi(l.query.Get("page")); err == nil && n > 0 {
		l.page = min(n, maxPage)
	}
	v := l.query.Get("limit")
	if v == "" {
		return nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		return invalid("limit", "The limit must be at least 1.")
	}
	l.limit = min(n, maxLimit)
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
	var unknown []string
	for _, name := range splitComma(q.Get("include")) {
		known := name
		if name == "custom_fields" && contains(r.includes, "customFields") {
			known = "customFields"
		}
		if !contains(r.includes, known) {
			unknown = append(unknown, name)
			continue
		}
		out[strings.ReplaceAll(name, "customFields", "custom_fields")] = true
		if head, _, nested := strings.Cut(name, "."); nested {
			out[head] = true
		}
	}
	if len(unknown) > 0 && !r.ignoreIncludes {
		return nil, notAllowed("include", "are", strings.Join(unknown, ", "), r.includes)
	}
	return out, nil
}

// others lists the names that are not allowed.
func others(names, allowed []string) string {
	return strings.Join(slices.DeleteFunc(names, func(name string) bool { return contains(allowed, name) }), ", ")
}

// notAllowed is a refusal in the words of the query builder that KeyCRM's lists are made with. Its sentence about sorts
// has a verb of its own.
func notAllowed(what, verb, names string, allowed []string) *answer {
	return message(400, fmt.Sprintf("Requested %[1]s(s) `%[3]s` %[2]s not allowed. Allowed %[1]s(s) are `%[4]s`.",
		what, verb, names, strings.Join(allowed, ", ")))
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
