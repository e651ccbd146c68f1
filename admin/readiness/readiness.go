package readiness

import (
	"errors"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/admin/i18n"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// State says how one line of the readiness stands.
type State string

// The states of a line.
const (
	OK   State = "ok"
	Warn State = "warn" // does not keep anything from starting
	Fail State = "fail"
)

// Line is one line of the readiness.
type Line struct {
	// Code has words "ready.…".
	Code   string
	State  State
	Params []any
	// Gates: while it fails, neither schedules nor the sending of orders begin by themselves.
	Gates bool
}

// Anchor is the id of what mends the line in the page; empty when nothing is to be mended there.
func (l Line) Anchor(target settings.Target) string {
	part, _, _ := strings.Cut(l.Code, "_")
	switch {
	case l.State == OK || strings.HasSuffix(l.Code, "_unknown"):
		return ""
	case l.Code == "key_crm_unavailable" || l.Code == "key_crm_limited" || l.Code == "key_no_redis":
		return "" // not the key's fault
	case part == "key":
		return "kb-key"
	case part == "source":
		return form.FieldID("source")
	case l.Code == "pipelines_off":
		return form.FieldID("target")
	case part == "pipeline":
		return form.FieldID("pipeline")
	case part == "nothing" || part == "catalog":
		return "settings"
	case part == "webhook":
		return "webhook"
	}
	for _, id := range []form.MapID{form.MapOrderStatus, form.MapCardStatus, form.MapStatusOut, form.MapAddOns, form.MapPayments, form.MapDeliveries} {
		if strings.HasPrefix(l.Code, string(id)+"_") {
			return form.TableID(id, target)
		}
	}
	return ""
}

// Input is what readiness depends on.
type Input struct {
	Settings settings.Settings // stored or about to be
	Lists    form.Lists
	// Trouble is why the CRM's lists could not be read, with words "ready.key_…"; empty when they could.
	Trouble string
	Profile plugin.Profile
	Health  plugin.Health
	// Called tells of which objects the CRM's webhooks have called; nil when nobody can tell.
	Called map[settings.Object]bool
	// Words name things for the merchant.
	Words *i18n.Words
}

// checker collects lines.
type checker struct {
	Input
	lines []Line
}

// Check looks at a connection as a whole and answers in the order of the page.
func Check(in Input) []Line {
	r := checker{Input: in}
	r.key()
	r.catalog()
	if in.Settings.Orders.Target != settings.TargetOff {
		r.source()
		r.pipeline()
		for _, m := range form.Mappings(in.Settings.Orders, in.Lists) {
			r.mapped(m)
		}
		r.webhooks()
	}
	r.machinery("workers", in.Health.Workers, Fail)
	r.machinery("redis", in.Health.Redis, Fail)
	return r.lines
}

func (r *checker) add(code string, state State, params ...any) {
	r.lines = append(r.lines, Line{Code: code, State: state, Params: params, Gates: true})
}

// machinery adds a line that settings cannot mend, so that it keeps nothing from being started.
func (r *checker) machinery(code string, good bool, otherwise State) {
	l := Line{Code: code + "_ok", State: OK}
	if !good {
		l = Line{Code: code, State: otherwise}
	}
	r.lines = append(r.lines, l)
}

// Ready reports whether nothing that gates fails.
func Ready(lines []Line) bool {
	return !slices.ContainsFunc(lines, func(l Line) bool { return l.Gates && l.State == Fail })
}

func (r *checker) key() {
	if code := r.Trouble; code != "" {
		r.add("key_"+code, Fail)
		return
	}
	r.add("key_ok", OK)
}

func (r *checker) catalog() {
	c := r.Settings.Catalog
	switch {
	case !c.Products && !c.Categories && r.Settings.Orders.Target == settings.TargetOff:
		r.add("nothing_on", Warn)
	case c.Products && c.New == settings.NewSkip && (c.Existing == settings.ExistingSkip || c.Match == settings.MatchNever):
		r.add("catalog_nothing", Warn)
	case c.Products || c.Categories:
		r.add("catalog_ok", OK)
	}
}

func (r *checker) source() {
	chosen := r.Settings.Orders.Source
	at := slices.IndexFunc(r.Lists.CRM.Sources.Rows, func(s crm.Source) bool { return s.Code == chosen })
	switch {
	case r.Lists.CRM.Sources.Err != nil && at < 0:
		r.add("source_unknown", Fail)
	case len(r.Lists.CRM.Sources.Rows) == 0:
		r.add("source_none", Fail)
	case chosen == "":
		r.add("source_unset", Fail)
	case at < 0:
		r.add("source_gone", Fail)
	default:
		s := r.Lists.CRM.Sources.Rows[at]
		if s.Currency != r.Profile.Currency {
			r.add("source_currency", Fail, "source", s.Name, "crm", s.Currency, "shop", r.Profile.Currency)
			return
		}
		r.add("source_ok", OK, "source", s.Name, "currency", s.Currency)
	}
}

func (r *checker) pipeline() {
	if r.Settings.Orders.Target != settings.TargetCards {
		return
	}
	chosen, list := r.Settings.Orders.Pipeline, r.Lists.CRM.Pipelines
	at := slices.IndexFunc(list.Rows, func(p crm.Pipeline) bool { return p.Code == chosen })
	switch {
	case errors.Is(list.Err, crm.ErrFeatureOff):
		r.add("pipelines_off", Fail)
	case list.Err != nil && at < 0:
		r.add("pipeline_unknown", Fail)
	case chosen == "":
		r.add("pipeline_unset", Fail)
	case at < 0:
		r.add("pipeline_gone", Fail)
	default:
		r.add("pipeline_ok", OK, "pipeline", list.Rows[at].Name)
	}
}

// namesShown is how many open rows a verdict names before it says how many more there are.
const namesShown = 4

func (r *checker) mapped(m form.Mapping) {
	undecided, gone := m.Open()
	state := Fail
	if !m.Required {
		state = Warn
	}
	switch {
	case len(gone) > 0:
		r.add(string(m.ID)+"_gone", state, "names", r.names(gone))
	case len(undecided) > 0:
		r.add(string(m.ID)+"_open", state, "names", r.names(undecided))
	case m.RowsErr != nil && len(m.Rows) == 0:
		// An unreadable list is told of by the key's own line.
	case len(m.Shown()) > 0:
		r.add(string(m.ID)+"_ok", OK)
	}
}

func (r *checker) names(rows []form.Entry) string {
	var names []string
	for i, e := range rows {
		if i == namesShown {
			names = append(names, "…")
			break
		}
		names = append(names, "«"+e.Label(r.Words)+"»")
	}
	return strings.Join(names, ", ")
}

// webhooks warns while the CRM has not called: the trigger may be missing, or nothing happened yet.
func (r *checker) webhooks() {
	if r.Called == nil {
		return
	}
	objects := []settings.Object{settings.ObjectOrder}
	if r.Settings.Orders.Target == settings.TargetCards {
		objects = append(objects, settings.ObjectCard)
	}
	for _, object := range objects {
		r.machinery("webhook_"+string(object), r.Called[object], Warn)
	}
}
