package localpg

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// download fetches PostgreSQL's programs once into the user's cache folder and returns the
// folder that holds them. It needs the internet. The library unpacks only on its way to starting a
// server, so one is started on an empty folder and stopped again; after that we never need it.
func download(cfg Config) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder to keep the download in: %w", err)
	}
	root := filepath.Join(cache, "keybridge", "postgresql-"+string(embeddedpostgres.V16))
	bin := filepath.Join(root, "bin")
	if holdsServer(bin) {
		return bin, nil
	}
	cfg.Notice("PostgreSQL was not found; downloading it once (about 10 MB) to " + root)
	port, err := freePort()
	if err != nil {
		return "", err
	}
	scratch, err := os.MkdirTemp("", "keybridge-download-")
	if err != nil {
		return "", fmt.Errorf("make a folder for the download: %w", err)
	}
	pg := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(embeddedpostgres.V16).Port(port).Logger(io.Discard).
		CachePath(scratch).RuntimePath(filepath.Join(scratch, "run")).BinariesPath(root))
	if err := pg.Start(); err != nil {
		return "", errors.Join(fmt.Errorf("download PostgreSQL: %w", err), os.RemoveAll(scratch))
	}
	if err := errors.Join(pg.Stop(), os.RemoveAll(scratch)); err != nil {
		return "", fmt.Errorf("after downloading PostgreSQL: %w", err)
	}
	return bin, nil
}

func holdsServer(bin string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := os.Stat(filepath.Join(bin, name)); err != nil {
			return false
		}
	}
	return true
}

func freePort() (uint32, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	return uint32(port), l.Close()
}
