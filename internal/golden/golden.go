// Package golden compares what a test came to with a file of texts that people have read.
package golden

import (
	"os"
	"testing"
)

// Equal fails the test unless got is what the file at path holds. With KEYBRIDGE_GOLDEN=write in the
// environment it writes the file instead, to be read before it is committed.
func Equal(t *testing.T, path, got string) {
	t.Helper()
	if os.Getenv("KEYBRIDGE_GOLDEN") == "write" {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s\n got:\n%s\nwant:\n%s", path, got, want)
	}
}
