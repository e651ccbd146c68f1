package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/frame"
)

// traffic is the pages of requests to the API and of what goes wrong.
type traffic struct{ *pages }

type requestsPage struct {
	frame.Head
	Keys    []keyMeter
	Strict  bool
	Unknown []string // what strict mode found
	Rows    []requestRow
}

type keyMeter struct {
	Name                 string
	Used, Limit, Percent int
}

type requestRow struct {
	At, Method, Path, Query, Key, Status, Class, Duration, Body, Answer string
}

func (p traffic) requests(in *frame.Input) (string, any) {
	v := requestsPage{Head: p.Head(in, "Запити API"), Strict: p.Strict, Unknown: p.Traffic.Findings.All()}
	for _, key := range p.Keys {
		m := keyMeter{"Ключ " + crmsim.LastFour(key), p.Traffic.Limiter.Used(key, p.Now()), p.Traffic.Limiter.Limit(), 0}
		if m.Limit > 0 {
			m.Percent = min(m.Used*100/m.Limit, 100)
		}
		v.Keys = append(v.Keys, m)
	}
	rows := p.Traffic.Log.All()
	slices.Reverse(rows)
	for _, q := range rows[:min(len(rows), 150)] {
		v.Rows = append(v.Rows, newRequestRow(&q))
	}
	return "requests", v
}

func newRequestRow(q *crmsim.Request) requestRow {
	row := requestRow{
		At: frame.When(q.At), Method: q.Method, Path: q.Path, Query: q.Query, Key: q.Key, Status: strconv.Itoa(q.Status),
		Duration: q.Duration.Round(time.Millisecond).String(), Body: frame.Shorten(q.Body), Answer: frame.Shorten(q.Answer),
		Class: "good",
	}
	switch {
	case q.Status == 0:
		row.Status, row.Class = "обрив", "bad"
	case q.Status >= 400:
		row.Class = "bad"
	}
	return row
}

func (p traffic) resetRequests(*frame.Input) (string, error) {
	p.Traffic.Log.Reset()
	p.Traffic.Limiter.Reset()
	p.Traffic.Findings.Reset()
	return "/requests", nil
}

// unknownFields is what strict mode found, one finding a line, for scripts: empty is good.
func (p traffic) unknownFields(w http.ResponseWriter, _ *http.Request) {
	if !p.Strict {
		http.Error(w, "the simulator was not started strict", http.StatusConflict)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for _, line := range p.Traffic.Findings.All() {
		_, _ = fmt.Fprintln(w, line) // the reader may be gone
	}
}
