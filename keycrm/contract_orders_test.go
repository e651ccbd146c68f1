package keycrm_test

import (
	"fmt"
	"net/http"
	"strings"
)

// newOrderFacts are about what KeyCRM makes of a new order that leaves things out or spells them in its own way.
func newOrderFacts() []fact {
	return []fact{
		{"O12", "live", true, func(p *probe) {
			offer := p.get("/offers?limit=1&filter[is_archived]=false").rows()[0]
			sku, _ := offer["sku"].(string)
			a := p.send(http.MethodPost, "/order", `{"source_id":7,"buyer":{"full_name":"О"},"products":[{"sku":"`+sku+`","quantity":1}]}`)
			p.is("a line without a price costs what the catalog says", offer["price"] != 0.0 && a.at("products_total") == offer["price"], a)
		}},
		{"O13", "live", true, func(p *probe) {
			a := p.send(http.MethodPost, "/order", `{"source_id":7,"buyer":{"phone":"+1 555-234-1234"}}`)
			p.is("a phone is kept as a plus and digits", a.at("buyer", "phone") == "+15552341234", a)
		}},
		{"O14", "live", true, func(p *probe) {
			a := p.send(http.MethodPost, "/order", anOrder)
			p.is("a new order is not counted in its answer", a.at("buyer", "orders_count") == 0.0 && a.at("buyer", "orders_sum") == "0.00", a)
			a = p.get("/order/70001?include=buyer")
			p.is("it is counted when it is read", a.at("buyer", "orders_count") == 1.0, a)
		}},
		{"O15", "guess", true, func(p *probe) {
			a := p.send(http.MethodPost, "/order", `{"source_id":7,"buyer":{"full_name":"О"},"payments":[{"payment_method":"Частинами","amount":5}]}`)
			p.is("an unknown name of a method is taken", a.status == 201, a)
			a = p.send(http.MethodPost, "/order/70001/payment", `{"payment_method":"Бартер","amount":5}`)
			p.is("the name stays with the payment", a.at("payment_method", "name") == "Бартер" && a.at("payment_method_id") == nil, a)
		}},
		{"O16", "guess", true, func(p *probe) {
			a := p.send(http.MethodPost, "/order", strings.Replace(anOrder, `"source_id":7`, `"source_name":"Instagram"`, 1))
			p.is("a source can be named", a.status == 201 && a.at("source_id") == 8.0, a)
		}},
		{"S9", "live", true, func(p *probe) {
			p.send(http.MethodPost, "/order", anOrder)
			list, ok := p.get("/order/70001").at("discount_data").([]any)
			p.is("a percentage has an empty discount_data", ok && len(list) == 0, answer{})
			p.send(http.MethodPost, "/order", `{"source_id":7,"buyer":{"full_name":"О"}}`)
			a := p.get("/order/70002")
			p.is("discount_data is null without one", a.status == 200 && a.at("discount_data") == nil && fmt.Sprint(a.at("has_reserves")) == "false", a)
		}},
	}
}
