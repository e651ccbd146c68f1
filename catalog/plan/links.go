package plan

import (
	"time"

	"github.com/keybridge/keybridge/plugin"
)

// The states of a link's pictures.
const (
	imagesNone    = "none" // nothing is to be written
	ImagesPending = "pending"
	ImagesPartial = "partial" // some could not be fetched; tried again in the next run
	ImagesDone    = "done"
)

// LinkUpdate is what is remembered of a product once it stands as planned.
type LinkUpdate struct {
	CRM string
	// Made is the product that an intent has led to; empty: there was none.
	Made     plugin.ProductID
	Hash     []byte // nil: look again in the next run
	Version  plugin.Version
	Category plugin.CategoryID
	Images   string // empty: as before
	Missing  string
	Currency string
	// Seen is, for pictures, the version just before they were written.
	Seen plugin.Version
}

// VariantLinkRow joins an offer to a variant.
type VariantLinkRow struct {
	Offer, CRM string // CRM is the offer's product
	Variant    plugin.VariantID
	Product    plugin.ProductID
	ReadAt     time.Time
}

// PlanState is how far a planned product is.
type PlanState string

const (
	PlanPending PlanState = "pending" // or written, as the run's cursor tells
	PlanDone    PlanState = "done"
	PlanAgain   PlanState = "again" // failed once, is tried once more at the end
	PlanFailed  PlanState = "failed"
	PlanDropped PlanState = "dropped" // left alone
)

// PlanOutcome is how a planned product ended.
type PlanOutcome struct {
	CRM     string
	State   PlanState
	Product plugin.ProductID
	Images  bool // its pictures are to be written now
}
