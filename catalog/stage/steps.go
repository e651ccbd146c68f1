package stage

import (
	"context"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/session"
)

// Steps are the steps of the phases in which a run reads the CRM.
func Steps() map[catalog.Phase]session.Step {
	return map[catalog.Phase]session.Step{
		catalog.ReadCategories:  func(ctx context.Context, w *session.Session) error { return reader{w}.readCategories(ctx) },
		catalog.ReadProducts:    func(ctx context.Context, w *session.Session) error { return reader{w}.readProducts(ctx) },
		catalog.ReadOffers:      func(ctx context.Context, w *session.Session) error { return reader{w}.readOffers(ctx) },
		catalog.Confirm:         func(ctx context.Context, w *session.Session) error { return reader{w}.confirm(ctx) },
		catalog.ConfirmOffers:   func(ctx context.Context, w *session.Session) error { return reader{w}.confirmOffers(ctx) },
		catalog.ReadStocks:      func(ctx context.Context, w *session.Session) error { return reader{w}.readStocks(ctx) },
		catalog.CheckWarehouses: func(ctx context.Context, w *session.Session) error { return reader{w}.checkWarehouses(ctx) },
		catalog.CheckCurrency:   func(ctx context.Context, w *session.Session) error { return reader{w}.checkCurrency(ctx) },
		catalog.ReadPrices:      func(ctx context.Context, w *session.Session) error { return reader{w}.readPrices(ctx) },
	}
}
