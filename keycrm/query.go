package keycrm

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// MaxLimit is the largest page KeyCRM serves and the one this client asks for by default.
const MaxLimit = 50

// Sort orders a list. The zero Sort leaves KeyCRM's own order, newest first. A second sort key has no effect in
// KeyCRM, so rows of one second can move between pages.
type Sort string

// The documented orders. Only orders know the updated ones.
const (
	SortID          Sort = "id"
	SortIDDesc      Sort = "-id"
	SortUpdated     Sort = "updated_at"
	SortUpdatedDesc Sort = "-updated_at"
)

// Between is a time window, both ends included, to the second. A zero end is open; the zero Between is no filter.
type Between struct{ From, To time.Time }

func (b Between) value() string {
	if b.From.IsZero() && b.To.IsZero() {
		return ""
	}
	from, to := "2000-01-01 00:00:00", "2099-12-31 23:59:59"
	if !b.From.IsZero() {
		from = b.From.UTC().Format(secondsLayout)
	}
	if !b.To.IsZero() {
		to = b.To.UTC().Format(secondsLayout)
	}
	return from + "," + to
}

// Yes and No are values for the optional switches of queries.
func Yes() *bool { v := true; return &v }

// No is the opposite of Yes.
func No() *bool { v := false; return &v }

// errEmptyFilter stops a list filter that is set but empty: KeyCRM would take it for no filter at all.
var errEmptyFilter = errors.New("a filter is set but names nothing")

// query collects what a list is asked for; values that are nil or zero are left out.
type query struct {
	v   url.Values
	err error
}

func newQuery(page, limit int) *query {
	q := &query{v: url.Values{}}
	q.v.Set("page", strconv.Itoa(max(page, 1)))
	if limit <= 0 {
		limit = MaxLimit
	}
	q.v.Set("limit", strconv.Itoa(limit))
	return q
}

func (q *query) text(filter, v string) {
	if v != "" {
		q.v.Set("filter["+filter+"]", v)
	}
}

func (q *query) ids(filter string, ids []int64) {
	q.checkSet(filter, ids != nil, len(ids))
	q.text(filter, joinIDs(ids))
}

func (q *query) texts(filter string, list []string) {
	q.checkSet(filter, list != nil, len(list))
	q.text(filter, strings.Join(list, ","))
}

func (q *query) checkSet(filter string, set bool, n int) {
	if set && n == 0 {
		q.err = fmt.Errorf("filter %s: %w", filter, errEmptyFilter)
	}
}

func (q *query) flag(filter string, v *bool) {
	if v != nil {
		q.text(filter, strconv.FormatBool(*v))
	}
}

func (q *query) between(filter string, b Between) { q.text(filter, b.value()) }

func (q *query) sort(s Sort) {
	if s != "" {
		q.v.Set("sort", string(s))
	}
}

func include[T ~string](q *query, list []T) {
	names := make([]string, len(list))
	for i, n := range list {
		names[i] = string(n)
	}
	if len(names) > 0 {
		q.v.Set("include", strings.Join(names, ","))
	}
}

// onlyInclude is the query of a request for one object.
func onlyInclude[T ~string](list []T) url.Values {
	q := &query{v: url.Values{}}
	include(q, list)
	return q.v
}

func joinIDs(ids []int64) string {
	s := make([]string, len(ids))
	for i, id := range ids {
		s[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(s, ",")
}
