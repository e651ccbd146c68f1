package plan

import (
	"github.com/keybridge/keybridge/catalog"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/internal/sliceutil"
	"github.com/keybridge/keybridge/plugin"
)

// What can have been done to a product or variant that the CRM no longer has. It holds for one absence.
const (
	missingHidden      = "hidden"          // by us: unpublished
	MissingUnavailable = "unavailable"     // by us: not orderable
	wasHidden          = "was_hidden"      // it was so before us, so it is not ours to undo
	WasUnavailable     = "was_unavailable" // the same
	missingLeft        = "already"         // somebody has put it on sale since, so it stays as it is
)

// treated reports whether nothing is left to do about something missing under a policy. Another policy
// than that of the time it went missing is applied to it too; what a person has decided since stands.
func treated(p settings.MissingPolicy, was string) bool {
	switch was {
	case "":
		return p == settings.MissingNothing
	case missingHidden, wasHidden:
		return p != settings.MissingUnavailable
	case MissingUnavailable, WasUnavailable:
		return p != settings.MissingHide
	}
	return true
}

// Untreated lists the notes about something missing that leave work to do under a policy. The empty one is that of what
// was not missing before.
func Untreated(p settings.MissingPolicy) []string {
	var out []string
	for _, was := range []string{"", missingHidden, wasHidden, MissingUnavailable, WasUnavailable} {
		if !treated(p, was) {
			out = append(out, was)
		}
	}
	return out
}

// sale is whether something of the shop is shown and can be bought.
type sale struct{ published, orderable bool }

// treat answers how something missing is to stand under a policy that has not been applied to it yet,
// and what is noted about it. ours says that nobody has touched it since we did what was says: then
// that is undone, as if the policy had been this one all along.
func treat(p settings.MissingPolicy, was string, ours bool, now sale) (then sale, note string) {
	switch was {
	case missingHidden, wasHidden:
		if now.published {
			return now, missingLeft
		}
	case MissingUnavailable, WasUnavailable:
		if now.orderable {
			return now, missingLeft
		}
	}
	then = now
	if ours {
		then.published = then.published || was == missingHidden
		then.orderable = then.orderable || was == MissingUnavailable
	}
	if p == settings.MissingHide {
		if !then.published {
			return then, wasHidden
		}
		then.published = false
		return then, missingHidden
	}
	if !then.orderable {
		return then, WasUnavailable
	}
	then.orderable = false
	return then, MissingUnavailable
}

// differ answers what is to be written of both: nil for what stays.
func (s sale) differ(then sale, v plugin.VariantID, d *Plan) (published, orderable *bool) {
	if then.published != s.published {
		published = &then.published
		d.change(v, catalog.FieldPublished, boolText(s.published), boolText(then.published))
	}
	if then.orderable != s.orderable {
		orderable = &then.orderable
		d.change(v, catalog.FieldOrderable, boolText(s.orderable), boolText(then.orderable))
	}
	return published, orderable
}

// DecideMissing plans a linked product that the CRM no longer has.
func DecideMissing(r Rules, l Link, shop plugin.Product) Plan {
	d := Plan{Action: actNone, Product: shop.ID, Seen: shop.Version}
	if treated(r.Missing, l.Missing) {
		return d
	}
	d.Action = ActMissing
	now := sale{published: shop.Published, orderable: shop.Orderable}
	then, note := treat(r.Missing, l.Missing, l.MissingVersion == shop.Version, now)
	d.Missing = note
	if published, orderable := now.differ(then, "", &d); published != nil || orderable != nil {
		p := d.patch(r.Lang)
		p.Published, p.Orderable = published, orderable
	}
	return d
}

// missingVariants treats variants whose offers are gone as the merchant chose for products.
func missingVariants(r Rules, g CRMProduct, l Link, shop plugin.Product, p Pairing, d *Plan) {
	taken := map[plugin.VariantID]bool{}
	for _, id := range p.Pairs {
		taken[id] = true
	}
	live, variants := sliceutil.Set(sliceutil.Map(g.Offers, func(o catalog.Offer) string { return o.ID })), variantsOf(shop)
	for _, offer := range offersOf(l.Variants) {
		gone := l.Variants[offer]
		v, there := variants[gone.Variant]
		if live[offer] || !there || treated(r.Missing, gone.Missing) || taken[gone.Variant] {
			continue
		}
		missingVariant(r, offer, gone.Missing, v, d)
	}
}

func missingVariant(r Rules, offer, was string, v plugin.Variant, d *Plan) {
	now := sale{published: v.Published, orderable: v.Orderable}
	then, note := treat(r.Missing, was, true, now)
	if d.Gone == nil {
		d.Gone = map[string]string{}
	}
	d.Gone[offer] = note
	if was == "" {
		d.FreshlyGone++
	}
	p := plugin.VariantPatch{ID: v.ID}
	if p.Published, p.Orderable = now.differ(then, v.ID, d); p.Published != nil || p.Orderable != nil {
		patch := d.patch(r.Lang)
		patch.Variants = append(patch.Variants, p)
	}
}

// restore undoes what was done to a product that has come back, unless somebody touched it since.
func restore(r Rules, l Link, shop plugin.Product, d *Plan) {
	if l.MissingVersion != shop.Version {
		return
	}
	yes := true
	switch {
	case l.Missing == missingHidden && !shop.Published:
		d.patch(r.Lang).Published = &yes
		d.change("", catalog.FieldPublished, boolText(false), boolText(true))
	case l.Missing == MissingUnavailable && !shop.Orderable:
		d.patch(r.Lang).Orderable = &yes
		d.change("", catalog.FieldOrderable, boolText(false), boolText(true))
	}
}

// Restores reports whether a product is shown or sold again. Nothing else does that to one.
func (d *Plan) Restores() bool {
	p := d.Patch
	return p != nil && (p.Published != nil && *p.Published || p.Orderable != nil && *p.Orderable)
}

// restoreVariant undoes what was done to a variant whose offer has come back.
func restoreVariant(missing string, v plugin.Variant, p *plugin.VariantPatch, d *Plan) bool {
	yes := true
	switch {
	case missing == missingHidden && !v.Published:
		p.Published = &yes
		d.change(v.ID, catalog.FieldPublished, boolText(false), boolText(true))
	case missing == MissingUnavailable && !v.Orderable:
		p.Orderable = &yes
		d.change(v.ID, catalog.FieldOrderable, boolText(false), boolText(true))
	default:
		return false
	}
	return true
}
