package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/pictures"
	"github.com/keybridge/keybridge/catalog/plan"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// Connection is a connection opened for work: its shop, its CRM and the rules it goes by.
type Connection struct {
	*Tools

	ID       plugin.ConnectionID
	ShopID   plugin.ShopID
	Settings settings.Catalog
	// Ref says in the shop's history what wrote; see plugin.Origin.
	Ref string

	shop      plugin.Shop
	Catalog   plugin.Catalog
	Source    catalog.CRM // opened when first needed
	Rules     plan.Rules
	RulesHash []byte
	// Keyed: some links bear keys of offers, or may come to; see plan.CutKey.
	Keyed bool

	// Asked is when the CRM was last asked. What it answers is at least as new as that.
	Asked time.Time
	// said are texts of the shop about items that were seen since it was opened.
	said map[string]bool
}

// Open reads the connection, opens its shop and works out the rules. Errors: *Stop when the connection is deleted or
// switched off or the language of its texts is gone; an error with the outcome CodeShopInactive, which is retried, when
// the plugin is switched off in the shop; the shop's.
func (c *Connection) Open(ctx context.Context) (settings.Connection, error) {
	conn, err := c.Deps.Connections.Get(ctx, c.ID)
	if errors.Is(err, plugin.ErrNotFound) {
		return conn, &Stop{Code: catalog.CodeConnectionGone}
	}
	if err != nil {
		return conn, fmt.Errorf("open %s: %w", c.ID, err)
	}
	if !c.Active(ctx, c.ShopID) {
		return conn, errInactive
	}
	if !conn.Enabled {
		return conn, &Stop{Code: catalog.CodeConnectionOff}
	}
	return conn, c.openShop(ctx)
}

// openShop opens the shop and works out the rules for it.
func (c *Connection) openShop(ctx context.Context) (err error) {
	if c.shop, err = c.Deps.Shop(ctx, c.ShopID); err != nil {
		return FromShop(err)
	}
	c.Catalog = c.shop.Catalog()
	profile, err := c.shop.Profile(ctx)
	if err != nil {
		return FromShop(err)
	}
	lang, err := c.language(ctx)
	if err != nil {
		return err
	}
	c.Rules = plan.NewRules(c.Settings, lang, profile.Currency, c.shop.Capabilities())
	if c.Keyed = c.Rules.Can.AsProducts; !c.Keyed {
		if c.Keyed, err = c.Store.Staging.HasKeys(ctx, c.ID); err != nil {
			return err
		}
	}
	if chosen := c.Warehouses(); chosen != nil {
		gone, err := c.Store.Warehouses.Gone(ctx, c.ID, chosen)
		if err != nil {
			return err
		}
		c.Rules.Frozen = len(gone) > 0
	}
	c.RulesHash = c.Rules.Hash()
	c.Rules.Gone, err = c.Store.Held.ConfirmedGone(ctx, c.ID)
	return err
}

// language is the one texts go to: the chosen one, else the shop's first.
func (c *Connection) language(ctx context.Context) (string, error) {
	chosen := c.Settings.Language
	if chosen == "" {
		lang, err := FirstLanguage(ctx, c.shop)
		return lang, FromShop(err)
	}
	langs, err := c.shop.Dictionaries().Languages(ctx)
	if err != nil {
		return "", FromShop(err)
	}
	if !slices.ContainsFunc(langs, func(l plugin.Language) bool { return l.Code == chosen }) {
		// Texts in another language are the merchant's own.
		return "", &Stop{Code: catalog.CodeLanguageGone, Params: catalog.Params{"language": chosen}}
	}
	return chosen, nil
}

// FirstLanguage is the language a shop keeps texts in unless told otherwise, BCP 47. Errors: the shop's, as they came.
func FirstLanguage(ctx context.Context, shop plugin.Shop) (string, error) {
	langs, err := shop.Dictionaries().Languages(ctx)
	if err != nil {
		return "", err
	}
	if len(langs) > 0 {
		return langs[0].Code, nil
	}
	profile, err := shop.Profile(ctx)
	return profile.Locale, err
}

// OpenCRM opens the CRM when the first request is to be made, and answers the same one from then on. Errors: those of
// Deps.CRM.
func (c *Connection) OpenCRM(ctx context.Context) (catalog.CRM, error) {
	if c.Source == nil {
		source, err := c.Deps.CRM(ctx, c.ID)
		if err != nil {
			return nil, fmt.Errorf("open CRM of %s: %w", c.ID, err)
		}
		c.Source = source
	}
	return c.Source, nil
}

// Origin signs what we write to the shop; see plugin.Origin.
func (c *Connection) Origin() plugin.Origin {
	return plugin.Origin{Plugin: c.Deps.PluginID, Connection: c.ID, Ref: c.Ref}
}

// Warehouses are those whose stock counts; nil: all.
func (c *Connection) Warehouses() []string {
	if !c.Rules.Can.Stock || len(c.Settings.Warehouses) == 0 {
		return nil
	}
	return c.Settings.Warehouses
}

// StockQuery asks for the stock of offers, nil for all, in the chosen warehouses.
func (c *Connection) StockQuery(offers []string) catalog.StockQuery {
	return catalog.StockQuery{Offers: offers, Warehouses: c.Warehouses()}
}

// AskedFor are the codes by which the CRM knows the products behind keys, each once.
func (c *Connection) AskedFor(keys []string) []string {
	if !c.Keyed {
		return keys
	}
	return sliceutil.Unique(sliceutil.Map(keys, func(k string) string { product, _ := plan.CutKey(k); return product }))
}

// ShopProducts reads products of the shop into a map, but for those it has already. What the shop does not have is left
// out. Errors: the shop's, *Stop when a product has no variants.
func (c *Connection) ShopProducts(ctx context.Context, ids []plugin.ProductID, into map[plugin.ProductID]plugin.Product) error {
	ids = slices.DeleteFunc(ids, func(id plugin.ProductID) bool { _, have := into[id]; return have })
	for part := range slices.Chunk(ids, plugin.MaxBatch) {
		products, err := c.Catalog.Products(ctx, c.Rules.Lang, part)
		if err != nil {
			return FromShop(err)
		}
		for _, p := range products {
			if err := CheckVariants(p); err != nil {
				return err
			}
			into[p.ID] = p
		}
	}
	return nil
}

// Uncounted asks Deps.Uncounted for the units of variants that the CRM did not know to be sold at a moment; nil when
// stock is not written or nobody can be asked. It sorts ids.
func (c *Connection) Uncounted(ctx context.Context, ids []plugin.VariantID, at time.Time) (map[plugin.VariantID]decimal.Decimal, error) {
	if c.Deps.Uncounted == nil || !c.Rules.Can.Stock || len(ids) == 0 {
		return nil, nil
	}
	slices.Sort(ids)
	return c.Deps.Uncounted(ctx, c.ID, ids, at)
}

// Connections reads connections; *settings.Store does. Errors: plugin.ErrNotFound.
type Connections interface {
	Get(ctx context.Context, id plugin.ConnectionID) (settings.Connection, error)
}

// Deps are what the engine works with. All are needed but Urgent, Active, Uncounted, Notify
// and NotifyHeld.
type Deps struct {
	DB          *sqlx.DB
	Clock       plugin.Clock
	Log         *slog.Logger
	Connections Connections
	// Shop opens a shop. Errors: plugin.ErrNotFound.
	Shop func(ctx context.Context, id plugin.ShopID) (plugin.Shop, error)
	// CRM opens the CRM account of a connection, in the background lane of its budget. Errors: plugin.ErrNotFound,
	// those of internal/crm.
	CRM func(ctx context.Context, id plugin.ConnectionID) (catalog.CRM, error)
	// Urgent opens it in a lane that does not wait for runs, for what the CRM itself has called about.
	// nil: CRM does.
	Urgent func(ctx context.Context, id plugin.ConnectionID) (catalog.CRM, error)
	// PluginID signs our writes to the shop; see plugin.Origin.
	PluginID string
	// Active reports whether the plugin is active in a shop: elsewhere no run starts or goes on. nil:
	// it is everywhere.
	Active func(ctx context.Context, shop plugin.ShopID) bool
	// Uncounted is subtracted from stock; nil: nothing is.
	Uncounted catalog.Uncounted
	// Notify tells the merchant that a run waits for approval, NotifyHeld that stock is held back; nil: nobody is told.
	// An error of Notify is logged; one of NotifyHeld makes the message come again.
	Notify     func(ctx context.Context, n catalog.ApprovalRequest) error
	NotifyHeld func(ctx context.Context, n catalog.HeldNotice) error
	Config     Config
}

// Config tunes the engine. Zero values take the defaults.
type Config struct {
	// Lease is how long a worker that fell silent keeps its run. Default 30 s.
	Lease time.Duration
	// HandOver is how long a run handed to the queue is left to it. Default 30 s.
	HandOver time.Duration
	// Slice is how long one Handle works before it lets others have the worker. Default 30 s.
	Slice time.Duration
	// WriteBatch is how many products one call to the shop writes. Default 500, at most plugin.MaxBatch.
	WriteBatch int
	// PlanBatch is how many products are planned at a time. Default 1000, at most plugin.MaxBatch.
	PlanBatch int
	// Gather is how long a stock call waits for others to be read together with it. Default 2 s.
	Gather time.Duration
	// Pictures tunes how pictures are fetched.
	Pictures pictures.Config
}

func (c Config) withDefaults() Config {
	c.Lease = cmp.Or(c.Lease, 30*time.Second)
	c.HandOver = cmp.Or(c.HandOver, 30*time.Second)
	c.Slice = cmp.Or(c.Slice, 30*time.Second)
	c.Gather = cmp.Or(c.Gather, 2*time.Second)
	c.WriteBatch = min(cmp.Or(c.WriteBatch, 500), plugin.MaxBatch)
	c.PlanBatch = min(cmp.Or(c.PlanBatch, plugin.MaxBatch), plugin.MaxBatch)
	c.Pictures = c.Pictures.WithDefaults()
	return c
}
