package admin

import (
	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
)

// base is what every page works with.
type base struct {
	web *web.Site
	svc *service.Service
}
