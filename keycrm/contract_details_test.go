package keycrm_test

import (
	"fmt"
	"net/http"
	"strings"
)

// detailFacts are small things that a client trips over.
func detailFacts() []fact {
	return []fact{
		{"T6", "guess", true, func(p *probe) {
			p.kind = "application/x-www-form-urlencoded"
			a := p.send(http.MethodPost, "/order", anOrder)
			p.is("JSON that is not called so is not read", a.status == 422 && a.at("errors", "source_id") != nil, a)
		}},
		{"T7", "guess", true, func(p *probe) {
			a := p.send(http.MethodPost, "/order?source_id=7", `{"buyer":{"full_name":"Олена"}}`)
			p.is("members of the query count where the body has none", a.status == 201, a)
			p.kind = "application/x-www-form-urlencoded"
			a = p.send(http.MethodPost, "/order", "source_id=7&buyer[full_name]=x&products[0][name]=a&products[0][price]=5")
			p.is("a form is read like JSON", a.status == 201 && a.at("grand_total") == 5.0, a)
		}},
		{"T8", "guess", true, func(p *probe) {
			a := p.send(http.MethodPost, "/order", strings.Replace(anOrder, `"discount_percent":5`, `"discount_percent":""`, 1))
			p.is("an empty text is null", a.status == 201 && a.at("discount_percent") == nil, a)
		}},
		{"L9", "live", false, func(p *probe) {
			a := p.get("/order?sort=updated_at,id&limit=1")
			p.is("a compound sort is taken", a.status == 200, a)
		}},
		{"L10", "guess", false, func(p *probe) {
			a := p.get("/order?sort=nope&limit=1")
			p.is("an unknown sort of orders is 400 and named", a.status == 400 && strings.Contains(a.text, "`nope` is not allowed"), a)
		}},
		{"L11", "guess", false, func(p *probe) {
			a := p.get("/products?page=0&limit=1")
			p.is("a page that is no positive number is the first", a.status == 200 && a.at("current_page") == 1.0, a)
		}},
		{"L12", "live", false, func(p *probe) {
			for _, name := range []string{"custom_fields", "customFields"} {
				a := p.get("/order?limit=1&include=" + name)
				p.is("orders take "+name, a.status == 200, a)
			}
		}},
		{"L13", "live", false, func(p *probe) {
			a := p.get("/products?include=custom_fields&limit=1&page=2")
			first, _ := a.at("first_page_url").(string)
			p.is("addresses of pages keep the query", strings.Contains(first, "include=custom_fields&limit=1&page=1"), a)
		}},
		{"L14", "live", false, func(p *probe) {
			for _, sort := range []string{"created_at", "-created_at"} {
				a := p.get("/order?limit=1&sort=" + sort)
				p.is("orders are sorted by "+sort, a.status == 200, a)
			}
		}},
		{"S8", "live", false, func(p *probe) {
			prefix := map[string]string{"order": "OR_", "lead": "LD_", "client": "CT_", "crm_product": "CT_"}
			for _, v := range p.get("/custom-fields").list {
				field, _ := v.(map[string]any)
				uuid, model := fmt.Sprint(field["uuid"]), fmt.Sprint(field["model"])
				p.is("the uuid "+uuid+" begins as those of "+model, strings.HasPrefix(uuid, prefix[model]), answer{})
			}
		}},
		{"O9", "live", true, func(p *probe) {
			p.send(http.MethodPost, "/order", anOrder)
			a := p.get("/order?filter[buyer_phone]=380000000001")
			p.is("a phone is found by its digits without a plus", len(a.rows()) == 1, a)
		}},
		{"O10", "live", true, func(p *probe) {
			p.send(http.MethodPost, "/order", anOrder)
			lines, _ := p.get("/order/70001?include=products").at("products").([]any)
			for _, l := range lines {
				line, _ := l.(map[string]any)
				p.is("a line has its warehouse, which cannot be asked for", line["warehouse"] != nil, answer{})
			}
			for _, o := range p.get("/order").rows() {
				p.is("a listed order has its warehouse", o["warehouse"] != nil, answer{})
			}
		}},
		{"O11", "spec", true, func(p *probe) {
			p.send(http.MethodPost, "/order", anOrder)
			a := p.send(http.MethodPost, "/order/70001/tag/4", "")
			p.is("a tag is put on with a status alone", a.status == 202 && a.text == `{"status":true}`, a)
			a = p.send(http.MethodDelete, "/order/70001/tag/4", "")
			p.is("a tag is taken off without a word", a.status == 204 && a.text == "", a)
		}},
		{"C6", "live", true, func(p *probe) {
			p.send(http.MethodPost, "/pipelines/cards", aCard)
			inside := p.get("/pipelines/cards/4001?include=status").at("status", "name")
			rows := p.get("/pipelines/1/statuses").rows()
			p.is("a status is called name inside a card and title in its list", inside != nil && rows[0]["title"] == inside, answer{})
		}},
		{"C7", "spec", true, func(p *probe) {
			p.send(http.MethodPost, "/pipelines/cards", aCard)
			p.send(http.MethodPut, "/pipelines/cards/4001", `{"status_id":201}`)
			a := p.get("/pipelines/cards/4001")
			p.is("a status of another pipeline moves the card there", a.at("pipeline_id") == 2.0, a)
		}},
	}
}
