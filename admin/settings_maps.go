package admin

import (
	"errors"
	"strings"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
)

// mapView is a table that maps one list to another.
type mapView struct {
	Groups []rowGroup
	// Unread: the CRM's list could not be read.
	Unread bool
}

type rowGroup struct {
	Label string
	Rows  []menu
}

// maps makes the tables as they are for a target.
func (b *formBuilder) maps(target settings.Target) map[form.MapID]mapView {
	o := b.set.Orders
	o.Target = target
	all := form.Mappings(o, b.lists)
	offered := form.Proposals{}
	if !b.typed {
		offered = form.Propose(all, target)
	}
	out := map[form.MapID]mapView{}
	for _, m := range all {
		out[m.ID] = b.table(m, target, offered[m.ID])
	}
	return out
}

func (b *formBuilder) table(m form.Mapping, target settings.Target, offered map[string]settings.Choice) mapView {
	view := mapView{Unread: m.RowsErr != nil && !errors.Is(m.RowsErr, crm.ErrFeatureOff) || m.ValuesErr != nil}
	for _, r := range m.Shown() {
		row := menu{Name: form.FieldName(m.ID, target, r.Code), Label: r.Label(b.req.Words)}
		row.Problem = b.problems[row.Name]
		chosen := m.Choices[r.Code]
		if p := offered[r.Code]; !chosen.Made() && p.Made() {
			chosen, row.Proposed = p, true
			b.proposed[target] = true
		}
		row.Groups = b.options(m, chosen)
		if last := len(view.Groups) - 1; last >= 0 && view.Groups[last].Label == r.Group {
			view.Groups[last].Rows = append(view.Groups[last].Rows, row)
			continue
		}
		view.Groups = append(view.Groups, rowGroup{Label: r.Group, Rows: []menu{row}})
	}
	return view
}

// options are the values of a map's menu: blank, «skip», then the values by their groups.
func (b *formBuilder) options(m form.Mapping, chosen settings.Choice) []optionGroup {
	skip := "choice.skip"
	if m.ID == form.MapOrderStatus || m.ID == form.MapCardStatus {
		skip = "choice.leave"
	}
	groups := []optionGroup{{Options: []option{
		{"", b.req.Words.T("choice.blank"), !chosen.Made()},
		{form.SkipValue, b.req.Words.T(skip), chosen.Skip},
	}}}
	for _, value := range m.Values {
		is := chosen.Code == value.Code
		if value.Retired && !is {
			continue
		}
		if groups[len(groups)-1].Label != value.Group {
			groups = append(groups, optionGroup{Label: value.Group})
		}
		last := &groups[len(groups)-1]
		last.Options = append(last.Options, option{form.CodeMark + value.Code, value.Label(b.req.Words), is})
	}
	if chosen.Code != "" && form.Find(m.Values, chosen.Code) == nil {
		key := "choice.gone"
		if m.ValuesErr != nil {
			key = "choice.unread"
		}
		groups = append(groups, optionGroup{Options: []option{
			{form.CodeMark + chosen.Code, b.req.Words.T(key, "code", chosen.Code), true},
		}})
	}
	return groups
}

// tableView is a map with what stands around it.
type tableView struct {
	ID, Key, Left, Right string
	View                 mapView
}

// Table dresses a map for its template. The name is the map's, with "_card" behind it where there is
// one of its own for cards; heads are keys of words.
func (s *settingsView) Table(name string, view mapView, left, right string) tableView {
	return tableView{ID: "map-" + name, Key: strings.TrimSuffix(name, "_card"), Left: left, Right: right, View: view}
}
