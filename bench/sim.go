package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/localproc"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// gcPercent is for both sides of a ratio. The shop in memory, which stands for one that lies elsewhere,
// holds some hundred megabytes; at the default of 100 the collector marks them again for every hundred
// that a side allocates, on a core of its own beside the loop and on one that is busy beside the run.
const gcPercent = 400

const childSim = "serve-sim"

// serveSim runs the simulator and obeys commands, one a line, each answered by a line.
func serveSim(_ context.Context, args []string, in io.Reader, out io.Writer) error {
	f := flag.NewFlagSet(childSim, flag.ContinueOnError)
	products, offers := f.Int("products", 0, ""), f.Int("offers", 0, "")
	if err := f.Parse(args); err != nil {
		return err
	}
	// It stands for a service elsewhere, whose memory is collected on other cores.
	debug.SetGCPercent(gcPercent)
	sim, err := keycrmtest.StartServer("127.0.0.1:0", keycrmtest.WithLimit(0), keycrmtest.WithCatalog(*products, *offers))
	if err != nil {
		return err
	}
	fmt.Fprintln(out, sim.BaseURL())
	for lines := bufio.NewScanner(in); lines.Scan(); {
		answer, err := obey(sim, lines.Text())
		if err != nil {
			return err
		}
		fmt.Fprintln(out, answer)
	}
	return sim.Close()
}

func obey(sim *keycrmtest.Server, command string) (any, error) {
	switch command {
	case "raise":
		for _, id := range sim.OfferIDs() {
			o, _ := sim.Offer(id)
			if err := sim.SetPrice(id, o.Price.Mul(decimal.New(11, -1)).Round(2)); err != nil {
				return nil, err
			}
		}
		return "raised", nil
	case "count":
		return sim.RequestCount(), nil
	}
	return nil, fmt.Errorf("command %q is not known", command)
}

// simulator is the simulated KeyCRM in another process.
type simulator struct {
	proc    *localproc.Process
	in      io.WriteCloser
	out     *bufio.Reader
	baseURL string
}

// productsFor is how many products the invented catalog spreads so many offers over.
func productsFor(offers int) int { return offers * 1260 / 2400 }

func startSim(offers int) (*simulator, error) {
	s := &simulator{}
	cmd, err := self(childSim, "-products", fmt.Sprint(productsFor(offers)), "-offers", fmt.Sprint(offers))
	if err != nil {
		return nil, err
	}
	if s.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewReader(out)
	if s.proc, err = localproc.Start(cmd, localproc.Options{DeathSignal: syscall.SIGKILL}); err != nil {
		return nil, err
	}
	if s.baseURL, err = s.line(); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// self is this program again, as one of its children.
func self(args ...string) (*exec.Cmd, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(context.Background(), path, args...)
	cmd.Stderr = os.Stderr
	return cmd, nil
}

func (s *simulator) line() (string, error) {
	line, err := s.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("the simulator says nothing: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// tell gives a command and waits for the answer.
func (s *simulator) tell(command string) (string, error) {
	if _, err := fmt.Fprintln(s.in, command); err != nil {
		return "", err
	}
	return s.line()
}

func (s *simulator) stop() error {
	return s.proc.Stop(context.Background(), localproc.Step{Signal: syscall.SIGKILL})
}
