package localpg

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/internal/localproc"
)

func TestMissingErrorTellsWhatToType(t *testing.T) {
	t.Parallel()
	err := error(&MissingError{Install: "sudo apt-get install postgresql", Cause: os.ErrDeadlineExceeded})
	for _, want := range []string{"sudo apt-get install postgresql", "DATABASE_URL", os.ErrDeadlineExceeded.Error()} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the message lacks %q:\n%s", want, err)
		}
	}
	if !errors.Is(err, ErrMissing) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the error matches neither ErrMissing nor its cause")
	}
}

func TestAServerWithoutItsInitdbIsPassedOver(t *testing.T) {
	t.Parallel()
	half, whole := t.TempDir(), t.TempDir()
	program(t, half, "postgres")
	program(t, whole, "postgres")
	program(t, whole, "initdb")
	path := half + string(filepath.ListSeparator) + whole
	got := localproc.Dirs(path, nil, "initdb", "postgres")
	if len(got) != 1 || got[0] != whole {
		t.Errorf("Dirs = %q, want only %q", got, whole)
	}
}

func TestNewestVersionComesFirst(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, v := range []string{"9.6", "16", "15"} {
		if err := os.MkdirAll(filepath.Join(root, v, "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	got := globNewestFirst([]string{filepath.Join(root, "*", "bin")})
	for i, want := range []string{"16", "15", "9.6"} {
		if filepath.Base(filepath.Dir(got[i])) != want {
			t.Errorf("place %d is %s, want version %s", i, got[i], want)
		}
	}
}

func TestDataOfAnAbsentVersionIsExplained(t *testing.T) {
	t.Parallel()
	bin, data := t.TempDir(), t.TempDir()
	program(t, bin, "postgres")
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("8\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := chooseBinaries(t.Context(), []string{bin}, data)
	if err == nil || !strings.Contains(err.Error(), "made by PostgreSQL 8") {
		t.Errorf("chooseBinaries = %v", err)
	}
}

func TestBlockedAtNamesTheClosedFolder(t *testing.T) {
	t.Parallel()
	root, err := os.MkdirTemp("/tmp", "localpg-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	closed, inner := filepath.Join(root, "closed"), filepath.Join(root, "closed", "inner")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	stranger := localproc.User{UID: 4_000_000, GID: 4_000_000}
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := blockedAt(inner, stranger); got != "" {
		t.Errorf("blockedAt(open folders) = %q", got)
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	resolved, err := filepath.EvalSymlinks(closed)
	if err != nil {
		t.Fatal(err)
	}
	if got := blockedAt(inner, stranger); got != resolved {
		t.Errorf("blockedAt = %q, want %q", got, resolved)
	}
	if got := blockedAt(inner, localproc.User{UID: uint32(os.Geteuid())}); got != "" {
		t.Errorf("blockedAt(the owner) = %q", got)
	}
}

func TestAnUnreachableFolderIsReplacedAlwaysByTheSame(t *testing.T) {
	t.Parallel()
	root := t.TempDir() // its parents are closed to others
	stranger := &localproc.User{UID: 4_000_000, GID: 4_000_000}
	var said []string
	cfg := Config{Dir: filepath.Join(root, "pg"), Notice: func(s string) { said = append(said, s) }}.withDefaults()
	if err := os.Chmod(root, 0o700); err != nil {
		t.Fatal(err)
	}
	first, err := placeFor(cfg, stranger)
	if err != nil {
		t.Fatal(err)
	}
	second, err := placeFor(cfg, stranger)
	if err != nil {
		t.Fatal(err)
	}
	if first != second || strings.HasPrefix(first, root) {
		t.Errorf("placeFor = %q, then %q", first, second)
	}
	if len(said) != 2 || !strings.Contains(said[0], first) {
		t.Errorf("the person was told %q", said)
	}
}

// program writes something executable that prints a version.
func program(t *testing.T, dir, name string) {
	t.Helper()
	script := "#!/bin/sh\necho 'postgres (PostgreSQL) 15.18 (Debian 15.18-0)'\n"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestReadPIDForgivesWhatACrashLeaves(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"4711\n/some/folder\n": 4711, "4711": 4711, "": 0, "\n\n": 0, "half": 0, "-1\n": 0} {
		file := filepath.Join(t.TempDir(), "postmaster.pid")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readPID(file); got != want || err != nil {
			t.Errorf("readPID(%q) = %d, %v, want %d", text, got, err, want)
		}
		if _, err := os.Stat(file); want == 0 && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the useless %q was left in the server's way: %v", text, err)
		}
	}
	if got, err := readPID(filepath.Join(t.TempDir(), "none")); got != 0 || err != nil {
		t.Errorf("readPID(no file) = %d, %v", got, err)
	}
}
