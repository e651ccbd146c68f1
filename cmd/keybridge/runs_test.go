package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// typed runs "keybridge runs" to its end and answers what it printed and its exit code.
func (m *mortal) typed(args ...string) (out string, code int) {
	m.t.Helper()
	c := startChild(m.t, m.env, append([]string{"runs"}, args...)...)
	err := c.wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return c.out.String(), exit.ExitCode()
	}
	if err != nil {
		m.t.Fatalf("runs %v: %v", args, err)
	}
	return c.out.String(), 0
}

// says fails unless the command printed all the words and ended with the code.
func (m *mortal) says(code int, words []string, args ...string) string {
	m.t.Helper()
	out, got := m.typed(args...)
	if got != code {
		m.t.Errorf("runs %v ended with %d, want %d:\n%s", args, got, code, out)
	}
	for _, w := range words {
		if !strings.Contains(out, w) {
			m.t.Errorf("runs %v did not print %q:\n%s", args, w, out)
		}
	}
	return out
}

// TestRunsFromTheCommandLine looks after synchronisations as an operator does who has the database and
// no browser; the workers of the running shop do the work.
func TestRunsFromTheCommandLine(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	m := newMortal(t, keycrmtest.WithCatalog(40, 60))
	m.says(1, []string{"no tables of Keybridge"}, "list")
	m.start()
	m.says(0, []string{"No connection yet"}, "list")
	m.connect(ctx)
	m.checkCatalog(ctx)

	m.says(0, []string{"Done", "products unchanged"}, "start")
	m.says(0, []string{"Завершено"}, "start", "--prices", "--lang", "uk")

	price := func(offer int64, p decimal.Decimal) {
		if err := m.sim.SetPrice(offer, p); err != nil {
			t.Fatal(err)
		}
	}
	price(m.sim.OfferIDs()[0], decimal.NewFromInt(987))
	written := func() int { return m.count(`SELECT count(*) FROM demoshop.variants WHERE price = 987`) }
	out := m.says(0, []string{"Preview", "waits for a decision"}, "start", "--preview")
	run := regexp.MustCompile(`Run (\d+) of`).FindStringSubmatch(out)
	if run == nil {
		t.Fatalf("no number of a run in:\n%s", out)
	}
	id := run[1]
	m.says(0, []string{"987"}, "show", id, "--plan")
	if n := written(); n != 0 {
		t.Errorf("a preview wrote %d prices", n)
	}
	m.says(0, []string{"Done", "1 product updated"}, "approve", id)
	if n := written(); n != 1 {
		t.Errorf("%d prices were written after the approval, want 1", n)
	}
	m.says(1, []string{"run " + id + " does not wait for a decision", "runs show " + id}, "approve", id)
	m.says(0, []string{"approved    by cli", "1 product updated"}, "show", id)
	m.says(1, []string{"is over"}, "show", id, "--plan")

	m.says(1, []string{"prices", "rematch"}, "start", "--prices", "--rematch")
	out = m.says(0, []string{"Preview", "waits for a decision"}, "start", "--rematch")
	id = regexp.MustCompile(`Run (\d+) of`).FindStringSubmatch(out)[1]
	if n := m.count(`SELECT count(*) FROM keybridge.run WHERE rematch AND preview AND id = ` + id); n != 1 {
		t.Errorf("run %s does not match anew", id)
	}
	m.says(0, []string{"Done"}, "approve", id)

	m.heldStock()
	for _, o := range m.sim.OfferIDs() {
		price(o, decimal.NewFromInt(90000))
	}
	out = m.says(1, []string{"! ", "waits for a decision", "runs approve"}, "start")
	id = regexp.MustCompile(`Run (\d+) of`).FindStringSubmatch(out)[1]
	m.says(1, []string{"is not over yet"}, "start")
	m.says(0, []string{"Stopped"}, "cancel", id)
	if n := written(); n != 1 {
		t.Errorf("a cancelled run changed prices: %d of 1 are left", n)
	}
	m.says(0, []string{"Stopped", "cli"}, "list")

	m.says(1, []string{"there is no run 999"}, "show", "999")
	m.says(1, []string{"no number of a run"}, "cancel", "one")
	m.says(1, []string{"there is no connection nobody"}, "start", "nobody")
	m.says(1, []string{"nothing was started", "is an option"}, "start", "prices")
}

// heldStock lets the CRM say that there is none of any offer, and confirms it from the terminal.
func (m *mortal) heldStock() {
	m.t.Helper()
	m.says(0, []string{"No stock of"}, "held")
	for _, o := range m.sim.OfferIDs() {
		err := m.sim.EditOffer(o, func(o *keycrmtest.Offer) {
			for at := range o.Stock {
				o.Stock[at] = decimal.Zero
			}
		})
		if err != nil {
			m.t.Fatal(err)
		}
	}
	m.says(0, []string{"Done", "held back"}, "start", "--prices")
	m.says(0, []string{"! The stock of", "keybridge runs held"}, "list")
	m.says(0, []string{"The stock of", "by run", "IN THE CRM", "--gone"}, "held")
	m.says(0, []string{"confirmed"}, "held", "--gone")
	until(m.t, patience, "what was confirmed is written", func(ctx context.Context) error {
		var left int
		err := m.db.GetContext(ctx, &left, `SELECT count(*) FROM demoshop.variants WHERE stock > 0`)
		if err == nil && left > 0 {
			err = fmt.Errorf("%d variants have stock", left)
		}
		return err
	})
	m.says(0, []string{"No stock of"}, "held")
}
