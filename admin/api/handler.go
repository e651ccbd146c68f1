package api

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/keybridge/keybridge/admin/service"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/plugin"
)

// handler answers requests.
type handler struct {
	web *web.Site
	svc *service.Service
}

type errorJSON struct {
	Error    string        `json:"error"`
	Message  string        `json:"message,omitempty"`
	Problems []problemJSON `json:"problems,omitempty"`
}

type problemJSON struct {
	Field   string `json:"field,omitempty"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// refusal is an answer that says why something was not done.
type refusal struct {
	status int
	body   errorJSON
}

func (e *refusal) Error() string { return "refused: " + e.body.Error }

// decode reads the body. Its error keeps the reason to itself: the client's own words would come back.
func decode(r *http.Request, into any) error {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		return errBadJSON()
	}
	return nil
}

func errBadJSON() error { return &refusal{http.StatusBadRequest, errorJSON{Error: "bad_json"}} }

// notDone refuses with the words that the page shows for the same.
func notDone(req *web.Request, code string) error {
	return &refusal{http.StatusConflict, errorJSON{Error: code, Message: req.Words.T("done." + code)}}
}

// answer wraps what serve answers in JSON.
func (h *handler) answer(need plugin.Permission, serve func(*http.Request, *web.Request) (int, any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		req, err := h.web.Enter(w, r, need)
		var status int
		var body any
		if err == nil {
			err = web.CheckBody(r)
		}
		if err == nil {
			status, body, err = serve(r, req)
		}
		if err != nil {
			status, body = h.refuse(r, req, err)
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(body); err != nil && r.Context().Err() == nil {
			h.svc.Host.Logger().Warn("admin api", "route", web.RouteOf(r), "error", err.Error())
		}
	}
}

// refuse turns an error into an answer. req is nil where nobody is signed in.
func (h *handler) refuse(r *http.Request, req *web.Request, err error) (int, errorJSON) {
	var said *refusal
	if errors.As(err, &said) {
		return said.status, said.body
	}
	why := h.web.Classify(r, err)
	out := errorJSON{Error: why.Code}
	if req != nil {
		out.Message = req.Words.T("refused." + why.Code + ".text")
	}
	return why.Status, out
}
