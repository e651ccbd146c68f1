package keycrmtest

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

type overviewPage struct {
	head
	Key, BaseURL                            string
	Products, Offers, Orders, Cards, Buyers int
	Used, Limit                             int
	PipelinesOn                             bool
	StockHook                               StockHook
	Warehouses                              []warehouseChoice
}

type warehouseChoice struct {
	ID      int64
	Name    string
	Checked bool
}

func (p *pages) overview(w http.ResponseWriter, r *http.Request) {
	s := p.s
	v := overviewPage{
		head: p.head(r, "Огляд"), Key: s.Key(), BaseURL: s.BaseURL(), Limit: s.cfg.limit,
		Used: s.limiter.used(s.Key(), s.now()),
	}
	s.locked(func() {
		_, v.Products = s.productIDs(nil, window{})
		_, v.Offers = s.offerIDs(nil, window{})
		v.Orders, v.Cards, v.Buyers = len(s.db.orders.rows), len(s.db.cards.rows), len(s.db.buyers.rows)
		v.PipelinesOn, v.StockHook = !s.settings().PipelinesOff, s.settings().StockHook
	})
	for _, wh := range seedWarehouses() {
		checked := false
		for _, id := range v.StockHook.WarehouseIDs {
			checked = checked || id == wh.ID
		}
		v.Warehouses = append(v.Warehouses, warehouseChoice{wh.ID, wh.Name, checked})
	}
	p.render(w, http.StatusOK, "overview", v)
}

func (p *pages) setPipelines(f *input) (string, error) {
	p.s.SetPipelines(f.text("on") == "1")
	return "/", nil
}

func (p *pages) setStockHook(f *input) (string, error) {
	p.s.SetStockHook(StockHook{URL: f.text("url"), WarehouseIDs: f.ids("warehouse")})
	return "/", nil
}

type catalogPage struct {
	head
	Query      string
	Category   int64 // 0: all
	Categories []choice
	Rows       []catalogRow
	Pager      pager
}

type catalogRow struct {
	ID                                                  int64
	Name, SKU, Picture, Category, Price, Stock, Reserve string
	Offers                                              int
	Archived                                            bool
}

func (p *pages) catalog(w http.ResponseWriter, r *http.Request) {
	s, q := p.s, strings.TrimSpace(r.URL.Query().Get("q"))
	category, _ := strconv.ParseInt(r.URL.Query().Get("category"), 10, 64) // 0: all
	v := catalogPage{head: p.head(r, "Каталог"), Query: q, Category: category}
	s.locked(func() {
		v.Categories = s.categoryChoices(category)
		match := s.catalogMatch(q, category)
		v.Pager = newPager(r, 0)
		ids, total := s.productIDs(match, v.Pager.window())
		v.Pager = newPager(r, total)
		for _, id := range ids {
			v.Rows = append(v.Rows, s.catalogRow(s.product(id)))
		}
	})
	p.render(w, http.StatusOK, "catalog", v)
}

func (s *Server) catalogMatch(q string, category int64) func(brief) bool {
	if q == "" && category == 0 {
		return nil
	}
	bySKU, within := map[int64]bool{}, s.categoriesWithin(category)
	for _, o := range s.offersBySKU(q) {
		bySKU[o.ProductID] = true
	}
	word := strings.ToLower(q)
	return func(b brief) bool {
		return (category == 0 || within[b.category]) &&
			(q == "" || bySKU[b.id] || strconv.FormatInt(b.id, 10) == q || strings.Contains(strings.ToLower(s.productTitle(b.id)), word))
	}
}

// categoriesWithin are a category and all below it.
func (s *Server) categoriesWithin(id int64) map[int64]bool {
	within := map[int64]bool{id: true}
	for grown := true; grown; {
		grown = false
		for _, c := range s.categories() {
			if within[c.ParentID] && !within[c.ID] {
				within[c.ID], grown = true, true
			}
		}
	}
	return within
}

func (s *Server) catalogRow(p *Product) catalogRow {
	row := catalogRow{ID: p.ID, Name: p.Name, Archived: p.Archived, Category: s.categoryName(p.CategoryID)}
	if len(p.Pictures) > 0 {
		row.Picture = p.Pictures[0]
	}
	offers := s.offersOf(p)
	row.Offers = len(offers)
	var stock, reserve, low, high decimal.Decimal
	for i, o := range offers {
		stock, reserve, high = stock.Add(o.Quantity()), reserve.Add(o.Reserve), decimal.Max(high, o.Price)
		if i == 0 {
			row.SKU, low = o.SKU, o.Price
		}
		low = decimal.Min(low, o.Price)
	}
	row.Price = money(low)
	if !low.Equal(high) {
		row.Price += " – " + money(high)
	}
	row.Stock, row.Reserve = stock.String(), reserve.String()
	return row
}

func (s *Server) categoryName(id int64) string {
	if c := s.category(id); c != nil {
		return c.Name
	}
	return "–"
}

// categoryChoices are named by their whole path.
func (s *Server) categoryChoices(chosen int64) []choice {
	all := s.categories()
	names := map[int64]string{}
	out := make([]choice, 0, len(all))
	for _, c := range all {
		names[c.ID] = c.Name
		if parent, ok := names[c.ParentID]; ok {
			names[c.ID] = parent + " / " + c.Name
		}
		out = append(out, choice{c.ID, names[c.ID], c.ID == chosen})
	}
	return out
}

type productPage struct {
	head
	P          Product
	Category   string
	Updated    string
	Pictures   []string
	Fields     []fact
	Categories []choice
	Warehouses []dictWarehouse
	Offers     []offerRow
}

type offerRow struct {
	ID                                                int64
	SKU, Barcode, Picture, Properties, Price, Reserve string
	Stock                                             []stockCell
}

type stockCell struct {
	ID             int64
	Name, Quantity string
}

func (p *pages) product(w http.ResponseWriter, r *http.Request) {
	s, in := p.s, input{r}
	v := productPage{Warehouses: seedWarehouses()}
	found := false
	s.locked(func() {
		row := s.product(in.path("id"))
		if row == nil {
			return
		}
		found = true
		v.P, v.Pictures, v.Category = clone(row), row.Pictures, s.categoryName(row.CategoryID)
		v.Categories, v.Updated = s.categoryChoices(row.CategoryID), when(row.UpdatedAt)
		for _, value := range row.CustomFields {
			if def := s.fieldByUUID(value.UUID); def != nil {
				v.Fields = append(v.Fields, fact{def.Name, valueWords(value.Value)})
			}
		}
		for _, o := range s.offersOf(row) {
			v.Offers = append(v.Offers, newOfferRow(o))
		}
	})
	if !found {
		p.missing(w)
		return
	}
	v.head = p.head(r, v.P.Name)
	p.render(w, http.StatusOK, "product", v)
}

func newOfferRow(o *Offer) offerRow {
	row := offerRow{
		ID: o.ID, SKU: o.SKU, Barcode: o.Barcode, Picture: o.Picture, Price: o.Price.String(), Reserve: o.Reserve.String(),
	}
	var names []string
	for _, pr := range o.Properties {
		names = append(names, pr.Name+": "+pr.Value)
	}
	row.Properties = strings.Join(names, ", ")
	for _, w := range seedWarehouses() {
		row.Stock = append(row.Stock, stockCell{w.ID, w.Name, o.Stock[w.ID].String()})
	}
	return row
}

func (p *pages) addProduct(f *input) (string, error) {
	price, err := f.amount("price")
	if err != nil {
		return "", err
	}
	stock, err := f.amount("stock")
	if err != nil {
		return "", err
	}
	if f.text("name") == "" {
		return "", userError("потрібна назва.")
	}
	id := p.s.AddProduct(NewProduct{
		Product: Product{Name: f.text("name"), CategoryID: f.id("category")},
		Offers:  []Offer{{SKU: f.text("sku"), Price: price, Stock: map[int64]decimal.Decimal{WarehouseKyiv: stock}}},
	})
	picture := fmt.Sprintf("/pictures/p%d-1.jpg", id)
	err = p.s.EditProduct(id, func(row *Product) { row.Pictures = []string{picture} })
	return productPath(id), err
}

func productPath(id int64) string { return "/catalog/" + strconv.FormatInt(id, 10) }

func (p *pages) editProduct(f *input) (string, error) {
	id := f.path("id")
	return productPath(id), p.s.EditProduct(id, func(row *Product) {
		row.Name, row.Description, row.CategoryID = f.text("name"), f.text("description"), f.id("category")
	})
}

func (p *pages) archiveProduct(f *input) (string, error) {
	id := f.path("id")
	return productPath(id), p.s.ArchiveProduct(id, f.text("archived") == "1")
}

// archivedAtOnce bounds what one press of a button may change: each changed product is kept as a row.
const archivedAtOnce = 10_000

// archiveFound archives all that the catalog's page finds, or brings it back.
func (p *pages) archiveFound(f *input) (string, error) {
	q, category, archived := f.text("q"), f.id("category"), f.text("archived") == "1"
	var ids []int64
	total := 0
	p.s.locked(func() { ids, total = p.s.productIDs(p.s.catalogMatch(q, category), window{take: archivedAtOnce}) })
	if total > archivedAtOnce {
		return "", userError(fmt.Sprintf("знайдено %d товарів, а за раз можна змінити %d.", total, archivedAtOnce))
	}
	for _, id := range ids {
		if err := p.s.ArchiveProduct(id, archived); err != nil {
			return "", err
		}
	}
	back := url.Values{"q": {q}}
	if category != 0 {
		back.Set("category", strconv.FormatInt(category, 10))
	}
	return "/catalog?" + back.Encode(), nil
}

func (p *pages) deleteProduct(f *input) (string, error) {
	return "/catalog", p.s.DeleteProduct(f.path("id"))
}

func (p *pages) editOffer(f *input) (string, error) {
	id := f.path("id")
	o, ok := p.s.Offer(id)
	if !ok {
		return "", missing("offer", id)
	}
	price, err := f.amount("price")
	if err != nil {
		return "", err
	}
	stock := map[int64]decimal.Decimal{}
	for _, w := range seedWarehouses() {
		name := fmt.Sprintf("stock_%d", w.ID)
		if !f.r.PostForm.Has(name) {
			continue
		}
		if stock[w.ID], err = f.amount(name); err != nil {
			return "", err
		}
	}
	return productPath(o.ProductID), p.s.EditOffer(id, func(o *Offer) {
		if f.r.PostForm.Has("price") {
			o.Price = price
		}
		for w, q := range stock {
			o.Stock[w] = q
		}
	})
}
