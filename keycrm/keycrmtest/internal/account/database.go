package account

import (
	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/internal/crmsim/webhook"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/generator"
)

// Database is everything that can change and that outlives the process. The names of its tables and the fields of its
// rows are in journals that people keep.
type Database struct {
	Settings   *table.Table[Settings]
	Categories *table.Table[entity.Category]
	Products   *table.Table[entity.Product] // edited or added; the others are computed: see Catalog
	Offers     *table.Table[entity.Offer]
	Buyers     *table.Table[entity.Buyer]
	Orders     *table.Table[entity.Order]
	Cards      *table.Table[entity.Card]
	Files      *table.Table[File]
	Triggers   *table.Table[entity.Trigger]
	Deliveries *table.Table[webhook.Delivery]

	Statuses         *Dictionary[entity.OrderStatus]
	Sources          *Dictionary[entity.Source]
	Methods          *Dictionary[entity.PaymentMethod]
	DeliveryServices *Dictionary[entity.DeliveryService]
	Tags             *Dictionary[entity.Tag]
	Users            *Dictionary[entity.User]
	Pipelines        *Dictionary[entity.Pipeline]
	Fields           *Dictionary[entity.CustomField]

	pending  *table.Table[Write]
	counters *table.Table[counter]
}

func newDatabase(g *generator.Generator) *Database {
	return &Database{
		Settings:   table.New[Settings]("settings", 0),
		Categories: table.New[entity.Category]("categories", generator.FirstCategory+int64(len(g.Categories))-1),
		Products: table.NewNoting("products", generator.FirstProduct+int64(g.Products())-1, func(p *entity.Product) bool {
			return p.Deleted || !p.VisibleAt.IsZero()
		}),
		Offers:     table.NewNoting("offers", generator.FirstOffer+int64(g.Offers())-1, func(o *entity.Offer) bool { return o.Deleted }),
		Buyers:     table.New[entity.Buyer]("buyers", 3000),
		Orders:     table.New[entity.Order]("orders", generator.FirstOrder-1),
		Cards:      table.New[entity.Card]("cards", 4000),
		Files:      table.New[File]("files", 900),
		Triggers:   table.New[entity.Trigger]("triggers", 0),
		Deliveries: table.New[webhook.Delivery]("deliveries", 0),

		Statuses:         newDictionary("statuses", 100, "order status", func(r *entity.OrderStatus) *int64 { return &r.ID }),
		Sources:          newDictionary("sources", 0, "source", func(r *entity.Source) *int64 { return &r.ID }),
		Methods:          newDictionary("methods", 0, "payment method", func(r *entity.PaymentMethod) *int64 { return &r.ID }),
		DeliveryServices: newDictionary("delivery_services", 0, "delivery service", func(r *entity.DeliveryService) *int64 { return &r.ID }),
		Tags:             newDictionary("tags", 0, "tag", func(r *entity.Tag) *int64 { return &r.ID }),
		Users:            newDictionary("users", 0, "user", func(r *entity.User) *int64 { return &r.ID }),
		Pipelines:        newDictionary("pipelines", 0, "pipeline", func(r *entity.Pipeline) *int64 { return &r.ID }),
		Fields:           newDictionary("fields", 0, "custom field", func(r *entity.CustomField) *int64 { return &r.ID }),

		pending:  table.New[Write]("pending", 0),
		counters: table.New[counter]("counters", 0),
	}
}

func (d *Database) tables() []table.Keeper {
	return []table.Keeper{
		d.Settings, d.Categories, d.Products, d.Offers, d.Buyers, d.Orders, d.Cards, d.Statuses, d.Triggers, d.Deliveries,
		d.pending, d.counters, d.Sources, d.Methods, d.DeliveryServices, d.Tags, d.Users, d.Pipelines, d.Fields, d.Files,
	}
}
