package storefront

import (
	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/internal/demoshop/web"
)

// Routes adds the pages of the storefront to a router.
func (s *Front) Routes(r chi.Router) {
	r.Use(web.OwnContent, s.rememberUTM)
	r.Get("/", s.home)
	r.Get("/catalog", s.catalogPage)
	r.Get("/category/{ref}", s.categoryPage)
	r.Get("/product/{ref}", s.product)
	r.Get("/search", s.search)
	r.Get("/basket", s.basketPage)
	r.Post("/basket/add", s.basketAdd)
	r.Post("/basket/update", s.basketUpdate)
	r.Get("/checkout", s.checkoutPage)
	r.Post("/checkout", s.checkout)
	r.Get("/order/{number}", s.orderStatusPage)
	r.Post("/order/{number}/pay", s.orderPay)
	r.Get("/delivery", s.deliveryPage)
}
