package generator

import (
	"fmt"
	"sort"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
)

// OffersOf are the numbers first…end-1 of the offers of the i-th product.
func (g *Generator) OffersOf(i int) (first, end int) { return int(g.starts[i]), int(g.starts[i+1]) }

// ProductOf finds the product of the o-th offer.
func (g *Generator) ProductOf(o int) int {
	return sort.Search(g.Products(), func(i int) bool { return int(g.starts[i+1]) > o })
}

// Offer computes the o-th offer; a product without variants has one, without properties.
func (g *Generator) Offer(o int) *entity.Offer {
	i := g.ProductOf(o)
	l, n := g.leafOf(i), o-int(g.starts[i])
	id := int64(FirstOffer + o)
	price := g.price(i)
	of := &entity.Offer{
		ID: id, ProductID: int64(FirstProduct + i), SKU: g.SKU(o),
		Barcode: ean13(482000000000 + int64(o)), Price: price,
		PurchasedPrice: price.Mul(decimal.New(45+int64(g.Pick(i, forPrice+100, 20)), -2)).Round(2),
		Stock:          g.stock(o, l), Reserve: decimal.Zero,
		CreatedAt: g.created(i), UpdatedAt: g.created(i),
	}
	if i%53 != 52 {
		of.Picture = fmt.Sprintf("/pictures/p%d-1.jpg", of.ProductID)
	}
	if o%41 == 40 {
		of.Barcode = ""
	}
	if g.starts[i+1]-g.starts[i] > 1 {
		g.vary(of, i, n, l)
	}
	return of
}

// SKU is the o-th offer's article, had without computing the offer: a variant's ends with the codes of its axes.
func (g *Generator) SKU(o int) string {
	i := g.ProductOf(o)
	l := g.leafOf(i)
	sku := fmt.Sprintf("%s-%05d", l.kind, i+1)
	if g.starts[i+1]-g.starts[i] == 1 {
		return sku
	}
	v := g.variant(i, o-int(g.starts[i]), l)
	sku += "-" + v.colour.code
	if v.size != "" {
		sku += fmt.Sprintf("-%d", v.place+1)
	}
	return sku
}

// variant is where a variant stands on its product's axes.
type variant struct {
	colour Colour
	axis   string // name of the second axis
	size   string // empty: colours alone
	place  int    // of the size among the sizes
}

// variant places the n-th variant of the i-th product.
func (g *Generator) variant(i, n int, l *placedLeaf) variant {
	all := Colours()
	name, sizes := axisSizes(l.axes)
	v := variant{axis: name}
	c := n
	if len(sizes) > 0 {
		v.place, c = n%len(sizes), n/len(sizes)
		v.size = sizes[v.place]
	}
	v.colour = all[(c+g.Pick(i, ForColour, len(all)))%len(all)]
	return v
}

// vary gives the n-th variant its colour and size, and now and then a price of its own.
func (g *Generator) vary(of *entity.Offer, i, n int, l *placedLeaf) {
	v := g.variant(i, n, l)
	of.Properties = []entity.Property{{Name: "Колір", Value: v.colour.Name}}
	of.Picture = fmt.Sprintf("/pictures/o%d.jpg", of.ID)
	if v.size != "" {
		of.Properties = append(of.Properties, entity.Property{Name: v.axis, Value: v.size})
	}
	if n%5 == 4 {
		of.Price = of.Price.Add(decimal.NewFromInt(40))
	}
}

func (g *Generator) price(i int) decimal.Decimal {
	l := g.leafOf(i)
	v := int64(l.low + g.Pick(i, forPrice, l.high-l.low+1))
	if v > 100 {
		v = v / 10 * 10
	}
	price := decimal.NewFromInt(v)
	if i%9 == 8 {
		price = price.Add(decimal.New(50, -2))
	}
	return price
}

func (g *Generator) stock(o int, l *placedLeaf) map[int64]decimal.Decimal {
	kyiv, lviv := int64(g.Pick(o, forStock, 40)), int64(g.Pick(o, forStock+100, 12))
	if o%17 == 16 {
		kyiv, lviv = 0, 0
	}
	s := map[int64]decimal.Decimal{entity.WarehouseKyiv: decimal.NewFromInt(kyiv), entity.WarehouseLviv: decimal.NewFromInt(lviv)}
	if l.unit != "" {
		s[entity.WarehouseKyiv] = decimal.New(kyiv*25, -1)
	}
	if o%293 == 292 {
		s[entity.WarehouseKyiv], s[entity.WarehouseLviv] = decimal.NewFromInt(-1), decimal.Zero
	}
	return s
}

// ean13 adds the check digit to twelve digits.
func ean13(n int64) string {
	s, sum := fmt.Sprintf("%012d", n), 0
	for i, r := range s {
		sum += int(r-'0') * (1 + 2*(i%2))
	}
	return s + fmt.Sprint((10-sum%10)%10)
}
