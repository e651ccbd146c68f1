package admin

import (
	"context"
	"errors"
	"html/template"
	"slices"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/internal/settings"
)

// formState is what was just tried and did not work; zero when the page is simply opened.
type formState struct {
	keyProblem string
	// set is what was typed; nil: the page shows what is stored.
	set      *settings.Settings
	problems []form.Problem
	stale    bool
}

// settingsView is the form with all blocks of the settings.
type settingsView struct {
	Version              int64
	Products, Categories bool
	Tree                 []*treeNode
	// Chosen counts the categories that are ticked; 0: all are taken.
	Chosen                           int
	ChosenProblem                    string
	Menus                            []menu
	Schedules                        []scheduleView
	Advanced                         advancedView
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

// formBuilder makes the form of one connection.
type formBuilder struct {
	req   *web.Request
	set   settings.Settings
	lists form.Lists
	// typed: the form shows what was typed, so nothing is proposed in it.
	typed    bool
	problems map[string]string
	// proposed tells for which targets something is.
	proposed map[settings.Target]bool
}

func (p base) settingsView(ctx context.Context, req *web.Request, lists form.Lists, tried formState) (*settingsView, error) {
	b := formBuilder{req: req, set: req.Conn.Settings, lists: lists, problems: map[string]string{}, proposed: map[settings.Target]bool{}}
	if tried.set != nil {
		b.set, b.typed = *tried.set, true
	}
	for _, p := range tried.problems {
		if p.Field != "" {
			b.problems[p.Field] = req.Words.T("problem."+p.Code, p.Params...)
		}
	}
	s := b.build()
	s.MayOverride = req.Conn.ReadyAt == nil
	links, err := p.webhookLinks(ctx, req)
	if err != nil {
		return nil, err
	}
	s.OrderLink, s.CardLink, s.NoLink = links.Order, links.Card, noLink(req)
	s.Advanced.Stock = p.stockView(ctx, req, links.Stock)
	return s, nil
}

func (b *formBuilder) build() *settingsView {
	c, o := b.set.Catalog, b.set.Orders
	s := &settingsView{
		Version: b.req.Conn.Version, Products: c.Products, Categories: c.Categories,
		Tree: b.tree(), Chosen: len(c.Chosen), ChosenProblem: b.problems["chosen"],
		Schedules:    b.schedules(),
		Advanced:     b.advanced(),
		Target:       b.choose(form.TargetMenu()),
		NoSources:    b.lists.CRM.Sources.Err == nil && len(b.lists.CRM.Sources.Rows) == 0,
		PipelinesOff: errors.Is(b.lists.CRM.Pipelines.Err, crm.ErrFeatureOff),
		HasAdds:      len(b.lists.Shop.AddOns) > 0, target: o.Target, TreeUnread: b.lists.CRM.Categories.Err != nil,
	}
	for _, m := range form.CatalogMenus() {
		s.Menus = append(s.Menus, b.choose(m))
	}
	s.Source, s.Pipeline = b.source(), b.pipeline()
	asOrders := b.maps(settings.TargetOrders)
	s.OrderStatus, s.StatusOut, s.AddOns = asOrders[form.MapOrderStatus], asOrders[form.MapStatusOut], asOrders[form.MapAddOns]
	s.Payments, s.Deliveries = asOrders[form.MapPayments], asOrders[form.MapDeliveries]
	asCards := b.maps(settings.TargetCards)
	s.CardStatus, s.StatusOutCard, s.AddOnsCard = asCards[form.MapCardStatus], asCards[form.MapStatusOut], asCards[form.MapAddOns]
	s.ProposedOrders, s.ProposedCards = b.proposed[settings.TargetOrders], b.proposed[settings.TargetCards]
	return s
}

// Hide answers the attribute that hides what does not matter for the chosen target. Styles show it
// again, without a script, once another target is picked in the menu.
func (s *settingsView) Hide(unless ...settings.Target) template.HTMLAttr {
	if slices.Contains(unless, s.target) {
		return ""
	}
	return "hidden"
}
