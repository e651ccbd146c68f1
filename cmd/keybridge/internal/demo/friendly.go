package demo

import (
	"errors"
	"fmt"
	"net"

	"github.com/keybridge/keybridge/internal/localpg"
)

// friendly puts what a person can do before the technical cause.
func friendly(err error) error {
	var missing *localpg.MissingError
	var noAnswer *net.OpError
	switch {
	case errors.As(err, &missing):
		return missing
	case errors.Is(err, localpg.ErrInUse):
		return fmt.Errorf("another demo runs in this folder; stop it, or give this one a folder of its own with --dir: %w", err)
	case errors.As(err, &noAnswer) && noAnswer.Op == "dial":
		return fmt.Errorf("a server does not answer; check DATABASE_URL and REDIS_URL if you set them: %w", err)
	}
	return err
}
