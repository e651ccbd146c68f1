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
	"github.com/redis/go-redis/v9"

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

// startRest starts Redis and, unless the CRM is elsewhere, the simulator.
func (s *services) startRest(ctx context.Context, cfg Config) error {
	if err := s.startRedis(ctx, cfg); err != nil {
		return err
	}
	if cfg.simulated() {
		return s.startSimulator(ctx, cfg)
	}
	return nil
}

func (s *services) startPostgres(ctx context.Context, cfg Config, say func(string)) error {
	outside := os.Getenv("DATABASE_URL") != ""
	if outside && cfg.Fresh {
		// An outside database is its owner's to empty.
		return errors.New("--fresh does not empty the database that DATABASE_URL names: drop its schemas demoshop and keybridge yourself")
	}
	if cfg.Role != plugin.RoleAll && !outside {
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

func (s *services) startRedis(ctx context.Context, cfg Config) error {
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
	return s.pingRedis(ctx)
}

// pingRedis says at the start what would otherwise show as orders that wait.
func (s *services) pingRedis(ctx context.Context) error {
	client, ok := s.redis.MakeRedisClient().(redis.UniversalClient)
	if !ok {
		return errors.New("REDIS_URL makes no client")
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("no Redis answers at the address in REDIS_URL; start it, or unset REDIS_URL to use the one inside this process: %w", err)
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
