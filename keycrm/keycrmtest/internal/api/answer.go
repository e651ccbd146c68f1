package api

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/form"
)

type messageBody struct {
	Message string `json:"message"`
}

type statusBody struct {
	Status bool `json:"status"`
}

func message(status int, text string) *crmsim.Answer {
	return &crmsim.Answer{Status: status, Body: messageBody{text}}
}

func notFound() *crmsim.Answer { return message(http.StatusNotFound, "Not found") }

func leadsOff(status int) *crmsim.Answer { return message(status, "Leads are not enabled") }

func tooMany() *crmsim.Answer { return message(http.StatusTooManyRequests, "Too Many Attempts.") }

// call is one request to the API, with the account's lock held.
type call struct {
	form.Body
	r    *http.Request
	q    url.Values
	note func(what string) // tells strict mode
}

// handler answers a request.
type handler func(*call) *crmsim.Answer

// id is a number in the path, 0 when it is none.
func (c *call) id(name string) int64 {
	n, err := strconv.ParseInt(c.r.PathValue(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (c *call) list(r rules) (*listCall, *crmsim.Answer) {
	for name := range readFilters(c.q) {
		if r.ignoreFilters && !slices.Contains(r.filters, name) {
			c.note("filter[" + name + "]")
		}
	}
	return readList(strings.TrimPrefix(c.r.URL.Path, "/v1/"), c.q, r)
}

// noteQuery tells strict mode of members that no list knows; KeyCRM ignores them.
func (c *call) noteQuery() {
	for name := range c.q {
		if !strings.HasPrefix(name, "filter[") && !slices.Contains([]string{"page", "limit", "include", "sort"}, name) {
			c.note("?" + name)
		}
	}
}
