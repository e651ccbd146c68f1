package keycrmtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

func newDatabase(g *generator) *database {
	d := &database{
		settings:   newTable[settings]("settings", 0),
		categories: newTable[Category]("categories", firstCategory+int64(len(g.categories))-1),
		products: newTableNoting("products", firstProduct+int64(g.products())-1, func(p *Product) bool {
			return p.Deleted || !p.VisibleAt.IsZero()
		}),
		offers:           newTableNoting("offers", firstOffer+int64(g.offers())-1, func(o *Offer) bool { return o.Deleted }),
		buyers:           newTable[Buyer]("buyers", 3000),
		orders:           newTable[Order]("orders", firstOrder-1),
		cards:            newTable[Card]("cards", 4000),
		statuses:         newTable[OrderStatus]("statuses", 100),
		sources:          newTable[Source]("sources", 0),
		methods:          newTable[PaymentMethod]("methods", 0),
		deliveryServices: newTable[DeliveryService]("delivery_services", 0),
		tags:             newTable[Tag]("tags", 0),
		users:            newTable[User]("users", 0),
		pipelines:        newTable[Pipeline]("pipelines", 0),
		fields:           newTable[CustomField]("fields", 0),
		files:            newTable[storedFile]("files", 900),
		triggers:         newTable[Trigger]("triggers", 0),
		deliveries:       newTable[Delivery]("deliveries", 0),
		pending:          newTable[pendingWrite]("pending", 0),
		counters:         newTable[counter]("counters", 0),
	}
	return d
}

func (c *config) origin() origin { return origin{c.seed, c.products, c.offers} }

// checkOrigin refuses kept changes of another catalog: their ids would hit other rows.
func (s *Server) checkOrigin() error {
	kept, ok := s.db.settings.rows[1]
	if !ok || kept.Origin == (origin{}) || kept.Origin == s.cfg.origin() {
		return nil
	}
	return fmt.Errorf("keycrmtest: %s keeps an account of another catalog (%s), not of %s", s.cfg.path, kept.Origin, s.cfg.origin())
}

// seed fills what a new account has and the journal did not bring.
func (s *Server) seed() {
	fill(s.db.statuses, seedStatuses(), func(r *OrderStatus) int64 { return r.ID })
	fill(s.db.sources, seedSources(), func(r *Source) int64 { return r.ID })
	fill(s.db.methods, seedMethods(), func(r *PaymentMethod) int64 { return r.ID })
	fill(s.db.deliveryServices, seedDeliveries(), func(r *DeliveryService) int64 { return r.ID })
	fill(s.db.tags, seedTags(), func(r *Tag) int64 { return r.ID })
	fill(s.db.users, seedUsers(), func(r *User) int64 { return r.ID })
	fill(s.db.pipelines, seedPipelines(), func(r *Pipeline) int64 { return r.ID })
	fill(s.db.fields, seedFields(), func(r *CustomField) int64 { return r.ID })
	if len(s.db.settings.rows) == 0 {
		s.db.settings.put(1, &settings{PipelinesOff: s.cfg.noPipelines, Origin: s.cfg.origin()})
	}
	if s.cfg.history > 0 && s.db.orders.last == firstOrder-1 && s.gen.offers() > 0 {
		s.invent(s.cfg.history)
	}
	s.flush()
}

func fill[T any](t *table[T], rows []T, id func(*T) int64) {
	if len(t.rows) > 0 {
		return
	}
	for i := range rows {
		t.put(id(&rows[i]), &rows[i])
	}
}

func (s *Server) settings() *settings { return s.db.settings.rows[1] }

// product returns the row as it stands now, or nil. The result is never changed in place by reads.
func (s *Server) product(id int64) *Product {
	p, ok := s.db.products.rows[id]
	if !ok {
		i := int(id - firstProduct)
		if i < 0 || i >= s.gen.products() {
			return nil
		}
		p = s.gen.product(i)
	}
	if p.Deleted {
		return nil
	}
	return p
}

// productExists is product without computing the row.
func (s *Server) productExists(id int64) bool {
	if p, ok := s.db.products.rows[id]; ok {
		return !p.Deleted
	}
	i := int(id - firstProduct)
	return i >= 0 && i < s.gen.products()
}

func (s *Server) offer(id int64) *Offer {
	o, ok := s.db.offers.rows[id]
	if !ok {
		i := int(id - firstOffer)
		if i < 0 || i >= s.gen.offers() {
			return nil
		}
		o = s.gen.offer(i)
	}
	if o.Deleted || !s.productExists(o.ProductID) {
		return nil
	}
	return o
}

func (s *Server) offersOf(p *Product) []*Offer {
	out := make([]*Offer, 0, len(p.OfferIDs))
	for _, id := range p.OfferIDs {
		if o := s.offer(id); o != nil {
			out = append(out, o)
		}
	}
	return out
}

// offersBySKU returns every offer with the SKU: first the edited rows, then the computed one whose number it holds.
func (s *Server) offersBySKU(sku string) []*Offer {
	if sku == "" {
		return nil
	}
	var out []*Offer
	for _, id := range s.editedBySKU(sku) {
		if o := s.offer(id); o != nil && o.SKU == sku {
			out = append(out, o)
		}
	}
	if i, ok := generatedIndex(sku); ok && i < s.gen.products() {
		for n := s.gen.starts[i]; n < s.gen.starts[i+1]; n++ {
			id := int64(firstOffer) + int64(n)
			if _, edited := s.db.offers.rows[id]; edited || s.gen.sku(int(n)) != sku {
				continue
			}
			if o := s.offer(id); o != nil {
				out = append(out, o)
			}
		}
	}
	slices.SortFunc(out, func(a, b *Offer) int { return int(a.ID - b.ID) })
	return out
}

// editedBySKU lists the stored offers that have, or had, the SKU.
func (s *Server) editedBySKU(sku string) []int64 {
	if s.skus == nil {
		s.skus = map[string][]int64{}
		for id, o := range s.db.offers.rows {
			s.skus[o.SKU] = append(s.skus[o.SKU], id)
		}
	}
	return s.skus[sku]
}

// storeOffer keeps the index of SKUs; one that an offer has given up stays there and is found out by its reader.
func (s *Server) storeOffer(o *Offer) {
	if s.skus != nil && !slices.Contains(s.skus[o.SKU], o.ID) {
		s.skus[o.SKU] = append(s.skus[o.SKU], o.ID)
	}
	s.db.offers.put(o.ID, o)
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

// categories lists the tree, oldest first as KeyCRM does.
func (s *Server) categories() []Category {
	out := make([]Category, 0, len(s.gen.categories))
	for _, c := range s.gen.categories {
		if row, ok := s.db.categories.rows[c.ID]; ok {
			c = *row
		}
		out = append(out, c)
	}
	added := s.db.categories.ids()
	slices.Reverse(added)
	for _, id := range added {
		if id >= firstCategory+int64(len(s.gen.categories)) {
			out = append(out, *s.db.categories.rows[id])
		}
	}
	return slices.DeleteFunc(out, func(c Category) bool { return c.ParentID < 0 })
}

func (s *Server) category(id int64) *Category {
	return findRow(s.categories(), func(c *Category) bool { return c.ID == id })
}

// productIDs lists the ids that match, newest first, cut to the window. Nothing is walked through when nothing is asked
// for and nothing is hidden.
func (s *Server) productIDs(match func(brief) bool, w window) ([]int64, int) {
	first, last := int64(firstProduct), s.db.products.last
	if match == nil && !s.anyProductHidden() {
		return w.dense(first, last)
	}
	now := s.now()
	return w.scan(first, last, func(id int64) bool {
		b, ok := s.productBrief(id, now)
		return ok && (match == nil || match(b))
	})
}

func (s *Server) anyProductHidden() bool {
	now := s.now()
	for id := range s.db.products.oddities {
		if p := s.db.products.rows[id]; p.Deleted || now.Before(p.VisibleAt) {
			return true
		}
	}
	return false
}

func (s *Server) offerIDs(match func(brief) bool, w window) ([]int64, int) {
	first, last := int64(firstOffer), s.db.offers.last
	if match == nil && !s.anyProductHidden() && len(s.db.offers.oddities) == 0 {
		return w.dense(first, last)
	}
	return w.scan(first, last, func(id int64) bool {
		b, ok := s.offerBrief(id)
		return ok && (match == nil || match(b))
	})
}

// window is the slice of a list that a page shows.
type window struct {
	skip, take int
	ascending  bool
}

func (w window) dense(first, last int64) ([]int64, int) {
	total := int(last - first + 1)
	var out []int64
	for n := w.skip; n < total && len(out) < w.take; n++ {
		if w.ascending {
			out = append(out, first+int64(n))
		} else {
			out = append(out, last-int64(n))
		}
	}
	return out, max(total, 0)
}

func (w window) scan(first, last int64, match func(int64) bool) ([]int64, int) {
	var out []int64
	total := 0
	for n := int64(0); n <= last-first; n++ {
		id := last - n
		if w.ascending {
			id = first + n
		}
		if !match(id) {
			continue
		}
		if total >= w.skip && len(out) < w.take {
			out = append(out, id)
		}
		total++
	}
	return out, total
}

// cut takes the window out of ids that are listed one by one.
func cut[T any](rows []T, w window) []T {
	from := min(w.skip, len(rows))
	return rows[from:min(from+w.take, len(rows))]
}

// editOffer stores a changed copy of the offer.
func (s *Server) editOffer(o *Offer, change func(*Offer)) *Offer {
	c := clone(o)
	if c.Stock == nil {
		c.Stock = map[int64]decimal.Decimal{}
	}
	change(&c)
	s.storeOffer(&c)
	return &c
}

func (s *Server) editProduct(p *Product, change func(*Product)) *Product {
	c := clone(p)
	change(&c)
	c.UpdatedAt = s.stamp()
	s.db.products.put(c.ID, &c)
	return &c
}
