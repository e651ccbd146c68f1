package admin

import (
	"errors"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// verdictState says how one line of the readiness stands.
type verdictState string

// The states of a verdict.
const (
	verdictOK   verdictState = "ok"
	verdictWarn verdictState = "warn" // does not keep anything from starting
	verdictFail verdictState = "fail"
)

// verdict is one line of the readiness.
type verdict struct {
	// Code has words "ready.…".
	Code   string
	State  verdictState
	Params []any
	// Gates: while it fails, neither schedules nor the sending of orders begin by themselves.
	Gates bool
}

// anchor is the id of what mends the line in the page; empty when nothing is to be mended there.
func (v verdict) anchor(target settings.Target) string {
	part, _, _ := strings.Cut(v.Code, "_")
	switch {
	case v.State == verdictOK || strings.HasSuffix(v.Code, "_unknown"):
		return ""
	case v.Code == "key_crm_unavailable" || v.Code == "key_crm_limited" || v.Code == "key_no_redis":
		return "" // not the key's fault
	case part == "key":
		return "kb-key"
	case part == "source":
		return menu{Name: "source"}.ID()
	case v.Code == "pipelines_off":
		return menu{Name: "target"}.ID()
	case part == "pipeline":
		return menu{Name: "pipeline"}.ID()
	case part == "nothing" || part == "catalog":
		return "settings"
	case part == "webhook":
		return "webhook"
	}
	for _, id := range []mapID{mapOrderStatus, mapCardStatus, mapStatusOut, mapAddOns, mapPayments, mapDeliveries} {
		if strings.HasPrefix(v.Code, string(id)+"_") {
			return tableID(id, target)
		}
	}
	return ""
}

// readiness looks at one connection as a whole.
type readiness struct {
	set     settings.Settings
	lists   *lists
	shop    *shopLists
	profile plugin.Profile
	health  plugin.Health
	// seen tells of webhooks, by object; nil when nobody can tell.
	seen map[settings.Object]WebhookSeen
	say  func(entry) string

	lines []verdict
}

func (r *readiness) add(code string, state verdictState, params ...any) {
	r.lines = append(r.lines, verdict{Code: code, State: state, Params: params, Gates: true})
}

// machinery adds a line that settings cannot mend, so that it keeps nothing from being started.
func (r *readiness) machinery(code string, good bool, otherwise verdictState) {
	v := verdict{Code: code + "_ok", State: verdictOK}
	if !good {
		v = verdict{Code: code, State: otherwise}
	}
	r.lines = append(r.lines, v)
}

// judge answers a verdict a line.
func (r *readiness) judge() []verdict {
	r.key()
	r.catalog()
	if r.set.Orders.Target != settings.TargetOff {
		r.source()
		r.pipeline()
		for _, m := range mappings(r.set.Orders, r.lists, r.shop) {
			r.mapped(m)
		}
		r.webhooks()
	}
	r.machinery("workers", r.health.Workers, verdictFail)
	r.machinery("redis", r.health.Redis, verdictFail)
	return r.lines
}

// ready reports whether nothing that gates fails.
func ready(lines []verdict) bool {
	return !slices.ContainsFunc(lines, func(v verdict) bool { return v.Gates && v.State == verdictFail })
}

func (r *readiness) key() {
	if code := trouble(r.lists.err()); code != "" {
		r.add("key_"+code, verdictFail)
		return
	}
	r.add("key_ok", verdictOK)
}

func (r *readiness) catalog() {
	c := r.set.Catalog
	switch {
	case !c.Products && !c.Categories && r.set.Orders.Target == settings.TargetOff:
		r.add("nothing_on", verdictWarn)
	case c.Products && c.New == settings.NewSkip && (c.Existing == settings.ExistingSkip || c.Match == settings.MatchNever):
		r.add("catalog_nothing", verdictWarn)
	case c.Products || c.Categories:
		r.add("catalog_ok", verdictOK)
	}
}

func (r *readiness) source() {
	chosen := r.set.Orders.Source
	at := slices.IndexFunc(r.lists.sources.rows, func(s crm.Source) bool { return s.Code == chosen })
	switch {
	case r.lists.sources.err != nil && at < 0:
		r.add("source_unknown", verdictFail)
	case len(r.lists.sources.rows) == 0:
		r.add("source_none", verdictFail)
	case chosen == "":
		r.add("source_unset", verdictFail)
	case at < 0:
		r.add("source_gone", verdictFail)
	default:
		s := r.lists.sources.rows[at]
		if s.Currency != r.profile.Currency {
			r.add("source_currency", verdictFail, "source", s.Name, "crm", s.Currency, "shop", r.profile.Currency)
			return
		}
		r.add("source_ok", verdictOK, "source", s.Name, "currency", s.Currency)
	}
}

func (r *readiness) pipeline() {
	if r.set.Orders.Target != settings.TargetCards {
		return
	}
	chosen, list := r.set.Orders.Pipeline, r.lists.pipelines
	at := slices.IndexFunc(list.rows, func(p crm.Pipeline) bool { return p.Code == chosen })
	switch {
	case errors.Is(list.err, crm.ErrFeatureOff):
		r.add("pipelines_off", verdictFail)
	case list.err != nil && at < 0:
		r.add("pipeline_unknown", verdictFail)
	case chosen == "":
		r.add("pipeline_unset", verdictFail)
	case at < 0:
		r.add("pipeline_gone", verdictFail)
	default:
		r.add("pipeline_ok", verdictOK, "pipeline", list.rows[at].Name)
	}
}

// namesShown is how many open rows a verdict names before it says how many more there are.
const namesShown = 4

func (r *readiness) mapped(m mapping) {
	undecided, gone := m.open()
	state := verdictFail
	if !m.required {
		state = verdictWarn
	}
	switch {
	case len(gone) > 0:
		r.add(string(m.id)+"_gone", state, "names", r.names(gone))
	case len(undecided) > 0:
		r.add(string(m.id)+"_open", state, "names", r.names(undecided))
	case m.rowsErr != nil && len(m.rows) == 0:
		// An unreadable list is told of by the key's own line.
	case len(m.shown()) > 0:
		r.add(string(m.id)+"_ok", verdictOK)
	}
}

func (r *readiness) names(rows []entry) string {
	var names []string
	for i, e := range rows {
		if i == namesShown {
			names = append(names, "…")
			break
		}
		names = append(names, "«"+r.say(e)+"»")
	}
	return strings.Join(names, ", ")
}

// webhooks warns while the CRM has not called: the trigger may be missing, or nothing happened yet.
func (r *readiness) webhooks() {
	if r.seen == nil {
		return
	}
	objects := []settings.Object{settings.ObjectOrder}
	if r.set.Orders.Target == settings.TargetCards {
		objects = append(objects, settings.ObjectCard)
	}
	for _, object := range objects {
		r.machinery("webhook_"+string(object), !r.seen[object].Received.IsZero(), verdictWarn)
	}
}
