//go:build !unix

package localpg

import (
	"context"
	"errors"
	"os"
	"syscall"

	"github.com/keybridge/keybridge/internal/localproc"
)

var errUnix = errors.New("running PostgreSQL beside the program works on Linux and macOS only: set DATABASE_URL")

func serverAccount() (*localproc.User, error)       { return nil, errUnix }
func blockedAt(dir string, _ localproc.User) string { return dir }
func makePrivateDir(string, *localproc.User) error  { return errUnix }
func lockFile(string) (*os.File, error)             { return nil, errUnix }
func signal(int, syscall.Signal) error              { return errUnix }
func isServerOf(context.Context, int, string) bool  { return false }
