package admin

import (
	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/internal/settings"
)

// menu is a drop-down list.
type menu struct {
	Name, Label, Help string
	Groups            []optionGroup
	Proposed          bool
	Problem           string
}

// ID is the menu's id in the page.
func (m menu) ID() string { return form.FieldID(m.Name) }

type optionGroup struct {
	Label   string // empty: the options stand by themselves
	Options []option
}

type option struct {
	Value, Label string
	Selected     bool
}

// menu is one without options; its words are "label.NAME" and "help.NAME".
func (b *formBuilder) menu(name string) menu {
	return menu{Name: name, Label: b.req.Words.T("label." + name), Help: b.req.Words.T("help." + name), Problem: b.problems[name]}
}

// choose makes a menu of fixed options.
func (b *formBuilder) choose(fixed form.Menu) menu {
	m := b.menu(fixed.Name)
	var options []option
	for _, o := range fixed.Options {
		options = append(options, option{o, b.req.Words.T(m.Name + "." + o), o == fixed.Chosen(b.set)})
	}
	m.Groups = []optionGroup{{Options: options}}
	return m
}

func (b *formBuilder) source() menu {
	var rows []form.Entry
	for _, s := range b.lists.CRM.Sources.Rows {
		rows = append(rows, form.Entry{Code: s.Code, Name: s.Name + " · " + s.Currency})
	}
	proposed := form.ProposeSource(b.lists.CRM.Sources.Rows, b.req.Profile.Currency, b.req.Profile.Name)
	return b.pick("source", rows, b.set.Orders.Source, proposed, settings.TargetOrders, settings.TargetCards)
}

func (b *formBuilder) pipeline() menu {
	var rows []form.Entry
	for _, p := range b.lists.CRM.Pipelines.Rows {
		rows = append(rows, form.Entry{Code: p.Code, Name: p.Name})
	}
	proposed := ""
	if len(rows) > 0 {
		proposed = rows[0].Code
	}
	return b.pick("pipeline", rows, b.set.Orders.Pipeline, proposed, settings.TargetCards)
}

// pick makes a menu of the CRM's codes, with a blank first, that shows for the given targets.
func (b *formBuilder) pick(name string, rows []form.Entry, chosen, proposed string, shows ...settings.Target) menu {
	m := b.menu(name)
	if chosen == "" && proposed != "" && !b.typed {
		chosen, m.Proposed = proposed, true
		for _, target := range shows {
			b.proposed[target] = true
		}
	}
	options := []option{{"", b.req.Words.T("choice.blank"), chosen == ""}}
	for _, r := range rows {
		options = append(options, option{r.Code, r.Name, r.Code == chosen})
	}
	if chosen != "" && form.Find(rows, chosen) == nil {
		options = append(options, option{chosen, b.req.Words.T("choice.gone", "code", chosen), true})
	}
	m.Groups = []optionGroup{{Options: options}}
	return m
}
