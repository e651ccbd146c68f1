package localproc

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
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
		l, err := config.Listen(ctx, "tcp", address)
		if err != nil {
			_ = claim.Close()
			continue
		}
		if err := l.Close(); err != nil {
			return nil, errors.Join(fmt.Errorf("find a free port: %w", err), claim.Close())
		}
		return &Port{Number: number, claim: claim}, nil
	}
	return nil, fmt.Errorf("find a free port: %d between %d and %d were all taken", portTries, firstPort, lastPort)
}

// Close lets others have the port. Safe to call twice.
func (p *Port) Close() { _ = p.claim.Close() }
