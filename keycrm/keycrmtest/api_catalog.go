package keycrmtest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

type productJSON struct {
	ID             int64      `json:"id"`
	Name           string     `json:"name"`
	Description    *string    `json:"description"`
	ThumbnailURL   *string    `json:"thumbnail_url"`
	Attachments    []string   `json:"attachments_data"`
	Quantity       number     `json:"quantity"`
	InReserve      number     `json:"in_reserve"`
	UnitType       *string    `json:"unit_type"`
	CurrencyCode   string     `json:"currency_code"`
	SKU            *string    `json:"sku"`
	Barcode        *string    `json:"barcode"`
	Price          nullNumber `json:"price"`
	PurchasedPrice nullNumber `json:"purchased_price"`
	MinPrice       number     `json:"min_price"`
	MaxPrice       number     `json:"max_price"`
	Weight         number     `json:"weight"`
	Length         nullNumber `json:"length"`
	Width          nullNumber `json:"width"`
	Height         nullNumber `json:"height"`
	HasOffers      bool       `json:"has_offers"`
	IsArchived     bool       `json:"is_archived"`
	CategoryID     *int64     `json:"category_id"`
	CreatedAt      isoTime    `json:"created_at"`
	UpdatedAt      isoTime    `json:"updated_at"`
	CustomFields   part       `json:"custom_fields,omitzero"`
	PropertiesAgg  part       `json:"properties_agg,omitzero"`
	Sources        part       `json:"sources,omitzero"`
}

func (s *Server) renderProduct(p *Product, customFields, inOffer bool) productJSON {
	offers := s.offersOf(p)
	out := productJSON{
		ID: p.ID, Name: p.Name, Description: orNull(p.Description), Attachments: s.absolute(p.Pictures),
		UnitType: orNull(p.UnitType), CurrencyCode: p.CurrencyCode, Weight: number(p.Weight),
		HasOffers: len(offers) > 1 || len(offers) == 1 && len(offers[0].Properties) > 0, IsArchived: p.Archived,
		CategoryID: idOrNull(p.CategoryID), CreatedAt: isoTime(p.CreatedAt), UpdatedAt: isoTime(p.UpdatedAt),
	}
	out.Length, out.Width, out.Height = nullNumber(p.Size.Length), nullNumber(p.Size.Width), nullNumber(p.Size.Height)
	if len(out.Attachments) > 0 {
		out.ThumbnailURL = &out.Attachments[0]
	}
	var quantity, reserve, low, high decimal.Decimal
	for i, o := range offers {
		quantity, reserve = quantity.Add(o.Quantity()), reserve.Add(o.Reserve)
		if i == 0 || o.Price.LessThan(low) {
			low = o.Price
		}
		high = decimal.Max(high, o.Price)
	}
	out.Quantity, out.InReserve, out.MinPrice, out.MaxPrice = number(quantity), number(reserve), number(low), number(high)
	if !out.HasOffers && len(offers) == 1 {
		o := offers[0]
		out.SKU, out.Barcode = orNull(o.SKU), orNull(o.Barcode)
		out.Price = nullNumber(decimal.NewNullDecimal(o.Price))
		out.PurchasedPrice = nullNumber(decimal.NewNullDecimal(o.PurchasedPrice))
	}
	out.CustomFields = with(customFields, s.renderFields(p.CustomFields))
	out.PropertiesAgg, out.Sources = with(inOffer, aggregate(offers)), with(inOffer, []int{})
	return out
}

// aggregate maps each property to its values; without any it is PHP's empty list.
func aggregate(offers []*Offer) any {
	out := map[string][]string{}
	for _, o := range offers {
		for _, p := range o.Properties {
			if !contains(out[p.Name], p.Value) {
				out[p.Name] = append(out[p.Name], p.Value)
			}
		}
	}
	if len(out) == 0 {
		return emptyList{}
	}
	return out
}

func (s *Server) absolute(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = s.absoluteURL(p)
	}
	return out
}

func (s *Server) absoluteURL(p string) string {
	if strings.HasPrefix(p, "/") {
		return s.cfg.publicURL + p
	}
	return p
}

type fieldJSON struct {
	ID    int64  `json:"id"`
	UUID  string `json:"uuid"`
	Name  string `json:"name"`
	Type  string `json:"type"`
	Value any    `json:"value"`
}

func (s *Server) renderFields(values []FieldValue) []fieldJSON {
	out := []fieldJSON{}
	for _, v := range values {
		if def := s.fieldByUUID(v.UUID); def != nil {
			out = append(out, fieldJSON{def.ID, v.UUID, def.Name, def.Type, v.Value})
		}
	}
	return out
}

func productRules() rules {
	return rules{filters: []string{"product_id", "category_id", "is_archived"}, includes: []string{"custom_fields"}}
}

func (s *Server) listProducts(c *call) *answer {
	l, bad := c.list(productRules())
	if bad != nil {
		return bad
	}
	ids, total := s.productIDs(s.productMatch(l), l.window())
	rows := make([]productJSON, len(ids))
	for i, id := range ids {
		rows[i] = s.renderProduct(s.product(id), l.includes["custom_fields"], false)
	}
	return page(s, l, rows, total)
}

// productMatch is nil when no filter is set.
func (s *Server) productMatch(l *listCall) func(brief) bool {
	if len(l.filters) == 0 {
		return nil
	}
	return func(b brief) bool {
		return l.has("product_id", b.id) && l.has("category_id", b.category) && l.flag("is_archived", b.archived)
	}
}

// has reports whether the filter is absent or names the id.
func (l *listCall) has(filter string, id int64) bool {
	v, ok := l.filters[filter]
	return !ok || contains(splitComma(v), strconv.FormatInt(id, 10))
}

// hasText reports whether the filter is absent or names the text.
func (l *listCall) hasText(filter, text string) bool {
	v, ok := l.filters[filter]
	return !ok || contains(splitComma(v), text)
}

func (l *listCall) flag(filter string, is bool) bool {
	v, ok := l.filters[filter]
	return !ok || (v == "true" || v == "1") == is
}

// between reports whether the filter is absent or holds t, both ends included, to the second.
func (l *listCall) between(filter string, t time.Time) bool {
	v, ok := l.filters[filter]
	if !ok {
		return true
	}
	from, to, _ := strings.Cut(v, ",")
	a, okA := parseMoment(from)
	b, okB := parseMoment(to)
	t = t.Truncate(time.Second)
	return okA && okB && !t.IsZero() && !t.Before(a) && !t.After(b)
}

func (s *Server) getProduct(c *call) *answer {
	includes, bad := readIncludes(c.q, productRules())
	if bad != nil {
		return bad
	}
	p := s.product(c.id("id"))
	if p == nil {
		return notFound()
	}
	return &answer{status: 200, body: s.renderProduct(p, includes["custom_fields"], false)}
}

type categoryJSON struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	ParentID *int64 `json:"parent_id"`
}

func (s *Server) listCategories(c *call) *answer {
	l, bad := c.list(rules{filters: []string{"category_id", "parent_id"}})
	if bad != nil {
		return bad
	}
	all := s.categories()
	all = slices.DeleteFunc(all, func(c Category) bool {
		return !l.has("category_id", c.ID) || !l.has("parent_id", c.ParentID)
	})
	rows := list(cut(all, l.window()), func(c *Category) categoryJSON {
		return categoryJSON{c.ID, c.Name, idOrNull(c.ParentID)}
	})
	return page(s, l, rows, len(all))
}

type offerJSON struct {
	ID             int64       `json:"id"`
	ProductID      int64       `json:"product_id"`
	SKU            *string     `json:"sku"`
	Barcode        *string     `json:"barcode"`
	ThumbnailURL   *string     `json:"thumbnail_url"`
	Price          number      `json:"price"`
	PurchasedPrice number      `json:"purchased_price"`
	Quantity       stockNumber `json:"quantity"`
	InReserve      number      `json:"in_reserve"`
	Weight         number      `json:"weight"`
	Length         nullNumber  `json:"length"`
	Width          nullNumber  `json:"width"`
	Height         nullNumber  `json:"height"`
	Properties     []Property  `json:"properties"`
	IsDefault      bool        `json:"is_default"`
	IsArchived     bool        `json:"is_archived"`
	CreatedAt      isoTime     `json:"created_at"`
	UpdatedAt      isoTime     `json:"updated_at"`
	Product        part        `json:"product,omitzero"`
}

func (s *Server) renderOffer(o *Offer, withProduct bool) offerJSON {
	p := s.product(o.ProductID)
	out := offerJSON{
		ID: o.ID, ProductID: o.ProductID, SKU: orNull(o.SKU), Barcode: orNull(o.Barcode),
		ThumbnailURL: orNull(s.absoluteURL(o.Picture)), Price: number(o.Price), PurchasedPrice: number(o.PurchasedPrice),
		Quantity: s.stockNumber(o.Quantity()), InReserve: number(o.Reserve), Weight: number(p.Weight),
		Properties: o.Properties, IsDefault: len(o.Properties) == 0, IsArchived: o.Archived || p.Archived,
		CreatedAt: isoTime(o.CreatedAt), UpdatedAt: isoTime(o.UpdatedAt),
	}
	size := p.Size
	if o.Size != (Size{}) {
		size = o.Size
	}
	out.Length, out.Width, out.Height = nullNumber(size.Length), nullNumber(size.Width), nullNumber(size.Height)
	if o.Weight.Valid {
		out.Weight = number(o.Weight.Decimal)
	}
	if out.Properties == nil {
		out.Properties = []Property{}
	}
	if withProduct {
		out.Product = with(true, s.renderProduct(p, false, true))
	}
	return out
}

func (s *Server) listOffers(c *call) *answer {
	l, bad := c.list(rules{
		filters: []string{"id", "product_id", "sku", "is_archived"}, includes: []string{"product"}, sorts: []string{"id", "product_id"},
	})
	if bad != nil {
		return bad
	}
	ids, total := s.offersAsked(l, "id", "sku")
	rows := make([]offerJSON, len(ids))
	for i, id := range ids {
		rows[i] = s.renderOffer(s.offer(id), l.includes["product"])
	}
	return page(s, l, rows, total)
}

// offersAsked finds a window of offers. Ids, SKUs and products are looked up one by one, all else is a scan.
func (s *Server) offersAsked(l *listCall, idFilter, skuFilter string) ([]int64, int) {
	few, ok := s.namedOffers(l, idFilter, skuFilter)
	if !ok {
		if _, asked := l.filters["is_archived"]; !asked {
			return s.offerIDs(nil, l.window())
		}
		return s.offerIDs(func(b brief) bool { return l.flag("is_archived", b.archived) }, l.window())
	}
	few = slices.DeleteFunc(few, func(id int64) bool {
		o := s.offer(id)
		return o == nil || !l.has(idFilter, o.ID) || !l.hasText(skuFilter, o.SKU) || !l.has("product_id", o.ProductID) ||
			!l.flag("is_archived", o.Archived || s.product(o.ProductID).Archived)
	})
	slices.Sort(few)
	few = slices.Compact(few)
	if l.sort != "id" {
		slices.Reverse(few)
	}
	return cut(few, l.window()), len(few)
}

// namedOffers lists the offers that filters name outright.
func (s *Server) namedOffers(l *listCall, idFilter, skuFilter string) (ids []int64, ok bool) {
	if v, has := l.filters[idFilter]; has {
		return parseIDs(v), true
	}
	if v, has := l.filters[skuFilter]; has {
		for _, sku := range splitComma(v) {
			for _, o := range s.offersBySKU(sku) {
				ids = append(ids, o.ID)
			}
		}
		return ids, true
	}
	if v, has := l.filters["product_id"]; has {
		for _, id := range parseIDs(v) {
			if p := s.product(id); p != nil {
				ids = append(ids, p.OfferIDs...)
			}
		}
		return ids, true
	}
	return nil, false
}

func parseIDs(v string) []int64 {
	var out []int64
	for _, s := range splitComma(v) {
		if id, err := strconv.ParseInt(s, 10, 64); err == nil {
			out = append(out, id)
		}
	}
	return out
}

type stockJSON struct {
	ID             int64       `json:"id"`
	SKU            *string     `json:"sku"`
	Price          number      `json:"price"`
	PurchasedPrice number      `json:"purchased_price"`
	Quantity       stockNumber `json:"quantity"`
	Reserve        number      `json:"reserve"`
	Warehouse      part        `json:"warehouse,omitzero"`
}

type warehouseStockJSON struct {
	ID       int64       `json:"id"`
	Name     string      `json:"name"`
	Quantity stockNumber `json:"quantity"`
	Reserve  number      `json:"reserve"`
}

// listStocks ignores filters and includes it does not know, as KeyCRM does here.
func (s *Server) listStocks(c *call) *answer {
	l, bad := c.list(rules{filters: []string{"offers_id", "offers_sku", "details"}, ignoreFilters: true, ignoreIncludes: true})
	if bad != nil {
		return bad
	}
	for name := range l.filters {
		if !contains([]string{"offers_id", "offers_sku", "details"}, name) {
			delete(l.filters, name)
		}
	}
	ids, total := s.offersAsked(l, "offers_id", "offers_sku")
	details := l.filters["details"] == "true"
	rows := make([]stockJSON, len(ids))
	for i, id := range ids {
		o := s.offer(id)
		rows[i] = stockJSON{
			o.ID, orNull(o.SKU), number(o.Price), number(o.PurchasedPrice), s.stockNumber(o.Quantity()), number(o.Reserve),
			with(details, s.warehouses(o)),
		}
	}
	return page(s, l, rows, total)
}

func (s *Server) warehouses(o *Offer) []warehouseStockJSON {
	var out []warehouseStockJSON
	closed := s.settings().Closed
	for _, w := range seedWarehouses() {
		if slices.Contains(closed, w.ID) {
			continue
		}
		reserve := decimal.Zero
		if w.ID == WarehouseKyiv {
			reserve = o.Reserve
		}
		out = append(out, warehouseStockJSON{w.ID, w.Name, s.stockNumber(o.Stock[w.ID]), number(reserve)})
	}
	return out
}
