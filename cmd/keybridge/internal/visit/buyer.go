package visit

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/shopspring/decimal"
)

// Buyer shops at the storefront.
type Buyer struct {
	*Browser
}

// Purchase is what a buyer wants. Zero values take what the checkout offers first.
type Purchase struct {
	// Landing is the address the buyer comes by, with campaign marks if any.
	Landing string
	// Search finds the product; the first hit that can be bought is taken.
	Search   string
	Quantity int
	// Fields of the checkout form, over what stands there.
	Fields url.Values
}

// Bought is what the shop told the buyer.
type Bought struct {
	Number string
	// Page is the address of the thank-you page.
	Page string
}

// NewBuyer opens a browser at the shop.
func NewBuyer(shop string) (*Buyer, error) {
	b, err := NewBrowser(shop)
	if err != nil {
		return nil, err
	}
	return &Buyer{b}, nil
}

// Buy goes from the landing page to the thank-you page.
func (b *Buyer) Buy(ctx context.Context, p Purchase) (Bought, error) {
	form, err := b.Fill(ctx, p)
	if err != nil {
		return Bought{}, err
	}
	return Place(ctx, form)
}

// Fill goes as far as the filled-in checkout form. Sending it twice places one order.
func (b *Buyer) Fill(ctx context.Context, p Purchase) (*Form, error) {
	if _, err := b.Get(ctx, "/"+strings.TrimPrefix(p.Landing, "/")); err != nil {
		return nil, err
	}
	if err := b.intoBasket(ctx, p); err != nil {
		return nil, err
	}
	page, err := b.Get(ctx, "/checkout")
	if err != nil {
		return nil, err
	}
	form, err := page.Form(`form[action$="/checkout"]`)
	if err != nil {
		return nil, err
	}
	for name, values := range p.Fields {
		form.Values[name] = values
	}
	if form.Get("delivery") == "np_branch" && form.Get("np_branch") == "" {
		form.Set("np_branch", page.Doc.Find(`[name="np_branch"] option[value!=""]`).First().AttrOr("value", ""))
	}
	return form, nil
}

// Place sends a filled-in checkout form.
func Place(ctx context.Context, form *Form) (Bought, error) {
	page, err := form.Send(ctx)
	if err != nil {
		return Bought{}, err
	}
	number := page.Text("#order-number")
	if number == "" {
		return Bought{}, fmt.Errorf("the checkout led to %s, which shows no order number: %s", page.URL.Path, page.complaint())
	}
	return Bought{Number: number, Page: page.URL.String()}, nil
}

// intoBasket looks through the hits until one can be bought.
func (b *Buyer) intoBasket(ctx context.Context, p Purchase) error {
	list, err := b.Get(ctx, "/search?q="+url.QueryEscape(p.Search))
	if err != nil {
		return err
	}
	links := list.Doc.Find("a[data-product]").Map(attr("href"))
	for _, href := range links {
		page, err := b.Get(ctx, href)
		if err != nil {
			return err
		}
		form, err := page.Form(`form[action$="/basket/add"]`)
		if err != nil {
			continue // sold out
		}
		if form.Get("variant") == "" {
			form.Set("variant", page.Doc.Find(`input[name="variant"]:not([disabled])`).First().AttrOr("value", ""))
		}
		if form.Get("variant") == "" {
			continue
		}
		form.Set("qty", fmt.Sprint(max(1, p.Quantity)))
		_, err = form.Send(ctx)
		return err
	}
	return errors.New("nothing that can be bought was found for " + p.Search)
}

// CountProducts answers how many products the storefront says it has.
func (b *Buyer) CountProducts(ctx context.Context) (string, error) {
	page, err := b.Get(ctx, "/catalog")
	if err != nil {
		return "", err
	}
	return page.Text("[data-total]"), nil
}

// Total reads what the buyer owes from the thank-you page.
func (b *Buyer) Total(ctx context.Context, bought Bought) (decimal.Decimal, error) {
	page, err := b.Get(ctx, bought.Page)
	if err != nil {
		return decimal.Zero, err
	}
	words := page.Text("#total")
	digits := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return r
		case r == ',' || r == '.':
			return '.'
		}
		return -1
	}, words)
	total, err := decimal.NewFromString(digits)
	if err != nil {
		return decimal.Zero, fmt.Errorf("the total %q is no amount: %w", words, err)
	}
	return total, nil
}
