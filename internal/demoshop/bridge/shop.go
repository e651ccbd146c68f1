package bridge

import (
	"context"
	"fmt"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/plugin"
)

// Shop is the only shop of the process, as the plugin sees it.
type Shop struct {
	cfg     Config
	office  *store.Office
	catalog *catalog
	orders  *orders
	dict    *dictionaries
}

var _ plugin.Shop = (*Shop)(nil)

// NewShop is the shop over its store. Moves of orders wake the integration.
func NewShop(cfg Config, s *store.Store, in *Integration) *Shop {
	most := domain.MaxVariants
	if cfg.VariantsAsProducts {
		most = 1
	}
	var langs domain.Languages
	for _, l := range cfg.Languages {
		langs = append(langs, domain.Language(l))
	}
	return &Shop{
		cfg:     cfg,
		office:  s.Office,
		catalog: &catalog{store: s.Products, most: most, langs: langs},
		orders:  &orders{store: s.Orders, integration: in, public: cfg.PublicURL},
		dict:    &dictionaries{languages: cfg.Languages, storefronts: cfg.Storefronts},
	}
}

// Profile implements plugin.Shop.
func (s *Shop) Profile(ctx context.Context) (plugin.Profile, error) {
	set, err := s.office.Settings(ctx)
	if err != nil {
		return plugin.Profile{}, contractErr(fmt.Errorf("profile: %w", err))
	}
	return plugin.Profile{
		ID: ShopID, Name: s.cfg.ShopName, Currency: domain.Currency, Locale: domain.Locale, Zone: s.cfg.Zone,
		PhoneRegion: set.PhoneRegion, CollectsUTM: set.CollectUTM,
	}, nil
}

// Capabilities implements plugin.Shop: everything, with variants of products or as products.
func (s *Shop) Capabilities() plugin.Capabilities {
	variants := plugin.CapVariants
	if s.cfg.VariantsAsProducts {
		variants = plugin.CapVariantsAsProducts
	}
	return plugin.Capabilities{
		plugin.CapCategories, variants, plugin.CapStock, plugin.CapImages, plugin.CapAttributes,
		plugin.CapOldPrice, plugin.CapAddOns, plugin.CapUTM, plugin.CapFactCRMOrder, plugin.CapFactTracking,
		plugin.CapFactShipping, plugin.CapFactPayment, plugin.CapFactCRMTotals,
	}
}

// Catalog implements plugin.Shop.
func (s *Shop) Catalog() plugin.Catalog { return s.catalog }

// Orders implements plugin.Shop.
func (s *Shop) Orders() plugin.Orders { return s.orders }

// Dictionaries implements plugin.Shop.
func (s *Shop) Dictionaries() plugin.Dictionaries { return s.dict }
