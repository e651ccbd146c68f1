package catalog

import (
	"slices"
	"strconv"

	"github.com/keybridge/keybridge/plugin"
)

// What the contract says, word for word as in package plugin: a shop that does otherwise ends the run, whose
// text says it too.
const (
	ruleVariants = "Variants are never empty: a product without variants has exactly one, with no options."
	ruleAdded    = "Added are the ids of the created variants, in the order they were given"
	ruleBatch    = "Batch calls take 1..MaxBatch items and answer a slice of the same length, item by item"
)

// withVariants checks a product that the shop has answered.
func withVariants(p plugin.Product) error {
	if len(p.Variants) > 0 {
		return nil
	}
	return &stop{code: CodeNoVariants, params: Params{"product": string(p.ID)}, rule: ruleVariants}
}

// numbered checks what the shop answers of a product for which it was to make some variants.
func numbered(res plugin.ProductResult, made int) error {
	ids := slices.Compact(slices.Sorted(slices.Values(res.Added)))
	if res.ID != "" && len(res.Added) == made && len(ids) == made && !slices.Contains(ids, "") {
		return nil
	}
	return &stop{
		code: CodeAddedIDs, rule: ruleAdded,
		params: Params{"product": string(res.ID), "asked": strconv.Itoa(made), "got": strconv.Itoa(len(ids))},
	}
}

// answered checks that a batch was answered item by item; err is what the call answered as a whole.
func answered(asked, got int, err error) error {
	if err != nil || asked == got {
		return fromShop(err)
	}
	return &stop{code: CodeBatchLength, rule: ruleBatch, params: Params{"asked": strconv.Itoa(asked), "got": strconv.Itoa(got)}}
}
