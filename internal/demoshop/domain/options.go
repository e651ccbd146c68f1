package domain

import (
	"slices"

	"github.com/shopspring/decimal"
)

// The codes of delivery methods, payment methods and add-ons.
const (
	DeliverBranch    = "np_branch"
	DeliverCourier   = "np_courier"
	DeliverUkrposhta = "ukrposhta"
	DeliverPickup    = "pickup"

	PayCash     = "cash"
	PayCard     = "card"
	PayTransfer = "transfer"

	AddOnWrap   = "gift_wrap"
	AddOnCard   = "postcard"
	AddOnNoCall = "no_call"
)

// DeliveryOption is a way to deliver with its price.
type DeliveryOption struct {
	Code    string
	Name    string
	Carrier string
	Price   decimal.Decimal
	Hint    string // for buyers
}

// DeliveryOptions are all ways to deliver, as buyers are offered them.
func DeliveryOptions() []DeliveryOption {
	return []DeliveryOption{
		{Code: DeliverBranch, Name: "Нова Пошта, відділення", Carrier: "novaposhta", Price: decimal.NewFromInt(80), Hint: "1–3 дні"},
		{Code: DeliverCourier, Name: "Нова Пошта, кур'єр", Carrier: "novaposhta", Price: decimal.NewFromInt(120), Hint: "1–3 дні, до дверей"},
		{Code: DeliverUkrposhta, Name: "Укрпошта", Carrier: "ukrposhta", Price: decimal.NewFromInt(50), Hint: "3–7 днів, до відділення за індексом"},
		{Code: DeliverPickup, Name: "Самовивіз", Carrier: "pickup", Price: decimal.Zero, Hint: "Київ, вул. Ярославів Вал, 15, щодня 10:00–20:00"},
	}
}

// DeliveryOf finds a way to deliver by its code.
func DeliveryOf(code string) (DeliveryOption, bool) {
	options := DeliveryOptions()
	at := slices.IndexFunc(options, func(o DeliveryOption) bool { return o.Code == code })
	if at < 0 {
		return DeliveryOption{}, false
	}
	return options[at], true
}

// PaymentOption is a way to pay with a word for the buyer.
type PaymentOption struct {
	Code string
	Name string
	Hint string
}

// PaymentOptions are all ways to pay, as buyers are offered them.
func PaymentOptions() []PaymentOption {
	return []PaymentOption{
		{Code: PayCash, Name: "Готівка при отриманні", Hint: "Сплатите, коли заберете замовлення"},
		{Code: PayCard, Name: "Карткою онлайн", Hint: "Visa, Mastercard. У цьому магазині оплата навчальна: гроші не списуються"},
		{Code: PayTransfer, Name: "Переказ на рахунок", Hint: "Реквізити покажемо після оформлення"},
	}
}

// PaymentName is what people call a way to pay; the code itself for one we do not know.
func PaymentName(code string) string {
	for _, p := range PaymentOptions() {
		if p.Code == code {
			return p.Name
		}
	}
	return code
}

// AddOn is what a buyer may add to an order, with its price.
type AddOn struct {
	Code  string
	Name  string
	Price decimal.Decimal
}

// AddOns are all add-ons.
func AddOns() []AddOn {
	return []AddOn{
		{Code: AddOnWrap, Name: "Подарункове пакування", Price: decimal.NewFromInt(50)},
		{Code: AddOnCard, Name: "Листівка з вашим текстом"},
		{Code: AddOnNoCall, Name: "Не дзвоніть мені"},
	}
}
