package connector_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/crm"
	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/connector"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

func openAccount(t *testing.T, base, key string) *connector.Connector {
	t.Helper()
	client, err := keycrm.New(base, key)
	if err != nil {
		t.Fatal(err)
	}
	return connector.New(client)
}

func simulated(t *testing.T, opts ...keycrmtest.Option) (*keycrmtest.Server, *connector.Connector) {
	t.Helper()
	s := keycrmtest.Start(t, append([]keycrmtest.Option{keycrmtest.WithCatalog(20, 30), keycrmtest.WithLimit(0)}, opts...)...)
	return s, openAccount(t, s.BaseURL(), s.Key())
}

// rewritten answers what the simulator answers with some texts replaced.
func rewritten(t *testing.T, s *keycrmtest.Server, pairs ...string) string {
	t.Helper()
	to, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	replace := strings.NewReplacer(pairs...)
	srv := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(to) },
		ModifyResponse: func(res *http.Response) error {
			body, err := io.ReadAll(res.Body)
			body = []byte(replace.Replace(string(body)))
			res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			res.Header.Del("Content-Length")
			return err
		},
	})
	t.Cleanup(srv.Close)
	return srv.URL + "/v1"
}

func TestAccountIsRecognisedByWhatItKeepsForGood(t *testing.T) {
	t.Parallel()
	s, here := simulated(t, keycrmtest.WithKey("first-key-of-the-account"), keycrmtest.WithKey("second-key-of-the-account"))
	first, err := here.Account(t.Context())
	if err != nil || first == "" {
		t.Fatalf("Account = %q, %v", first, err)
	}
	if strings.Contains(string(first), "2026") || strings.Contains(string(first), "@") {
		t.Errorf("the fingerprint %q tells of the account", first)
	}
	for name, c := range map[string]struct {
		base, key string
		same      bool
	}{
		"another key":                    {s.BaseURL(), "second-key-of-the-account", true},
		"renamed sources":                {rewritten(t, s, `"name":"`, `"name":"Нове `), s.Key(), true},
		"a source was deleted":           {rewritten(t, s, `"id":7,`, `"id":70,`), s.Key(), true},
		"everything made at other times": {rewritten(t, s, `"2026-`, `"2025-`), s.Key(), false},
	} {
		got, err := openAccount(t, c.base, c.key).Account(t.Context())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Same(first) != c.same {
			t.Errorf("%s: %q and %q are the same account = %v, want %v", name, first, got, !c.same, c.same)
		}
	}
	if crm.Fingerprint("").Same(first) || first.Same("") {
		t.Error("an unknown account equals a known one")
	}
}

func TestAccountErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	s, here := simulated(t)
	if _, err := openAccount(t, s.BaseURL(), "no-such-key-anywhere").Account(t.Context()); !errors.Is(err, crm.ErrUnauthorised) {
		t.Errorf("unknown key: %v", err)
	}
	if _, err := openAccount(t, "http://127.0.0.1:1/v1", "some-key-of-somebody").Account(t.Context()); !errors.Is(err, crm.ErrUnavailable) {
		t.Errorf("unreachable: %v", err)
	}
	s.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultHang, Path: "/v1/users"})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := here.Account(ctx); !errors.Is(err, crm.ErrUnavailable) {
		t.Errorf("hanging: %v", err)
	}
	s.ClearFaults()
	s.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultLimited, RetryAfter: 7 * time.Second})
	if _, err := here.Account(t.Context()); !errors.Is(err, crm.ErrLimited) || crm.RetryAfter(err) != 7*time.Second {
		t.Errorf("limited: %v, pause %v", err, crm.RetryAfter(err))
	}
}

func TestDictionariesComeInNeutralWords(t *testing.T) {
	t.Parallel()
	s, c := simulated(t)
	ctx := t.Context()

	sources, err := c.Sources(ctx)
	if err != nil || !slices.Contains(sources, crm.Source{Code: "9", Name: "Сайт EUR", Currency: "EUR"}) {
		t.Errorf("Sources = %+v, %v", sources, err)
	}
	statuses, err := c.OrderStatuses(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []crm.Status{
		{Code: "1", Name: "new", Term: "new"},
		{Code: "3", Name: "Погоджено"},
		{Code: "19", Name: "canceled", Term: "canceled", Final: true},
		{Code: "21", Name: "Повернення", Final: true},
	} {
		if !slices.Contains(statuses, want) {
			t.Errorf("OrderStatuses lacks %+v: %+v", want, statuses)
		}
	}
	if slices.ContainsFunc(statuses, func(o crm.Status) bool { return o.Code == "14" }) {
		t.Error("an inactive status is offered")
	}
	payments, err := c.PaymentMethods(ctx)
	if err != nil || !slices.Contains(payments, crm.PaymentMethod{Code: "5", Name: "Інше", Term: "other"}) {
		t.Errorf("PaymentMethods = %+v, %v", payments, err)
	}
	if slices.ContainsFunc(payments, func(p crm.PaymentMethod) bool { return p.Code == "6" }) {
		t.Error("an inactive payment method is offered")
	}
	deliveries, err := c.DeliveryServices(ctx)
	if err != nil || !slices.Contains(deliveries, crm.DeliveryService{Code: "1", Name: "Нова Пошта", Carrier: "novaposhta"}) ||
		!slices.Contains(deliveries, crm.DeliveryService{Code: "3", Name: "Самовивіз", Carrier: "pickup"}) {
		t.Errorf("DeliveryServices = %+v, %v", deliveries, err)
	}
	fields, err := c.CustomFields(ctx)
	if err != nil || !slices.Contains(fields, crm.Field{Code: "OR_1010", Name: "Без дзвінка", Owner: crm.FieldOfOrder, Switch: true}) ||
		!slices.Contains(fields, crm.Field{Code: "LD_1017", Name: "Подарункове пакування", Owner: crm.FieldOfCard, Switch: true}) {
		t.Errorf("CustomFields = %+v, %v", fields, err)
	}
	if slices.ContainsFunc(fields, func(f crm.Field) bool { return strings.HasPrefix(f.Code, "CT_") }) {
		t.Error("fields of buyers or products are offered for orders")
	}
	s.AddCategory("Чашки", 0)
	categories, err := c.Categories(ctx)
	if err != nil || !slices.ContainsFunc(categories, func(k crm.Category) bool { return k.Name == "Чашки" && k.Parent == "" }) ||
		!slices.ContainsFunc(categories, func(k crm.Category) bool { return k.Parent != "" }) {
		t.Errorf("Categories = %+v, %v", categories, err)
	}
}

func TestPipelinesNameTheirStatusesWithThem(t *testing.T) {
	t.Parallel()
	s, c := simulated(t)
	pipelines, err := c.Pipelines(t.Context())
	if err != nil || len(pipelines) != 2 {
		t.Fatalf("Pipelines = %+v, %v", pipelines, err)
	}
	first := pipelines[slices.IndexFunc(pipelines, func(p crm.Pipeline) bool { return p.Code == "1" })]
	if first.Name != "Заявки з сайту" || !slices.Contains(first.Statuses, crm.Status{Code: "1/103", Name: "Успішно", Final: true}) {
		t.Errorf("first pipeline = %+v", first)
	}
	s.SetPipelines(false)
	if _, err := c.Pipelines(t.Context()); !errors.Is(err, crm.ErrFeatureOff) {
		t.Errorf("switched off: %v", err)
	}
}
