package bridge

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/plugin"
)

// catalogFacts is what a patch needs to know of the rest of the catalog.
type catalogFacts struct {
	categories map[int64]bool // of the ids asked for, those that exist
	newIDs     func() int64   // ids for added variants
	most       int            // variants of a product
	langs      domain.Languages
}

// patchProduct applies one item and reports what it added and whether anything changed. The version
// an item expects is held against what earlier items of the batch made of the product.
func patchProduct(s *domain.ProductState, p plugin.ProductPatch, facts catalogFacts) (added []int64, changed bool, err error) {
	if p.Expect != "" && p.Expect != version(s.Current()) {
		return nil, false, fmt.Errorf("product %s is at version %d: %w", p.ID, s.Current(), domain.ErrConflict)
	}
	if changed, err = patchRow(&s.Product, p, facts); err != nil {
		return nil, false, err
	}
	for _, vp := range p.Variants {
		did, err := patchVariant(s, vp)
		if err != nil {
			return nil, false, err
		}
		changed = changed || did
	}
	if added, err = addVariants(s, p.AddVariants, facts); err != nil {
		return nil, false, err
	}
	if err := removeVariants(s, p.RemoveVariants); err != nil {
		return nil, false, err
	}
	changed = changed || len(added) > 0 || len(p.RemoveVariants) > 0
	s.Changed = s.Changed || changed
	return added, changed, nil
}

func patchRow(row *domain.Product, p plugin.ProductPatch, facts catalogFacts) (bool, error) {
	old := *row
	if p.Name != nil || p.Description != nil {
		lang, err := facts.langs.Code(p.Lang)
		if err != nil {
			return false, err
		}
		row.Write(lang, lang == facts.langs[0].Code, p.Name, p.Description)
	}
	set(&row.Published, p.Published)
	set(&row.Orderable, p.Orderable)
	set(&row.Unit, p.Unit)
	set(&row.ExternalID, p.ExternalID)
	if p.Attributes != nil {
		row.Attributes = shopAttributes(*p.Attributes)
	}
	if p.CategoryID != nil {
		id, err := knownCategory(*p.CategoryID, facts.categories)
		if err != nil {
			return false, err
		}
		row.CategoryID = id
	}
	return !row.Same(old), row.Check()
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
	n, ok := domain.ParseID(id)
	if !ok || !known[n] {
		return 0, domain.Invalidf("category %q does not exist", domain.Cut(string(id), 40))
	}
	return n, nil
}

// patchVariant changes one existing variant and reports whether it did.
func patchVariant(s *domain.ProductState, p plugin.VariantPatch) (bool, error) {
	id, _ := domain.ParseID(p.ID)
	at := s.Find(id)
	if at < 0 {
		return false, fmt.Errorf("variant %q of product %d: %w", domain.Cut(string(p.ID), 40), s.Product.ID, domain.ErrNotFound)
	}
	v := s.Variants[at]
	if err := patchVariantRow(&v, p); err != nil {
		return false, fmt.Errorf("variant %d: %w", id, err)
	}
	if v.Same(s.Variants[at]) {
		return false, nil
	}
	s.Put(at, v)
	return true, nil
}

func patchVariantRow(v *domain.Variant, p plugin.VariantPatch) (err error) {
	set(&v.SKU, p.SKU)
	set(&v.Barcode, p.Barcode)
	set(&v.Orderable, p.Orderable)
	set(&v.Published, p.Published)
	if p.Price != nil {
		if v.Price, err = column(*p.Price); err != nil {
			return err
		}
	}
	if p.OldPrice != nil {
		if v.OldPrice, err = column(*p.OldPrice); err != nil {
			return err
		}
	}
	if p.Stock != nil {
		v.Stock = decimal.NewNullDecimal(*p.Stock)
	}
	if p.Size != nil {
		v.Weight, v.Length, v.Width, v.Height = p.Size.Weight, p.Size.Length, p.Size.Width, p.Size.Height
	}
	if p.Options != nil {
		v.Options = shopAttributes(*p.Options)
	}
	return v.Check()
}

func addVariants(s *domain.ProductState, list []plugin.NewVariant, facts catalogFacts) ([]int64, error) {
	if len(list) > 0 && len(s.Variants)+len(list) > facts.most {
		return nil, domain.Invalidf("product %d would have more than %d variants", s.Product.ID, facts.most)
	}
	var added []int64
	for i, nv := range list {
		v, err := newVariantRow(s.Product.ID, nv)
		if err != nil {
			return nil, fmt.Errorf("new variant %d: %w", i, err)
		}
		v.ID = facts.newIDs()
		s.Add(v)
		added = append(added, v.ID)
	}
	return added, nil
}

func newVariantRow(product int64, nv plugin.NewVariant) (domain.Variant, error) {
	v := domain.Variant{ProductID: product}
	err := patchVariantRow(&v, plugin.VariantPatch{
		SKU: &nv.SKU, Barcode: &nv.Barcode, Price: &nv.Price, OldPrice: &nv.OldPrice, Stock: nv.Stock,
		Orderable: &nv.Orderable, Published: &nv.Published, Size: &nv.Size, Options: &nv.Options,
	})
	return v, err
}

func removeVariants(s *domain.ProductState, ids []plugin.VariantID) error {
	for _, vid := range ids {
		id, _ := domain.ParseID(vid)
		at := s.Find(id)
		if at < 0 {
			return fmt.Errorf("variant %q of product %d: %w", domain.Cut(string(vid), 40), s.Product.ID, domain.ErrNotFound)
		}
		s.Remove(at)
	}
	if len(ids) > 0 && len(s.Variants) == 0 {
		return domain.Invalidf("product %d would have no variant left", s.Product.ID)
	}
	return nil
}

// newProductState checks a product to create and builds its state; ids come from the sequences.
func newProductState(np plugin.NewProduct, id int64, facts catalogFacts) (*domain.ProductState, error) {
	lang, err := facts.langs.Code(np.Lang)
	if err != nil {
		return nil, err
	}
	if len(np.Variants) == 0 {
		return nil, domain.Invalidf("a product needs at least one variant")
	}
	category, err := knownCategory(np.CategoryID, facts.categories)
	if err != nil {
		return nil, err
	}
	s := &domain.ProductState{Changed: true, Product: domain.Product{
		ID: id, Version: 0, ExternalID: np.ExternalID, Name: np.Name, Description: np.Description, CategoryID: category,
		Published: np.Published, Orderable: np.Orderable, Unit: np.Unit, Attributes: shopAttributes(np.Attributes),
	}}
	if lang != facts.langs[0].Code { // a product needs a name in the first language too, until it has one of its own
		s.Product.Texts = s.Product.Texts.With(lang, domain.Text{Name: np.Name, Description: np.Description})
	}
	if err := s.Product.Check(); err != nil {
		return nil, err
	}
	_, err = addVariants(s, np.Variants, facts)
	return s, err
}
