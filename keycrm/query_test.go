package keycrm_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/keybridge/keybridge/keycrm"
)

// TestQueriesAreEncoded pins every filter, include and sort as KeyCRM documents them.
func TestQueriesAreEncoded(t *testing.T) {
	t.Parallel()
	var got *url.URL
	c := dial(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.URL
		_, _ = w.Write([]byte(`{"id":5,"data":[]}`))
	}))
	kyiv := time.FixedZone("EEST", 3*3600)
	window := keycrm.Between{
		From: time.Date(2026, 8, 1, 3, 0, 0, 0, kyiv), To: time.Date(2026, 8, 2, 0, 0, 0, 999, time.UTC),
	}
	const between = "2026-08-01 00:00:00,2026-08-02 00:00:00"
	cases := []struct {
		name, want string
		call       func(context.Context) error
	}{
		{"products", "/products?filter[category_id]=3&filter[is_archived]=false&filter[product_id]=1,2&include=custom_fields&limit=50&page=2", func(ctx context.Context) error {
			_, _, err := c.Products.List(ctx, keycrm.ProductQuery{Page: 2, IDs: []int64{1, 2}, CategoryIDs: []int64{3}, Archived: keycrm.No(), IncludeCustomFields: true})
			return err
		}},
		{"a product", "/products/5?include=custom_fields", func(ctx context.Context) error {
			_, err := c.Products.Get(ctx, 5, keycrm.ProductQuery{IncludeCustomFields: true})
			return err
		}},
		{"categories", "/products/categories?filter[category_id]=1&filter[parent_id]=2&limit=10&page=1", func(ctx context.Context) error {
			_, _, err := c.Categories.List(ctx, keycrm.CategoryQuery{Limit: 10, IDs: []int64{1}, ParentIDs: []int64{2}})
			return err
		}},
		{"offers", "/offers?filter[id]=1&filter[is_archived]=true&filter[product_id]=2&filter[sku]=A-1,Б 2&include=product&limit=50&page=1&sort=-id", func(ctx context.Context) error {
			_, _, err := c.Offers.List(ctx, keycrm.OfferQuery{IDs: []int64{1}, ProductIDs: []int64{2}, SKUs: []string{"A-1", "Б 2"}, Archived: keycrm.Yes(), Sort: keycrm.SortIDDesc, IncludeProduct: true})
			return err
		}},
		{"stocks", "/offers/stocks?filter[details]=true&filter[offers_id]=1&filter[offers_sku]=X&limit=50&page=1", func(ctx context.Context) error {
			_, _, err := c.Offers.Stocks(ctx, keycrm.StockQuery{OfferIDs: []int64{1}, SKUs: []string{"X"}, Details: true})
			return err
		}},
		{"orders", "/order?filter[buyer_email]=a@example.com&filter[buyer_phone]=380000000001&filter[created_between]=" + between + "&filter[has_tracking_code]=true&filter[payment_status]=paid,overpaid&filter[shipping_between]=" + between + "&filter[source_id]=7&filter[source_uuid]=S-1&filter[status_id]=1,2&filter[updated_between]=" + between + "&include=buyer,products.offer&limit=50&page=1&sort=updated_at", func(ctx context.Context) error {
			_, _, err := c.Orders.List(ctx, keycrm.OrderQuery{
				StatusIDs: []int64{1, 2}, SourceIDs: []int64{7}, SourceUUIDs: []string{"S-1"}, BuyerPhones: []string{"380000000001"},
				BuyerEmails: []string{"a@example.com"}, HasTrackingCode: keycrm.Yes(), Created: window, Updated: window, Shipped: window,
				PaymentStatuses: []string{keycrm.OrderPaid, keycrm.OrderOverpaid}, Sort: keycrm.SortUpdated,
				Include: []keycrm.OrderInclude{keycrm.OrderBuyerPart, keycrm.OrderProductsOffer},
			})
			return err
		}},
		{"a half-open window", "/order?filter[updated_between]=2026-08-01 00:00:00,2099-12-31 23:59:59&limit=50&page=1", func(ctx context.Context) error {
			_, _, err := c.Orders.List(ctx, keycrm.OrderQuery{Updated: keycrm.Between{From: window.From}})
			return err
		}},
		{"an order", "/order/5?include=shipping,payments", func(ctx context.Context) error {
			_, err := c.Orders.Get(ctx, 5, keycrm.OrderShipping, keycrm.OrderPayments)
			return err
		}},
		{"cards", "/pipelines/cards?filter[created_between]=" + between + "&filter[pipeline_id]=1&filter[source_id]=7&filter[status_id]=101&filter[updated_between]=" + between + "&include=contact.client,custom_fields&limit=50&page=1", func(ctx context.Context) error {
			_, _, err := c.Cards.List(ctx, keycrm.CardQuery{
				PipelineIDs: []int64{1}, StatusIDs: []int64{101}, SourceIDs: []int64{7}, Created: window, Updated: window,
				Include: []keycrm.CardInclude{keycrm.CardContactClient, keycrm.CardCustomFields},
			})
			return err
		}},
		{"buyers", "/buyer?filter[buyer_email]=a@example.com&filter[buyer_id]=1&filter[buyer_phone]=380&filter[created_between]=" + between + "&filter[updated_between]=" + between + "&include=loyalty&limit=50&page=1", func(ctx context.Context) error {
			_, _, err := c.Buyers.List(ctx, keycrm.BuyerQuery{
				IDs: []int64{1}, Phones: []string{"380"}, Emails: []string{"a@example.com"}, Created: window, Updated: window,
				Include: []keycrm.BuyerInclude{keycrm.BuyerLoyalty},
			})
			return err
		}},
		{"users", "/users?filter[created_between]=" + between + "&filter[email]=e&filter[full_name]=n&filter[id]=1&filter[last_logged_between]=" + between + "&filter[phone]=p&filter[role_id]=2&filter[status]=active&limit=50&page=1", func(ctx context.Context) error {
			_, _, err := c.Dictionaries.Users(ctx, keycrm.UserQuery{
				IDs: []int64{1}, FullName: "n", RoleIDs: []int64{2}, Status: "active", Email: "e", Phone: "p", Created: window, Logged: window,
			})
			return err
		}},
		{"statuses of a pipeline", "/pipelines/3/statuses?limit=50&page=1", func(ctx context.Context) error {
			_, _, err := c.Pipelines.Statuses(ctx, 3, keycrm.PageQuery{})
			return err
		}},
	}
	//nolint:paralleltest // each looks at what the one server got last
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.call(t.Context()); err != nil {
				t.Errorf("%v", err)
				return
			}
			query, err := url.QueryUnescape(got.RawQuery)
			if err != nil {
				t.Fatal(err)
			}
			if s := got.Path + "?" + query; s != tc.want {
				t.Errorf("got %s\nwant %s", s, tc.want)
			}
		})
	}
}
