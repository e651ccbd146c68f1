package keycrmtest

import (
	"fmt"
	"sort"
	"time"

	"github.com/shopspring/decimal"
)

// Ids of the invented catalog start here; the rows added later continue behind them.
const (
	firstProduct  = 1001
	firstOffer    = 20001
	firstCategory = 10
	firstOrder    = 70001
)

// Warehouses of the account.
const (
	WarehouseKyiv int64 = 1
	WarehouseLviv int64 = 2
)

// generator computes the invented catalog row by row from a seed: the same seed gives the same shop. It holds only
// where each product's offers begin, so a million offers cost a few megabytes.
type generator struct {
	seed       uint64
	leaves     []placedLeaf
	categories []Category
	starts     []int32 // first offer of each product, one more at the end
}

type placedLeaf struct {
	leaf
	category int64
}

func newGenerator(seed int64, products, offers int) *generator {
	g := &generator{seed: uint64(seed)}
	next := int64(firstCategory)
	add := func(name string, parent int64) int64 {
		id := next
		next++
		g.categories = append(g.categories, Category{ID: id, Name: name, ParentID: parent})
		return id
	}
	for _, r := range shopTree() {
		top := add(r.name, 0)
		for _, b := range r.branches {
			mid := add(b.name, top)
			for _, l := range b.leaves {
				g.leaves = append(g.leaves, placedLeaf{l, add(l.name, mid)})
			}
		}
	}
	g.place(max(products, 0), max(offers, products))
	return g
}

// place spreads the offers: every product has one, and those whose kind varies share the rest evenly.
func (g *generator) place(products, offers int) {
	counts := make([]int32, products)
	for i := range counts {
		counts[i] = 1
	}
	for extra := offers - products; extra > 0; {
		before := extra
		for i := 0; i < products && extra > 0; i++ {
			if g.varies(i) && int(counts[i]) < g.maxVariants(i) {
				counts[i]++
				extra--
			}
		}
		if extra == before {
			break // more offers asked for than the kinds can vary
		}
	}
	g.starts = make([]int32, products+1)
	for i, n := range counts {
		g.starts[i+1] = g.starts[i] + n
	}
}

func (g *generator) products() int { return len(g.starts) - 1 }
func (g *generator) offers() int   { return int(g.starts[len(g.starts)-1]) }

// hash is splitmix64 over the seed, a row and a purpose.
func (g *generator) hash(row int, purpose uint64) uint64 {
	z := g.seed*0x9e3779b97f4a7c15 + uint64(row)*0xbf58476d1ce4e5b9 + purpose*0x94d049bb133111eb
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (g *generator) pick(row int, purpose uint64, n int) int {
	return int(g.hash(row, purpose) % uint64(n))
}

// Purposes keep the hashes of one row apart.
const (
	forVariants uint64 = iota + 1
	forPrice
	forStock
	forArchive
	forColour
	forTitle
	forPicture
	forMaterial
	forReserve
	forUpdate
	forHistory
)

func (g *generator) leafOf(i int) *placedLeaf { return &g.leaves[i%len(g.leaves)] }

func (g *generator) categoryOf(i int) int64 {
	if g.uncategorised(i) {
		return 0
	}
	return g.leafOf(i).category
}

func (g *generator) uncategorised(i int) bool { return i%211 == 210 }

func (g *generator) archived(i int) bool { return g.hash(i, forArchive)%37 == 0 }

func (g *generator) varies(i int) bool {
	return g.leafOf(i).axes != axesNone && g.leafOf(i).unit == "" && g.hash(i, forVariants)%10 < 3
}

func (g *generator) maxVariants(i int) int {
	_, sizes := axisSizes(g.leafOf(i).axes)
	return len(colours()) * max(len(sizes), 1)
}

// created is when the i-th product appeared: a few an hour from the first opening of the shop on.
func (g *generator) created(i int) time.Time {
	return time.Date(2026, 1, 12, 8, 0, 0, 0, time.UTC).Add(time.Duration(i) * 7 * time.Minute / 4)
}

func (g *generator) product(i int) *Product {
	l := g.leafOf(i)
	id := int64(firstProduct + i)
	p := &Product{
		ID: id, Name: g.title(i), CategoryID: g.categoryOf(i), CurrencyCode: "UAH", UnitType: l.unit,
		Weight: decimal.New(int64(l.grams), -3), Archived: g.archived(i),
		CreatedAt: g.created(i), UpdatedAt: g.created(i).Add(time.Duration(g.pick(i, forUpdate, 90*24)) * time.Minute),
	}
	p.Description = g.description(i, l)
	for n := 1; n <= 1+g.pick(i, forPicture, 2); n++ {
		p.Pictures = append(p.Pictures, fmt.Sprintf("/pictures/p%d-%d.jpg", id, n))
	}
	if i%53 == 52 {
		p.Pictures = nil
	}
	p.CustomFields = g.customFields(i, l)
	for o := g.starts[i]; o < g.starts[i+1]; o++ {
		p.OfferIDs = append(p.OfferIDs, int64(firstOffer)+int64(o))
	}
	return p
}

func (g *generator) title(i int) string {
	l, names := g.leafOf(i), seriesNames()
	n := i / len(g.leaves)
	first := l.titles[(n+g.pick(i%len(g.leaves), forTitle, 7))%len(l.titles)]
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

func (g *generator) material(i int) string {
	l := g.leafOf(i)
	return l.materials[g.pick(i, forMaterial, len(l.materials))]
}

func (g *generator) description(i int, l *placedLeaf) string {
	unit := "за одиницю"
	if l.unit != "" {
		unit = "за метр"
	}
	return fmt.Sprintf("<p><strong>%s</strong>. %s</p><ul><li>Матеріал: %s</li><li>Країна: Україна</li>"+
		"<li>Ціна вказана %s</li></ul><p>Доглядайте дбайливо, і річ служитиме довго.</p>",
		g.title(i), l.about, g.material(i), unit)
}

func (g *generator) customFields(i int, l *placedLeaf) []FieldValue {
	if i%4 == 3 {
		return nil
	}
	fields := []FieldValue{{"CT_1004", jsonText([]string{g.material(i)})}}
	if i%6 == 0 {
		fields = append(fields, FieldValue{"CT_1005", jsonText("Зроблено в Україні")})
	}
	return fields
}

// productOf finds the product of the o-th offer.
func (g *generator) productOf(o int) int {
	return sort.Search(g.products(), func(i int) bool { return int(g.starts[i+1]) > o })
}

func (g *generator) offer(o int) *Offer {
	i := g.productOf(o)
	l, n := g.leafOf(i), o-int(g.starts[i])
	id := int64(firstOffer + o)
	price := g.price(i)
	of := &Offer{
		ID: id, ProductID: int64(firstProduct + i), SKU: g.sku(o),
		Barcode: ean13(482000000000 + int64(o)), Price: price,
		PurchasedPrice: price.Mul(decimal.New(45+int64(g.pick(i, forPrice+100, 20)), -2)).Round(2),
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

// sku is the o-th offer's article, had without computing the offer: a variant's ends with the codes of its axes.
func (g *generator) sku(o int) string {
	i := g.productOf(o)
	l := g.leafOf(i)
	sku := fmt.Sprintf("%s-%05d", l.icon.code(), i+1)
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
	colour colour
	axis   string // name of the second axis
	size   string // empty: colours alone
	place  int    // of the size among the sizes
}

// variant places the n-th variant of the i-th product.
func (g *generator) variant(i, n int, l *placedLeaf) variant {
	all := colours()
	name, sizes := axisSizes(l.axes)
	v := variant{axis: name}
	c := n
	if len(sizes) > 0 {
		v.place, c = n%len(sizes), n/len(sizes)
		v.size = sizes[v.place]
	}
	v.colour = all[(c+g.pick(i, forColour, len(all)))%len(all)]
	return v
}

// vary gives the n-th variant its colour and size, and now and then a price of its own.
func (g *generator) vary(of *Offer, i, n int, l *placedLeaf) {
	v := g.variant(i, n, l)
	of.Properties = []Property{{"Колір", v.colour.name}}
	of.Picture = fmt.Sprintf("/pictures/o%d.jpg", of.ID)
	if v.size != "" {
		of.Properties = append(of.Properties, Property{v.axis, v.size})
	}
	if n%5 == 4 {
		of.Price = of.Price.Add(decimal.NewFromInt(40))
	}
}

func (g *generator) price(i int) decimal.Decimal {
	l := g.leafOf(i)
	v := int64(l.low + g.pick(i, forPrice, l.high-l.low+1))
	if v > 100 {
		v = v / 10 * 10
	}
	price := decimal.NewFromInt(v)
	if i%9 == 8 {
		price = price.Add(decimal.New(50, -2))
	}
	return price
}

func (g *generator) stock(o int, l *placedLeaf) map[int64]decimal.Decimal {
	kyiv, lviv := int64(g.pick(o, forStock, 40)), int64(g.pick(o, forStock+100, 12))
	if o%17 == 16 {
		kyiv, lviv = 0, 0
	}
	s := map[int64]decimal.Decimal{WarehouseKyiv: decimal.NewFromInt(kyiv), WarehouseLviv: decimal.NewFromInt(lviv)}
	if l.unit != "" {
		s[WarehouseKyiv] = decimal.New(kyiv*25, -1)
	}
	if o%293 == 292 {
		s[WarehouseKyiv], s[WarehouseLviv] = decimal.NewFromInt(-1), decimal.Zero
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
