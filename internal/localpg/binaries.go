package localpg

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/internal/localproc"
)

// installDirs are where packages put the server when it is not on PATH: Debian and Ubuntu, the
// PGDG packages for Red Hat, Homebrew on both kinds of Mac, Postgres.app.
func installDirs() []string {
	return []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin",
		"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	}
}

// findBinaries lists the folders holding both initdb and postgres that the account may run, the
// best first. When there is none, somebody other than root gets a download.
func findBinaries(ctx context.Context, cfg Config, account *localproc.User) ([]string, error) {
	var found []string
	for _, dir := range localproc.Dirs(cfg.Getenv("PATH"), globNewestFirst(installDirs()), "initdb", "postgres") {
		if account == nil || runnable(dir, *account) {
			found = append(found, dir)
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	missing := &MissingError{Install: localproc.InstallCommand(cfg.Getenv("PATH"), localproc.Packages{
		Apt: "postgresql", Dnf: "postgresql-server", Brew: "postgresql@16",
	})}
	if account != nil { // root: a downloaded server is not what an administrator expects to find
		return nil, missing
	}
	dir, err := download(ctx, cfg)
	if err != nil {
		missing.Cause = err
		return nil, missing
	}
	return []string{dir}, nil
}

// globNewestFirst expands each pattern, higher version numbers first.
func globNewestFirst(patterns []string) []string {
	var all []string
	for _, pattern := range patterns {
		dirs, err := filepath.Glob(pattern)
		if err != nil { // only a malformed pattern
			continue
		}
		slices.SortStableFunc(dirs, func(a, b string) int { return cmp.Compare(versionIn(b), versionIn(a)) })
		all = append(all, dirs...)
	}
	return all
}

// versionIn is the last number in the folder's path (as 16 in /usr/lib/postgresql/16/bin), or 0.
func versionIn(dir string) float64 {
	numbers := regexp.MustCompile(`\d+(\.\d+)?`).FindAllString(dir, -1)
	if len(numbers) == 0 {
		return 0
	}
	v, err := strconv.ParseFloat(numbers[len(numbers)-1], 64)
	if err != nil {
		return 0
	}
	return v
}

// runnable says whether the account can reach the programs, following links.
func runnable(dir string, account localproc.User) bool {
	for _, name := range []string{"initdb", "postgres"} {
		file, err := filepath.EvalSymlinks(filepath.Join(dir, name))
		if err != nil || blockedAt(filepath.Dir(file), account) != "" {
			return false
		}
	}
	return true
}

// chooseBinaries takes the first folder, or, when data is there already, the first of the same
// major version: PostgreSQL does not open another version's data.
func chooseBinaries(ctx context.Context, bins []string, data string) (string, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if os.IsNotExist(err) {
		return bins[0], nil
	}
	if err != nil {
		return "", fmt.Errorf("read the version of the data: %w", err)
	}
	want := strings.TrimSpace(string(text))
	for _, bin := range bins {
		major, err := majorVersion(ctx, bin)
		if err != nil {
			return "", err
		}
		if major == want {
			return bin, nil
		}
	}
	return "", fmt.Errorf("the data in %s was made by PostgreSQL %s, which is not installed: "+
		"install that version, or remove the folder to start afresh", filepath.Dir(data), want)
}

// majorVersion asks the server program; its answer is like "postgres (PostgreSQL) 15.18 (Debian …)".
func majorVersion(ctx context.Context, bin string) (string, error) {
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", bin, err)
	}
	version := regexp.MustCompile(`\) (\d+)`).FindStringSubmatch(string(out))
	if version == nil {
		return "", fmt.Errorf("%s tells no version: %q", bin, out)
	}
	return version[1], nil
}
