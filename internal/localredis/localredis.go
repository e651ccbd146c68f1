// Package localredis runs a Redis inside this process, so that trying the product and most of its
// tests take no set-up. It keeps nothing when it stops. For tests that need the real server there
// is StartReal.
package localredis

import (
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// pumpPeriod is how often the server's clock is moved on.
const pumpPeriod = time.Second

// Config says what to run; the zero value is good.
type Config struct {
	// Getenv reads REDIS_URL, which wins over a server of our own; nil means os.Getenv.
	Getenv func(string) string
}

// Server is a Redis that answers at URL.
type Server struct {
	url  string
	mini *miniredis.Miniredis // nil when REDIS_URL names the server
	quit chan struct{}        // closed to end the pump
	done chan struct{}        // closed by the pump
}

// Start runs a server on a loopback port with a password of its own, or points at the one that
// REDIS_URL names (without trying whether it answers).
func Start(cfg Config) (*Server, error) {
	if cfg.Getenv == nil {
		cfg.Getenv = os.Getenv
	}
	if u := cfg.Getenv("REDIS_URL"); u != "" {
		return &Server{url: u}, nil
	}
	s, err := startMini()
	if err != nil {
		return nil, err
	}
	s.quit, s.done = make(chan struct{}), make(chan struct{})
	go s.pump()
	return s, nil
}

func startMini() (*Server, error) {
	mini := miniredis.NewMiniRedis()
	password := rand.Text()
	mini.RequireAuth(password)
	if err := mini.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("start the embedded redis: %w", err)
	}
	return &Server{url: fmt.Sprintf("redis://:%s@%s/0", password, mini.Addr()), mini: mini}, nil
}

// pump moves the server's clock with the real one. Without it nothing there would ever expire:
// keys would outlive their time and locks would never end.
func (s *Server) pump() {
	defer close(s.done)
	tick := time.NewTicker(pumpPeriod)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-s.quit:
			return
		case <-tick.C:
			now := time.Now()
			s.mini.FastForward(now.Sub(last))
			last = now
		}
	}
}

// URL is a redis:// URL, password included, as asynq.ParseRedisURI and redis.ParseURL take it.
func (s *Server) URL() string { return s.url }

// External says that the server is the one REDIS_URL names: it is not ours to stop or flush.
func (s *Server) External() bool { return s.mini == nil }

// FastForward moves the expiry of keys on by d at once. It does nothing to an external server.
func (s *Server) FastForward(d time.Duration) {
	if s.mini != nil {
		s.mini.FastForward(d)
	}
}

// Stop ends a server of our own, and with it all it holds. It must be called once only.
func (s *Server) Stop() {
	if s.mini == nil {
		return
	}
	if s.quit != nil {
		close(s.quit)
		<-s.done
	}
	s.mini.Close()
}
