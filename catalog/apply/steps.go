package apply

import (
	"context"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/session"
)

// Steps are the steps of the phases in which an approved plan is verified and a plan is written.
func Steps() map[catalog.Phase]session.Step {
	return map[catalog.Phase]session.Step{
		catalog.VerifyCategories: func(ctx context.Context, w *session.Session) error { return writer{w}.verifyTree(ctx) },
		catalog.VerifyPlan:       func(ctx context.Context, w *session.Session) error { return writer{w}.verify(ctx) },
		catalog.Relink:           func(ctx context.Context, w *session.Session) error { return writer{w}.relink(ctx) },
		catalog.WriteCategories:  func(ctx context.Context, w *session.Session) error { return writer{w}.writeCategories(ctx) },
		catalog.WriteProducts:    func(ctx context.Context, w *session.Session) error { return w.Write(ctx, writer{w}.apply) },
		catalog.WriteAgain:       func(ctx context.Context, w *session.Session) error { return writer{w}.writeAgain(ctx) },
		catalog.WriteImages:      func(ctx context.Context, w *session.Session) error { return writer{w}.writeImages(ctx) },
		catalog.Tidy:             func(ctx context.Context, w *session.Session) error { return writer{w}.tidy(ctx) },
	}
}
