package connector

import (
	"context"
	"fmt"
	"strconv"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/keycrm"
)

// Sources lists the order sources.
func (c *Connector) Sources(ctx context.Context) ([]crm.Source, error) {
	return dictionary(ctx, "sources", c.crm.Dictionaries.Sources, func(s keycrm.Source) (crm.Source, bool) {
		return crm.Source{Code: code(s.ID), Name: s.Name, Currency: s.CurrencyCode}, true
	})
}

// OrderStatuses lists the order statuses in use.
func (c *Connector) OrderStatuses(ctx context.Context) ([]crm.Status, error) {
	list := c.crm.Dictionaries.OrderStatuses
	return dictionary(ctx, "order statuses", list, func(s keycrm.OrderStatus) (crm.Status, bool) {
		final := bool(s.IsClosingOrder) || s.GroupID == keycrm.GroupCompleted || s.GroupID == keycrm.GroupCancelled
		out := crm.Status{Code: code(s.ID), Name: s.Name, Final: final}
		if s.Name == s.Alias || s.Name == "" {
			out.Term = s.Alias
		}
		return out, bool(s.IsActive) && s.DeletedAt.IsZero()
	})
}

// Pipelines lists the pipelines with their statuses, one request for each pipeline.
// Errors: crm.ErrFeatureOff when the account has none.
func (c *Connector) Pipelines(ctx context.Context) ([]crm.Pipeline, error) {
	rows, err := keycrm.Collect(ctx, c.crm.Pipelines.List)
	if err != nil {
		return nil, fmt.Errorf("list pipelines: %w", translate(err))
	}
	out := make([]crm.Pipeline, 0, len(rows))
	for _, p := range rows {
		statuses, err := c.pipelineStatuses(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, crm.Pipeline{Code: code(p.ID), Name: p.Name, Statuses: statuses})
	}
	return out, nil
}

func (c *Connector) pipelineStatuses(ctx context.Context, pipeline int64) ([]crm.Status, error) {
	list := func(ctx context.Context, q keycrm.PageQuery) ([]keycrm.PipelineStatus, *keycrm.Page, error) {
		return c.crm.Pipelines.Statuses(ctx, pipeline, q)
	}
	what := fmt.Sprintf("statuses of pipeline %d", pipeline)
	return dictionary(ctx, what, list, func(s keycrm.PipelineStatus) (crm.Status, bool) {
		out := crm.Status{Code: code(pipeline) + "/" + code(s.ID), Name: s.Title, Final: s.IsFinal}
		if s.Title == s.Alias || s.Title == "" {
			out.Term = s.Alias
		}
		return out, true
	})
}

// PaymentMethods lists the payment methods in use.
func (c *Connector) PaymentMethods(ctx context.Context) ([]crm.PaymentMethod, error) {
	list := c.crm.Dictionaries.PaymentMethods
	return dictionary(ctx, "payment methods", list, func(m keycrm.PaymentMethod) (crm.PaymentMethod, bool) {
		return crm.PaymentMethod{Code: code(m.ID), Name: m.Name, Term: m.Alias}, bool(m.IsActive)
	})
}

// DeliveryServices lists the delivery services.
func (c *Connector) DeliveryServices(ctx context.Context) ([]crm.DeliveryService, error) {
	list := c.crm.Dictionaries.DeliveryServices
	return dictionary(ctx, "delivery services", list, func(d keycrm.DeliveryService) (crm.DeliveryService, bool) {
		out := crm.DeliveryService{Code: code(d.ID), Name: d.Name, Carrier: d.SourceName}
		if out.Carrier == "" {
			out.Carrier = d.Alias
		}
		return out, true
	})
}

// CustomFields lists the custom fields of orders and of cards. A field's code is its UUID, which is
// what orders name it by.
func (c *Connector) CustomFields(ctx context.Context) ([]crm.Field, error) {
	rows, err := c.crm.CustomFields.List(ctx, keycrm.CustomFieldQuery{})
	if err != nil {
		return nil, fmt.Errorf("list custom fields: %w", translate(err))
	}
	var out []crm.Field
	for _, f := range rows {
		field := crm.Field{Code: f.UUID, Name: f.Name, Switch: f.Type == keycrm.FieldSwitcher}
		switch f.Model {
		case keycrm.ModelOrder:
			field.Owner = crm.FieldOfOrder
		case keycrm.ModelCard:
			field.Owner = crm.FieldOfCard
		default:
			continue
		}
		out = append(out, field)
	}
	return out, nil
}

// Categories lists the product categories as a flat list; a parent may come after its children.
func (c *Connector) Categories(ctx context.Context) ([]crm.Category, error) {
	var out []crm.Category
	for row, err := range c.crm.Categories.All(ctx, keycrm.CategoryQuery{}) {
		if err != nil {
			return nil, fmt.Errorf("list categories: %w", translate(err))
		}
		node := crm.Category{Code: code(row.ID), Name: row.Name}
		if row.ParentID != 0 {
			node.Parent = code(row.ParentID)
		}
		out = append(out, node)
	}
	return out, nil
}

// dictionary reads a whole list and turns its rows into neutral ones, leaving out those convert refuses.
func dictionary[From, To any](
	ctx context.Context, what string,
	list func(context.Context, keycrm.PageQuery) ([]From, *keycrm.Page, error), convert func(From) (To, bool),
) ([]To, error) {
	rows, err := keycrm.Collect(ctx, list)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", what, translate(err))
	}
	out := make([]To, 0, len(rows))
	for _, r := range rows {
		if row, ok := convert(r); ok {
			out = append(out, row)
		}
	}
	return out, nil
}

// code is how KeyCRM's numbers travel through the neutral parts.
func code(id int64) string { return strconv.FormatInt(id, 10) }
