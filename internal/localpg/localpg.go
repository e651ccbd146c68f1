// Package localpg runs a PostgreSQL server of our own beside the process that needs one, so that
// trying the product and testing it take no set-up. The server listens on a Unix socket in a
// private folder only, never on the network, and ends with the process that started it.
//
// Where the server comes from, in this order: the one DATABASE_URL names; the machine's own
// initdb and postgres; for somebody who is not root and has neither, a download. Otherwise Start
// answers with a MissingError, which says what to type.
package localpg

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/keybridge/keybridge/internal/localproc"
)

const (
	superuser  = "keybridge" // the cluster's only account
	socketPort = 5432        // part of the socket's file name; nothing listens on it as a port

	startPatience = 60 * time.Second // for a server that must first recover from a crash
)

// ErrMissing is matched by every MissingError.
var ErrMissing = errors.New("PostgreSQL is not installed")

// ErrInUse says that another living process runs a server in the same folder.
var ErrInUse = errors.New("the database folder is in use by another process")

// MissingError tells a person that this machine has no PostgreSQL and what to do about it.
type MissingError struct {
	Install string // the exact command to type; empty when we do not know this system's
	Cause   error  // why the download did not help; nil when none was tried
}

// Error is meant to be shown as it is.
func (e *MissingError) Error() string {
	how := "Install PostgreSQL with your system's package manager"
	if e.Install != "" {
		how = "Install it with:  " + e.Install
	}
	text := "PostgreSQL was not found on this machine. " + how +
		"\nOr set DATABASE_URL to a server you already have, for example postgres://user:password@localhost:5432/keybridge"
	if e.Cause != nil {
		text += "\n(Downloading it was tried too: " + e.Cause.Error() + ")"
	}
	return text
}

// Is matches ErrMissing.
func (e *MissingError) Is(target error) bool { return target == ErrMissing }

// Unwrap gives the download's own error.
func (e *MissingError) Unwrap() error { return e.Cause }

// Config says what server to run. The zero value is a server in a temporary folder; most
// callers name a Dir.
type Config struct {
	// Dir is the folder for data, socket and log. It is made if absent; one that holds foreign
	// files is refused. Empty: a temporary folder, removed by Stop.
	// Started as root, the server runs under an unprivileged account; if that account cannot
	// reach Dir (as in /root), a folder under /var/tmp derived from Dir is used: see Server.Dir.
	Dir string
	// Database is created if absent. Empty: "keybridge".
	Database string
	// MaxConnections is the server's limit; 0 means 100.
	MaxConnections int
	// Fresh removes the data of an earlier server in Dir (wherever it really lies) before the start.
	Fresh bool
	// Throwaway is for tests and trials: Fresh, nothing is made durable, and Stop removes the folder.
	Throwaway bool
	// Notice, when not nil, is told what takes long or differs from what was asked, a sentence
	// at a time.
	Notice func(string)
	// Getenv reads DATABASE_URL, PATH and HOME; nil means os.Getenv.
	Getenv func(string) string
}

func (c Config) withDefaults() Config {
	if c.Database == "" {
		c.Database = "keybridge"
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = 100
	}
	if c.Notice == nil {
		c.Notice = func(string) {}
	}
	if c.Getenv == nil {
		c.Getenv = os.Getenv
	}
	return c
}

// Server is a running PostgreSQL server.
type Server struct {
	dsn   string
	proc  *localproc.Process // nil when the server is not ours
	home  *home
	throw bool
}

// Start returns once the server answers queries. ctx bounds the start only: the server then runs
// until Stop, or until this process ends.
// Errors: *MissingError, ErrInUse.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	if dsn := cfg.Getenv("DATABASE_URL"); dsn != "" {
		if err := ping(ctx, dsn); err != nil {
			return nil, fmt.Errorf("the server that DATABASE_URL names does not answer: %w", err)
		}
		return &Server{dsn: dsn}, nil
	}
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	bins, err := findBinaries(ctx, cfg, account)
	if err != nil {
		return nil, err
	}
	h, err := openHome(cfg, account)
	if err != nil {
		return nil, err
	}
	s, err := startIn(ctx, h, bins, cfg)
	if err != nil {
		return nil, errors.Join(err, h.close(cfg.Throwaway))
	}
	return s, nil
}

// startIn runs a server in a folder that is ours alone.
func startIn(ctx context.Context, h *home, bins []string, cfg Config) (*Server, error) {
	crashed, err := h.endOrphan(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.prepare(cfg.Fresh || cfg.Throwaway); err != nil {
		return nil, err
	}
	bin, err := chooseBinaries(ctx, bins, h.data())
	if err != nil {
		return nil, err
	}
	if err := h.initialise(ctx, bin); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	proc, err := h.launch(ctx, bin, cfg, crashed)
	if err != nil {
		return nil, err
	}
	s := &Server{dsn: h.dsn(cfg.Database), proc: proc, home: h, throw: cfg.Throwaway}
	if err := ensureDatabase(ctx, h.dsn("postgres"), cfg.Database); err != nil {
		return nil, errors.Join(err, s.end(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// DSN is a postgres:// URL of the database, understood by lib/pq and by psql.
func (s *Server) DSN() string { return s.dsn }

// External says that the server is the one DATABASE_URL names: it is not ours to stop or clean.
func (s *Server) External() bool { return s.proc == nil }

// Dir is the folder in use, which may differ from the one asked for (see Config.Dir); empty
// for an external server.
func (s *Server) Dir() string {
	if s.home == nil {
		return ""
	}
	return s.home.dir
}

// Done is closed when our own server has ended, asked or not; nil, so never ready, for an
// external one.
func (s *Server) Done() <-chan struct{} {
	if s.proc == nil {
		return nil
	}
	return s.proc.Done()
}

// Stop ends our own server in good order, within about 15 seconds, and leaves an external one
// alone. It may be called twice.
func (s *Server) Stop(ctx context.Context) error {
	if s.proc == nil {
		return nil
	}
	err := s.end(ctx)
	return errors.Join(err, s.home.close(s.throw))
}

func (s *Server) end(ctx context.Context) error {
	if s.throw {
		return s.proc.Stop(ctx, localproc.Step{Signal: syscall.SIGQUIT, Wait: 5 * time.Second})
	}
	return s.proc.Stop(ctx, gracefully()...)
}

// gracefully is PostgreSQL's fast shutdown (clients are cut, all is written), then the immediate
// one. Source: PostgreSQL documentation, "Shutting Down the Server".
func gracefully() []localproc.Step {
	return []localproc.Step{
		{Signal: syscall.SIGINT, Wait: 10 * time.Second},
		{Signal: syscall.SIGQUIT, Wait: 5 * time.Second},
	}
}

// dsn is the URL of a database on the home's socket.
func (h *home) dsn(database string) string {
	q := url.Values{}
	q.Set("host", h.socketDir())
	q.Set("port", strconv.Itoa(socketPort))
	q.Set("sslmode", "disable")
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + database, RawQuery: q.Encode()}
	return u.String()
}

func (h *home) data() string    { return filepath.Join(h.dir, "data") }
func (h *home) logFile() string { return filepath.Join(h.dir, "postgres.log") }
