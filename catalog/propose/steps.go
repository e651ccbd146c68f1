package propose

import (
	"context"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/catalog/session"
)

// Steps are the steps of the phases in which a run plans.
func Steps() map[catalog.Phase]session.Step {
	return map[catalog.Phase]session.Step{
		catalog.SplitVariants: func(ctx context.Context, w *session.Session) error { return Proposer{w}.split(ctx) },
		catalog.PlanProducts:  func(ctx context.Context, w *session.Session) error { return Proposer{w}.plan(ctx) },
		catalog.CheckPlan:     func(ctx context.Context, w *session.Session) error { return Proposer{w}.check(ctx) },
	}
}
