// Command keybridge tries the plugin out: a demo shop joined with a simulated KeyCRM.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/keybridge/keybridge/cmd/keybridge/internal/demo"
)

func main() {
	// The first Ctrl-C asks for a clean stop; a second one ends the process at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	err := rootCommand().ExecuteContext(ctx)
	stop()
	if err != nil && !errors.Is(err, demo.ErrSelftest) { // the selftest has printed its own verdict
		fmt.Fprintln(os.Stderr, "keybridge: "+err.Error())
	}
	if err != nil {
		os.Exit(1)
	}
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "keybridge",
		Short:         "Joins a Go shop engine with KeyCRM",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(demoCommand(), simCommand(), runsCommand())
	return root
}
