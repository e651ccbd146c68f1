package localproc

import (
	"context"
	"fmt"
	"net"
)

// FreePort is a loopback TCP port that was free just now; somebody else may in theory take it
// before its user does.
func FreePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, fmt.Errorf("find a free port: %v is not a TCP address", l.Addr())
	}
	return addr.Port, l.Close()
}
