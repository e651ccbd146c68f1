package api

import (
	"net/http"
	"time"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/admin/words"
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

type itemJSON struct {
	ID      int64            `json:"id"`
	Kind    catalog.ItemKind `json:"kind"`
	CRMID   string           `json:"crm_id"`
	Product plugin.ProductID `json:"product,omitempty"`
	Name    string           `json:"name"`
	Reason  catalog.Reason   `json:"reason"`
	Params  catalog.Params   `json:"params,omitempty"`
	Text    string           `json:"text"` // the reason in words
	At      time.Time        `json:"at"`
}

type itemListJSON struct {
	Kind   catalog.ItemKind         `json:"kind"`
	Counts map[catalog.ItemKind]int `json:"counts"`
	Items  []itemJSON               `json:"items"`
	// Next is the value of "after" for the following page; 0 at the end.
	Next int64 `json:"next,omitempty"`
}

func (h *handler) items(r *http.Request, req *web.Request) (int, any, error) {
	run, err := h.svc.RunOf(r, req)
	if err != nil {
		return 0, nil, err
	}
	out := itemListJSON{Items: []itemJSON{}}
	if out.Counts, err = h.svc.Runs.CountItems(r.Context(), run.ID); err != nil {
		return 0, nil, err
	}
	out.Kind = service.KindAsked(r, out.Counts)
	list, err := h.svc.Runs.ItemsOf(r.Context(), run.ID, out.Kind, service.AfterID(r), service.ItemsShown)
	if err != nil {
		return 0, nil, err
	}
	for _, it := range list {
		out.Items = append(out.Items, itemJSON{
			it.ID, it.Kind, it.CRMID, it.Product, it.Name, it.Reason, it.Params, words.DescribeItem(req.Words, it), it.At,
		})
	}
	if len(list) == service.ItemsShown {
		out.Next = list[len(list)-1].ID
	}
	return http.StatusOK, out, nil
}

type writtenJSON struct {
	ID        int64            `json:"id"`
	CRMID     string           `json:"crm_id"`
	Product   plugin.ProductID `json:"product"`
	Variant   plugin.VariantID `json:"variant,omitempty"`
	Name      string           `json:"name"`
	Field     catalog.Field    `json:"field"`
	Old       string           `json:"old"`
	New       string           `json:"new"`
	Overwrote bool             `json:"overwrote,omitempty"`
	At        time.Time        `json:"at"`
}

type writtenListJSON struct {
	Changes []writtenJSON `json:"changes"`
	// Next is the value of "after" for the following page; 0 at the end.
	Next int64 `json:"next,omitempty"`
}

func (h *handler) changes(r *http.Request, req *web.Request) (int, any, error) {
	run, err := h.svc.RunOf(r, req)
	if err != nil {
		return 0, nil, err
	}
	list, err := h.svc.Runs.Changes(r.Context(), run.ID, service.AfterID(r), service.ChangesShown)
	if err != nil {
		return 0, nil, err
	}
	out := writtenListJSON{Changes: []writtenJSON{}}
	for _, c := range list {
		out.Changes = append(out.Changes, writtenJSON{c.ID, c.CRMID, c.Product, c.Variant, c.Name, c.Field, c.Old, c.New, c.Overwrote, c.At})
	}
	if len(list) == service.ChangesShown {
		out.Next = list[len(list)-1].ID
	}
	return http.StatusOK, out, nil
}

type changeJSON struct {
	Variant plugin.VariantID `json:"variant,omitempty"`
	Field   catalog.Field    `json:"field"`
	Old     string           `json:"old"`
	New     string           `json:"new"`
	// Held: it will be held back; see /held.
	Held bool `json:"held,omitempty"`
}

type plannedJSON struct {
	CRMID    string           `json:"crm_id"`
	Product  plugin.ProductID `json:"product,omitempty"`
	Name     string           `json:"name"`
	Action   string           `json:"action"`
	Pictures int              `json:"pictures,omitempty"`
	Changes  []changeJSON     `json:"changes"`
}

type categoryJSON struct {
	CRMID     string `json:"crm_id"`
	Action    string `json:"action"`
	Name      string `json:"name"`
	OldName   string `json:"old_name,omitempty"`
	Parent    string `json:"parent"`
	OldParent string `json:"old_parent,omitempty"`
}

type planJSON struct {
	Create   int           `json:"create"`
	Update   int           `json:"update"`
	Link     int           `json:"link"`
	Missing  int           `json:"missing"`
	Products []plannedJSON `json:"products"`
	// Categories come with the first page alone.
	Categories []categoryJSON `json:"categories"`
	// Next is the value of "after" for the following page; empty at the end.
	Next string `json:"next,omitempty"`
}

func (h *handler) plan(r *http.Request, req *web.Request) (int, any, error) {
	run, err := h.svc.RunOf(r, req)
	if err != nil {
		return 0, nil, err
	}
	list, err := h.svc.Runs.Plan(r.Context(), run.ID, r.URL.Query().Get("after"), service.PlanShown)
	if err != nil {
		return 0, nil, err
	}
	c, err := h.svc.Runs.PlanCounts(r.Context(), run.ID)
	if err != nil {
		return 0, nil, err
	}
	out := planJSON{Create: c.Create, Update: c.Update, Link: c.Link, Missing: c.Missing, Products: []plannedJSON{}, Categories: []categoryJSON{}}
	if r.URL.Query().Get("after") == "" {
		tree, err := h.svc.Runs.PlanTree(r.Context(), run.ID, service.CategoriesShown)
		if err != nil {
			return 0, nil, err
		}
		for _, t := range tree {
			out.Categories = append(out.Categories, categoryJSON(t))
		}
	}
	for _, p := range list {
		row := plannedJSON{CRMID: p.CRMID, Product: p.Product, Name: p.Name, Action: p.Action, Pictures: p.Pictures, Changes: []changeJSON{}}
		for _, ch := range p.Changes {
			row.Changes = append(row.Changes, changeJSON{Variant: ch.Variant, Field: ch.Field, Old: ch.Old, New: ch.New, Held: ch.Held})
		}
		out.Products = append(out.Products, row)
	}
	if len(list) == service.PlanShown {
		out.Next = list[len(list)-1].CRMID
	}
	return http.StatusOK, out, nil
}
