package demoshop

import (
	"fmt"
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

// productState is a product with its variants while a batch works on it: read and locked once,
// changed in memory by one or more items, written once. It knows no database.
type productState struct {
	row      productRow
	variants []variantRow
	// What is to be written: the product's own row always when changed is true.
	changed bool
	dirty   map[int64]bool // existing variants to update
	added   []int64        // ids of variants to insert
	removed []int64
}

// current is the version the stored row has, or will have.
func (s *productState) current() int64 {
	if s.changed {
		return s.row.Version + 1
	}
	return s.row.Version
}

// clone lets an item work on a copy, so that one that fails halfway leaves nothing.
func (s *productState) clone() *productState {
	c := *s
	c.variants = slices.Clone(s.variants)
	c.added = slices.Clone(s.added)
	c.removed = slices.Clone(s.removed)
	c.dirty = make(map[int64]bool, len(s.dirty))
	for id := range s.dirty {
		c.dirty[id] = true
	}
	return &c
}

// minPrice is the lowest price a buyer can pay; not valid when no variant is for sale.
func (s *productState) minPrice() decimal.NullDecimal {
	var lowest decimal.NullDecimal
	for _, v := range s.variants {
		if v.Published && v.Price.Valid && (!lowest.Valid || v.Price.Decimal.LessThan(lowest.Decimal)) {
			lowest = v.Price
		}
	}
	return lowest
}

// catalogFacts is what a patch needs to know of the rest of the catalog.
type catalogFacts struct {
	categories map[int64]bool // of the ids asked for, those that exist
	newIDs     func() int64   // ids for added variants
	most       int            // variants of a product
	langs      languages
}

// patch applies one item and reports what it added and whether anything changed.
func (s *productState) patch(p plugin.ProductPatch, facts catalogFacts) (added []int64, changed bool, err error) {
	if p.Expect != "" && p.Expect != version(s.current()) {
		return nil, false, fmt.Errorf("product %s is at version %d: %w", p.ID, s.current(), plugin.ErrConflict)
	}
	if changed, err = s.patchRow(p, facts); err != nil {
		return nil, false, err
	}
	for _, vp := range p.Variants {
		did, err := s.patchVariant(vp)
		if err != nil {
			return nil, false, err
		}
		changed = changed || did
	}
	if added, err = s.addVariants(p.AddVariants, facts); err != nil {
		return nil, false, err
	}
	if err := s.removeVariants(p.RemoveVariants); err != nil {
		return nil, false, err
	}
	changed = changed || len(added) > 0 || len(p.RemoveVariants) > 0
	s.changed = s.changed || changed
	return added, changed, nil
}

func (s *productState) patchRow(p plugin.ProductPatch, facts catalogFacts) (bool, error) {
	old := s.row
	if p.Name != nil || p.Description != nil {
		lang, err := facts.langs.code(p.Lang)
		if err != nil {
			return false, err
		}
		s.row.write(lang, lang == facts.langs[0].Code, p.Name, p.Description)
	}
	set(&s.row.Published, p.Published)
	set(&s.row.Orderable, p.Orderable)
	set(&s.row.Unit, p.Unit)
	set(&s.row.ExternalID, p.ExternalID)
	if p.Attributes != nil {
		s.row.Attributes = slices.Clone(*p.Attributes)
	}
	if p.CategoryID != nil {
		id, err := knownCategory(*p.CategoryID, facts.categories)
		if err != nil {
			return false, err
		}
		s.row.CategoryID = id
	}
	return !sameProduct(old, s.row), checkProductTexts(s.row)
}

// sameProduct compares what a write can change, and nothing else.
func sameProduct(a, b productRow) bool {
	return a.Name == b.Name && a.Description == b.Description && a.CategoryID == b.CategoryID &&
		a.Published == b.Published && a.Orderable == b.Orderable && a.Featured == b.Featured &&
		a.Unit == b.Unit && a.ExternalID == b.ExternalID && slices.Equal(a.Attributes, b.Attributes) && maps.Equal(a.Texts, b.Texts)
}

func set[T any](field *T, to *T) {
	if to != nil {
		*field = *to
	}
}

// knownCategory reads a category id of an item; empty is none.
func knownCategory(id plugin.CategoryID, known map[int64]bool) (int64, error) {
	if id == "" {
		return 0, nil
	}
	n, ok := parseID(id)
	if !ok || !known[n] {
		return 0, invalidf("category %q does not exist", cut(string(id), 40))
	}
	return n, nil
}

// patchVariant changes one existing variant and reports whether it did.
func (s *productState) patchVariant(p plugin.VariantPatch) (bool, error) {
	id, _ := parseID(p.ID)
	at := slices.IndexFunc(s.variants, func(v variantRow) bool { return v.ID == id })
	if at < 0 {
		return false, fmt.Errorf("variant %q of product %d: %w", cut(string(p.ID), 40), s.row.ID, plugin.ErrNotFound)
	}
	if err := checkVariantPatch(p); err != nil {
		return false, fmt.Errorf("variant %d: %w", id, err)
	}
	old := s.variants[at]
	v := old
	set(&v.SKU, p.SKU)
	set(&v.Barcode, p.Barcode)
	set(&v.Orderable, p.Orderable)
	set(&v.Published, p.Published)
	if p.Price != nil {
		v.Price = column(*p.Price)
	}
	if p.OldPrice != nil {
		v.OldPrice = column(*p.OldPrice)
	}
	if p.Stock != nil {
		v.Stock = decimal.NewNullDecimal(*p.Stock)
	}
	if p.Size != nil {
		v.setSize(*p.Size)
	}
	if p.Options != nil {
		v.Options = slices.Clone(*p.Options)
	}
	if err := checkVariantTexts(v.SKU, v.Barcode, v.Options); err != nil {
		return false, fmt.Errorf("variant %d: %w", id, err)
	}
	if sameVariant(old, v) {
		return false, nil
	}
	s.variants[at] = v
	s.changed = true
	if !slices.Contains(s.added, id) {
		s.dirty[id] = true
	}
	return true, nil
}

func sameVariant(a, b variantRow) bool {
	return a.SKU == b.SKU && a.Barcode == b.Barcode && a.Orderable == b.Orderable && a.Published == b.Published &&
		equalDecimal(a.Price, b.Price) && equalDecimal(a.OldPrice, b.OldPrice) && equalDecimal(a.Stock, b.Stock) &&
		a.size().Equal(b.size()) && slices.Equal(a.Options, b.Options)
}

func (s *productState) addVariants(list []plugin.NewVariant, facts catalogFacts) ([]int64, error) {
	if len(list) > 0 && len(s.variants)+len(list) > facts.most {
		return nil, invalidf("product %d would have more than %d variants", s.row.ID, facts.most)
	}
	var added []int64
	for i, nv := range list {
		if err := checkNewVariant(nv); err != nil {
			return nil, fmt.Errorf("new variant %d: %w", i, err)
		}
		v := newVariantRow(facts.newIDs(), s.row.ID, nv)
		s.variants = append(s.variants, v)
		s.added = append(s.added, v.ID)
		added = append(added, v.ID)
	}
	return added, nil
}

func newVariantRow(id, product int64, nv plugin.NewVariant) variantRow {
	v := variantRow{
		ID: id, ProductID: product, SKU: nv.SKU, Barcode: nv.Barcode, Price: column(nv.Price), OldPrice: column(nv.OldPrice),
		Stock: stockColumn(nv.Stock), Orderable: nv.Orderable, Published: nv.Published, Options: slices.Clone(nv.Options),
	}
	v.setSize(nv.Size)
	return v
}

func (s *productState) removeVariants(ids []plugin.VariantID) error {
	for _, vid := range ids {
		id, _ := parseID(vid)
		at := slices.IndexFunc(s.variants, func(v variantRow) bool { return v.ID == id })
		if at < 0 {
			return fmt.Errorf("variant %q of product %d: %w", cut(string(vid), 40), s.row.ID, plugin.ErrNotFound)
		}
		s.variants = slices.Delete(s.variants, at, at+1)
		delete(s.dirty, id)
		if i := slices.Index(s.added, id); i >= 0 {
			s.added = slices.Delete(s.added, i, i+1)
		} else {
			s.removed = append(s.removed, id)
		}
	}
	if len(ids) > 0 && len(s.variants) == 0 {
		return invalidf("product %d would have no variant left", s.row.ID)
	}
	return nil
}

// newProductState checks a product to create and builds its state; ids come from the sequences.
func newProductState(np plugin.NewProduct, id int64, facts catalogFacts) (*productState, error) {
	lang, err := facts.langs.code(np.Lang)
	if err != nil {
		return nil, err
	}
	if len(np.Variants) == 0 {
		return nil, invalidf("a product needs at least one variant")
	}
	category, err := knownCategory(np.CategoryID, facts.categories)
	if err != nil {
		return nil, err
	}
	s := &productState{changed: true, row: productRow{
		ID: id, Version: 0, ExternalID: np.ExternalID, Name: np.Name, Description: np.Description, CategoryID: category,
		Published: np.Published, Orderable: np.Orderable, Unit: np.Unit, Attributes: slices.Clone(np.Attributes),
	}}
	if lang != facts.langs[0].Code { // a product needs a name in the first language too, until it has one of its own
		s.row.Texts = s.row.Texts.with(lang, text{np.Name, np.Description})
	}
	if err := checkProductTexts(s.row); err != nil {
		return nil, err
	}
	_, err = s.addVariants(np.Variants, facts)
	return s, err
}
