package admin_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

type savedSettings struct {
	Version  int64             `json:"version"`
	Settings settings.Settings `json:"settings"`
}

func (a *answer) json(t *testing.T, to any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.raw), to); err != nil {
		t.Fatalf("%v in %s", err, a.raw)
	}
}

func (r *rig) call(method, path, body string) *answer {
	r.t.Helper()
	return r.do(method, path, "application/json", strings.NewReader(body), http.Header{plugin.CSRFHeader: {token}})
}

func TestAPIGivesWhatThePageShows(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := r.running(settings.TargetOrders)
	api := "/api" + strings.Replace(path, "/c/", "/connections/", 1)

	var list []struct{ ID, Name string }
	r.get("/api/connections").want(http.StatusOK).json(t, &list)
	if len(list) != 1 || "/c/"+list[0].ID != path {
		t.Fatalf("connections = %+v", list)
	}
	var ready struct {
		Ready    bool
		Verdicts []struct{ Code, State, Message string }
	}
	r.get(api+"/readiness").want(http.StatusOK).json(t, &ready)
	if !ready.Ready || len(ready.Verdicts) < 8 || ready.Verdicts[0].Message != "Ключ API працює." {
		t.Errorf("readiness = %+v", ready)
	}

	var is savedSettings
	r.get(api+"/settings").want(http.StatusOK).json(t, &is)
	is.Settings.Catalog.New = settings.NewPublish
	is.Settings.Orders.Prefix = "cannot-be-changed"
	body, err := json.Marshal(is)
	if err != nil {
		t.Fatal(err)
	}
	var after savedSettings
	r.call(http.MethodPut, api+"/settings", string(body)).want(http.StatusOK).json(t, &after)
	if after.Version != is.Version+1 || after.Settings.Catalog.New != settings.NewPublish || after.Settings.Orders.Prefix != "" {
		t.Errorf("saved = %+v", after)
	}
	var stale struct{ Error string }
	r.call(http.MethodPut, api+"/settings", string(body)).want(http.StatusConflict).json(t, &stale)
	if stale.Error != "stale" {
		t.Errorf("error = %q", stale.Error)
	}

	after.Settings.Orders.Payments["cash"] = settings.Choice{Code: "4711"}
	after.Settings.Orders.Payments["gold"] = settings.Choice{Skip: true}
	body, err = json.Marshal(after)
	if err != nil {
		t.Fatal(err)
	}
	var bad struct {
		Error    string
		Problems []struct{ Field, Code string }
	}
	r.call(http.MethodPut, api+"/settings", string(body)).want(http.StatusUnprocessableEntity).json(t, &bad)
	if len(bad.Problems) != 2 || bad.Problems[0].Field != "payments.gold" || bad.Problems[1].Field != "payments.cash" {
		t.Errorf("problems = %+v", bad)
	}
	r.call(http.MethodPut, api+"/settings", `{"no_such_field":1}`).want(http.StatusBadRequest)

	var run struct{ ID int64 }
	r.call(http.MethodPost, api+"/runs", `{"kind":"full"}`).want(http.StatusAccepted).json(t, &run)
	r.call(http.MethodPost, api+"/runs", `{"kind":"full"}`).want(http.StatusConflict)
	r.call(http.MethodPost, api+"/runs", `{"kind":`).want(http.StatusBadRequest)
	var runs []struct {
		ID    int64
		State string
	}
	r.get(api+"/runs").want(http.StatusOK).json(t, &runs)
	if len(runs) != 1 || runs[0].ID != run.ID || runs[0].State != "queued" {
		t.Errorf("runs = %+v", runs)
	}
	var journal []struct{}
	r.get(api+"/journal").want(http.StatusOK).json(t, &journal)
	var gone struct{ Error, Message string }
	r.get("/api/nothing").want(http.StatusNotFound).json(t, &gone)
	if gone.Error != "not_found" || gone.Message == "" {
		t.Errorf("unknown address = %+v", gone)
	}
}
