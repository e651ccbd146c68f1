// Package storefront is the shop as buyers see it: lists, products, the basket, the checkout, the page of
// an order. It places orders through a Placer and knows nothing of plugins.
package storefront
