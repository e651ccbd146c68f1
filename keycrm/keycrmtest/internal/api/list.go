package api

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/form"
)

// has reports whether the filter is absent or names the id.
func (l *listCall) has(filter string, id int64) bool {
	v, ok := l.filters[filter]
	return !ok || slices.Contains(crmsim.SplitComma(v), strconv.FormatInt(id, 10))
}

// hasText reports whether the filter is absent or names the text.
func (l *listCall) hasText(filter, text string) bool {
	v, ok := l.filters[filter]
	return !ok || slices.Contains(crmsim.SplitComma(v), text)
}

func (l *listCall) flag(filter string, is bool) bool {
	v, ok := l.filters[filter]
	return !ok || (v == "true" || v == "1") == is
}

// between reports whether the filter is absent or holds t, both ends included, to the second.
func (l *listCall) between(filter string, t time.Time) bool {
	v, ok := l.filters[filter]
	if !ok {
		return true
	}
	from, to, _ := strings.Cut(v, ",")
	a, okA := form.ParseMoment(from)
	b, okB := form.ParseMoment(to)
	t = t.Truncate(time.Second)
	return okA && okB && !t.IsZero() && !t.Before(a) && !t.After(b)
}

func (l *listCall) hasAny(filter string, values []string) bool {
	v, ok := l.filters[filter]
	return !ok || slices.ContainsFunc(crmsim.SplitComma(v), func(want string) bool { return slices.Contains(values, want) })
}

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

func (l *listCall) window() table.Window {
	return table.Window{Skip: (l.page - 1) * l.limit, Take: l.limit, Ascending: l.sort == "id"}
}

// rules say which filters and includes a list knows. ignore lists take unknown ones silently.
type rules struct {
	filters, includes             []string
	sorts                         []string // nil: any sort is taken and an unknown one has no effect
	ignoreFilters, ignoreIncludes bool
}

func readList(path string, q url.Values, r rules) (*listCall, *crmsim.Answer) {
	l := &listCall{path: path, query: q, page: 1, limit: defaultLimit, sort: q.Get("sort")}
	if bad := l.paging(); bad != nil {
		return nil, bad
	}
	l.filters = readFilters(q)
	var sorts []string
	for _, name := range crmsim.SplitComma(l.sort) {
		sorts = append(sorts, strings.TrimPrefix(name, "-"))
	}
	if bad := others(slices.Sorted(maps.Keys(l.filters)), r.filters); bad != "" && !r.ignoreFilters {
		return nil, notAllowed("filter", "are", bad, r.filters)
	}
	if bad := others(sorts, r.sorts); bad != "" && r.sorts != nil {
		return nil, notAllowed("sort", "is", bad, r.sorts)
	}
	var bad *crmsim.Answer
	if l.includes, bad = readIncludes(q, r); bad != nil {
		return nil, bad
	}
	return l, nil
}

// maxPage keeps the count of skipped rows within an int.
const maxPage = 1 << 40

// paging gives no more than maxLimit rows and refuses a limit that is no positive number; a page that is none is the
// first, as in Laravel's paginator.
func (l *listCall) paging() *crmsim.Answer {
	if n, err := strconv.Atoi(l.query.Get("page")); err == nil && n > 0 {
		l.page = min(n, maxPage)
	}
	v := l.query.Get("limit")
	if v == "" {
		return nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		return form.Refuse("limit", "The limit must be at least 1.")
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

func readIncludes(q url.Values, r rules) (map[string]bool, *crmsim.Answer) {
	out := map[string]bool{}
	var unknown []string
	for _, name := range crmsim.SplitComma(q.Get("include")) {
		known := name
		if name == "custom_fields" && slices.Contains(r.includes, "customFields") {
			known = "customFields"
		}
		if !slices.Contains(r.includes, known) {
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
	return strings.Join(slices.DeleteFunc(names, func(name string) bool { return slices.Contains(allowed, name) }), ", ")
}

// notAllowed is a refusal in the words of the query builder that KeyCRM's lists are made with. Its sentence about sorts
// has a verb of its own.
func notAllowed(what, verb, names string, allowed []string) *crmsim.Answer {
	return message(400, fmt.Sprintf("Requested %[1]s(s) `%[3]s` %[2]s not allowed. Allowed %[1]s(s) are `%[4]s`.",
		what, verb, names, strings.Join(allowed, ", ")))
}
