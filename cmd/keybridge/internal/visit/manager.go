package visit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"github.com/keybridge/keybridge/keycrm"
)

// Manager works in the simulated KeyCRM: on its pages, and reading through its API.
type Manager struct {
	*Browser
	api *keycrm.Client
}

// NewManager opens the simulator at its address; key is an API key of it.
func NewManager(sim, key string) (*Manager, error) {
	b, err := NewBrowser(sim)
	if err != nil {
		return nil, err
	}
	api, err := keycrm.New(strings.TrimSuffix(sim, "/")+"/v1", key)
	if err != nil {
		return nil, err
	}
	return &Manager{Browser: b, api: api}, nil
}

// FindOrder looks on the page of orders for the number on the source and reads the order whole.
func (m *Manager) FindOrder(ctx context.Context, sourceUUID string) (*keycrm.Order, error) {
	page, err := m.Get(ctx, "/orders")
	if err != nil {
		return nil, err
	}
	row := page.Doc.Find("tbody tr").FilterFunction(func(_ int, s *goquery.Selection) bool {
		return strings.TrimSpace(s.Find("td.mono").First().Text()) == sourceUUID
	})
	switch row.Length() {
	case 0:
		return nil, fmt.Errorf("the CRM shows no order with the number %s", sourceUUID)
	case 1:
	default:
		return nil, fmt.Errorf("the CRM shows %d orders with the number %s", row.Length(), sourceUUID)
	}
	id, err := strconv.ParseInt(strings.TrimSpace(row.Find("a").First().Text()), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("the CRM's page of orders: %w", err)
	}
	return m.readOrder(ctx, id)
}

// MoveStatus moves an order to the status with the given words, as its page offers it.
func (m *Manager) MoveStatus(ctx context.Context, id int64, status string) error {
	page, err := m.Get(ctx, "/orders/"+strconv.FormatInt(id, 10))
	if err != nil {
		return err
	}
	form, err := page.Form(`form[action$="/status"]`)
	if err != nil {
		return err
	}
	option := page.Doc.Find(`select[name="status_id"] option`).FilterFunction(func(_ int, s *goquery.Selection) bool {
		return strings.TrimSpace(s.Text()) == status
	})
	value, ok := option.First().Attr("value")
	if !ok {
		return errors.New("the CRM has no status " + status)
	}
	form.Set("status_id", value)
	_, err = form.Send(ctx)
	return err
}

// Trigger names what the merchant sets up in KeyCRM's automation.
type Trigger struct {
	Name, Event, URL string
	Source           string // the source's id
}

// SetTrigger makes or updates the trigger of that name.
func (m *Manager) SetTrigger(ctx context.Context, t Trigger) error {
	page, err := m.Get(ctx, "/triggers")
	if err != nil {
		return err
	}
	form, err := page.Form(`form[action="/triggers"]`)
	if err != nil {
		return err
	}
	form.Set("id", triggerID(page, t.Name))
	form.Set("name", t.Name)
	form.Set("event", t.Event)
	form.Set("values", "")
	form.Set("source", t.Source)
	form.Set("url", t.URL)
	form.Set("method", "POST")
	_, err = form.Send(ctx)
	return err
}

// SetStockHook makes the CRM call an address when stock changes, in whatever warehouse.
func (m *Manager) SetStockHook(ctx context.Context, url string) error {
	page, err := m.Get(ctx, "/")
	if err != nil {
		return err
	}
	form, err := page.Form(`form[action="/settings/stock-hook"]`)
	if err != nil {
		return err
	}
	form.Set("url", url)
	_, err = form.Send(ctx)
	return err
}

// triggerID finds a trigger on its page by its name; empty when there is none.
func triggerID(page *Page, name string) string {
	id := ""
	page.Doc.Find("tbody tr").Each(func(_ int, row *goquery.Selection) {
		if !strings.Contains(row.Text(), name) {
			return
		}
		action := row.Find(`form[action$="/toggle"]`).AttrOr("action", "")
		if parts := strings.Split(action, "/"); len(parts) == 4 {
			id = parts[2]
		}
	})
	return id
}

func (m *Manager) readOrder(ctx context.Context, id int64) (*keycrm.Order, error) {
	return m.api.Orders.Get(ctx, id, keycrm.OrderBuyerPart, keycrm.OrderProducts, keycrm.OrderShipping,
		keycrm.OrderPayments, keycrm.OrderMarketing, keycrm.OrderCustomFields)
}
