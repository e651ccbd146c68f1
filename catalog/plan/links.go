package plan

import (
	"time"

	"github.com/keybridge/keybridge/plugin"
)

// The states of a link's pictures.
const (
	imagesNone    = "none"    // nothing is to be written
	ImagesPending = "pending" // are to be written
	ImagesPartial = "partial" // some could not be fetched; tried again in the next run
	ImagesDone    = "done"    // written
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

// State is how far a planned product is.
type State string

// The states, as they are stored.
const (
	Pending State = "pending" // or written, as the run's cursor tells
	Done    State = "done"    // written, or nothing was left to write
	Again   State = "again"   // failed once, is tried once more at the end
	Failed  State = "failed"  // listed among the run's items
	Dropped State = "dropped" // left alone
)

// Outcome is how a planned product ended.
type Outcome struct {
	CRM     string
	State   State
	Product plugin.ProductID
	Images  bool // its pictures are to be written now
}
