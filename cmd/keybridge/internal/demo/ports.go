package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// portTries is how many ports after the wanted one are tried.
const portTries = 50

// listen opens the wanted loopback port, or the next one that is free. Port 0 takes any.
func listen(ctx context.Context, port int) (net.Listener, error) {
	var config net.ListenConfig
	for try := port; ; try++ {
		l, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(try)))
		switch {
		case err == nil:
			return l, nil
		case errors.Is(err, syscall.EADDRINUSE) && try < port+portTries && try < 65535:
			continue
		case errors.Is(err, syscall.EADDRINUSE):
			return nil, fmt.Errorf("ports %d to %d are all taken; choose another with --shop-port or --sim-port", port, try)
		case errors.Is(err, syscall.EACCES):
			return nil, fmt.Errorf("port %d needs more rights than this user has; choose one above 1023", try)
		}
		return nil, fmt.Errorf("open port %d: %w", try, err)
	}
}
