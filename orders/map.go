package orders

import (
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// Input is all that Map looks at.
type Input struct {
	Order    plugin.Order
	Profile  plugin.Profile
	Settings settings.Orders
	CRM      Dictionary
	// BranchAsText: the CRM refused the reference of the branch, so it is told in words.
	BranchAsText bool
}

// Map stub.
func Map(in Input) (Draft, []Block) { return Draft{}, nil }
