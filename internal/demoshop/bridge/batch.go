package bridge

import (
	"context"
	"fmt"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/plugin"
)

// inBatch answers a batch item by item. write records in results what became of the named items; where
// the database refuses what write thought right, it is called again for each item alone, so that one bad
// item undoes no other. refused is the answer for an item that is bad even then.
func inBatch[Item, Result any](
	ctx context.Context, s *store.Products, what string, batch []Item,
	write func(ctx context.Context, tx *store.CatalogTx, batch []Item, items []int, results []Result) error, refused func(error) Result,
) ([]Result, error) {
	if err := checkBatch(len(batch)); err != nil {
		return nil, err
	}
	results := make([]Result, len(batch))
	err := s.Batch(ctx, len(batch),
		func(tx *store.CatalogTx, items []int) error { return write(ctx, tx, batch, items, results) },
		func(i int, err error) { results[i] = refused(err) })
	if err != nil {
		return nil, contractErr(fmt.Errorf("%s: %w", what, err))
	}
	return results, nil
}

func productRefused(err error) plugin.ProductResult {
	return plugin.ProductResult{Err: contractErr(err)}
}

func variantRefused(err error) plugin.VariantResult {
	return plugin.VariantResult{Err: contractErr(err)}
}

func categoryRefused(err error) plugin.CategoryResult {
	return plugin.CategoryResult{Err: contractErr(err)}
}

// checkBatch holds a call to the contract's size.
func checkBatch(n int) error {
	if n > plugin.MaxBatch {
		return contractErr(domain.Invalidf("batch of %d items, at most %d", n, plugin.MaxBatch))
	}
	return nil
}
