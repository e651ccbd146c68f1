package keycrmtest

import (
	"slices"

	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

// settingControl is what people set up about webhooks, warehouses and pipelines.
type settingControl struct{ account *account.Account }

// Triggers returns all triggers, newest first.
func (s settingControl) Triggers() []Trigger { return read(s.account, s.account.DB.Triggers.Copies) }

// AddTrigger adds a trigger, or replaces the one with its ID, and returns the id. Set Active.
func (s settingControl) AddTrigger(t Trigger) int64 {
	return read(s.account, func() int64 { return s.account.Hooks.AddTrigger(t) })
}

// DeleteTrigger deletes a trigger.
func (s settingControl) DeleteTrigger(id int64) {
	s.account.Locked(func() { s.account.DB.Triggers.Drop(id) })
}

// Deliveries returns the webhooks that were sent or wait, newest first.
func (s settingControl) Deliveries() []Delivery {
	return read(s.account, s.account.DB.Deliveries.Copies)
}

// SetStockHook sets the stock webhook.
func (s settingControl) SetStockHook(h StockHook) {
	s.edit(func(st *account.Settings) { st.StockHook = h })
}

// DeleteWarehouse deletes a warehouse: the details of stocks do not show it any more.
func (s settingControl) DeleteWarehouse(id int64) {
	s.edit(func(st *account.Settings) { st.Closed = append(slices.Clone(st.Closed), id) })
}

// SetPipelines switches the pipelines of the account on or off.
func (s settingControl) SetPipelines(on bool) {
	s.edit(func(st *account.Settings) { st.PipelinesOff = !on })
}

// SetPipelineBlocks switches the products and payments blocks of a pipeline; what is off is dropped from cards.
func (s settingControl) SetPipelineBlocks(pipelineID int64, products, payments bool) {
	s.edit(func(st *account.Settings) {
		st.ProductsOff = account.Toggled(st.ProductsOff, pipelineID, !products)
		st.PaymentsOff = account.Toggled(st.PaymentsOff, pipelineID, !payments)
	})
}

func (s settingControl) edit(change func(*account.Settings)) {
	s.account.Locked(func() { s.account.EditSettings(change) })
}
