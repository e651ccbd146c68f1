package bridge

import (
	"context"
	"slices"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/plugin"
)

// dictionaries are the shop's lists, fixed in this engine.
type dictionaries struct {
	languages   []plugin.Language
	storefronts []plugin.Storefront
}

var _ plugin.Dictionaries = (*dictionaries)(nil)

// OrderStatuses implements plugin.Dictionaries.
func (*dictionaries) OrderStatuses(context.Context) ([]plugin.OrderStatus, error) {
	var out []plugin.OrderStatus
	for _, s := range domain.OrderStatuses() {
		out = append(out, plugin.OrderStatus{Code: s.Code, Name: s.Name, Final: s.Final, Canceled: s.Canceled})
	}
	return out, nil
}

// PaymentMethods implements plugin.Dictionaries.
func (*dictionaries) PaymentMethods(context.Context) ([]plugin.PaymentMethod, error) {
	var out []plugin.PaymentMethod
	for _, p := range domain.PaymentOptions() {
		out = append(out, plugin.PaymentMethod{Code: p.Code, Name: p.Name})
	}
	return out, nil
}

// DeliveryMethods implements plugin.Dictionaries.
func (*dictionaries) DeliveryMethods(context.Context) ([]plugin.DeliveryMethod, error) {
	var out []plugin.DeliveryMethod
	for _, d := range domain.DeliveryOptions() {
		out = append(out, plugin.DeliveryMethod{Code: d.Code, Name: d.Name, Carrier: d.Carrier})
	}
	return out, nil
}

// AddOns implements plugin.Dictionaries.
func (*dictionaries) AddOns(context.Context) ([]plugin.AddOn, error) {
	var out []plugin.AddOn
	for _, a := range domain.AddOns() {
		out = append(out, plugin.AddOn{Code: a.Code, Name: a.Name, Price: a.Price})
	}
	return out, nil
}

// Storefronts implements plugin.Dictionaries.
func (d *dictionaries) Storefronts(context.Context) ([]plugin.Storefront, error) {
	return slices.Clone(d.storefronts), nil
}

// Languages implements plugin.Dictionaries.
func (d *dictionaries) Languages(context.Context) ([]plugin.Language, error) {
	return slices.Clone(d.languages), nil
}
