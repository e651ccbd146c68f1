package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/plugin"
)

// memoryShop is a shop that costs next to nothing, so that what is measured is the engine: its
// catalog lies in maps. It keeps what the contract says of versions, conditions and batches.
type memoryShop struct {
	plugin.Shop // orders are not asked for

	mu         sync.Mutex
	last       int
	categories []plugin.Category
	products   map[plugin.ProductID]*plugin.Product
	keys       map[plugin.ProductKey]map[string][]plugin.KeyHit
	updated    int // products that a write changed
}

func newMemoryShop() *memoryShop {
	s := &memoryShop{}
	s.clear()
	return s
}

// clear empties the shop.
func (s *memoryShop) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.categories, s.products = nil, map[plugin.ProductID]*plugin.Product{}
	s.keys = map[plugin.ProductKey]map[string][]plugin.KeyHit{}
	for _, k := range []plugin.ProductKey{plugin.KeySKU, plugin.KeyBarcode, plugin.KeyName, plugin.KeyExternalID} {
		s.keys[k] = map[string][]plugin.KeyHit{}
	}
}

func (s *memoryShop) Profile(context.Context) (plugin.Profile, error) {
	return plugin.Profile{ID: shopID, Name: "Bench", Currency: "UAH", Locale: "uk"}, nil
}

func (s *memoryShop) Capabilities() plugin.Capabilities {
	return plugin.Capabilities{plugin.CapCategories, plugin.CapVariants, plugin.CapStock, plugin.CapAttributes}
}

func (s *memoryShop) Dictionaries() plugin.Dictionaries { return noDictionaries{} }

// noDictionaries answers the one list that a run asks for.
type noDictionaries struct{ plugin.Dictionaries }

func (noDictionaries) Languages(context.Context) ([]plugin.Language, error) { return nil, nil }

func (s *memoryShop) Catalog() plugin.Catalog { return &memoryCatalog{s: s} }

// id answers the next id; the caller holds the lock.
func (s *memoryShop) id() string {
	s.last++
	return strconv.Itoa(s.last)
}

type memoryCatalog struct {
	plugin.Catalog // pictures are not asked for
	s              *memoryShop
}

func (c *memoryCatalog) Categories(context.Context, string) ([]plugin.Category, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return slices.Clone(c.s.categories), nil
}

func (c *memoryCatalog) CreateCategories(_ context.Context, _ plugin.Origin, batch []plugin.NewCategory) ([]plugin.CategoryResult, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	out := make([]plugin.CategoryResult, len(batch))
	for i, n := range batch {
		id := plugin.CategoryID(c.s.id())
		c.s.categories = append(c.s.categories, plugin.Category{ID: id, ParentID: n.ParentID, Name: n.Name, Version: "1"})
		out[i] = plugin.CategoryResult{ID: id, Version: "1", Changed: true}
	}
	return out, nil
}

func (c *memoryCatalog) Products(_ context.Context, _ string, ids []plugin.ProductID) ([]plugin.Product, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	var out []plugin.Product
	for _, id := range ids {
		if p := c.s.products[id]; p != nil {
			q := *p
			q.Variants = slices.Clone(p.Variants)
			out = append(out, q)
		}
	}
	return out, nil
}

func (c *memoryCatalog) ProductsByKey(_ context.Context, key plugin.ProductKey, values []string) ([][]plugin.KeyHit, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	out := make([][]plugin.KeyHit, len(values))
	for i, v := range values {
		if key == plugin.KeyName {
			v = strings.ToLower(strings.TrimSpace(v))
		}
		out[i] = slices.Clone(c.s.keys[key][v])
	}
	return out, nil
}

func (c *memoryCatalog) Versions(_ context.Context, ids []plugin.ProductID) (map[plugin.ProductID]plugin.Version, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	out := make(map[plugin.ProductID]plugin.Version, len(ids))
	for _, id := range ids {
		if p := c.s.products[id]; p != nil {
			out[id] = p.Version
		}
	}
	return out, nil
}

func (c *memoryCatalog) CreateProducts(_ context.Context, _ plugin.Origin, batch []plugin.NewProduct) ([]plugin.ProductResult, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	out := make([]plugin.ProductResult, len(batch))
	for i, n := range batch {
		out[i] = c.s.create(n)
	}
	return out, nil
}

func (s *memoryShop) create(n plugin.NewProduct) plugin.ProductResult {
	p := &plugin.Product{
		ID: plugin.ProductID(s.id()), Version: "1", ExternalID: n.ExternalID, Name: n.Name, Description: n.Description,
		CategoryID: n.CategoryID, Published: n.Published, Orderable: n.Orderable, Unit: n.Unit, Attributes: n.Attributes,
	}
	res := plugin.ProductResult{ID: p.ID, Version: p.Version, Changed: true}
	s.note(plugin.KeyExternalID, p.ExternalID, p.ID, "")
	s.note(plugin.KeyName, strings.ToLower(strings.TrimSpace(p.Name)), p.ID, "")
	for _, v := range n.Variants {
		id := plugin.VariantID(s.id())
		p.Variants = append(p.Variants, plugin.Variant{
			ID: id, SKU: v.SKU, Barcode: v.Barcode, Price: v.Price, OldPrice: v.OldPrice, Stock: v.Stock,
			Orderable: v.Orderable, Published: v.Published, Size: v.Size, Options: v.Options,
		})
		s.note(plugin.KeySKU, v.SKU, p.ID, id)
		s.note(plugin.KeyBarcode, v.Barcode, p.ID, id)
		res.Added = append(res.Added, id)
	}
	s.products[p.ID] = p
	return res
}

func (s *memoryShop) note(key plugin.ProductKey, value string, p plugin.ProductID, v plugin.VariantID) {
	if value != "" {
		s.keys[key][value] = append(s.keys[key][value], plugin.KeyHit{ProductID: p, VariantID: v})
	}
}

func (c *memoryCatalog) UpdateProducts(_ context.Context, _ plugin.Origin, batch []plugin.ProductPatch) ([]plugin.ProductResult, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	out := make([]plugin.ProductResult, len(batch))
	for i, p := range batch {
		out[i] = c.s.update(p)
	}
	return out, nil
}

// update takes what the benchmark's runs change: prices, stock and categories. Anything else is
// answered as unsupported, so that no run can look quick by being left half done.
func (s *memoryShop) update(patch plugin.ProductPatch) plugin.ProductResult {
	p := s.products[patch.ID]
	switch {
	case p == nil:
		return plugin.ProductResult{Err: plugin.ErrNotFound}
	case patch.Expect != "" && patch.Expect != p.Version:
		return plugin.ProductResult{Err: plugin.ErrConflict}
	case patch.Name != nil || patch.Description != nil || patch.Attributes != nil || patch.Unit != nil ||
		patch.Published != nil || patch.Orderable != nil || len(patch.AddVariants)+len(patch.RemoveVariants) > 0:
		return plugin.ProductResult{Err: plugin.ErrUnsupported}
	}
	changed := false
	if patch.CategoryID != nil && *patch.CategoryID != p.CategoryID {
		p.CategoryID, changed = *patch.CategoryID, true
	}
	for _, v := range patch.Variants {
		did, err := updateVariant(p, v)
		if err != nil {
			return plugin.ProductResult{Err: err}
		}
		changed = changed || did
	}
	if changed {
		n, _ := strconv.Atoi(string(p.Version))
		p.Version = plugin.Version(strconv.Itoa(n + 1))
		s.updated++
	}
	return plugin.ProductResult{ID: p.ID, Version: p.Version, Changed: changed}
}

func updateVariant(p *plugin.Product, patch plugin.VariantPatch) (changed bool, err error) {
	i := slices.IndexFunc(p.Variants, func(v plugin.Variant) bool { return v.ID == patch.ID })
	if i < 0 {
		return false, fmt.Errorf("variant %q: %w", patch.ID, plugin.ErrNotFound)
	}
	v := &p.Variants[i]
	if patch.Price != nil && !patch.Price.Equal(v.Price) {
		v.Price, changed = *patch.Price, true
	}
	if patch.Stock != nil && (v.Stock == nil || !patch.Stock.Equal(*v.Stock)) {
		units := decimal.Zero.Add(*patch.Stock)
		v.Stock, changed = &units, true
	}
	return changed, nil
}
