package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/crmsim"
)

// endpoints are all there are, path below /v1.
func endpoints(b *base) map[string]handler {
	goods, sales, leads, people, setup, uploads := catalog{b}, orders{b}, cards{b}, buyers{b}, dictionaries{b}, files{b}
	return map[string]handler{
		"GET /products":                                  goods.listProducts,
		"GET /products/{id}":                             goods.getProduct,
		"GET /products/categories":                       goods.listCategories,
		"POST /products/categories":                      goods.postCategory,
		"POST /products":                                 goods.postProduct,
		"PUT /products/{id}":                             goods.putProduct,
		"POST /products/{id}/offers":                     goods.postProductOffers,
		"POST /products/import":                          goods.postProductImport,
		"GET /offers":                                    goods.listOffers,
		"PUT /offers":                                    goods.putOffers,
		"GET /offers/stocks":                             goods.listStocks,
		"PUT /offers/stocks":                             goods.putStocks,
		"GET /order":                                     sales.list,
		"POST /order":                                    sales.post,
		"POST /order/import":                             sales.postImport,
		"GET /order/{id}":                                sales.get,
		"POST /order/{id}/attachment/{file}":             uploads.postOrderAttachment,
		"DELETE /order/{id}/attachment/{file}":           uploads.deleteOrderAttachment,
		"GET /order/expense-type":                        setup.listExpenseTypes,
		"GET /order/product-status":                      setup.listProductStatuses,
		"GET /storage":                                   uploads.list,
		"POST " + uploadPath:                             uploads.post,
		"GET /storage/attachment/{type}/{id}":            uploads.listAttachments,
		"POST /pipelines/cards/{id}/attachment/{file}":   uploads.postCardAttachment,
		"DELETE /pipelines/cards/{id}/attachment/{file}": uploads.deleteCardAttachment,
		"PUT /order/{id}":                                sales.put,
		"POST /order/{id}/payment":                       sales.postPayment,
		"PUT /order/{id}/payment/{p}":                    sales.putPayment,
		"POST /order/{id}/tag/{tag}":                     sales.postTag,
		"DELETE /order/{id}/tag/{tag}":                   sales.deleteTag,
		"GET /order/status":                              setup.listStatuses,
		"GET /order/source":                              setup.listSources,
		"GET /order/payment-method":                      setup.listMethods,
		"GET /order/delivery-service":                    setup.listDeliveryServices,
		"GET /order/tag":                                 setup.listTags,
		"GET /users":                                     setup.listUsers,
		"GET /custom-fields":                             setup.listFields,
		"GET /buyer":                                     people.list,
		"GET /buyer/{id}":                                people.get,
		"POST /buyer":                                    people.post,
		"PUT /buyer/{id}":                                people.put,
		"POST /buyer/import":                             people.postImport,
		"GET /pipelines":                                 setup.listPipelines,
		"GET /pipelines/{id}/statuses":                   setup.listPipelineStatuses,
		"GET /pipelines/cards":                           leads.list,
		"POST /pipelines/cards":                          leads.post,
		"GET /pipelines/cards/{id}":                      leads.get,
		"PUT /pipelines/cards/{id}":                      leads.put,
		"POST /pipelines/cards/{id}/payment":             leads.postPayment,
		"PUT /pipelines/cards/{id}/payment/{p}":          leads.putPayment,
	}
}

// route is one endpoint; a segment such as {id} takes anything.
type route struct {
	method   string
	segments []string
	handle   handler
}

// match fills the request's path values; false when the path is another.
func (rt *route) match(r *http.Request) bool {
	got := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
	if len(got) != len(rt.segments) {
		return false
	}
	for i, want := range rt.segments {
		if name, ok := strings.CutPrefix(want, "{"); ok {
			r.SetPathValue(strings.TrimSuffix(name, "}"), got[i])
		} else if got[i] != want {
			return false
		}
	}
	return true
}

func (rt *route) wildcards() int { return strings.Count(strings.Join(rt.segments, ""), "{") }

// sortedRoutes puts the most literal paths first: /pipelines/{id}/statuses and /pipelines/cards/{id} overlap, which
// ServeMux refuses.
func sortedRoutes(endpoints map[string]handler) []route {
	var routes []route
	for pattern, h := range endpoints {
		method, path, _ := strings.Cut(pattern, " ")
		routes = append(routes, route{method, strings.Split(strings.TrimPrefix(path, "/"), "/"), h})
	}
	slices.SortStableFunc(routes, func(a, b route) int { return a.wildcards() - b.wildcards() })
	return routes
}

// choose finds the handler of the most literal path; routes are sorted by that. HEAD is served like GET. Absent methods
// and paths are answered the way KeyCRM does, in JSON.
func choose(routes []route, r *http.Request) handler {
	asked := r.Method
	if asked == http.MethodHead {
		asked = http.MethodGet
	}
	known := -1
	var methods []string
	for i := range routes {
		rt := &routes[i]
		if known >= 0 && rt.wildcards() != known || !rt.match(r) {
			continue
		}
		if known = rt.wildcards(); rt.method == asked {
			return rt.handle
		}
		if methods = append(methods, rt.method); rt.method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	if known >= 0 {
		return methodAbsent(methods)
	}
	return func(*call) *crmsim.Answer { return notFound() }
}

// methodAbsent names the methods there are, as Laravel does.
func methodAbsent(methods []string) handler {
	slices.Sort(methods)
	allow := strings.Join(methods, ", ")
	return func(c *call) *crmsim.Answer {
		a := message(http.StatusMethodNotAllowed, "The "+c.r.Method+" method is not supported for this route. Supported methods: "+allow+".")
		a.Allow = allow
		return a
	}
}
