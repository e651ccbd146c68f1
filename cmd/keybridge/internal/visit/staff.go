package visit

import (
	"context"
	"fmt"
	"strings"

	"github.com/PuerkitoBio/goquery"
)

// Staff is signed in to the shop's admin.
type Staff struct {
	*Browser
}

// SignIn opens the shop's admin in Ukrainian: the visitors know its menus by their words.
func SignIn(ctx context.Context, shop, login, password string) (*Staff, error) {
	b, err := NewBrowser(shop)
	if err != nil {
		return nil, err
	}
	page, err := b.Get(ctx, "/admin/login")
	if err != nil {
		return nil, err
	}
	form, err := page.Form(`form[action$="/admin/login"]`)
	if err != nil {
		return nil, err
	}
	form.Set("login", login)
	form.Set("password", password)
	if page, err = form.Send(ctx); err != nil {
		return nil, fmt.Errorf("sign in as %s: %w", login, err)
	}
	if form, err = page.Form("form.engine-langs"); err != nil {
		return nil, err
	}
	form.Set("lang", "uk")
	if _, err := form.Send(ctx); err != nil {
		return nil, fmt.Errorf("choose the language: %w", err)
	}
	return &Staff{b}, nil
}

// ShopOrder is an order as the admin shows it.
type ShopOrder struct {
	Status string // its code
	CRMID  string // empty until the CRM has it
}

// Order looks an order up by its number.
func (s *Staff) Order(ctx context.Context, number string) (ShopOrder, error) {
	list, err := s.Get(ctx, "/admin/orders?q="+number)
	if err != nil {
		return ShopOrder{}, err
	}
	row := list.Doc.Find(`[data-order="` + number + `"]`).First()
	if row.Length() == 0 {
		return ShopOrder{}, fmt.Errorf("the admin lists no order %s", number)
	}
	cells := row.Find("td")
	return ShopOrder{
		Status: strings.TrimSpace(strings.TrimPrefix(cells.Eq(3).Find(".chip").AttrOr("class", ""), "chip")),
		CRMID:  strings.Trim(strings.TrimSpace(cells.Eq(5).Text()), "—↗ "),
	}, nil
}

func attr(name string) func(int, *goquery.Selection) string {
	return func(_ int, s *goquery.Selection) string { return s.AttrOr(name, "") }
}
