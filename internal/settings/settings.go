// Package settings keeps connections and what the merchant set for them.
//
// CRM things are named by opaque codes, as the connector gives them; shop things by the engine's.
package settings

import (
	"time"

	"github.com/keybridge/keybridge/internal/schedule"
	"github.com/keybridge/keybridge/plugin"
)

// Connection is one shop joined to one CRM account and, when orders are synced, one of its sources.
type Connection struct {
	ID   plugin.ConnectionID
	Shop plugin.ShopID
	CRM  string // "keycrm"
	// Position orders the connections of a shop; routing rules are tried in this order.
	Position int
	Name     string
	// KeyHint is the end of the API key, to recognise it by; never the key.
	KeyHint string
	// Account is a fingerprint of the CRM account the key opens; empty while unknown.
	Account string
	// Enabled is the merchant's switch.
	Enabled bool
	// ReadyAt is the first save that passed readiness; nil: schedules and export do not run yet.
	ReadyAt *time.Time
	// OrdersSince: orders placed earlier are never sent by themselves; nil: none are.
	OrdersSince *time.Time
	// Version counts saves of the settings; a save names the version it was made from.
	Version   int64
	Settings  Settings
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Title tells the connection from others in a list: its name and the end of its key.
func (c Connection) Title() string {
	if c.KeyHint == "" {
		return c.Name
	}
	return c.Name + " (…" + c.KeyHint + ")"
}

// Running reports whether schedules run and orders are sent.
func (c Connection) Running() bool { return c.Enabled && c.ReadyAt != nil }

// Settings is everything the merchant sets for a connection.
type Settings struct {
	Routing plugin.RoutingRule `json:"routing"`
	Catalog Catalog            `json:"catalog"`
	Orders  Orders             `json:"orders"`
	// Schedules say when the catalog comes by itself.
	Schedules Schedules `json:"schedules,omitzero"`
}

// Schedules are the rules of the kinds of runs. Zero: everything nightly, prices every four hours.
type Schedules struct {
	Full   schedule.Rule `json:"full,omitzero"`
	Prices schedule.Rule `json:"prices,omitzero"`
}

// Rules answers them by the kind of run.
func (s Schedules) Rules() map[string]schedule.Rule {
	return map[string]schedule.Rule{"full": s.Full, "prices": s.Prices}
}

// Default is what a new connection starts with.
func Default() Settings {
	return Settings{
		Catalog: Catalog{
			Match: MatchSKU, New: NewHide, Existing: ExistingUpdate, Missing: MissingNothing,
		},
		Orders: Orders{Target: TargetOff},
	}
}

// Catalog settings: CRM → shop.
type Catalog struct {
	// Products and Categories are the switches «Синхронізувати товари», «Синхронізувати категорії».
	Products   bool `json:"products"`
	Categories bool `json:"categories"`
	// Chosen limits products to CRM categories and what lies below them; empty: all products,
	// those without a category too.
	Chosen   []string       `json:"chosen,omitempty"`
	Match    MatchKey       `json:"match"`
	New      NewPolicy      `json:"new"`
	Existing ExistingPolicy `json:"existing"`
	Missing  MissingPolicy  `json:"missing"`
	// Language of the shop the texts go to; empty: the shop's first.
	Language string `json:"language,omitempty"`
	// Warehouses of the CRM whose stock counts; empty: all.
	Warehouses []string `json:"warehouses,omitempty"`
	// SafetyStock is how many units of each variant are kept from sale, once all warehouses are summed, so that
	// what is sold elsewhere at the same moment is not sold twice; at most MostSafetyStock. 0: none are.
	SafetyStock int `json:"safety_stock,omitempty"`
	// DefaultCategory takes, while Categories is off, what we create and what has no category, when
	// its category of the CRM is not linked; empty: none does.
	DefaultCategory plugin.CategoryID `json:"default_category,omitempty"`
	Owners          Owners            `json:"owners,omitempty"`
	Limits          Limits            `json:"limits,omitzero"`
}

// MostSafetyStock bounds SafetyStock.
const MostSafetyStock = 10_000

// MatchKey is «Оновлення товарів»: the field by which products are matched.
type MatchKey string

// The match keys, in menu order.
const (
	MatchID         MatchKey = "id"
	MatchSKU        MatchKey = "sku"
	MatchName       MatchKey = "name"
	MatchBarcode    MatchKey = "barcode"
	MatchExternalID MatchKey = "external_id"
	MatchNever      MatchKey = "never"
)

// NewPolicy is «Нові товари».
type NewPolicy string

// The policies for new products.
const (
	NewHide    NewPolicy = "hide"
	NewPublish NewPolicy = "publish"
	NewSkip    NewPolicy = "skip"
)

// ExistingPolicy is «Існуючі товари».
type ExistingPolicy string

// The policies for existing products.
const (
	ExistingUpdate ExistingPolicy = "update"
	ExistingSkip   ExistingPolicy = "skip"
)

// MissingPolicy is «Відсутні товари».
type MissingPolicy string

// The policies for missing products.
const (
	MissingNothing     MissingPolicy = "nothing"
	MissingHide        MissingPolicy = "hide"
	MissingUnavailable MissingPolicy = "unavailable"
)

// Target is «Тип синхронізації».
type Target string

// The targets of orders.
const (
	TargetOff    Target = "off"
	TargetOrders Target = "orders"
	TargetCards  Target = "cards"
)

// Orders settings: shop → CRM and statuses back.
type Orders struct {
	Target Target `json:"target"`
	// Source is the CRM's code of «Джерело».
	Source string `json:"source,omitempty"`
	// Prefix stands before the order number in the CRM's source UUID; locked after the first export.
	Prefix string `json:"prefix,omitempty"`
	// Pipeline is the code of the pipeline for new cards.
	Pipeline string `json:"pipeline,omitempty"`
	// OrderStatus maps a CRM order status to a shop status: table (a).
	OrderStatus map[string]Choice `json:"order_status,omitempty"`
	// CardStatus maps "pipeline/status" of the CRM to a shop status: table (b).
	CardStatus map[string]Choice `json:"card_status,omitempty"`
	// StatusOut maps a shop status to a CRM status (or "pipeline/status"): table (c).
	StatusOut map[string]Choice `json:"status_out,omitempty"`
	// Payments, Deliveries and AddOns map a shop code to a CRM code.
	Payments   map[string]Choice `json:"payments,omitempty"`
	Deliveries map[string]Choice `json:"deliveries,omitempty"`
	AddOns     map[string]Choice `json:"add_ons,omitempty"`
}

// Choice is one row of a map: a code of the other side, or «Не передавати». A row that is absent or
// zero was not chosen yet, which blocks what needs it; it never means "skip".
type Choice struct {
	Code string `json:"code,omitempty"`
	Skip bool   `json:"skip,omitempty"`
}

// Made reports whether the merchant chose anything.
func (c Choice) Made() bool { return c.Skip || c.Code != "" }

// Object is what a webhook link is about.
type Object string

// The objects of webhook links.
const (
	ObjectOrder Object = "order"
	ObjectCard  Object = "card"
	ObjectStock Object = "stock"
)

// Link is a webhook link of a connection.
type Link struct {
	Connection plugin.ConnectionID
	Object     Object
	// Token is the secret part of the address. Show it to operators who may configure only.
	Token string
	// RetiresAt: after a rotation the old link answers until then; nil for the current one.
	RetiresAt *time.Time
}
