package admin

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/orders"
	"github.com/keybridge/keybridge/plugin"
)

// api gives in JSON what the page shows. Writes carry the operator's token in plugin.CSRFHeader.
func (a *Admin) api() http.Handler {
	r := chi.NewRouter()
	r.Get("/connections", a.json(plugin.PermView, a.apiConnections))
	r.Route("/connections/{connection}", func(r chi.Router) {
		r.Get("/", a.json(plugin.PermView, a.apiConnection))
		r.Get("/settings", a.json(plugin.PermView, a.apiSettings))
		r.Put("/settings", a.json(plugin.PermConfigure, a.apiSave))
		r.Get("/readiness", a.json(plugin.PermView, a.apiReadiness))
		r.Get("/health", a.json(plugin.PermView, a.apiHealth))
		r.Get("/runs", a.json(plugin.PermView, a.apiRuns))
		r.Post("/runs", a.json(plugin.PermOperate, a.apiStart))
		r.Get("/runs/{run}", a.json(plugin.PermView, a.apiRun))
		r.Get("/runs/{run}/plan", a.json(plugin.PermView, a.apiPlan))
		r.Post("/runs/{run}/approve", a.json(plugin.PermOperate, a.apiApprove))
		r.Post("/runs/{run}/cancel", a.json(plugin.PermOperate, a.apiCancel))
		r.Get("/runs/{run}/changes", a.json(plugin.PermView, a.apiChanges))
		r.Get("/runs/{run}/items", a.json(plugin.PermView, a.apiItems))
		r.Get("/pins", a.json(plugin.PermView, a.apiPins))
		r.Post("/pins", a.json(plugin.PermOperate, a.apiPin))
		r.Post("/pins/remove", a.json(plugin.PermOperate, a.apiUnpin))
		r.Get("/hidden", a.json(plugin.PermView, a.apiHidden))
		r.Post("/hidden", a.json(plugin.PermOperate, a.apiPublish))
		r.Get("/held", a.json(plugin.PermView, a.apiHeld))
		r.Post("/held", a.json(plugin.PermOperate, a.apiConfirmHeld))
		r.Get("/schedule", a.json(plugin.PermView, a.apiSchedule))
		r.Get("/stock", a.json(plugin.PermView, a.apiStock))
		r.Get("/journal", a.json(plugin.PermView, a.apiJournal))
	})
	r.NotFound(a.json(plugin.PermView, func(*http.Request, *visit) (int, any, error) { return 0, nil, errNotFound }))
	return r
}

type apiError struct {
	Error    string       `json:"error"`
	Message  string       `json:"message,omitempty"`
	Problems []apiProblem `json:"problems,omitempty"`
}

type apiProblem struct {
	Field   string `json:"field,omitempty"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// json wraps an answer in JSON.
func (a *Admin) json(need plugin.Permission, serve func(*http.Request, *visit) (int, any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := a.enter(w, r, need)
		var status int
		var body any
		if err == nil {
			err = checkBody(r)
		}
		if err == nil {
			status, body, err = serve(r, v)
		}
		if err != nil {
			why := a.classify(r, err)
			answer := apiError{Error: why.code}
			if v != nil {
				answer.Message = v.words.T("refused." + why.code + ".text")
			}
			status, body = why.status, answer
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(body); err != nil && r.Context().Err() == nil {
			a.Host.Logger().Warn("admin api", "route", routeOf(r), "error", err.Error())
		}
	}
}

type apiConnection struct {
	ID          plugin.ConnectionID `json:"id"`
	CRM         string              `json:"crm"`
	Name        string              `json:"name"`
	KeyHint     string              `json:"key_hint,omitempty"`
	Enabled     bool                `json:"enabled"`
	Running     bool                `json:"running"`
	ReadyAt     *time.Time          `json:"ready_at,omitempty"`
	OrdersSince *time.Time          `json:"orders_since,omitempty"`
	Version     int64               `json:"version"`
}

func newAPIConnection(c settings.Connection) apiConnection {
	return apiConnection{
		ID: c.ID, CRM: c.CRM, Name: c.Name, KeyHint: c.KeyHint, Enabled: c.Enabled, Running: c.Running(),
		ReadyAt: c.ReadyAt, OrdersSince: c.OrdersSince, Version: c.Version,
	}
}

func (a *Admin) apiConnections(r *http.Request, v *visit) (int, any, error) {
	conns, err := a.Settings.List(r.Context(), v.op.Shop)
	if err != nil {
		return 0, nil, err
	}
	out := make([]apiConnection, 0, len(conns))
	for _, c := range conns {
		out = append(out, newAPIConnection(c))
	}
	return http.StatusOK, out, nil
}

func (a *Admin) apiConnection(_ *http.Request, v *visit) (int, any, error) {
	return http.StatusOK, newAPIConnection(v.conn), nil
}

type apiSettings struct {
	Version  int64             `json:"version"`
	Settings settings.Settings `json:"settings"`
	// Override starts schedules and export although readiness does not pass; in requests only.
	Override bool `json:"override,omitempty"`
}

func (a *Admin) apiSettings(_ *http.Request, v *visit) (int, any, error) {
	return http.StatusOK, apiSettings{Version: v.conn.Version, Settings: v.conn.Settings}, nil
}

// apiSave replaces all settings. The prefix of order numbers cannot be changed here.
func (a *Admin) apiSave(r *http.Request, v *visit) (int, any, error) {
	in := apiSettings{Settings: settings.Default()}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return http.StatusBadRequest, apiError{Error: "bad_json"}, nil //nolint:nilerr // the client's own words would come back
	}
	shop, err := readShop(r.Context(), v.shop)
	if err != nil {
		return 0, nil, err
	}
	in.Settings.Orders.Prefix = v.conn.Settings.Orders.Prefix
	l := a.listsOf(r.Context(), v.conn.ID)
	saved, problems, err := a.save(r.Context(), v, saving{
		set: in.Settings, version: in.Version, override: in.Override, lists: l, shop: shop,
		problems: unknownRows(in.Settings.Orders, v.conn.Settings.Orders, l, shop),
	})
	switch {
	case errors.Is(err, settings.ErrStale):
		return http.StatusConflict, apiError{Error: "stale", Message: v.words.T("alert.stale")}, nil
	case err != nil:
		return 0, nil, err
	case len(problems) > 0:
		answer := apiError{Error: "invalid"}
		for _, p := range problems {
			answer.Problems = append(answer.Problems, apiProblem{p.Field, p.Code, v.words.T("problem."+p.Code, p.Params...)})
		}
		return http.StatusUnprocessableEntity, answer, nil
	}
	return http.StatusOK, apiSettings{Version: saved.Version, Settings: saved.Settings}, nil
}

// unknownRows reports rows that neither side has.
func unknownRows(o, stored settings.Orders, l *lists, shop *shopLists) []problem {
	stored.Target = o.Target
	before := map[mapID]map[string]settings.Choice{}
	for _, m := range mappings(stored, l, shop) {
		before[m.id] = m.choices
	}
	var out []problem
	for _, m := range mappings(o, l, shop) {
		for _, row := range sortedKeys(m.choices) {
			if _, known := before[m.id][row]; !known && find(m.rows, row) == nil {
				out = append(out, problem{fieldName(m.id, o.Target, row), "unknown_code", []any{"code", shorten(row)}})
			}
		}
	}
	return out
}

type apiVerdict struct {
	Code    string       `json:"code"`
	State   verdictState `json:"state"`
	Message string       `json:"message"`
	Gates   bool         `json:"gates"`
}

type apiReadiness struct {
	Ready    bool         `json:"ready"`
	Verdicts []apiVerdict `json:"verdicts"`
}

func (a *Admin) apiReadiness(r *http.Request, v *visit) (int, any, error) {
	shop, err := readShop(r.Context(), v.shop)
	if err != nil {
		return 0, nil, err
	}
	l := a.listsOf(r.Context(), v.conn.ID)
	lines := a.judge(v, v.conn.Settings, l, shop, a.Health(r.Context()), a.seen(r.Context(), v.conn.ID))
	out := apiReadiness{Ready: ready(lines)}
	for _, line := range lines {
		out.Verdicts = append(out.Verdicts, apiVerdict{
			line.Code, line.State, v.words.T("ready."+line.Code, line.Params...), line.Gates,
		})
	}
	return http.StatusOK, out, nil
}

type apiRun struct {
	ID         int64             `json:"id"`
	Kind       catalog.Kind      `json:"kind"`
	State      catalog.State     `json:"state"`
	Phase      catalog.Phase     `json:"phase"`
	Done       int64             `json:"done"`
	Total      int64             `json:"total"`
	Counters   catalog.Counters  `json:"counters"`
	Code       catalog.Code      `json:"code,omitempty"`
	Params     map[string]string `json:"params,omitempty"`
	Guards     []catalog.Guard   `json:"guards,omitempty"`
	Preview    bool              `json:"preview,omitempty"`
	Rematch    bool              `json:"rematch,omitempty"`
	ApprovedBy string            `json:"approved_by,omitempty"`
	StartedAt  *time.Time        `json:"started_at,omitempty"`
	FinishedAt *time.Time        `json:"finished_at,omitempty"`
}

func (a *Admin) apiRuns(r *http.Request, v *visit) (int, any, error) {
	runs, err := a.Runs.Runs(r.Context(), v.conn.ID, runsShown)
	if err != nil {
		return 0, nil, err
	}
	out := make([]apiRun, 0, len(runs))
	for _, run := range runs {
		out = append(out, newAPIRun(run))
	}
	return http.StatusOK, out, nil
}

func newAPIRun(run catalog.Run) apiRun {
	return apiRun{
		run.ID, run.Kind, run.State, run.Phase, run.Done, run.Total, run.Counters, run.Code, run.Params,
		run.Guards, run.Preview, run.Rematch, run.ApprovedBy, run.StartedAt, run.FinishedAt,
	}
}

type apiStarted struct {
	ID int64 `json:"id"`
}

func (a *Admin) apiStart(r *http.Request, v *visit) (int, any, error) {
	var in struct {
		Kind    catalog.Kind `json:"kind"`
		Preview bool         `json:"preview"`
		// Rematch matches linked products anew, as a preview of a full run.
		Rematch bool `json:"rematch"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return http.StatusBadRequest, apiError{Error: "bad_json"}, nil //nolint:nilerr // as in apiSave
	}
	if in.Kind != catalog.Full && in.Kind != catalog.Prices {
		return 0, nil, errRunKind
	}
	start := a.Runs.Start
	if in.Preview {
		start = a.Runs.Preview
	}
	if in.Rematch {
		start = a.rematch
	}
	id, err := start(r.Context(), v.conn.ID, in.Kind, v.op.ID)
	switch {
	case errors.Is(err, catalog.ErrNoKey):
		return http.StatusConflict, apiError{Error: "rematch_no_key", Message: v.words.T("done.rematch_no_key")}, nil
	case errors.Is(err, catalog.ErrRunning):
		return http.StatusConflict, apiError{Error: "run_going_on", Message: v.words.T("done.run_going_on")}, nil
	case errors.Is(err, catalog.ErrOff):
		return http.StatusConflict, apiError{Error: "run_off", Message: v.words.T("done.run_off")}, nil
	case err != nil:
		return 0, nil, err
	}
	return http.StatusAccepted, apiStarted{id}, nil
}

type apiEntry struct {
	ID     int64             `json:"id"`
	Order  plugin.OrderID    `json:"order"`
	Number string            `json:"number,omitempty"`
	State  orders.EntryState `json:"state"`
	Reason orders.Reason     `json:"reason,omitempty"`
	Params orders.Params     `json:"params,omitempty"`
	// Unrouted: no connection took it.
	Unrouted bool      `json:"unrouted,omitempty"`
	Attempts int       `json:"attempts"`
	PlacedAt time.Time `json:"placed_at"`
	NextAt   time.Time `json:"next_at,omitzero"`
	CRMID    string    `json:"crm_id,omitempty"`
	CRMURL   string    `json:"crm_url,omitempty"`
	// Waits: a person must look at it.
	Waits bool `json:"waits,omitempty"`
	// Cursor, given as "before", asks for those behind this one.
	Cursor string `json:"cursor"`
}

// apiJournal lists orders, newest first: of all, of a state, or those that wait for a person ("show").
func (a *Admin) apiJournal(r *http.Request, v *visit) (int, any, error) {
	show := cmp.Or(r.URL.Query().Get("show"), showAll)
	if !shows(show) {
		return 0, nil, errNotFound
	}
	f, err := journalFilter(v, show, r.URL.Query().Get("before"))
	if err != nil {
		return 0, nil, err
	}
	rows, err := a.Journal.List(r.Context(), f, journalRows)
	if err != nil {
		return 0, nil, err
	}
	out := make([]apiEntry, 0, len(rows))
	for _, row := range rows {
		out = append(out, apiEntry{
			row.ID, row.Order, row.Number, row.State, row.Reason, row.Params, row.Connection == "", row.Attempts, row.PlacedAt, row.NextAt,
			row.CRMID, row.CRMURL, row.Waits(), journalCursor(row),
		})
	}
	return http.StatusOK, out, nil
}
