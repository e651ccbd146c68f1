package bridge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/plugin"
)

// SetImages implements plugin.Catalog. Pictures are large and few, so each product is written by
// itself.
func (c *catalog) SetImages(ctx context.Context, _ plugin.Origin, batch []plugin.ImageSet) ([]plugin.ProductResult, error) {
	return inBatch(ctx, c.store, "set images", batch, imageItems, productRefused)
}

func imageItems(ctx context.Context, tx *store.CatalogTx, batch []plugin.ImageSet, items []int, results []plugin.ProductResult) error {
	ids := make([]plugin.ProductID, 0, len(items))
	for _, i := range items {
		ids = append(ids, batch[i].ProductID)
	}
	states, err := tx.LockProducts(ctx, domain.ParseIDs(ids))
	if err != nil {
		return err
	}
	for _, i := range items {
		if results[i], err = setImages(ctx, tx, states, batch[i]); err != nil {
			return err
		}
	}
	return nil
}

// setImages writes one product's list. What is wrong with the item stands in the result; the error
// is for the database.
func setImages(ctx context.Context, tx *store.CatalogTx, states map[int64]*domain.ProductState, set plugin.ImageSet) (plugin.ProductResult, error) {
	id, _ := domain.ParseID(set.ProductID)
	state := states[id]
	if state == nil {
		return productRefused(fmt.Errorf("product %q: %w", domain.Cut(string(set.ProductID), 40), domain.ErrNotFound)), nil
	}
	stored, err := tx.Images(ctx, []int64{id})
	if err != nil {
		return plugin.ProductResult{}, err
	}
	plan, err := planImages(stored, set.Images)
	if err != nil {
		return productRefused(fmt.Errorf("images of product %d: %w", id, err)), nil
	}
	changed := !plan.Same(stored)
	if changed {
		if state.Product.Version, err = tx.SaveImages(ctx, id, plan); err != nil {
			return plugin.ProductResult{}, err
		}
	}
	return plugin.ProductResult{ID: set.ProductID, Version: version(state.Product.Version), Changed: changed}, nil
}

// planImages resolves the wanted list. A picture given again with the same bytes and address is the
// stored one, so that writing a list twice changes nothing.
func planImages(stored []domain.Image, refs []plugin.ImageRef) (domain.ImagePlan, error) {
	if len(refs) > domain.MaxImages {
		return nil, domain.Invalidf("more than %d pictures", domain.MaxImages)
	}
	claimed := map[int64]bool{}
	for _, ref := range refs {
		if id, _ := domain.ParseID(ref.ID); ref.ID != "" {
			if !slices.ContainsFunc(stored, func(r domain.Image) bool { return r.ID == id }) {
				return nil, fmt.Errorf("picture %q: %w", domain.Cut(string(ref.ID), 40), domain.ErrNotFound)
			}
			if claimed[id] {
				return nil, domain.Invalidf("picture %d stands twice in the list", id)
			}
			claimed[id] = true
		}
	}
	plan := make(domain.ImagePlan, 0, len(refs))
	for _, ref := range refs {
		item, err := planImage(stored, claimed, ref)
		if err != nil {
			return nil, err
		}
		plan = append(plan, item)
	}
	return plan, nil
}

func planImage(stored []domain.Image, claimed map[int64]bool, ref plugin.ImageRef) (domain.PlannedImage, error) {
	if id, _ := domain.ParseID(ref.ID); ref.ID != "" {
		return domain.PlannedImage{ID: id}, nil
	}
	if ref.Content == nil {
		return domain.PlannedImage{}, domain.Invalidf("a picture has neither id nor content")
	}
	content := *ref.Content
	if err := checkImage(&content); err != nil {
		return domain.PlannedImage{}, err
	}
	for _, r := range stored {
		if !claimed[r.ID] && r.SHA256 == content.SHA256 && r.SourceURL == content.SourceURL {
			claimed[r.ID] = true
			return domain.PlannedImage{ID: r.ID}, nil
		}
	}
	return domain.PlannedImage{SourceURL: content.SourceURL, SHA256: content.SHA256, ContentType: content.ContentType, Bytes: content.Bytes}, nil
}

// checkImage checks a picture and fills in its hash when it was not given.
func checkImage(c *plugin.ImageContent) error {
	switch {
	case !slices.Contains([]string{"image/jpeg", "image/png", "image/webp", "image/gif"}, c.ContentType):
		return domain.Invalidf("pictures of type %q are not kept", domain.Cut(c.ContentType, 60))
	case len(c.Bytes) == 0:
		return domain.Invalidf("the picture is empty")
	case len(c.Bytes) > domain.MaxImageBytes:
		return domain.Invalidf("the picture is larger than %d bytes", domain.MaxImageBytes)
	}
	sum := sha256.Sum256(c.Bytes)
	hash := hex.EncodeToString(sum[:])
	if c.SHA256 != "" && !strings.EqualFold(c.SHA256, hash) {
		return domain.Invalidf("the picture's bytes do not have the given SHA-256")
	}
	c.SHA256 = hash
	return domain.CheckText("picture address", c.SourceURL, 4000)
}
