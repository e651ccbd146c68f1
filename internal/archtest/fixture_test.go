package archtest

import (
	"strings"
	"testing"
	"testing/fstest"
)

// wantFinding runs the rule on a module of one file and wants exactly one finding, with want in it.
func wantFinding(t *testing.T, name string, r rule, path, body, want string) {
	t.Helper()
	got := r(fixture(t, path, body))
	if len(got) != 1 || !strings.Contains(got[0], want) {
		t.Errorf("%s: the rule found %q in\n%s\nwant one finding with %q", name, got, body, want)
	}
}

// wantNothing runs the rule on a module of one file that keeps it.
func wantNothing(t *testing.T, name string, r rule, path, body string) {
	t.Helper()
	if got := r(fixture(t, path, body)); len(got) != 0 {
		t.Errorf("%s: the rule found %q in\n%s", name, got, body)
	}
}

func fixture(t *testing.T, path, body string) []file {
	t.Helper()
	files, err := load(fstest.MapFS{path: {Data: []byte("package p\n\n" + body + "\n")}})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
