package account

import (
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/generator"
)

// Catalog is the goods of an account: computed by the generator, until somebody changes them.
type Catalog struct {
	*core
	gen  *generator.Generator
	skus map[string][]int64 // ids of stored offers; built when first asked for
}

// NewProduct is a product to add, with one offer at least. Ids are given to both.
type NewProduct struct {
	entity.Product
	Offers []entity.Offer
}

// Insert stores a product with its offers and returns its id. Without a currency it is UAH, without stock
// empty.
func (s *Catalog) Insert(n NewProduct) int64 {
	p := table.Clone(&n.Product)
	p.ID, p.CreatedAt, p.UpdatedAt, p.OfferIDs = s.DB.Products.Next(), s.Stamp(), s.Stamp(), nil
	if p.CurrencyCode == "" {
		p.CurrencyCode = "UAH"
	}
	for i := range n.Offers {
		p.OfferIDs = append(p.OfferIDs, s.InsertOffer(p.ID, &n.Offers[i]))
	}
	s.DB.Products.Put(p.ID, &p)
	return p.ID
}

// InsertOffer stores an offer of the product and returns its id; the product does not name it yet.
func (s *Catalog) InsertOffer(product int64, row *entity.Offer) int64 {
	o := table.Clone(row)
	o.ID, o.ProductID, o.CreatedAt, o.UpdatedAt = s.DB.Offers.Next(), product, s.Stamp(), s.Stamp()
	if o.Stock == nil {
		o.Stock = map[int64]decimal.Decimal{}
	}
	s.storeOffer(&o)
	return o.ID
}

// ProductTitle is a product's name, also without computing the rest.
func (s *Catalog) ProductTitle(id int64) string {
	if p := s.DB.Products.Get(id); p != nil {
		return p.Name
	}
	return s.gen.Title(int(id - generator.FirstProduct))
}

// Product returns the row as it stands now, or nil. The result is never changed in place by reads.
func (s *Catalog) Product(id int64) *entity.Product {
	p := s.DB.Products.Get(id)
	if p == nil {
		i := int(id - generator.FirstProduct)
		if i < 0 || i >= s.gen.Products() {
			return nil
		}
		p = s.gen.Product(i)
	}
	if p.Deleted {
		return nil
	}
	return p
}

// productExists is product without computing the row.
func (s *Catalog) productExists(id int64) bool {
	if p := s.DB.Products.Get(id); p != nil {
		return !p.Deleted
	}
	i := int(id - generator.FirstProduct)
	return i >= 0 && i < s.gen.Products()
}

// Offer is Product for offers: one of a deleted product is deleted too.
func (s *Catalog) Offer(id int64) *entity.Offer {
	o := s.DB.Offers.Get(id)
	if o == nil {
		i := int(id - generator.FirstOffer)
		if i < 0 || i >= s.gen.Offers() {
			return nil
		}
		o = s.gen.Offer(i)
	}
	if o.Deleted || !s.productExists(o.ProductID) {
		return nil
	}
	return o
}

// OffersOf are the product's offers in their order.
func (s *Catalog) OffersOf(p *entity.Product) []*entity.Offer {
	out := make([]*entity.Offer, 0, len(p.OfferIDs))
	for _, id := range p.OfferIDs {
		if o := s.Offer(id); o != nil {
			out = append(out, o)
		}
	}
	return out
}

// OffersBySKU returns every offer with the SKU: first the edited rows, then the computed one whose number it holds.
func (s *Catalog) OffersBySKU(sku string) []*entity.Offer {
	if sku == "" {
		return nil
	}
	var out []*entity.Offer
	for _, id := range s.editedBySKU(sku) {
		if o := s.Offer(id); o != nil && o.SKU == sku {
			out = append(out, o)
		}
	}
	if i, ok := generatedIndex(sku); ok && i < s.gen.Products() {
		first, end := s.gen.OffersOf(i)
		for n := first; n < end; n++ {
			id := int64(generator.FirstOffer + n)
			if s.DB.Offers.Get(id) != nil || s.gen.SKU(n) != sku {
				continue
			}
			if o := s.Offer(id); o != nil {
				out = append(out, o)
			}
		}
	}
	slices.SortFunc(out, func(a, b *entity.Offer) int { return int(a.ID - b.ID) })
	return out
}

// editedBySKU lists the stored offers that have, or had, the SKU.
func (s *Catalog) editedBySKU(sku string) []int64 {
	if s.skus == nil {
		s.skus = map[string][]int64{}
		for id, o := range s.DB.Offers.All() {
			s.skus[o.SKU] = append(s.skus[o.SKU], id)
		}
	}
	return s.skus[sku]
}

// storeOffer keeps the index of SKUs; one that an offer has given up stays there and is found out by its reader.
func (s *Catalog) storeOffer(o *entity.Offer) {
	if s.skus != nil && !slices.Contains(s.skus[o.SKU], o.ID) {
		s.skus[o.SKU] = append(s.skus[o.SKU], o.ID)
	}
	s.DB.Offers.Put(o.ID, o)
}

// generatedIndex reads the product's number out of a computed SKU such as TEE-00042-BLK-1.
func generatedIndex(sku string) (int, bool) {
	parts := strings.Split(sku, "-")
	if len(parts) < 2 {
		return 0, false
	}
	n, err := strconv.Atoi(parts[1])
	return n - 1, err == nil && n > 0
}

// EditOffer stores a changed copy of the offer.
func (s *Catalog) EditOffer(o *entity.Offer, change func(*entity.Offer)) *entity.Offer {
	c := table.Clone(o)
	if c.Stock == nil {
		c.Stock = map[int64]decimal.Decimal{}
	}
	change(&c)
	s.storeOffer(&c)
	return &c
}

// Edit changes a product freely; its updated_at moves.
func (s *Catalog) Edit(id int64, edit func(*entity.Product)) error {
	p := s.Product(id)
	if p == nil {
		return missing("product", id)
	}
	s.EditProduct(p, edit)
	return nil
}

// EditProduct stores a changed copy of the product; its updated_at moves.
func (s *Catalog) EditProduct(p *entity.Product, change func(*entity.Product)) *entity.Product {
	c := table.Clone(p)
	change(&c)
	c.UpdatedAt = s.Stamp()
	s.DB.Products.Put(c.ID, &c)
	return &c
}

// Pick draws a number below n for the product: always the same for that purpose.
func (s *Catalog) Pick(product int64, purpose uint64, n int) int {
	return s.gen.Pick(int(product), purpose, n)
}

// Kind is the product's kind of goods, such as "TEE", by its category and those above; "BOX" when that tells nothing.
func (s *Catalog) Kind(p *entity.Product) string {
	for id, steps := p.CategoryID, 0; id != 0 && steps < 5; steps++ {
		if kind := s.gen.KindIn(id); kind != "" {
			return kind
		}
		c := s.Category(id)
		if c == nil {
			break
		}
		id = c.ParentID
	}
	if i := int(p.ID - generator.FirstProduct); i >= 0 && i < s.gen.Products() {
		return s.gen.Kind(i)
	}
	return "BOX"
}
