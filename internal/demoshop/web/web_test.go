package web

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
)

func TestSlug(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Світшот «Зоряна ніч», M": "svitshot-zoriana-nich-m", "Щастя": "shchastia", "!!!": "", "Їжа & напої": "izha-napoi",
	} {
		if got := slug(name); got != want {
			t.Errorf("slug(%q) = %q, want %q", name, got, want)
		}
	}
	if id, ok := LeadingID("12-svitshot-3"); id != 12 || !ok {
		t.Errorf("LeadingID answers %d, %v", id, ok)
	}
}

func TestPagerKeepsTheFilter(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/catalog?sort=price&page=5&utm_source=x&done=saved", nil)
	p := NewPager(r, 5, 24, 24*20)
	if got := p.Href(6); got != "/catalog?page=6&sort=price" {
		t.Errorf("Href = %q", got)
	}
	if got := p.Near(); !slices.Equal(got, []int{1, 0, 3, 4, 5, 6, 7, 0, 20}) {
		t.Errorf("Near = %v", got)
	}
}
