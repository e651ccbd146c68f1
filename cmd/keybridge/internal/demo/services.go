package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/hibiken/asynq"
	"github.com/jmoiron/sqlx"
	_ "github.com/lib/pq" // the driver the contract asks for

	"github.com/keybridge/keybridge/internal/localpg"
	"github.com/keybridge/keybridge/internal/localredis"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
	"github.com/keybridge/keybridge/plugin"
)

// services are the servers a shop stands on. They end in the reverse order of their start.
type services struct {
	db    *sqlx.DB
	dsn   string
	redis asynq.RedisConnOpt
	sim   *keycrmtest.Server // nil when the CRM is elsewhere
	stops []func()
}

func (s *services) stop() {
	for i := len(s.stops) - 1; i >= 0; i-- {
		s.stops[i]()
	}
	s.stops = nil
}

// startServices starts what the configuration and the environment leave to us.
func startServices(ctx context.Context, cfg Config, say func(string)) (_ *services, err error) {
	s := &services{}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	if err := s.startPostgres(ctx, cfg, say); err != nil {
		return nil, err
	}
	if err := s.startRedis(cfg); err != nil {
		return nil, err
	}
	if cfg.simulated() {
		return s, s.startSimulator(ctx, cfg)
	}
	return s, nil
}

func (s *services) startPostgres(ctx context.Context, cfg Config, say func(string)) error {
	if cfg.Role != plugin.RoleAll && os.Getenv("DATABASE_URL") == "" {
		return fmt.Errorf("--role %s shares its database with another process: set DATABASE_URL", cfg.Role)
	}
	// The server is ended by stop, not by ctx, so that what is under way can still be written.
	pg := localpg.Config{Dir: filepath.Join(cfg.Dir, "postgres"), Fresh: cfg.Fresh, Notice: say}
	if cfg.Throwaway {
		pg.Dir, pg.Throwaway = "", true // wherever the database's own account can work
	}
	srv, err := localpg.Start(ctx, pg)
	if err != nil {
		return err
	}
	s.stops = append(s.stops, func() {
		stop, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_ = srv.Stop(stop)
	})
	s.dsn = srv.DSN()
	if s.db, err = sqlx.ConnectContext(ctx, "postgres", s.dsn); err != nil {
		return fmt.Errorf("reach Postgres (check DATABASE_URL if you set it): %w", err)
	}
	s.db.SetMaxOpenConns(40)
	s.db.SetMaxIdleConns(20)
	s.stops = append(s.stops, func() { _ = s.db.Close() })
	return nil
}

func (s *services) startRedis(cfg Config) error {
	if cfg.Role != plugin.RoleAll && os.Getenv("REDIS_URL") == "" {
		return fmt.Errorf("--role %s shares its Redis with another process: set REDIS_URL", cfg.Role)
	}
	srv, err := localredis.Start(localredis.Config{})
	if err != nil {
		return fmt.Errorf("start Redis: %w", err)
	}
	s.stops = append(s.stops, srv.Stop)
	if s.redis, err = asynq.ParseRedisURI(srv.URL()); err != nil {
		return errors.New("REDIS_URL is not an address of Redis, such as redis://127.0.0.1:6379")
	}
	return nil
}

// startSimulator runs the simulated KeyCRM on the wanted port or the next free one.
func (s *services) startSimulator(ctx context.Context, cfg Config) error {
	l, err := listen(ctx, cfg.SimPort)
	if err != nil {
		return err
	}
	limit := raisedLimit
	if cfg.RealLimits {
		limit = realLimit
	}
	url := "http://" + l.Addr().String()
	sim, err := keycrmtest.Open(
		keycrmtest.WithLimit(limit), keycrmtest.WithPublicURL(url),
		keycrmtest.WithPersistence(filepath.Join(cfg.Dir, "keycrm.journal")))
	if err != nil {
		_ = l.Close()
		return fmt.Errorf("start the simulated KeyCRM: %w", err)
	}
	s.sim = sim
	s.stops = append(s.stops, func() { _ = sim.Close() })
	s.stops = append(s.stops, serve(l, sim))
	return nil
}

// serve answers requests at l until the returned function is called, which gives those under way
// five seconds to end.
func serve(l net.Listener, h http.Handler) (stop func()) {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l) // ends with ErrServerClosed
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			_ = srv.Close()
		}
		<-done
	}
}
