package session

import (
	"slices"
	"strconv"

	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/plugin"
)

// The rules are what the contract says, word for word as in package plugin: a shop that does otherwise ends the run,
// and the log says which rule it broke.
const (
	RuleVariants = "Variants are never empty: a product without variants has exactly one, with no options."
	RuleAdded    = "Added are the ids of the created variants, in the order they were given"
	RuleBatch    = "Batch calls take 1..MaxBatch items and answer a slice of the same length, item by item"
)

// CheckVariants checks a product that the shop has answered against RuleVariants. Errors: *Stop.
func CheckVariants(p plugin.Product) error {
	if len(p.Variants) > 0 {
		return nil
	}
	return &Stop{Code: catalog.CodeNoVariants, Params: catalog.Params{"product": string(p.ID)}, rule: RuleVariants}
}

// CheckAdded checks, against RuleAdded, what the shop answers of a product for which it was to make so many variants.
// Errors: *Stop.
func CheckAdded(res plugin.ProductResult, made int) error {
	ids := slices.Compact(slices.Sorted(slices.Values(res.Added)))
	if res.ID != "" && len(res.Added) == made && len(ids) == made && !slices.Contains(ids, "") {
		return nil
	}
	return &Stop{
		Code: catalog.CodeAddedIDs, rule: RuleAdded,
		Params: catalog.Params{"product": string(res.ID), "asked": strconv.Itoa(made), "got": strconv.Itoa(len(ids))},
	}
}

// CheckBatch checks, against RuleBatch, that a batch was answered item by item; err is what the call answered as a
// whole.
// Errors: err as the shop's, *Stop.
func CheckBatch(asked, got int, err error) error {
	if err != nil || asked == got {
		return FromShop(err)
	}
	return &Stop{Code: catalog.CodeBatchLength, rule: RuleBatch, Params: catalog.Params{"asked": strconv.Itoa(asked), "got": strconv.Itoa(got)}}
}
