package keycrm_test

import (
	"fmt"
	"net/http"
	"strings"
)

// writeFacts are about the part of the API that the client has no use for and the simulator serves all the same.
func writeFacts() []fact {
	return []fact{
		{"W1", "spec", true, func(p *probe) {
			a := p.send(http.MethodPost, "/products", `{"name":"Горнятко","sku":"MUG-1","price":240}`)
			p.is("a product is made without variants", a.status == 201 && fmt.Sprint(a.at("has_offers")) == "false" && a.at("sku") == "MUG-1", a)
			a = p.send(http.MethodPut, "/products/1001", `{"name":"Інша назва"}`)
			p.is("a change is 202 with the product", a.status == 202 && a.at("name") == "Інша назва", a)
		}},
		{"W2", "spec", true, func(p *probe) {
			a := p.send(http.MethodPost, "/products/1001/offers", `{"offers":[{"sku":"V-1","properties":[{"name":"Колір","value":"Синій"}]}]}`)
			p.is("variants are added with 201 and a status alone", a.status == 201 && fmt.Sprint(a.at("status")) == "true", a)
		}},
		{"W3", "spec", true, func(p *probe) {
			a := p.send(http.MethodPost, "/products/import", `{"products":[{"name":"А"}]}`)
			p.is("an import is 201 with a status alone", a.status == 201 && fmt.Sprint(a.at("status")) == "true", a)
		}},
		{"W4", "spec", true, func(p *probe) {
			a := p.send(http.MethodPost, "/products/categories", `{"name":"Свічки","parent_id":10}`)
			p.is("a category is made", a.status == 201 && a.at("parent_id") == 10.0, a)
		}},
		{"W5", "spec", true, func(p *probe) {
			for _, row := range []string{`"id":20001`, `"offer_id":20001`} {
				a := p.send(http.MethodPut, "/offers/stocks", `{"warehouse_id":1,"stocks":[{`+row+`,"quantity":4}]}`)
				p.is("stock is set by "+row, a.status == 202 && fmt.Sprint(a.at("status")) == "true", a)
			}
			a := p.send(http.MethodPut, "/offers", `{"offers":[{"id":20001,"price":99}]}`)
			p.is("offers are changed with 202 and a status alone", a.status == 202 && fmt.Sprint(a.at("status")) == "true", a)
		}},
		{"W6", "spec", true, func(p *probe) {
			a := p.send(http.MethodPost, "/buyer", `{"full_name":"Олена","phone":["+380000000001"]}`)
			phones, _ := a.at("phone").([]any)
			p.is("a buyer is made, with lists of phones", a.status == 201 && len(phones) == 1, a)
			a = p.send(http.MethodPut, "/buyer/3001", `{"note":"x"}`)
			p.is("the name is required in a change too", a.status == 422 && a.at("errors", "full_name") != nil, a)
			a = p.send(http.MethodPost, "/buyer/import", `{"buyers":[{}]}`)
			p.is("an import that failed names nothing", a.status == 400 && fmt.Sprint(a.at("status")) == "false", a)
		}},
		{"W7", "spec", true, func(p *probe) {
			a := p.send(http.MethodPost, "/order/import", `{"orders":[`+anOrder+`]}`)
			p.is("an import of orders is 201", a.status == 201, a)
		}},
		{"W8", "live", false, func(p *probe) {
			a := p.get("/warehouses")
			p.is("there is no list of warehouses", a.status == 404, a)
		}},
		{"W9", "code", true, func(p *probe) {
			a := p.send(http.MethodPost, "/pipelines/cards", strings.Replace(aCard, `{`, `{"status_id":103,`, 1))
			p.is("a new card lands in the first status whatever it asks for", a.status == 201 && a.at("status_id") == 101.0, a)
		}},
	}
}
