package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/admin/words"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

type heldCauseJSON struct {
	Run     int64     `json:"run,omitempty"` // 0: stock calls
	Setting string    `json:"setting,omitempty"`
	Since   time.Time `json:"since"`
	Count   int       `json:"count"`
}

type heldVariantJSON struct {
	Offer   string           `json:"offer"`
	Product plugin.ProductID `json:"product"`
	Variant plugin.VariantID `json:"variant"`
	Name    string           `json:"name"`
	SKU     string           `json:"sku,omitempty"`
	Old     string           `json:"old"`
	Says    string           `json:"says"`
	Since   time.Time        `json:"since"`
	Run     int64            `json:"run,omitempty"`
}

type heldJSON struct {
	Count     int               `json:"count"`
	Confirmed int               `json:"confirmed,omitempty"`
	Since     time.Time         `json:"since,omitzero"`
	Until     time.Time         `json:"until,omitzero"`
	Causes    []heldCauseJSON   `json:"causes"`
	Variants  []heldVariantJSON `json:"variants"`
	// Next is the value of "after" for the following page; empty at the end.
	Next string `json:"next,omitempty"`
}

func (h *handler) held(r *http.Request, req *web.Request) (int, any, error) {
	held, err := h.svc.Products.Held(r.Context(), req.Conn.ID)
	if err != nil {
		return 0, nil, err
	}
	list, err := h.svc.Products.HeldVariants(r.Context(), req.Conn.ID, r.URL.Query().Get("after"), service.HeldShown)
	if err != nil {
		return 0, nil, err
	}
	out := heldJSON{
		Count: held.Count, Confirmed: held.Confirmed, Since: held.Since, Until: held.Until, Causes: []heldCauseJSON{},
		Variants: []heldVariantJSON{},
	}
	for _, c := range held.Causes {
		out.Causes = append(out.Causes, heldCauseJSON(c))
	}
	for _, h := range list {
		out.Variants = append(out.Variants, heldVariantJSON{h.Offer, h.Product, h.Variant, h.Name, h.SKU, h.Old, h.Says, h.Since, h.Run})
	}
	if len(list) == service.HeldShown {
		out.Next = list[len(list)-1].Offer
	}
	return http.StatusOK, out, nil
}

type confirmedJSON struct {
	Confirmed int `json:"confirmed"`
}

// confirmHeld confirms what was held back up to "until", as held answers it.
func (h *handler) confirmHeld(r *http.Request, req *web.Request) (int, any, error) {
	var in struct {
		Until time.Time `json:"until"`
	}
	if err := decode(r, &in); err != nil {
		return 0, nil, err
	}
	if in.Until.IsZero() {
		return 0, nil, errBadJSON()
	}
	n, err := h.svc.Products.ConfirmHeld(r.Context(), req.Conn.ID, in.Until, req.Operator.ID)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, confirmedJSON{n}, nil
}

type hiddenJSON struct {
	Product plugin.ProductID `json:"product"`
	Variant plugin.VariantID `json:"variant,omitempty"`
	Name    string           `json:"name"`
	SKU     string           `json:"sku,omitempty"`
	Price   string           `json:"price,omitempty"`
	Missing bool             `json:"missing,omitempty"`
}

type hiddenListJSON struct {
	Products []hiddenJSON `json:"products"`
	// Next is the value of "after" for the following page; empty at the end.
	Next string `json:"next,omitempty"`
}

func (h *handler) hidden(r *http.Request, req *web.Request) (int, any, error) {
	list, next, err := h.svc.Products.Hidden(r.Context(), req.Conn.ID, r.URL.Query().Get("after"), service.HiddenShown)
	if err != nil {
		return 0, nil, err
	}
	out := hiddenListJSON{Products: []hiddenJSON{}, Next: next}
	for _, h := range list {
		row := hiddenJSON{Product: h.Product, Variant: h.Variant, Name: h.Name, SKU: h.SKU, Missing: h.Missing}
		if h.Price.IsSet() {
			row.Price = h.Price.String()
		}
		out.Products = append(out.Products, row)
	}
	return http.StatusOK, out, nil
}

type publishedJSON struct {
	Published int           `json:"published"`
	Refused   []refusedJSON `json:"refused,omitempty"`
}

type refusedJSON struct {
	Product plugin.ProductID `json:"product"`
	Reason  catalog.Reason   `json:"reason"`
	Message string           `json:"message"`
}

func (h *handler) publish(r *http.Request, req *web.Request) (int, any, error) {
	var in struct {
		Products []string `json:"products"`
	}
	if err := decode(r, &in); err != nil {
		return 0, nil, err
	}
	done, refused, err := h.svc.Products.Publish(r.Context(), req.Conn.ID, service.ProductIDs(in.Products), req.Operator.ID)
	if err != nil {
		return 0, nil, err
	}
	out := publishedJSON{Published: done}
	for _, it := range refused {
		out.Refused = append(out.Refused, refusedJSON{it.Product, it.Reason, words.DescribeItem(req.Words, it)})
	}
	return http.StatusOK, out, nil
}

type pinJSON struct {
	Product  plugin.ProductID    `json:"product"`
	Field    settings.OwnedField `json:"field"`
	Name     string              `json:"name,omitempty"`
	PinnedBy string              `json:"pinned_by,omitempty"`
	PinnedAt time.Time           `json:"pinned_at,omitzero"`
}

type pinListJSON struct {
	Pins []pinJSON `json:"pins"`
	// Next is the query of the following page; empty at the end.
	Next string `json:"next,omitempty"`
}

func (h *handler) pins(r *http.Request, req *web.Request) (int, any, error) {
	list, err := h.svc.Products.Pins(r.Context(), req.Conn.ID, service.PinAfter(r), service.PinsShown)
	if err != nil {
		return 0, nil, err
	}
	out := pinListJSON{Pins: []pinJSON{}, Next: service.NextPins(list)}
	for _, p := range list {
		out.Pins = append(out.Pins, pinJSON{p.Product, p.Field, p.Name, p.By, p.At})
	}
	return http.StatusOK, out, nil
}

func (h *handler) pin(r *http.Request, req *web.Request) (int, any, error) {
	return h.setPin(r, req, true)
}

func (h *handler) unpin(r *http.Request, req *web.Request) (int, any, error) {
	return h.setPin(r, req, false)
}

func (h *handler) setPin(r *http.Request, req *web.Request, on bool) (int, any, error) {
	var in pinJSON
	if err := decode(r, &in); err != nil {
		return 0, nil, err
	}
	set := h.svc.Products.Unpin
	if on {
		set = h.svc.Products.Pin
	}
	err := set(r.Context(), req.Conn.ID, in.Product, in.Field, req.Operator.ID)
	if errors.Is(err, plugin.ErrInvalid) {
		return 0, nil, &refusal{
			http.StatusUnprocessableEntity, errorJSON{Error: "unknown_field", Message: req.Words.T("problem.unknown_option")},
		}
	}
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, pinJSON{Product: in.Product, Field: in.Field}, nil
}
