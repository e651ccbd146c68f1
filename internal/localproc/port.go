package localproc

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
)

// Ports are taken from below those that Linux (32768 and up) and others (49152 and up) give by
// themselves, to outgoing connections too, so that one which nobody listens on for a moment, as while
// its server restarts, is not given away meanwhile.
const (
	firstPort = 15_000
	lastPort  = 32_000
	portTries = 1000
)

// Port is a loopback TCP port kept from everybody else who asks TakePort, in any process, until Close
// or the end of this process.
type Port struct {
	Number int
	claim  net.PacketConn
}

// TakePort takes a port that nobody listens on.
func TakePort(ctx context.Context) (*Port, error) {
	var config net.ListenConfig
	for range portTries {
		number := firstPort + rand.IntN(lastPort-firstPort) //nolint:gosec // no secret
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(number))
		// The UDP port of the same number is the claim: the kernel gives it to one process at a time.
		claim, err := config.ListenPacket(ctx, "udp", address)
		if err != nil {
			continue
		}
		if !refused(ctx, address) {
			_ = claim.Close()
			continue
		}
		return &Port{Number: number, claim: claim}, nil
	}
	return nil, fmt.Errorf("find a free port: %d between %d and %d were all taken", portTries, firstPort, lastPort)
}

// refused tells whether nobody listens there. Listening for a moment would tell it too, but a process
// that is forked in that moment holds the socket until it runs its program, and whoever took the port
// could not listen on it till then.
func refused(ctx context.Context, address string) bool {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err == nil {
		_ = conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// Close lets others have the port. Safe to call twice.
func (p *Port) Close() { _ = p.claim.Close() }
