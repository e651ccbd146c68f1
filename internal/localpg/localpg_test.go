package localpg_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/localpg"
)

// childDir, in the environment, turns this test binary into a process that runs a server in that
// folder, prints the server's process number and waits to be killed.
const childDir = "LOCALPG_TEST_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(runChild(dir))
	}
	os.Exit(m.Run())
}

func runChild(dir string) int {
	s, err := localpg.Start(context.Background(), localpg.Config{Dir: dir, Getenv: withoutURL})
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	text, err := os.ReadFile(filepath.Join(s.Dir(), "data", "postmaster.pid"))
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	pid, _, _ := strings.Cut(string(text), "\n")
	fmt.Println(pid)
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return 1
	}
	return 0
}

// withoutURL is the environment of somebody who names no server of their own.
func withoutURL(name string) string {
	if name == "DATABASE_URL" {
		return ""
	}
	return os.Getenv(name)
}

func TestStartAnswersAndStopEndsIt(t *testing.T) {
	t.Parallel()
	s := start(t, localpg.Config{Dir: filepath.Join(t.TempDir(), "pg"), Throwaway: true})
	if got := query(t, s.DSN(), "SELECT lower('ПРИВІТ') || current_database() || current_setting('timezone')"); got != "привітkeybridgeUTC" {
		t.Errorf("query answered %q", got)
	}
	if got := query(t, s.DSN(), "SHOW listen_addresses"); got != "" {
		t.Errorf("the server listens on the network: %q", got)
	}
	stop(t, s)
	stop(t, s)
	if err := try(s.DSN()); err == nil {
		t.Error("the server still answers after Stop")
	}
	if _, err := os.Stat(s.Dir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a throwaway server left its folder behind: %v", err)
	}
}

func TestDataSurvivesARestartUnlessFresh(t *testing.T) {
	t.Parallel()
	cfg := localpg.Config{Dir: filepath.Join(t.TempDir(), "pg"), Database: "shop"}
	s := start(t, cfg)
	exec1(t, s.DSN(), "CREATE TABLE kept AS SELECT 42 AS n")
	if got := query(t, s.DSN(), "SHOW fsync"); got != "on" {
		t.Errorf("fsync is %q for a server whose data is kept", got)
	}
	stop(t, s)
	t.Cleanup(func() { removeAll(t, s.Dir()) })
	s = start(t, cfg)
	if got := query(t, s.DSN(), "SELECT n FROM kept"); got != "42" {
		t.Errorf("after the restart the row reads %q, want 42", got)
	}
	stop(t, s)
	cfg.Fresh = true
	s = start(t, cfg)
	if got := query(t, s.DSN(), "SELECT to_regclass('kept') IS NULL"); got != "true" {
		t.Errorf("a fresh start kept the table: %q", got)
	}
}

func TestAStalePIDOfSomebodyElseDoesNotStandInTheWay(t *testing.T) {
	t.Parallel()
	cfg := localpg.Config{Dir: filepath.Join(t.TempDir(), "pg")}
	s := start(t, cfg)
	stop(t, s)
	t.Cleanup(func() { removeAll(t, s.Dir()) })
	// As after a power cut: the number in the file has since gone to another process, to this one.
	stale := fmt.Sprintf("%d\n%s\n", os.Getpid(), filepath.Join(s.Dir(), "data"))
	if err := os.WriteFile(filepath.Join(s.Dir(), "data", "postmaster.pid"), []byte(stale), 0o600); err != nil {
		t.Fatal(err)
	}
	s = start(t, cfg)
	if got := query(t, s.DSN(), "SELECT 1"); got != "1" {
		t.Errorf("query answered %q", got)
	}
}

func TestTheFolderTakesOneServerAtATime(t *testing.T) {
	t.Parallel()
	cfg := localpg.Config{Dir: filepath.Join(t.TempDir(), "pg"), Throwaway: true, Getenv: withoutURL}
	start(t, cfg)
	if _, err := localpg.Start(t.Context(), cfg); !errors.Is(err, localpg.ErrInUse) {
		t.Errorf("second Start in the same folder = %v, want ErrInUse", err)
	}
}

func TestAFolderWithForeignFilesIsRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openTempDir(t), "photos")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "cat.jpg"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := localpg.Start(t.Context(), localpg.Config{Dir: dir, Throwaway: true, Getenv: withoutURL})
	if err == nil || !strings.Contains(err.Error(), "holds other files") {
		t.Errorf("Start among foreign files = %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "cat.jpg")); err != nil {
		t.Errorf("the foreign file is gone: %v", err)
	}
}

func TestDatabaseURLWins(t *testing.T) {
	t.Parallel()
	own := start(t, localpg.Config{Throwaway: true})
	env := func(name string) string {
		return map[string]string{"DATABASE_URL": own.DSN()}[name] // no PATH: nothing else could start
	}
	s, err := localpg.Start(t.Context(), localpg.Config{Getenv: env})
	if err != nil {
		t.Fatal(err)
	}
	if !s.External() || s.DSN() != own.DSN() || s.Dir() != "" {
		t.Errorf("Start with DATABASE_URL = external %t, DSN %q, folder %q", s.External(), s.DSN(), s.Dir())
	}
	stop(t, s)
	if err := try(own.DSN()); err != nil {
		t.Errorf("stopping touched a server that is not ours: %v", err)
	}
}

func TestADeadDatabaseURLIsSaidNotReplaced(t *testing.T) {
	t.Parallel()
	env := func(name string) string {
		if name == "DATABASE_URL" {
			return "postgres://nobody@127.0.0.1:1/none?sslmode=disable"
		}
		return os.Getenv(name)
	}
	_, err := localpg.Start(t.Context(), localpg.Config{Getenv: env})
	if err == nil || !strings.Contains(err.Error(), "DATABASE_URL") {
		t.Errorf("Start = %v, want an error naming DATABASE_URL", err)
	}
}

func TestTheServerIsNotRoot(t *testing.T) {
	t.Parallel()
	s := start(t, localpg.Config{Throwaway: true})
	info, err := os.Stat(filepath.Join(s.Dir(), "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t).Uid
	if owner == 0 {
		t.Error("the server writes its files as root")
	}
	if os.Geteuid() != 0 && int(owner) != os.Geteuid() {
		t.Errorf("the server runs as uid %d, want our own %d", owner, os.Geteuid())
	}
}

func TestTheServerEndsWhenItsParentIsKilled(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "pg")
	parent, pid := startChild(t, dir)
	kill(t, parent)
	// The next start has to cope with whatever is left, on systems without a death signal too.
	s := start(t, localpg.Config{Dir: dir, Throwaway: true})
	if localpg.Serves(pid, s.Dir()) {
		t.Errorf("process %d, the server of a killed parent, still runs", pid)
	}
	if got := query(t, s.DSN(), "SELECT 1"); got != "1" {
		t.Errorf("query answered %q", got)
	}
}

func TestAnOrphanIsStoppedAtTheNextStart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "pg")
	parent, pid := startChild(t, dir)
	// Stopped servers do not act on the death signal until they are continued: an orphan.
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	kill(t, parent)
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatal("the server did not outlive its parent: nothing is tested")
	}
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s := start(t, localpg.Config{Dir: dir, Throwaway: true})
	if localpg.Serves(pid, s.Dir()) {
		t.Errorf("the orphan %d still runs beside the new server", pid)
	}
	if got := query(t, s.DSN(), "SELECT 1"); got != "1" {
		t.Errorf("query answered %q", got)
	}
}

func startChild(t *testing.T, dir string) (*exec.Cmd, int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	if _, err := cmd.StdinPipe(); err != nil { // held open: the child waits on it
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the child said nothing: %v", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("the child said %q", line)
	}
	return cmd, pid
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the killed child ended well")
	}
}

func start(t *testing.T, cfg localpg.Config) *localpg.Server {
	t.Helper()
	if cfg.Getenv == nil {
		cfg.Getenv = withoutURL
	}
	began := time.Now()
	s, err := localpg.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	t.Logf("answered after %v in %s", time.Since(began).Round(time.Millisecond), s.Dir())
	return s
}

func stop(t *testing.T, s *localpg.Server) {
	t.Helper()
	if err := s.Stop(context.Background()); err != nil {
		t.Errorf("Stop = %v", err)
	}
}

func query(t *testing.T, dsn, q string) string {
	t.Helper()
	var got string
	err := with(dsn, func(db *sql.DB) error { return db.QueryRowContext(t.Context(), q).Scan(&got) })
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return got
}

func exec1(t *testing.T, dsn, q string) {
	t.Helper()
	err := with(dsn, func(db *sql.DB) error {
		_, err := db.ExecContext(t.Context(), q)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
}

func try(dsn string) error { return with(dsn, (*sql.DB).Ping) }

func with(dsn string, do func(*sql.DB) error) error {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return err
	}
	return errors.Join(do(db), db.Close())
}

// openTempDir is a temporary folder that any account can enter.
func openTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "localpg-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeAll(t, dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func removeAll(t *testing.T, dir string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Error(err)
	}
}
