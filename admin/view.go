package admin

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
)

// settingsView is the form with all blocks of the settings.
type settingsView struct {
	Version              int64
	Products, Categories bool
	Tree                 []*treeNode
	// Chosen counts the categories that are ticked; 0: all are taken.
	Chosen                           int
	ChosenProblem                    string
	Match, New, Existing, Missing    menu
	Schedules                        []scheduleView
	Extra                            extraView
	Target, Source, Pipeline         menu
	OrderStatus, CardStatus          mapView
	StatusOut, StatusOutCard         mapView
	AddOns, AddOnsCard               mapView
	Payments, Deliveries             mapView
	OrderLink, CardLink, NoLink      string
	NoSources, PipelinesOff, HasAdds bool
	// ProposedOrders and ProposedCards: something that shows in that mode is proposed and not saved.
	ProposedOrders, ProposedCards bool
	target                        settings.Target
	// TreeUnread: the categories could not be read.
	TreeUnread bool
	// MayOverride offers to start in spite of what readiness says.
	MayOverride bool
}

// menu is a drop-down list.
type menu struct {
	Name, Label, Help string
	Groups            []optionGroup
	Proposed          bool
	Problem           string
}

// ID is the menu's id in the page, also where its row's code holds what ids may not.
func (m menu) ID() string {
	return "f-" + strings.NewReplacer("/", "-", " ", "-", ".", "-").Replace(m.Name)
}

type optionGroup struct {
	Label   string // empty: the options stand by themselves
	Options []option
}

type option struct {
	Value, Label string
	Selected     bool
}

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

// treeNode is a category of the CRM with those below it.
type treeNode struct {
	Code, Name string
	Checked    bool
	// Open shows the branch unfolded because something in it is ticked.
	Open     bool
	Gone     bool
	Children []*treeNode
}

// formBuilder makes the form of one connection.
type formBuilder struct {
	v     *visit
	set   settings.Settings
	lists *lists
	shop  *shopLists
	// typed: the form shows what was typed, so nothing is proposed in it.
	typed    bool
	problems map[string]string
	// proposed tells for which targets something is.
	proposed map[settings.Target]bool
}

func (a *Admin) settingsView(ctx context.Context, v *visit, l *lists, shop *shopLists, tried attempt) (*settingsView, error) {
	b := formBuilder{v: v, set: v.conn.Settings, lists: l, shop: shop, problems: map[string]string{}, proposed: map[settings.Target]bool{}}
	if tried.set != nil {
		b.set, b.typed = *tried.set, true
	}
	for _, p := range tried.problems {
		if p.Field != "" {
			b.problems[p.Field] = v.words.T("problem."+p.Code, p.Params...)
		}
	}
	s := b.build()
	s.MayOverride = v.conn.ReadyAt == nil
	links, err := a.webhookLinks(ctx, v)
	if err != nil {
		return nil, err
	}
	s.OrderLink, s.CardLink, s.NoLink = links.Order, links.Card, v.noLink()
	s.Extra.Stock = a.stockView(ctx, v, links.Stock)
	return s, nil
}

func (b *formBuilder) build() *settingsView {
	c, o := b.set.Catalog, b.set.Orders
	s := &settingsView{
		Version: b.v.conn.Version, Products: c.Products, Categories: c.Categories,
		Tree: b.tree(), Chosen: len(c.Chosen), ChosenProblem: b.problems["chosen"],
		Match:        choose(b, "match", matchKeys(), c.Match),
		New:          choose(b, "new", newPolicies(), c.New),
		Existing:     choose(b, "existing", existingPolicies(), c.Existing),
		Missing:      choose(b, "missing", missingPolicies(), c.Missing),
		Schedules:    b.schedules(),
		Extra:        b.extra(),
		Target:       choose(b, "target", targets(), o.Target),
		NoSources:    b.lists.sources.err == nil && len(b.lists.sources.rows) == 0,
		PipelinesOff: errors.Is(b.lists.pipelines.err, crm.ErrFeatureOff),
		HasAdds:      len(b.shop.addOns) > 0, target: o.Target, TreeUnread: b.lists.categories.err != nil,
	}
	s.Source, s.Pipeline = b.source(), b.pipeline()
	asOrders := b.maps(settings.TargetOrders)
	s.OrderStatus, s.StatusOut, s.AddOns = asOrders[mapOrderStatus], asOrders[mapStatusOut], asOrders[mapAddOns]
	s.Payments, s.Deliveries = asOrders[mapPayments], asOrders[mapDeliveries]
	asCards := b.maps(settings.TargetCards)
	s.CardStatus, s.StatusOutCard, s.AddOnsCard = asCards[mapCardStatus], asCards[mapStatusOut], asCards[mapAddOns]
	s.ProposedOrders, s.ProposedCards = b.proposed[settings.TargetOrders], b.proposed[settings.TargetCards]
	return s
}

// choose makes a menu of a fixed list; the words of its options are "NAME.OPTION".
func choose[T ~string](b *formBuilder, name string, offered []T, chosen T) menu {
	m := menu{Name: name, Label: b.v.words.T("label." + name), Help: b.v.words.T("help." + name), Problem: b.problems[name]}
	var options []option
	for _, o := range offered {
		options = append(options, option{string(o), b.v.words.T(name + "." + string(o)), o == chosen})
	}
	m.Groups = []optionGroup{{Options: options}}
	return m
}

func (b *formBuilder) source() menu {
	var rows []entry
	for _, s := range b.lists.sources.rows {
		rows = append(rows, entry{code: s.Code, name: s.Name + " · " + s.Currency})
	}
	proposed := proposeSource(b.lists.sources.rows, b.v.profile.Currency, b.v.profile.Name)
	return b.pick("source", rows, b.set.Orders.Source, proposed, settings.TargetOrders, settings.TargetCards)
}

func (b *formBuilder) pipeline() menu {
	var rows []entry
	for _, p := range b.lists.pipelines.rows {
		rows = append(rows, entry{code: p.Code, name: p.Name})
	}
	proposed := ""
	if len(rows) > 0 {
		proposed = rows[0].code
	}
	return b.pick("pipeline", rows, b.set.Orders.Pipeline, proposed, settings.TargetCards)
}

// pick makes a menu of the CRM's codes, with a blank first, that shows for the given targets.
func (b *formBuilder) pick(name string, rows []entry, chosen, proposed string, shows ...settings.Target) menu {
	m := menu{Name: name, Label: b.v.words.T("label." + name), Help: b.v.words.T("help." + name), Problem: b.problems[name]}
	if chosen == "" && proposed != "" && !b.typed {
		chosen, m.Proposed = proposed, true
		for _, target := range shows {
			b.proposed[target] = true
		}
	}
	options := []option{{"", b.v.words.T("choice.blank"), chosen == ""}}
	for _, r := range rows {
		options = append(options, option{r.code, r.name, r.code == chosen})
	}
	if chosen != "" && find(rows, chosen) == nil {
		options = append(options, option{chosen, b.v.words.T("choice.gone", "code", chosen), true})
	}
	m.Groups = []optionGroup{{Options: options}}
	return m
}

// maps makes the tables as they are for a target.
func (b *formBuilder) maps(target settings.Target) map[mapID]mapView {
	o := b.set.Orders
	o.Target = target
	all := mappings(o, b.lists, b.shop)
	offered := proposals{}
	if !b.typed {
		offered = propose(all, target)
	}
	out := map[mapID]mapView{}
	for _, m := range all {
		out[m.id] = b.table(m, target, offered[m.id])
	}
	return out
}

func (b *formBuilder) table(m mapping, target settings.Target, offered map[string]settings.Choice) mapView {
	view := mapView{Unread: m.rowsErr != nil && !errors.Is(m.rowsErr, crm.ErrFeatureOff) || m.valuesErr != nil}
	for _, r := range m.shown() {
		row := menu{Name: fieldName(m.id, target, r.code), Label: b.v.name(r)}
		row.Problem = b.problems[row.Name]
		chosen := m.choices[r.code]
		if p := offered[r.code]; !chosen.Made() && p.Made() {
			chosen, row.Proposed = p, true
			b.proposed[target] = true
		}
		row.Groups = b.options(m, chosen)
		if last := len(view.Groups) - 1; last >= 0 && view.Groups[last].Label == r.group {
			view.Groups[last].Rows = append(view.Groups[last].Rows, row)
			continue
		}
		view.Groups = append(view.Groups, rowGroup{Label: r.group, Rows: []menu{row}})
	}
	return view
}

// options are the values of a map's menu: blank, «skip», then the values by their groups.
func (b *formBuilder) options(m mapping, chosen settings.Choice) []optionGroup {
	skip := "choice.skip"
	if m.id == mapOrderStatus || m.id == mapCardStatus {
		skip = "choice.leave"
	}
	groups := []optionGroup{{Options: []option{
		{"", b.v.words.T("choice.blank"), !chosen.Made()},
		{skipValue, b.v.words.T(skip), chosen.Skip},
	}}}
	for _, value := range m.values {
		is := chosen.Code == value.code
		if value.retired && !is {
			continue
		}
		if groups[len(groups)-1].Label != value.group {
			groups = append(groups, optionGroup{Label: value.group})
		}
		last := &groups[len(groups)-1]
		last.Options = append(last.Options, option{codeMark + value.code, b.v.name(value), is})
	}
	if chosen.Code != "" && find(m.values, chosen.Code) == nil {
		key := "choice.gone"
		if m.valuesErr != nil {
			key = "choice.unread"
		}
		groups = append(groups, optionGroup{Options: []option{
			{codeMark + chosen.Code, b.v.words.T(key, "code", chosen.Code), true},
		}})
	}
	return groups
}

// tree arranges the categories. What is ticked but gone from the CRM stands at the end.
func (b *formBuilder) tree() []*treeNode {
	chosen := b.set.Catalog.Chosen
	nodes := map[string]*treeNode{}
	rows, up := b.lists.categories.rows, map[string]string{}
	for _, c := range rows {
		up[c.Code] = c.Parent
		nodes[c.Code] = &treeNode{Code: c.Code, Name: c.Name, Checked: slices.Contains(chosen, c.Code)}
	}
	var roots []*treeNode
	for _, c := range rows {
		parent := nodes[c.Parent]
		if parent == nil || loops(up, c.Code) {
			roots = append(roots, nodes[c.Code])
			continue
		}
		parent.Children = append(parent.Children, nodes[c.Code])
	}
	for _, root := range roots {
		unfold(root)
	}
	for _, code := range chosen {
		if nodes[code] == nil {
			roots = append(roots, &treeNode{Code: code, Name: b.v.words.T("choice.gone", "code", code), Checked: true, Gone: true})
		}
	}
	return roots
}

// loops reports whether going up from a category never ends, which the CRM should not allow but could.
func loops(up map[string]string, code string) bool {
	steps := 0
	for at := up[code]; at != ""; at = up[at] {
		if steps++; at == code || steps > len(up) {
			return true
		}
	}
	return false
}

// unfold opens the branches with something ticked in them.
func unfold(n *treeNode) (ticked bool) {
	for _, child := range n.Children {
		if unfold(child) {
			n.Open = true
		}
	}
	return n.Open || n.Checked
}
