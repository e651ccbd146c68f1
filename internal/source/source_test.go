package source_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/internal/source"
)

func TestLoadSaysWhatDoesNotBuild(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, body := range map[string]string{"go.mod": "module example.test/p\n\ngo 1.26\n", "a.go": "package p\n\nvar a int = \"text\"\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, load := range map[string]func(context.Context, string, ...string) (*source.Module, error){
		"without tests": source.Load, "with tests": source.LoadTests,
	} {
		if _, err := load(t.Context(), dir, "./..."); err == nil || !strings.Contains(err.Error(), "a.go:3") {
			t.Errorf("%s: got the error %v, want one with the place", name, err)
		}
	}
}
