package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// measurePace runs the plugin's own test of it, at full size: on a fake clock, with the shop, the CRM
// and the plugin in one process, which only a test can do.
func (b *bench) measurePace(ctx context.Context) error {
	return b.takeFigures(ctx, b.pace, "TestPaceAtTheLimit")
}

// measureDecode compares the client's decoding with that of encoding/json, below its exported names.
func (b *bench) measureDecode(ctx context.Context) error {
	return b.takeFigures(ctx, b.decode, "TestDecodingCostsHardlyMoreThanPlain")
}

// takeFigures runs a test at full size and passes its figures on.
func (b *bench) takeFigures(ctx context.Context, binary, test string) error {
	cmd := exec.CommandContext(ctx, binary, "-test.run", "^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), "KEYBRIDGE_PACE=full")
	out, err := cmd.CombinedOutput()
	found, missed := 0, false
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "figure=") {
			found++
			missed = missed || strings.HasSuffix(line, "FAIL")
			fmt.Fprintln(b.out, line)
		}
	}
	b.missed = b.missed || missed
	var failed *exec.ExitError
	if err != nil && (!errors.As(err, &failed) || !missed) || found == 0 {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
