package main

import (
	"context"
	"time"

	"github.com/keybridge/keybridge/catalog"
)

// loop fetches and decodes the pages that a full run reads, one at a time, and keeps nothing. It
// answers how long that took and how many requests it were.
func (w *world) loop(ctx context.Context) (took time.Duration, requests int, err error) {
	crm, err := w.crm()
	if err != nil {
		return 0, 0, err
	}
	start := w.clock.Now()
	for _, walk := range []func() (int, error){
		func() (int, error) {
			return pages(func(at string) (catalog.Page[catalog.Category], error) { return crm.CategoryPage(ctx, at) })
		},
		func() (int, error) {
			return pages(func(at string) (catalog.Page[catalog.Product], error) {
				return crm.ProductPage(ctx, catalog.ProductQuery{}, at)
			})
		},
		func() (int, error) {
			return pages(func(at string) (catalog.Page[catalog.Offer], error) {
				return crm.OfferPage(ctx, catalog.OfferQuery{}, at)
			})
		},
	} {
		n, err := walk()
		if err != nil {
			return 0, 0, err
		}
		requests += n
	}
	return w.clock.Now().Sub(start), requests, nil
}

func pages[T any](fetch func(at string) (catalog.Page[T], error)) (n int, err error) {
	for at := ""; ; {
		page, err := fetch(at)
		if err != nil {
			return n, err
		}
		n++
		if at = page.Next; at == "" {
			return n, nil
		}
	}
}
