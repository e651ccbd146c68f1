package catalog

import (
	"time"

	"github.com/keybridge/keybridge/plugin"
)

// PreviewTTL is how long a preview (dry run) waits for approval before it expires. A run that a guard stopped waits as
// long as it takes.
const PreviewTTL = time.Hour

// ApprovalRequest tells that a run waits for approval.
type ApprovalRequest struct {
	Shop       plugin.ShopID
	Connection plugin.ConnectionID
	Run        int64
	Kind       Kind
	Guards     []Guard
	At         time.Time
}

// Intended is what a run means to do about one product.
type Intended struct {
	CRMID   string
	Product plugin.ProductID // empty: it is to be created
	Name    string
	Action  string // "create", "update", "link" or "missing"
	Changes []Change
	// Pictures counts those that the product shall have; 0: they stay as they are.
	Pictures int
}

// PlanCounts counts a plan by what is to be done.
type PlanCounts struct {
	Create  int `db:"to_create"`
	Update  int `db:"to_update"`
	Link    int `db:"to_link"`
	Missing int `db:"to_miss"`
	// Categories counts those to be created, renamed, moved or linked.
	Categories int `db:"to_tree"`
}

// IntendedCategory is what a run means to do about one category. Parents are told as paths; an empty
// one is the top of the tree.
type IntendedCategory struct {
	CRMID string
	// Action is "create", "update" (renamed or moved), "link" or "gone" (from the CRM, and left).
	Action            string
	Name, OldName     string // OldName only of an update
	Parent, OldParent string
}
