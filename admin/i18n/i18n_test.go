package i18n_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/keybridge/keybridge/admin/i18n"
)

func load(t *testing.T) *i18n.Bundle {
	t.Helper()
	b, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLanguagesHaveTheSameMessagesWithTheSamePlaces(t *testing.T) {
	t.Parallel()
	b := load(t)
	uk, en := b.For("uk"), b.For("en")
	if a, b := uk.Keys(), en.Keys(); !slices.Equal(a, b) {
		for _, k := range a {
			if !en.Has(k) {
				t.Errorf("%s has no English words", k)
			}
		}
		for _, k := range b {
			if !uk.Has(k) {
				t.Errorf("%s has no Ukrainian words", k)
			}
		}
	}
	place := regexp.MustCompile(`\{[a-z_]+\}`)
	places := func(w *i18n.Words, key string, n int) []string {
		found := place.FindAllString(w.Raw(key, n), -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	for _, key := range uk.Keys() {
		want := places(uk, key, 5)
		for _, n := range []int{1, 2, 5} {
			for _, w := range b.All() {
				if got := places(w, key, n); !slices.Equal(got, want) {
					t.Errorf("%s in %s for %d has the places %v, want %v", key, w.Lang(), n, got, want)
				}
				if w.Raw(key, n) == "" {
					t.Errorf("%s in %s has no form for %d", key, w.Lang(), n)
				}
			}
		}
	}
}

func TestCountsTakeTheirForms(t *testing.T) {
	t.Parallel()
	b := load(t)
	for _, c := range []struct {
		lang string
		n    int
		want string
	}{
		{"uk", 1, "створено 1 товар"},
		{"uk", 2, "створено 2 товари"},
		{"uk", 5, "створено 5 товарів"},
		{"uk", 11, "створено 11 товарів"},
		{"uk", 12, "створено 12 товарів"},
		{"uk", 21, "створено 21 товар"},
		{"uk", 112, "створено 112 товарів"},
		{"uk", 1023, "створено 1023 товари"},
		{"uk", 0, "створено 0 товарів"},
		{"en", 1, "1 product created"},
		{"en", 0, "0 products created"},
		{"en", 21, "21 products created"},
	} {
		if got := b.For(c.lang).N("run.count.created", c.n); got != c.want {
			t.Errorf("%s, %d: %q, want %q", c.lang, c.n, got, c.want)
		}
	}
}

func TestLanguageIsTheFirstKnownTag(t *testing.T) {
	t.Parallel()
	b := load(t)
	for _, c := range []struct {
		tags []string
		want string
	}{
		{[]string{"en-GB", "uk"}, "en"},
		{[]string{"", "uk_UA"}, "uk"},
		{[]string{"de", "EN"}, "en"},
		{[]string{"pl", "de"}, "uk"},
		{nil, "uk"},
	} {
		if got := b.For(c.tags...).Lang(); got != c.want {
			t.Errorf("For(%v) = %s, want %s", c.tags, got, c.want)
		}
	}
}

func TestValuesAreFittedInOnce(t *testing.T) {
	t.Parallel()
	w := load(t).For("en")
	if got, want := w.T("usage.text", "used", "{limit}", "limit", 55, "free", 3), "{limit} of 55 within a minute, 3 free"; got != want {
		t.Errorf("T = %q, want %q", got, want)
	}
	if got := w.Say("run.reason.crm_refused", map[string]string{"message": "no"}); got != "KeyCRM refused the request: no" {
		t.Errorf("Say = %q", got)
	}
	if got := w.Say("run.reason.crm_refused", nil); got != "KeyCRM refused the request: —" {
		t.Errorf("Say without its value = %q", got)
	}
	if got := w.T("no.such.key"); got != "no.such.key" {
		t.Errorf("a key without words answers %q", got)
	}
}
