package safehtml

import (
	"strings"
	"testing"
)

func FuzzHTML(f *testing.F) {
	for _, s := range []string{
		"<p>Текст</p>", "<script>alert(1)</script>", `<a href="javascript:alert(1)">x</a>`, `<img src=x onerror=alert(1)>`,
		"a\x00b", "\xff\xfe", `<iframe src="//evil"></iframe>`, `<svg/onload=alert(1)>`,
	} {
		f.Add(s)
	}
	policy := New()
	f.Fuzz(func(t *testing.T, dirty string) {
		once, ok := policy.HTML(dirty)
		if !ok {
			return
		}
		for _, bad := range []string{"<script", "<iframe", "<svg", "\x00"} {
			if containsFold(once, bad) {
				t.Errorf("%q became %q", dirty, once)
			}
		}
	})
}

func containsFold(s, part string) bool { return strings.Contains(strings.ToLower(s), part) }
