package localpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"

	"github.com/keybridge/keybridge/internal/localproc"
)

// download fetches PostgreSQL's programs once into the user's cache folder and returns the
// folder that holds them. It needs the internet. The library unpacks only on its way to starting a
// server, so one is started on an empty folder and stopped again; after that we never need it.
func download(ctx context.Context, cfg Config) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder to keep the download in: %w", err)
	}
	root := filepath.Join(cache, "keybridge", "postgresql-"+string(embeddedpostgres.V16))
	bin := filepath.Join(root, "bin")
	if len(localproc.Dirs("", []string{bin}, "initdb", "postgres")) > 0 {
		return bin, nil
	}
	cfg.Notice("PostgreSQL was not found; downloading it once (about 10 MB) to " + root)
	port, err := localproc.TakePort(ctx)
	if err != nil {
		return "", err
	}
	defer port.Close()
	scratch, err := os.MkdirTemp("", "keybridge-download-")
	if err != nil {
		return "", fmt.Errorf("make a folder for the download: %w", err)
	}
	pg := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(embeddedpostgres.V16).Port(uint32(port.Number)).Logger(io.Discard).
		CachePath(scratch).RuntimePath(filepath.Join(scratch, "run")).BinariesPath(root))
	if err := pg.Start(); err != nil {
		return "", errors.Join(fmt.Errorf("download PostgreSQL: %w", err), os.RemoveAll(scratch))
	}
	if err := errors.Join(pg.Stop(), os.RemoveAll(scratch)); err != nil {
		return "", fmt.Errorf("after downloading PostgreSQL: %w", err)
	}
	return bin, nil
}
