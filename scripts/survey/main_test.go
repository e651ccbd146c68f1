package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSurvey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, body := range map[string]string{
		"go.mod":  "module example.test/m\n\ngo 1.26\n",
		"root.go": "// Package m is the root.\npackage m\n\n// A is documented.\ntype A int\n\nfunc (A) B() {}\n\nfunc (a) C() {}\n\ntype a int\n\n// These are documented together.\nconst D, E = 1, 2\n",
		"p/a.go":  "package p\n\ntype T struct{}\n\nfunc (t *T) A() { t.b() }\n",
		"p/b.go":  "package p\n\nfunc (*T) b() {\n" + strings.Repeat("\n", 70) + "}\n",
		"p/c.go":  "package p\n\nfunc paths(n int) bool {\n\tfor n > 0 && n < 5 {\n\t\tif n == 1 {\n\t\t\tn--\n\t\t}\n\t}\n\tswitch n {\n\tcase 1, 2:\n\t\treturn true\n\tdefault:\n\t\treturn " + strings.TrimSuffix(strings.Repeat("n == 0 || ", 12), " || ") + "\n\t}\n}\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	if err := run(t.Context(), dir, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"largest cycles of files    p 2 of 3\n",
		"most methods on a type     p.T 2, A 1, a 1\n",
		"functions over 60 lines    1 of 5 (20.0 %), the longest p/b.go b with 72\n",
		"exported names documented  50.0 % of 6\n",
		"complexity over 15         1, the largest p/c.go paths with 16\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}
