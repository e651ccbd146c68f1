package visit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/PuerkitoBio/goquery"
)

// Merchant sets the integration up on its page in the shop's admin.
type Merchant struct {
	*Staff
	// page is the connection's page, "/admin/integrations/keycrm/c/…", once connected.
	page string
}

// pluginPath is where the shop shows the plugin's pages.
const pluginPath = "/admin/integrations/keycrm"

// NewMerchant goes on as the signed-in owner of the shop.
func NewMerchant(s *Staff) *Merchant { return &Merchant{Staff: s} }

// ErrNotConnected: the shop has no connection yet.
var ErrNotConnected = errors.New("KeyCRM is not connected")

// Open finds the connection that the shop has already. Errors: ErrNotConnected.
func (m *Merchant) Open(ctx context.Context) error {
	list, err := m.Get(ctx, "/admin/integrations")
	if err != nil {
		return err
	}
	if list.Doc.Find(`form[action$="/integrations/connect"]`).Length() > 0 {
		return ErrNotConnected
	}
	page, err := m.Get(ctx, pluginPath+"/")
	if err != nil {
		return err
	}
	return m.remember(page)
}

func (m *Merchant) remember(page *Page) error {
	path := strings.TrimRight(page.URL.Path, "/")
	if !strings.Contains(path, "/c/") {
		return ErrNotConnected
	}
	m.page = path
	return nil
}

// Connect presses «ПІДКЛЮЧИТИ», enters the key and turns the switch. A refused key is an error in
// the page's own words.
func (m *Merchant) Connect(ctx context.Context, key string) error {
	if err := m.install(ctx); err != nil {
		return err
	}
	page, err := m.Get(ctx, pluginPath+"/connect")
	if err != nil {
		return err
	}
	form, err := page.Form("form.kb-key")
	if err != nil {
		return err
	}
	form.Set("key", key)
	page, err = form.Send(ctx)
	if err != nil {
		if page != nil && page.Text(".kb-problem") != "" {
			return errors.New(page.Text(".kb-problem"))
		}
		return err
	}
	if err := m.remember(page); err != nil {
		return err
	}
	return m.TurnOn(ctx)
}

// install presses «ПІДКЛЮЧИТИ» in the shop's list unless that was done.
func (m *Merchant) install(ctx context.Context) error {
	list, err := m.Get(ctx, "/admin/integrations")
	if err != nil {
		return err
	}
	form, err := list.Form(`form[action$="/integrations/connect"]`)
	if err != nil {
		return nil //nolint:nilerr // connected already: the list offers «Редагувати»
	}
	_, err = form.Send(ctx)
	return err
}

// TurnOn turns the switch unless it is on.
func (m *Merchant) TurnOn(ctx context.Context) error {
	page, err := m.Get(ctx, m.page)
	if err != nil {
		return err
	}
	if page.Doc.Find(`.kb-switchform [role="switch"][aria-checked="true"]`).Length() > 0 {
		return nil
	}
	form, err := page.Form("form.kb-switchform")
	if err != nil {
		return err
	}
	form.Set("on", "1")
	_, err = form.Send(ctx)
	return err
}

// Wishes are what the merchant sets; menus are chosen by the words they show, and stay as they are
// without any.
type Wishes struct {
	Target      string // «Створювати в замовленнях»
	NewProducts string // «Опублікувати»
	Source      string // «Мій магазин»
	// ByHand: no run starts by the clock.
	ByHand bool
	// Match, Existing and Missing are the other menus of the catalog.
	Match, Existing, Missing string
	// Statuses of the CRM and the shop's statuses they move to.
	Statuses map[string]string
	// AddOns of the shop and the CRM's fields they go to.
	AddOns map[string]string
}

// Save fills in the settings, accepts the page's proposals for the rest, and saves.
func (m *Merchant) Save(ctx context.Context, w Wishes) error {
	page, err := m.Get(ctx, m.page)
	if err != nil {
		return err
	}
	form, err := page.Form("form.kb-settings")
	if err != nil {
		return err
	}
	form.Set("products", "on")
	form.Set("categories", "on")
	if w.ByHand {
		form.Set("schedule_full", "off")
		form.Set("schedule_prices", "off")
	}
	for name, words := range map[string]string{
		"target": w.Target, "source": w.Source, "match": w.Match, "new": w.NewProducts, "existing": w.Existing, "missing": w.Missing,
	} {
		if words == "" {
			continue
		}
		if err := form.Choose(name, words); err != nil {
			return err
		}
	}
	for table, rows := range map[string]map[string]string{"order_status": w.Statuses, "add_ons": w.AddOns} {
		for row, words := range rows {
			if err := form.chooseRow(table, row, words); err != nil {
				return err
			}
		}
	}
	page, err = form.Send(ctx)
	if err != nil && page != nil {
		return errors.New("the settings were not saved: " + strings.Join(page.all(".kb-problem, .kb-note.kb-bad"), " "))
	}
	return err
}

// Choose sets a menu to the option that shows the words.
func (f *Form) Choose(name, words string) error {
	return f.choose(f.page.Doc.Find(`select[name="`+name+`"]`), name, words)
}

// chooseRow sets the menu of a map's row, found by its label.
func (f *Form) chooseRow(table, label, words string) error {
	row := f.page.Doc.Find(`#map-` + table + ` .kb-maprow`).FilterFunction(func(_ int, s *goquery.Selection) bool {
		l := s.Find("label").First().Clone()
		l.Find("span").Remove()
		return strings.TrimSpace(l.Text()) == label
	}).First()
	menu := row.Find("select").First()
	name, ok := menu.Attr("name")
	if !ok {
		return fmt.Errorf("the table %s has no row %s", table, label)
	}
	return f.choose(menu, name, words)
}

func (f *Form) choose(menu *goquery.Selection, name, words string) error {
	// The page may say more behind the name, such as a currency.
	option := menu.Find("option").FilterFunction(func(_ int, s *goquery.Selection) bool {
		text := strings.TrimSpace(s.Text())
		return text == words || strings.HasPrefix(text, words+" ")
	}).First()
	value, ok := option.Attr("value")
	if !ok {
		return fmt.Errorf("the menu %s does not offer %s", name, words)
	}
	f.Set(name, value)
	return nil
}

func (p *Page) all(selector string) []string {
	return p.Doc.Find(selector).Map(func(_ int, s *goquery.Selection) string {
		return strings.Join(strings.Fields(s.Text()), " ")
	})
}

// WebhookLink reads the link to give to the trigger, and the code of the chosen source.
func (m *Merchant) WebhookLink(ctx context.Context) (link, source string, err error) {
	page, err := m.Get(ctx, m.page)
	if err != nil {
		return "", "", err
	}
	form, err := page.Form("form.kb-settings")
	if err != nil {
		return "", "", err
	}
	link = page.Doc.Find("#link-order").AttrOr("value", "")
	if link == "" {
		return "", "", errors.New("the page shows no webhook link")
	}
	return link, strings.TrimPrefix(form.Get("source"), "c:"), nil
}

// StockLink reads the link to give to the stock webhook.
func (m *Merchant) StockLink(ctx context.Context) (string, error) {
	page, err := m.Get(ctx, m.page)
	if err != nil {
		return "", err
	}
	link := page.Doc.Find("#link-stock").AttrOr("value", "")
	if link == "" {
		return "", errors.New("the page shows no link for the stock webhook")
	}
	return link, nil
}

// Run is a synchronisation as the page's API tells it.
type Run struct {
	ID       int64    `json:"id"`
	Kind     string   `json:"kind"`
	State    string   `json:"state"`
	Phase    string   `json:"phase"`
	Done     int      `json:"done"`
	Total    int      `json:"total"`
	Code     string   `json:"code"`
	Counters Counters `json:"counters"`
}

// Counters of a run.
type Counters struct {
	Requests, Categories, Created, Updated, Unchanged, Conflicts, Errors, Images int
	ImagesFailed                                                                 int `json:"images_failed"`
}

// Over reports whether nothing more happens in the run.
func (r Run) Over() bool { return r.State == "done" || r.State == "failed" || r.State == "cancelled" }

// Runs lists the latest, newest first.
func (m *Merchant) Runs(ctx context.Context) ([]Run, error) {
	id := m.page[strings.LastIndex(m.page, "/")+1:]
	u, err := m.base.Parse(pluginPath + "/api/connections/" + id + "/runs")
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	res, err := m.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the list of runs answers %d", res.StatusCode)
	}
	var runs []Run
	if err := json.NewDecoder(res.Body).Decode(&runs); err != nil {
		return nil, fmt.Errorf("the list of runs: %w", err)
	}
	return runs, nil
}

// RunNow presses «Запустити зараз», unless a run is under way.
func (m *Merchant) RunNow(ctx context.Context) error {
	runs, err := m.Runs(ctx)
	if err != nil || len(runs) > 0 && !runs[0].Over() {
		return err
	}
	page, err := m.Get(ctx, m.page)
	if err != nil {
		return err
	}
	form, err := page.Form(`#runs form[action$="/runs"]`)
	if err != nil {
		return err
	}
	form.Set("kind", "full")
	_, err = form.Send(ctx)
	return err
}
