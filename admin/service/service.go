// Package service is what the pages and the API do alike, between a request and the other parts: reading the
// lists of both sides, telling readiness, saving settings, starting and approving runs, and which rows of a
// list a page shows. What it needs of the other parts stands in ports.go.
package service

import (
	"time"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/internal/cache"
	"github.com/keybridge/keybridge/plugin"
)

// defaultReach bounds how long a hanging CRM can hold a page up.
const defaultReach = 8 * time.Second

// Service does for pages and API what is the same for both. Safe for concurrent use.
type Service struct {
	Deps
	lists *cache.Cache[plugin.ConnectionID, *form.CRMLists]
}

// New starts nothing and asks nothing.
func New(d Deps) *Service {
	if d.Reach <= 0 {
		d.Reach = defaultReach
	}
	return &Service{Deps: d, lists: newListCache(d.Host.Clock())}
}
