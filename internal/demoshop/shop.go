package demoshop

import (
	"context"
	"fmt"

	"github.com/keybridge/keybridge/plugin"
)

// shop is the only shop of the process, as the plugin sees it.
type shop struct {
	engine  *Engine
	catalog *catalog
	orders  *orders
	dict    *dictionaries
}

var _ plugin.Shop = (*shop)(nil)

func newShop(e *Engine) *shop {
	most := maxVariants
	if e.cfg.VariantsAsProducts {
		most = 1
	}
	return &shop{
		engine:  e,
		catalog: &catalog{store: e.store, most: most, langs: e.cfg.Languages},
		orders:  &orders{engine: e, store: e.store},
		dict:    &dictionaries{engine: e},
	}
}

// Profile implements plugin.Shop.
func (s *shop) Profile(ctx context.Context) (plugin.Profile, error) {
	set, err := s.engine.store.settings(ctx)
	if err != nil {
		return plugin.Profile{}, fmt.Errorf("profile: %w", err)
	}
	return plugin.Profile{
		ID: ShopID, Name: s.engine.cfg.ShopName, Currency: Currency, Locale: Locale, Zone: s.engine.zone,
		PhoneRegion: set.PhoneRegion, CollectsUTM: set.CollectUTM,
	}, nil
}

// Capabilities implements plugin.Shop: everything, with variants of products or as products.
func (s *shop) Capabilities() plugin.Capabilities {
	variants := plugin.CapVariants
	if s.engine.cfg.VariantsAsProducts {
		variants = plugin.CapVariantsAsProducts
	}
	return plugin.Capabilities{
		plugin.CapCategories, variants, plugin.CapStock, plugin.CapImages, plugin.CapAttributes,
		plugin.CapOldPrice, plugin.CapAddOns, plugin.CapUTM, plugin.CapFactCRMOrder, plugin.CapFactTracking,
		plugin.CapFactShipping, plugin.CapFactPayment, plugin.CapFactCRMTotals,
	}
}

// Catalog implements plugin.Shop.
func (s *shop) Catalog() plugin.Catalog { return s.catalog }

// Orders implements plugin.Shop.
func (s *shop) Orders() plugin.Orders { return s.orders }

// Dictionaries implements plugin.Shop.
func (s *shop) Dictionaries() plugin.Dictionaries { return s.dict }
