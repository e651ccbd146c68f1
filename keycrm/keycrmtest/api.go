package keycrmtest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// answer is what a handler of the API wants to say. A nil body is an empty one.
type answer struct {
	status int
	body   any
	allow  string // header of that name; empty for none
}

type messageBody struct {
	Message string `json:"message"`
}

type validation struct {
	Message string              `json:"message"`
	Errors  map[string][]string `json:"errors"`
}

type statusBody struct {
	Status bool `json:"status"`
}

func message(status int, text string) *answer {
	return &answer{status: status, body: messageBody{text}}
}

func notFound() *answer { return message(http.StatusNotFound, "Not found") }

func leadsOff(status int) *answer { return message(status, "Leads are not enabled") }

func invalid(field, text string) *answer {
	return &answer{status: 422, body: validation{"The given data was invalid.", map[string][]string{field: {text}}}}
}

// call is one request to the API, with the lock held.
type call struct {
	r         *http.Request
	q         url.Values
	sent      []byte            // the body as it came
	body      []byte            // what a request that writes sends, as JSON
	fromQuery map[string]bool   // members of body that the query brought
	note      func(what string) // tells strict mode
}

func (c *call) id(name string) int64 {
	n, err := strconv.ParseInt(c.r.PathValue(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (c *call) list(r rules) (*listCall, *answer) {
	for name := range readFilters(c.q) {
		if r.ignoreFilters && !contains(r.filters, name) {
			c.note("filter[" + name + "]")
		}
	}
	return readList(strings.TrimPrefix(c.r.URL.Path, "/v1/"), c.q, r)
}

type handler func(*call) *answer

// apiRoutes are all endpoints, path below /v1.
func (s *Server) apiRoutes() map[string]handler {
	return map[string]handler{
		"GET /products":                                  s.listProducts,
		"GET /products/{id}":                             s.getProduct,
		"GET /products/categories":                       s.listCategories,
		"POST /products/categories":                      s.postCategory,
		"POST /products":                                 s.postProduct,
		"PUT /products/{id}":                             s.putProduct,
		"POST /products/{id}/offers":                     s.postProductOffers,
		"POST /products/import":                          s.postProductImport,
		"GET /offers":                                    s.listOffers,
		"PUT /offers":                                    s.putOffers,
		"GET /offers/stocks":                             s.listStocks,
		"PUT /offers/stocks":                             s.putStocks,
		"GET /order":                                     s.listOrders,
		"POST /order":                                    s.postOrder,
		"POST /order/import":                             s.postOrderImport,
		"GET /order/{id}":                                s.getOrder,
		"POST /order/{id}/attachment/{file}":             s.postOrderAttachment,
		"DELETE /order/{id}/attachment/{file}":           s.deleteOrderAttachment,
		"GET /order/expense-type":                        s.listExpenseTypes,
		"GET /order/product-status":                      s.listProductStatuses,
		"GET /storage":                                   s.listFiles,
		"POST " + uploadPath:                             s.postUpload,
		"GET /storage/attachment/{type}/{id}":            s.listAttachments,
		"POST /pipelines/cards/{id}/attachment/{file}":   s.postCardAttachment,
		"DELETE /pipelines/cards/{id}/attachment/{file}": s.deleteCardAttachment,
		"PUT /order/{id}":                                s.putOrder,
		"POST /order/{id}/payment":                       s.postOrderPayment,
		"PUT /order/{id}/payment/{p}":                    s.putOrderPayment,
		"POST /order/{id}/tag/{tag}":                     s.postOrderTag,
		"DELETE /order/{id}/tag/{tag}":                   s.deleteOrderTag,
		"GET /order/status":                              s.listStatuses,
		"GET /order/source":                              s.listSources,
		"GET /order/payment-method":                      s.listMethods,
		"GET /order/delivery-service":                    s.listDeliveryServices,
		"GET /order/tag":                                 s.listTags,
		"GET /users":                                     s.listUsers,
		"GET /custom-fields":                             s.listFields,
		"GET /buyer":                                     s.listBuyers,
		"GET /buyer/{id}":                                s.getBuyer,
		"POST /buyer":                                    s.postBuyer,
		"PUT /buyer/{id}":                                s.putBuyer,
		"POST /buyer/import":                             s.postBuyerImport,
		"GET /pipelines":                                 s.listPipelines,
		"GET /pipelines/{id}/statuses":                   s.listPipelineStatuses,
		"GET /pipelines/cards":                           s.listCards,
		"POST /pipelines/cards":                          s.postCard,
		"GET /pipelines/cards/{id}":                      s.getCard,
		"PUT /pipelines/cards/{id}":                      s.putCard,
		"POST /pipelines/cards/{id}/payment":             s.postCardPayment,
		"PUT /pipelines/cards/{id}/payment/{p}":          s.putCardPayment,
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

// handleAPI mounts the endpoints and answers for absent methods and paths the way KeyCRM does, in JSON. It looks for
// the most literal path itself: /pipelines/{id}/statuses and /pipelines/cards/{id} overlap, which ServeMux refuses.
func (s *Server) handleAPI(mux *http.ServeMux) {
	var routes []route
	for pattern, h := range s.apiRoutes() {
		method, path, _ := strings.Cut(pattern, " ")
		routes = append(routes, route{method, strings.Split(strings.TrimPrefix(path, "/"), "/"), h})
	}
	slices.SortStableFunc(routes, func(a, b route) int { return a.wildcards() - b.wildcards() })
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) {
		s.api(choose(routes, r)).ServeHTTP(w, r)
	})
}

// choose finds the handler of the most literal path; routes are sorted by that. HEAD is served like GET.
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
	return func(*call) *answer { return notFound() }
}

// methodAbsent names the methods there are, as Laravel does.
func methodAbsent(methods []string) handler {
	slices.Sort(methods)
	allow := strings.Join(methods, ", ")
	return func(c *call) *answer {
		a := message(http.StatusMethodNotAllowed, "The "+c.r.Method+" method is not supported for this route. Supported methods: "+allow+".")
		a.allow = allow
		return a
	}
}

func write(w http.ResponseWriter, a *answer) {
	if a.allow != "" {
		w.Header().Set("Allow", a.allow)
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	data, err := json.Marshal(a.body)
	if err != nil {
		http.Error(w, "keycrmtest: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(data) // the reader may be gone
}
