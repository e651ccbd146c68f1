package demoshop

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/keybridge/keybridge/plugin"
)

// SetImages implements plugin.Catalog. Pictures are large and few, so each product is written by
// itself.
func (c *catalog) SetImages(ctx context.Context, _ plugin.Origin, batch []plugin.ImageSet) ([]plugin.ProductResult, error) {
	if err := checkBatch(len(batch)); err != nil {
		return nil, err
	}
	results := make([]plugin.ProductResult, len(batch))
	refused := func(i int, err error) { results[i] = plugin.ProductResult{Err: err} }
	err := c.store.batch(ctx, len(batch), func(tx *sqlx.Tx, items []int) error {
		ids := make([]plugin.ProductID, 0, len(items))
		for _, i := range items {
			ids = append(ids, batch[i].ProductID)
		}
		states, err := lockProducts(ctx, tx, parseIDs(ids))
		if err != nil {
			return err
		}
		for _, i := range items {
			if results[i], err = c.setImages(ctx, tx, states, batch[i]); err != nil {
				return err
			}
		}
		return nil
	}, refused)
	if err != nil {
		return nil, fmt.Errorf("set images: %w", err)
	}
	return results, nil
}

// setImages writes one product's list. What is wrong with the item stands in the result; the error
// is for the database.
func (c *catalog) setImages(ctx context.Context, tx *sqlx.Tx, states map[int64]*productState, set plugin.ImageSet) (plugin.ProductResult, error) {
	id, _ := parseID(set.ProductID)
	state := states[id]
	if state == nil {
		return plugin.ProductResult{Err: fmt.Errorf("product %q: %w", cut(string(set.ProductID), 40), plugin.ErrNotFound)}, nil
	}
	stored, err := imagesOf(ctx, tx, []int64{id})
	if err != nil {
		return plugin.ProductResult{}, err
	}
	plan, err := planImages(stored, set.Images)
	if err != nil {
		return plugin.ProductResult{Err: fmt.Errorf("images of product %d: %w", id, err)}, nil
	}
	changed := !plan.same(stored)
	if changed {
		if state.row.Version, err = c.store.saveImages(ctx, tx, id, plan); err != nil {
			return plugin.ProductResult{}, err
		}
	}
	return plugin.ProductResult{ID: set.ProductID, Version: version(state.row.Version), Changed: changed}, nil
}

// plannedImage is a stored picture to keep (id set) or one to store (content set).
type plannedImage struct {
	id      int64
	content plugin.ImageContent
}

type imagePlan []plannedImage

// same reports whether the plan is the stored list.
func (p imagePlan) same(stored []imageRow) bool {
	return slices.EqualFunc(p, stored, func(a plannedImage, b imageRow) bool { return a.id == b.ID })
}

func (p imagePlan) kept() []int64 {
	ids := []int64{}
	for _, i := range p {
		if i.id != 0 {
			ids = append(ids, i.id)
		}
	}
	return ids
}

// planImages resolves the wanted list. A picture given again with the same bytes and address is the
// stored one, so that writing a list twice changes nothing.
func planImages(stored []imageRow, refs []plugin.ImageRef) (imagePlan, error) {
	if len(refs) > maxImages {
		return nil, invalidf("more than %d pictures", maxImages)
	}
	claimed := map[int64]bool{}
	for _, ref := range refs {
		if id, _ := parseID(ref.ID); ref.ID != "" {
			if !slices.ContainsFunc(stored, func(r imageRow) bool { return r.ID == id }) {
				return nil, fmt.Errorf("picture %q: %w", cut(string(ref.ID), 40), plugin.ErrNotFound)
			}
			if claimed[id] {
				return nil, invalidf("picture %d stands twice in the list", id)
			}
			claimed[id] = true
		}
	}
	plan := make(imagePlan, 0, len(refs))
	for _, ref := range refs {
		item, err := planImage(stored, claimed, ref)
		if err != nil {
			return nil, err
		}
		plan = append(plan, item)
	}
	return plan, nil
}

func planImage(stored []imageRow, claimed map[int64]bool, ref plugin.ImageRef) (plannedImage, error) {
	if id, _ := parseID(ref.ID); ref.ID != "" {
		return plannedImage{id: id}, nil
	}
	if ref.Content == nil {
		return plannedImage{}, invalidf("a picture has neither id nor content")
	}
	content := *ref.Content
	if err := checkImage(&content); err != nil {
		return plannedImage{}, err
	}
	for _, r := range stored {
		if !claimed[r.ID] && r.SHA256 == content.SHA256 && r.SourceURL == content.SourceURL {
			claimed[r.ID] = true
			return plannedImage{id: r.ID}, nil
		}
	}
	return plannedImage{content: content}, nil
}

// checkImage checks a picture and fills in its hash when it was not given.
func checkImage(c *plugin.ImageContent) error {
	switch {
	case !slices.Contains([]string{"image/jpeg", "image/png", "image/webp", "image/gif"}, c.ContentType):
		return invalidf("pictures of type %q are not kept", cut(c.ContentType, 60))
	case len(c.Bytes) == 0:
		return invalidf("the picture is empty")
	case len(c.Bytes) > maxImageBytes:
		return invalidf("the picture is larger than %d bytes", maxImageBytes)
	}
	sum := sha256.Sum256(c.Bytes)
	hash := hex.EncodeToString(sum[:])
	if c.SHA256 != "" && !strings.EqualFold(c.SHA256, hash) {
		return invalidf("the picture's bytes do not have the given SHA-256")
	}
	c.SHA256 = hash
	return checkText("picture address", c.SourceURL, 4000)
}
