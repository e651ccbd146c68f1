// Package web is the pages of a simulated KeyCRM account: what people see of it, and the forms that do what people do in
// KeyCRM itself.
package web

import (
	"embed"
	"io/fs"
	"net/http"

	"github.com/keybridge/keybridge/internal/crmsim/frame"
)

//go:embed templates/*.html
var templateFiles embed.FS

// Handle mounts the pages.
func Handle(mux *http.ServeMux, cfg Config) error {
	templates, err := fs.Sub(templateFiles, "templates")
	if err != nil {
		return err
	}
	p := &pages{Account: cfg.Account, Config: cfg, Site: &frame.Site{
		Brand: "KeyCRM", Menu: menu(), Templates: templates, Lock: cfg.Account.Locked, Known: cfg.Known,
	}}
	p.Site.Handle(mux, p.views(), p.actions())
	mux.HandleFunc("GET /requests/unknown", p.Local(traffic{p}.unknownFields))
	return nil
}

func menu() []frame.MenuItem {
	return []frame.MenuItem{
		{Path: "/", Name: "Огляд"},
		{Path: "/catalog", Name: "Каталог"},
		{Path: "/orders", Name: "Замовлення"},
		{Path: "/cards", Name: "Воронки"},
		{Path: "/buyers", Name: "Покупці"},
		{Path: "/dictionaries", Name: "Довідники"},
		{Path: "/triggers", Name: "Автоматизація"},
		{Path: "/requests", Name: "Запити API"},
		{Path: "/faults", Name: "Збої"},
	}
}

func (p *pages) views() map[string]frame.View {
	return map[string]frame.View{
		"/{$}":          overview{p}.overview,
		"/catalog":      catalog{p}.catalog,
		"/catalog/{id}": catalog{p}.product,
		"/orders":       orders{p}.orders,
		"/orders/{id}":  orders{p}.order,
		"/cards":        cards{p}.cards,
		"/cards/{id}":   cards{p}.card,
		"/buyers":       buyers{p}.buyers,
		"/dictionaries": dictionaries{p}.dictionaries,
		"/triggers":     triggers{p}.triggers,
		"/requests":     traffic{p}.requests,
		"/faults":       traffic{p}.faults,
	}
}

func (p *pages) actions() map[string]frame.Action {
	goods, sales, leads, setup, rules, api := catalog{p}, orders{p}, cards{p}, dictionaries{p}, triggers{p}, traffic{p}
	return map[string]frame.Action{
		"/settings/pipelines":                                  overview{p}.setPipelines,
		"/settings/stock-hook":                                 overview{p}.setStockHook,
		"/catalog":                                             goods.addProduct,
		"/catalog/archive":                                     goods.archiveFound,
		"/catalog/{id}":                                        goods.editProduct,
		"/catalog/{id}/archive":                                goods.archiveProduct,
		"/catalog/{id}/delete":                                 goods.deleteProduct,
		"/offers/{id}":                                         goods.editOffer,
		"/orders/{id}/status":                                  sales.orderStatus,
		"/orders/{id}/tracking":                                sales.orderTracking,
		"/orders/{id}/comment":                                 sales.orderComment,
		"/orders/{id}/lines":                                   sales.addLine,
		"/orders/{id}/payments":                                sales.addPayment,
		"/orders/{id}/payments/{inner}":                        sales.editPayment,
		"/orders/{id}/delete":                                  sales.deleteOrder,
		"/cards/{id}/status":                                   leads.cardStatus,
		"/cards/{id}/convert":                                  leads.convertCard,
		"/cards/{id}/delete":                                   leads.deleteCard,
		"/buyers/merge":                                        buyers{p}.mergeBuyers,
		"/dictionaries/{kind}":                                 setup.addEntry,
		"/dictionaries/{kind}/{id}":                            setup.saveEntry,
		"/dictionaries/{kind}/{id}/active":                     setup.switchEntry,
		"/dictionaries/pipelines/{id}/statuses":                setup.savePipelineStatus,
		"/dictionaries/pipelines/{id}/statuses/{inner}":        setup.savePipelineStatus,
		"/dictionaries/pipelines/{id}/statuses/{inner}/delete": setup.deletePipelineStatus,
		"/triggers":                                            rules.saveTrigger,
		"/triggers/{id}/toggle":                                rules.toggleTrigger,
		"/triggers/{id}/delete":                                rules.deleteTrigger,
		"/requests/reset":                                      api.resetRequests,
		"/faults":                                              api.addFault,
		"/faults/{id}/delete":                                  api.clearFault,
	}
}
