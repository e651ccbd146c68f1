// Package redislink opens the host's Redis for us and says what there is to say of it: once that it does
// not answer, then once a minute, and once that it answers again.
//
// go-redis tells of each connection that it could not make to a logger which is one for the whole
// process, so it is the host's to set, not ours. Clients of this package are kept from it: a dial that
// failed gives them a connection on which every request fails for that reason.
package redislink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/keybridge/keybridge/internal/outage"
	"github.com/keybridge/keybridge/plugin"
)

// Link is the way to the host's Redis, from Open to Close. Safe for concurrent use. It is an
// asynq.RedisConnOpt, so that asynq's own clients are told of as well.
type Link struct {
	opt    asynq.RedisConnOpt
	log    *slog.Logger
	clock  plugin.Clock
	outage *outage.Outage
	client redis.UniversalClient
}

// Open asks nothing: Redis need not be there yet. Errors: plugin.ErrInvalid when the host's option makes
// no go-redis client.
func Open(opt asynq.RedisConnOpt, c plugin.Clock, log *slog.Logger) (*Link, error) {
	l := &Link{opt: opt, log: log, clock: c, outage: outage.New(c)}
	client, err := l.newClient()
	if err != nil {
		return nil, err
	}
	l.client = client
	return l, nil
}

// Client is one for all to share.
func (l *Link) Client() redis.UniversalClient { return l.client }

// MakeRedisClient implements asynq.RedisConnOpt. Closing the client is the caller's.
func (l *Link) MakeRedisClient() any {
	client, err := l.newClient()
	if err != nil { // it cannot be: the option made one in Open
		return nil
	}
	return client
}

// Away reports whether Redis did not do the latest of what it was asked.
func (l *Link) Away() bool { return l.outage.Lasts() }

// Close closes the shared client. It may be called twice.
func (l *Link) Close() error {
	if err := l.client.Close(); err != nil && !errors.Is(err, redis.ErrClosed) {
		return err
	}
	return nil
}

func (l *Link) newClient() (redis.UniversalClient, error) {
	client, ok := l.opt.MakeRedisClient().(redis.UniversalClient)
	if !ok {
		return nil, fmt.Errorf("%T makes no client of go-redis v9: %w", l.opt, plugin.ErrInvalid)
	}
	client.AddHook(watch{l})
	if many, ok := client.(interface{ OnNewNode(fn func(*redis.Client)) }); ok { // a cluster: its nodes dial
		many.OnNewNode(func(node *redis.Client) { node.AddHook(&quiet{Link: l}) })
	} else {
		client.AddHook(&quiet{Link: l})
	}
	return client, nil
}

// saw takes the outcome of a command that began at a moment as news of Redis.
func (l *Link) saw(ctx context.Context, began time.Time, err error) {
	var noted *dialError
	switch {
	case err == nil || works(err):
		if r, tell := l.outage.WorkedSince(began); tell {
			l.log.Info("redis answers again", "failures", r.Failures, "away", r.Lasted.Round(time.Second).String())
		}
	case ctx.Err() != nil, errors.Is(err, redis.ErrClosed): // the caller's doing
	case errors.As(err, &noted):
	default:
		l.failed(err)
	}
}

func (l *Link) failed(err error) {
	if r, tell := l.outage.Failed(); tell {
		l.log.Warn("redis does not answer; nothing is sent until it does",
			"failures", r.Failures, "away", r.Lasted.Round(time.Second).String(), "error", err.Error())
	}
}

// works reports whether an error is an answer of a Redis that does what it is there for, such as "no
// such key" or "no such script".
func works(err error) bool {
	var reply redis.Error
	if !errors.As(err, &reply) {
		return false
	}
	for _, cannot := range []func(error) bool{
		redis.IsLoadingError, redis.IsReadOnlyError, redis.IsClusterDownError, redis.IsMasterDownError,
		redis.IsMaxClientsError, redis.IsAuthError, redis.IsPermissionError, redis.IsOOMError,
	} {
		if cannot(err) {
			return false
		}
	}
	return true
}

// watch notes what becomes of commands.
type watch struct{ *Link }

var _ redis.Hook = watch{}

// DialHook implements redis.Hook.
func (watch) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (w watch) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		began := w.clock.Now()
		err := next(ctx, cmd)
		w.saw(ctx, began, err)
		return err
	}
}

// ProcessPipelineHook implements redis.Hook.
func (w watch) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		began := w.clock.Now()
		err := next(ctx, cmds)
		w.saw(ctx, began, err)
		return err
	}
}

// quiet notes dials of one client that fail and keeps them from go-redis's logger.
type quiet struct {
	*Link

	mu    sync.Mutex
	err   error     // of the latest dial, if it failed
	until time.Time // and how long that is believed
}

var _ redis.Hook = (*quiet)(nil)

// believed is how long after a dial that failed nobody dials again: asynq's servers ask without a pause.
const believed = time.Second

// DialHook implements redis.Hook.
func (q *quiet) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if err := q.lately(); err != nil {
			return deadConn{&dialError{err}}, nil //nolint:nilerr // the connection answers it
		}
		conn, err := next(ctx, network, addr)
		if err == nil {
			return conn, nil
		}
		if !errors.Is(ctx.Err(), context.Canceled) { // else nobody wants it any more
			q.remember(err)
			q.failed(err)
		}
		return deadConn{&dialError{err}}, nil
	}
}

// ProcessHook implements redis.Hook.
func (*quiet) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

// ProcessPipelineHook implements redis.Hook.
func (*quiet) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// lately answers why a dial failed a moment ago; nil: none did.
func (q *quiet) lately() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if time.Now().After(q.until) { //nolint:forbidigo // the network knows the machine's clock alone
		return nil
	}
	return q.err
}

func (q *quiet) remember(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.err, q.until = err, time.Now().Add(believed) //nolint:forbidigo // as above
}

// dialError is why a connection could not be made; it has been noted.
type dialError struct{ error }

// Unwrap gives go-redis the error it knows.
func (e *dialError) Unwrap() error { return e.error }

// deadConn is a connection that could not be made.
type deadConn struct{ err error }

var _ net.Conn = deadConn{}

func (c deadConn) Read([]byte) (int, error)         { return 0, c.err }
func (c deadConn) Write([]byte) (int, error)        { return 0, c.err }
func (c deadConn) Close() error                     { return nil }
func (c deadConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c deadConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c deadConn) SetDeadline(time.Time) error      { return nil }
func (c deadConn) SetReadDeadline(time.Time) error  { return nil }
func (c deadConn) SetWriteDeadline(time.Time) error { return nil }
