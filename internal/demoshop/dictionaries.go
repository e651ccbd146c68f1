package demoshop

import (
	"context"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

// The codes of delivery methods, payment methods and add-ons.
const (
	deliverBranch    = "np_branch"
	deliverCourier   = "np_courier"
	deliverUkrposhta = "ukrposhta"
	deliverPickup    = "pickup"

	payCash     = "cash"
	payCard     = "card"
	payTransfer = "transfer"

	addOnWrap   = "gift_wrap"
	addOnCard   = "postcard"
	addOnNoCall = "no_call"
)

// dictionaries are the shop's lists, fixed in this engine.
type dictionaries struct {
	engine *Engine
}

var _ plugin.Dictionaries = (*dictionaries)(nil)

// deliveryOption is a way to deliver with its price.
type deliveryOption struct {
	plugin.DeliveryMethod
	Price decimal.Decimal
	Hint  string // for buyers
}

func deliveryOptions() []deliveryOption {
	return []deliveryOption{
		{plugin.DeliveryMethod{Code: deliverBranch, Name: "Нова Пошта, відділення", Carrier: "novaposhta"}, decimal.NewFromInt(80), "1–3 дні"},
		{plugin.DeliveryMethod{Code: deliverCourier, Name: "Нова Пошта, кур'єр", Carrier: "novaposhta"}, decimal.NewFromInt(120), "1–3 дні, до дверей"},
		{plugin.DeliveryMethod{Code: deliverUkrposhta, Name: "Укрпошта", Carrier: "ukrposhta"}, decimal.NewFromInt(50), "3–7 днів, до відділення за індексом"},
		{plugin.DeliveryMethod{Code: deliverPickup, Name: "Самовивіз", Carrier: "pickup"}, decimal.Zero, "Київ, вул. Ярославів Вал, 15, щодня 10:00–20:00"},
	}
}

func deliveryOf(code string) (deliveryOption, bool) {
	options := deliveryOptions()
	at := slices.IndexFunc(options, func(o deliveryOption) bool { return o.Code == code })
	if at < 0 {
		return deliveryOption{}, false
	}
	return options[at], true
}

// paymentOption is a way to pay with a word for the buyer.
type paymentOption struct {
	plugin.PaymentMethod
	Hint string
}

func paymentOptions() []paymentOption {
	return []paymentOption{
		{plugin.PaymentMethod{Code: payCash, Name: "Готівка при отриманні"}, "Сплатите, коли заберете замовлення"},
		{plugin.PaymentMethod{Code: payCard, Name: "Карткою онлайн"}, "Visa, Mastercard. У цьому магазині оплата навчальна: гроші не списуються"},
		{plugin.PaymentMethod{Code: payTransfer, Name: "Переказ на рахунок"}, "Реквізити покажемо після оформлення"},
	}
}

func paymentName(code string) string {
	for _, p := range paymentOptions() {
		if p.Code == code {
			return p.Name
		}
	}
	return code
}

func addOnList() []plugin.AddOn {
	return []plugin.AddOn{
		{Code: addOnWrap, Name: "Подарункове пакування", Price: decimal.NewFromInt(50)},
		{Code: addOnCard, Name: "Листівка з вашим текстом"},
		{Code: addOnNoCall, Name: "Не дзвоніть мені"},
	}
}

// OrderStatuses implements plugin.Dictionaries.
func (*dictionaries) OrderStatuses(context.Context) ([]plugin.OrderStatus, error) {
	return orderStatuses(), nil
}

// PaymentMethods implements plugin.Dictionaries.
func (*dictionaries) PaymentMethods(context.Context) ([]plugin.PaymentMethod, error) {
	var out []plugin.PaymentMethod
	for _, p := range paymentOptions() {
		out = append(out, p.PaymentMethod)
	}
	return out, nil
}

// DeliveryMethods implements plugin.Dictionaries.
func (*dictionaries) DeliveryMethods(context.Context) ([]plugin.DeliveryMethod, error) {
	var out []plugin.DeliveryMethod
	for _, d := range deliveryOptions() {
		out = append(out, d.DeliveryMethod)
	}
	return out, nil
}

// AddOns implements plugin.Dictionaries.
func (*dictionaries) AddOns(context.Context) ([]plugin.AddOn, error) { return addOnList(), nil }

// Storefronts implements plugin.Dictionaries.
func (d *dictionaries) Storefronts(context.Context) ([]plugin.Storefront, error) {
	return slices.Clone(d.engine.cfg.Storefronts), nil
}

// Languages implements plugin.Dictionaries.
func (d *dictionaries) Languages(context.Context) ([]plugin.Language, error) {
	return slices.Clone(d.engine.cfg.Languages), nil
}
