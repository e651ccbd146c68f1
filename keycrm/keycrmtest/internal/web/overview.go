package web

import (
	"slices"

	"github.com/keybridge/keybridge/internal/crmsim/frame"
	"github.com/keybridge/keybridge/internal/crmsim/table"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

// overview is the first page and the switches of the account.
type overview struct{ *pages }

type overviewPage struct {
	frame.Head
	Key, BaseURL                            string
	Products, Offers, Orders, Cards, Buyers int
	Used, Limit                             int
	PipelinesOn                             bool
	StockHook                               entity.StockHook
	Warehouses                              []warehouseChoice
}

type warehouseChoice struct {
	ID      int64
	Name    string
	Checked bool
}

func (p overview) overview(in *frame.Input) (string, any) {
	v := overviewPage{
		Head: p.Head(in, "Огляд"), Key: p.Keys[0], BaseURL: p.BaseURL(), Limit: p.Traffic.Limiter.Limit(),
		Used: p.Traffic.Limiter.Used(p.Keys[0], p.Now()),
	}
	_, v.Products = p.Catalog.ProductIDs(nil, table.Window{})
	_, v.Offers = p.Catalog.OfferIDs(nil, table.Window{})
	v.Orders, v.Cards, v.Buyers = p.DB.Orders.Len(), p.DB.Cards.Len(), p.DB.Buyers.Len()
	v.PipelinesOn, v.StockHook = !p.Settings().PipelinesOff, p.Settings().StockHook
	for _, wh := range account.Warehouses() {
		checked := slices.Contains(v.StockHook.WarehouseIDs, wh.ID)
		v.Warehouses = append(v.Warehouses, warehouseChoice{wh.ID, wh.Name, checked})
	}
	return "overview", v
}

func (p overview) setPipelines(f *frame.Input) (string, error) {
	p.EditSettings(func(s *account.Settings) { s.PipelinesOff = f.Text("on") != "1" })
	return "/", nil
}

func (p overview) setStockHook(f *frame.Input) (string, error) {
	p.EditSettings(func(s *account.Settings) {
		s.StockHook = entity.StockHook{URL: f.Text("url"), WarehouseIDs: f.IDs("warehouse")}
	})
	return "/", nil
}
