package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/internal/golden"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// What is missing already is treated as if the policy of now had been that of the time it went missing,
// but for what somebody has decided since.
func TestAnotherPolicyForWhatIsMissingAlready(t *testing.T) {
	t.Parallel()
	const hide, unavailable, nothing = settings.MissingHide, settings.MissingUnavailable, settings.MissingNothing
	shown, hidden, soldOut := sale{true, true}, sale{false, true}, sale{true, false}
	for _, tt := range []struct {
		name   string
		policy settings.MissingPolicy
		was    string
		ours   bool
		now    sale
		then   sale
		note   string
	}{
		{"goes missing, hide", hide, "", false, shown, hidden, missingHidden},
		{"goes missing hidden", hide, "", false, hidden, hidden, wasHidden},
		{"goes missing, unavailable", unavailable, "", false, shown, soldOut, MissingUnavailable},
		{"goes missing unavailable", unavailable, "", false, soldOut, soldOut, WasUnavailable},
		{"unavailable by us, hide", hide, MissingUnavailable, true, soldOut, hidden, missingHidden},
		{"unavailable by us and edited, hide", hide, MissingUnavailable, false, soldOut, sale{}, missingHidden},
		{"unavailable by us and hidden by hand, hide", hide, MissingUnavailable, false, sale{}, sale{}, wasHidden},
		{"unavailable by us and sold by hand, hide", hide, MissingUnavailable, false, shown, shown, missingLeft},
		{"unavailable before us, hide", hide, WasUnavailable, true, soldOut, sale{}, missingHidden},
		{"hidden by us, unavailable", unavailable, missingHidden, true, hidden, soldOut, MissingUnavailable},
		{"hidden by us and edited, unavailable", unavailable, missingHidden, false, hidden, sale{}, MissingUnavailable},
		{"hidden by us and published by hand, unavailable", unavailable, missingHidden, false, shown, shown, missingLeft},
		{"hidden before us, unavailable", unavailable, wasHidden, true, hidden, sale{}, MissingUnavailable},
		{"hidden before us and published by hand, unavailable", unavailable, wasHidden, false, shown, shown, missingLeft},
		{"hidden by us and unavailable before, unavailable", unavailable, missingHidden, true, sale{}, soldOut, WasUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if treated(tt.policy, tt.was) || !treated(tt.policy, tt.note) || !treated(nothing, tt.was) || !treated(nothing, tt.note) {
				t.Errorf("treated: %v before, %v after", treated(tt.policy, tt.was), treated(tt.policy, tt.note))
			}
			if then, note := treat(tt.policy, tt.was, tt.ours, tt.now); then != tt.then || note != tt.note {
				t.Errorf("got %+v %s, want %+v %s", then, note, tt.then, tt.note)
			}
		})
	}
}

// What becomes of a product that the CRM no longer has, and of one that it has again: for each policy, each note of
// what was done before, whether the shop's version is still the one of then, and each way to be on sale now.
func TestProductsThatGoAndComeBack(t *testing.T) {
	t.Parallel()
	var gone, back strings.Builder
	for _, was := range []string{"", missingHidden, wasHidden, MissingUnavailable, WasUnavailable, missingLeft} {
		for _, version := range []plugin.Version{"3", "2"} {
			for _, now := range []sale{{true, true}, {true, false}, {false, true}, {false, false}} {
				w := alikePair()
				w.l.Missing, w.l.MissingVersion = was, version
				w.shop.Published, w.shop.Orderable = now.published, now.orderable
				name := fmt.Sprintf("was %-17q touched=%-3s published=%-3s orderable=%-3s", was, boolText(version != w.shop.Version), boolText(now.published), boolText(now.orderable))
				for _, policy := range []settings.MissingPolicy{settings.MissingNothing, settings.MissingHide, settings.MissingUnavailable} {
					w.r.Missing = policy
					d := DecideMissing(w.r, w.l, w.shop)
					fmt.Fprintf(&gone, "%-11s %s → %s\n", policy, name, strings.Join(spell(d), "; "))
				}
				d := w.plan()
				fmt.Fprintf(&back, "%s → %s, restores=%v\n", name, beside(d, "update 7", "o1 is v1"), d.Restores())
			}
		}
	}
	golden.Equal(t, "testdata/gone.txt", gone.String())
	golden.Equal(t, "testdata/back.txt", back.String())
}

// TestVariantsThatGo: o2, which was v2, is gone from the CRM.
func TestVariantsThatGo(t *testing.T) {
	t.Parallel()
	const hide, unavailable, nothing = settings.MissingHide, settings.MissingUnavailable, settings.MissingNothing
	for _, tt := range []struct {
		name   string
		policy settings.MissingPolicy
		edit   func(w *pairOf)
		want   string
	}{
		{"is hidden", hide, func(*pairOf) {}, `o2 is gone: hidden; in "uk" writes; v2: published="no"; v2 published: "yes" → "no"; 1 freshly gone`},
		{
			"cannot be ordered", unavailable, func(*pairOf) {},
			`o2 is gone: unavailable; in "uk" writes; v2: orderable="no"; v2 orderable: "yes" → "no"; 1 freshly gone`,
		},
		{"stays", nothing, func(*pairOf) {}, "nothing"},
		{"was hidden before, which is noted", hide, func(w *pairOf) { w.shop.Variants[1].Published = false }, "o2 is gone: was_hidden; 1 freshly gone"},
		{
			"could not be ordered before, which is noted", unavailable, func(w *pairOf) { w.shop.Variants[1].Orderable = false },
			"o2 is gone: was_unavailable; 1 freshly gone",
		},
		{
			"was hidden by us, and shall not be orderable instead", unavailable,
			func(w *pairOf) {
				w.l.Variants["o2"] = VariantLink{Variant: "v2", Missing: missingHidden}
				w.shop.Variants[1].Published = false
			},
			`o2 is gone: unavailable; in "uk" writes; v2: orderable="no" published="yes"; v2 published: "no" → "yes"; v2 orderable: "yes" → "no"`,
		},
		{
			"was hidden and is hidden", hide,
			func(w *pairOf) {
				w.l.Variants["o2"] = VariantLink{Variant: "v2", Missing: missingHidden}
				w.shop.Variants[1].Published = false
			}, "nothing",
		},
		{
			"was hidden and was put on sale by hand", unavailable,
			func(w *pairOf) { w.l.Variants["o2"] = VariantLink{Variant: "v2", Missing: missingHidden} }, "o2 is gone: already",
		},
		{"is gone from the shop too", hide, func(w *pairOf) { w.shop.Variants = w.shop.Variants[:1] }, "nothing"},
		{
			"has given its variant to another offer", hide,
			func(w *pairOf) { w.l.Variants["o0"] = VariantLink{Variant: "v1"} },
			`o2 is gone: hidden; in "uk" writes; v2: published="no"; v2 published: "yes" → "no"; 1 freshly gone`,
		},
		{
			"and others are, each by itself", hide,
			func(w *pairOf) {
				w.shop.Variants = append(w.shop.Variants, sold("v3", "C"))
				w.l.Variants["o3"] = VariantLink{Variant: "v3"}
			},
			`o2 is gone: hidden; o3 is gone: hidden; in "uk" writes; v2: published="no"; v3: published="no"; ` +
				`v2 published: "yes" → "no"; v3 published: "yes" → "no"; 2 freshly gone`,
		},
		{
			"is there again, and shares its variant with another, which is no reason to take that off sale", hide,
			func(w *pairOf) {
				w.g.Offers, w.r.New = append(w.g.Offers, offered("o2", "X")), settings.NewSkip
				w.l.Variants["o1"] = VariantLink{Variant: "v2"}
			}, `looks again; skip variant_not_added {"sku":"X"}`,
		},
		{
			"is there again beside one that was never linked", hide,
			func(w *pairOf) {
				w.g.Offers = append(w.g.Offers, offered("o2", "B"))
			}, "o2 is v2",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := alikePair("o2 B v2")
			w.g.Offers, w.r.Missing = w.g.Offers[:1], tt.policy
			tt.edit(w)
			if got := beside(w.plan(), "update 7", "o1 is v1"); got != tt.want {
				t.Errorf("got\n  %s\nwant\n  %s", got, tt.want)
			}
		})
	}
}

// TestVariantsThatComeBack: what was done to a variant is undone, and what a person has done is not.
func TestVariantsThatComeBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		was  string
		now  sale
		want string
	}{
		{"nothing was done", "", sale{true, true}, "nothing"},
		{"nothing was done, and it is hidden by hand", "", sale{false, false}, "nothing"},
		{"hidden by us", missingHidden, sale{false, true}, `in "uk" writes; v1: published="yes"; v1 published: "no" → "yes"`},
		{"hidden by us, and not orderable by hand", missingHidden, sale{}, `in "uk" writes; v1: published="yes"; v1 published: "no" → "yes"`},
		{"hidden by us and published by hand", missingHidden, sale{true, false}, "nothing"},
		{"hidden before us", wasHidden, sale{}, "nothing"},
		{"unavailable by us", MissingUnavailable, sale{true, false}, `in "uk" writes; v1: orderable="yes"; v1 orderable: "no" → "yes"`},
		{"unavailable by us and hidden by hand", MissingUnavailable, sale{}, `in "uk" writes; v1: orderable="yes"; v1 orderable: "no" → "yes"`},
		{"unavailable by us and sold by hand", MissingUnavailable, sale{false, true}, "nothing"},
		{"unavailable before us", WasUnavailable, sale{}, "nothing"},
		{"left as it was", missingLeft, sale{}, "nothing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := alikePair()
			w.l.Variants["o1"] = VariantLink{Variant: "v1", Missing: tt.was}
			w.shop.Variants[0].Published, w.shop.Variants[0].Orderable = tt.now.published, tt.now.orderable
			if got := beside(w.plan(), "update 7", "o1 is v1"); got != tt.want {
				t.Errorf("got\n  %s\nwant\n  %s", got, tt.want)
			}
		})
	}
}

// TestWhatShowsAProductAgain: only that, so that nothing goes on sale that a person has not been asked of.
func TestWhatShowsAProductAgain(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for _, tt := range []struct {
		name string
		p    *plugin.ProductPatch
		want bool
	}{
		{"no patch", nil, false},
		{"a patch of something else", &plugin.ProductPatch{}, false},
		{"it is published", &plugin.ProductPatch{Published: &yes}, true},
		{"it can be ordered", &plugin.ProductPatch{Orderable: &yes}, true},
		{"it is hidden", &plugin.ProductPatch{Published: &no}, false},
		{"it can no longer be ordered", &plugin.ProductPatch{Orderable: &no}, false},
		{"it can be ordered instead of being seen", &plugin.ProductPatch{Published: &no, Orderable: &yes}, true},
		{"it is seen instead of being orderable", &plugin.ProductPatch{Published: &yes, Orderable: &no}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := (&Plan{Writes: Writes{Patch: tt.p}}).Restores(); got != tt.want {
				t.Errorf("restores = %v", got)
			}
		})
	}
}

// TestNotesThatLeaveWorkToDo: the store asks for the links that bear one of them.
func TestNotesThatLeaveWorkToDo(t *testing.T) {
	t.Parallel()
	for policy, want := range map[settings.MissingPolicy][]string{
		settings.MissingNothing:     nil,
		settings.MissingHide:        {"", MissingUnavailable, WasUnavailable},
		settings.MissingUnavailable: {"", missingHidden, wasHidden},
	} {
		t.Run("under the policy "+string(policy), func(t *testing.T) {
			t.Parallel()
			if got := Untreated(policy); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
