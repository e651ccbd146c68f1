// Package localproc finds programs installed on this machine and runs them as children that
// never outlive us: in a process group of their own, so that Ctrl-C reaches them only through
// our own orderly stop, and (on Linux) ended by the kernel if we are killed.
package localproc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// User is the account a child runs under.
type User struct {
	UID, GID uint32
}

// Options of a child.
type Options struct {
	// DeathSignal is what the kernel sends the child when this process dies in any way,
	// SIGKILL included. Linux only; elsewhere the child goes on and its owner must find it.
	DeathSignal syscall.Signal
	// As, when not nil, drops the child to this account. Only root can do that.
	As *User
}

// Process is a running child, or one that has ended.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // how it ended; read only after done is closed
}

// Start runs cmd as a child. What cmd itself says about SysProcAttr is replaced.
func Start(cmd *exec.Cmd, o Options) (*Process, error) {
	cmd.SysProcAttr = attributes(o)
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go p.hold(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// hold starts the child and stays until it ends. The kernel sends the death signal when the
// *thread* that started the child goes, so that thread is kept for as long as the child lives.
func (p *Process) hold(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	started <- nil
	p.err = p.cmd.Wait()
}

// PID of the child.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed once the child has ended and its exit status has been collected.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait returns how the child ended: nil for status 0.
func (p *Process) Wait() error {
	<-p.done
	return p.err
}

// Step is one way to ask a child to end, and how long to give it.
type Step struct {
	Signal syscall.Signal
	Wait   time.Duration
}

// Stop goes through the steps until the child has ended, then kills its whole process group.
// When ctx ends the remaining patience is dropped and the group is killed. The answer is nil
// once the child is gone, however it ended.
func (p *Process) Stop(ctx context.Context, steps ...Step) error {
	for _, s := range steps {
		if p.ended() {
			return nil
		}
		if err := p.cmd.Process.Signal(s.Signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("signal %s: %w", p.cmd.Path, err)
		}
		p.waitFor(ctx, s.Wait)
	}
	if p.ended() {
		return nil
	}
	if err := killGroup(p.PID()); err != nil && !p.ended() {
		return fmt.Errorf("kill %s: %w", p.cmd.Path, err)
	}
	<-p.done
	return nil
}

func (p *Process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *Process) waitFor(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-p.done:
	case <-t.C:
	case <-ctx.Done():
	}
}
