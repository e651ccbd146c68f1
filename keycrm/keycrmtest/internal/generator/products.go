package generator

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// Product computes the i-th product.
func (g *Generator) Product(i int) *entity.Product {
	l := g.leafOf(i)
	id := int64(FirstProduct + i)
	p := &entity.Product{
		ID: id, Name: g.Title(i), CategoryID: g.CategoryOf(i), CurrencyCode: "UAH", UnitType: l.unit,
		Weight: decimal.New(int64(l.grams), -3), Archived: g.Archived(i),
		CreatedAt: g.created(i), UpdatedAt: g.created(i).Add(time.Duration(g.Pick(i, forUpdate, 90*24)) * time.Minute),
	}
	p.Description = g.description(i, l)
	for n := 1; n <= 1+g.Pick(i, ForPicture, 2); n++ {
		p.Pictures = append(p.Pictures, fmt.Sprintf("/pictures/p%d-%d.jpg", id, n))
	}
	if i%53 == 52 {
		p.Pictures = nil
	}
	p.CustomFields = g.customFields(i)
	for o := g.starts[i]; o < g.starts[i+1]; o++ {
		p.OfferIDs = append(p.OfferIDs, int64(FirstOffer)+int64(o))
	}
	return p
}

// Title is the name of the i-th product, had without computing the product.
func (g *Generator) Title(i int) string {
	l, names := g.leafOf(i), seriesNames()
	n := i / len(g.leaves)
	first := l.titles[(n+g.Pick(i%len(g.leaves), forTitle, 7))%len(l.titles)]
	series := names[(n*7+i%len(g.leaves)*3)%len(names)]
	title := first + " «" + series + "»"
	if again := n / lcm(len(names), len(l.titles)); again > 0 {
		title += fmt.Sprintf(" %d", again+1)
	}
	return title
}

func lcm(a, b int) int {
	x, y := a, b
	for y != 0 {
		x, y = y, x%y
	}
	return a / x * b
}

func (g *Generator) material(i int) string {
	l := g.leafOf(i)
	return l.materials[g.Pick(i, forMaterial, len(l.materials))]
}

func (g *Generator) description(i int, l *placedLeaf) string {
	unit := "за одиницю"
	if l.unit != "" {
		unit = "за метр"
	}
	return fmt.Sprintf("<p><strong>%s</strong>. %s</p><ul><li>Матеріал: %s</li><li>Країна: Україна</li>"+
		"<li>Ціна вказана %s</li></ul><p>Доглядайте дбайливо, і річ служитиме довго.</p>",
		g.Title(i), l.about, g.material(i), unit)
}

func (g *Generator) customFields(i int) []entity.FieldValue {
	if i%4 == 3 {
		return nil
	}
	fields := []entity.FieldValue{{UUID: "CT_1004", Value: jsonText([]string{g.material(i)})}}
	if i%6 == 0 {
		fields = append(fields, entity.FieldValue{UUID: "CT_1005", Value: jsonText("Зроблено в Україні")})
	}
	return fields
}

func jsonText(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil { // only texts and lists of texts come here
		return json.RawMessage("null")
	}
	return b
}
