package web

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/crmsim/frame"
	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

// catalog is the pages of goods.
type catalog struct{ *pages }

type catalogPage struct {
	frame.Head
	Query      string
	Category   int64 // 0: all
	Categories []frame.Choice
	Rows       []catalogRow
	Pager      frame.Pager
}

type catalogRow struct {
	ID                                                  int64
	Name, SKU, Picture, Category, Price, Stock, Reserve string
	Offers                                              int
	Archived                                            bool
}

func (p catalog) catalog(in *frame.Input) (string, any) {
	q := strings.TrimSpace(in.R.URL.Query().Get("q"))
	category := in.Query("category")
	v := catalogPage{Head: p.Head(in, "Каталог"), Query: q, Category: category}
	v.Categories = p.categoryChoices(category)
	match := p.catalogMatch(q, category)
	v.Pager = frame.NewPager(in.R, 0)
	ids, total := p.Catalog.ProductIDs(match, v.Pager.Window())
	v.Pager = frame.NewPager(in.R, total)
	for _, id := range ids {
		v.Rows = append(v.Rows, p.catalogRow(p.Catalog.Product(id)))
	}
	return "catalog", v
}

func (p catalog) catalogMatch(q string, category int64) func(account.Brief) bool {
	if q == "" && category == 0 {
		return nil
	}
	bySKU, within := map[int64]bool{}, p.Catalog.CategoriesWithin(category)
	for _, o := range p.Catalog.OffersBySKU(q) {
		bySKU[o.ProductID] = true
	}
	word := strings.ToLower(q)
	return func(b account.Brief) bool {
		return (category == 0 || within[b.Category]) &&
			(q == "" || bySKU[b.ID] || strconv.FormatInt(b.ID, 10) == q || strings.Contains(strings.ToLower(p.Catalog.ProductTitle(b.ID)), word))
	}
}

func (p catalog) catalogRow(g *entity.Product) catalogRow {
	row := catalogRow{ID: g.ID, Name: g.Name, Archived: g.Archived, Category: p.Catalog.CategoryName(g.CategoryID)}
	if len(g.Pictures) > 0 {
		row.Picture = g.Pictures[0]
	}
	offers := p.Catalog.OffersOf(g)
	row.Offers = len(offers)
	var stock, reserve, low, high decimal.Decimal
	for i, o := range offers {
		stock, reserve, high = stock.Add(o.Quantity()), reserve.Add(o.Reserve), decimal.Max(high, o.Price)
		if i == 0 {
			row.SKU, low = o.SKU, o.Price
		}
		low = decimal.Min(low, o.Price)
	}
	row.Price = frame.Money(low)
	if !low.Equal(high) {
		row.Price += " – " + frame.Money(high)
	}
	row.Stock, row.Reserve = stock.String(), reserve.String()
	return row
}

// categoryChoices are named by their whole path.
func (p catalog) categoryChoices(chosen int64) []frame.Choice {
	all := p.Catalog.Categories()
	names := map[int64]string{}
	out := make([]frame.Choice, 0, len(all))
	for _, c := range all {
		names[c.ID] = c.Name
		if parent, ok := names[c.ParentID]; ok {
			names[c.ID] = parent + " / " + c.Name
		}
		out = append(out, frame.Choice{ID: c.ID, Name: names[c.ID], Chosen: c.ID == chosen})
	}
	return out
}

func (p catalog) addProduct(f *frame.Input) (string, error) {
	price, err := f.Amount("price")
	if err != nil {
		return "", err
	}
	stock, err := f.Amount("stock")
	if err != nil {
		return "", err
	}
	if f.Text("name") == "" {
		return "", frame.UserError("потрібна назва.")
	}
	id := p.Catalog.Insert(account.NewProduct{
		Product: entity.Product{Name: f.Text("name"), CategoryID: f.ID("category")},
		Offers:  []entity.Offer{{SKU: f.Text("sku"), Price: price, Stock: map[int64]decimal.Decimal{entity.WarehouseKyiv: stock}}},
	})
	picture := fmt.Sprintf("/pictures/p%d-1.jpg", id)
	err = p.Catalog.Edit(id, func(row *entity.Product) { row.Pictures = []string{picture} })
	return productPath(id), err
}

func productPath(id int64) string { return "/catalog/" + strconv.FormatInt(id, 10) }

func (p catalog) archiveProduct(f *frame.Input) (string, error) {
	id := f.Path("id")
	return productPath(id), p.archive(id, f.Text("archived") == "1")
}

func (p catalog) archive(id int64, archived bool) error {
	return p.Catalog.Edit(id, func(row *entity.Product) { row.Archived = archived })
}

// archivedAtOnce bounds what one press of a button may change: each changed product is kept as a row.
const archivedAtOnce = 10_000

// archiveFound archives all that the catalog's page finds, or brings it back.
func (p catalog) archiveFound(f *frame.Input) (string, error) {
	q, category, archived := f.Text("q"), f.ID("category"), f.Text("archived") == "1"
	ids, total := p.Catalog.ProductIDs(p.catalogMatch(q, category), table.Window{Take: archivedAtOnce})
	if total > archivedAtOnce {
		return "", frame.UserError(fmt.Sprintf("знайдено %d товарів, а за раз можна змінити %d.", total, archivedAtOnce))
	}
	for _, id := range ids {
		if err := p.archive(id, archived); err != nil {
			return "", err
		}
	}
	back := url.Values{"q": {q}}
	if category != 0 {
		back.Set("category", strconv.FormatInt(category, 10))
	}
	return "/catalog?" + back.Encode(), nil
}

func (p catalog) deleteProduct(f *frame.Input) (string, error) {
	return "/catalog", p.Catalog.Edit(f.Path("id"), func(row *entity.Product) { row.Deleted = true })
}
