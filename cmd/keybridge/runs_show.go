package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/keybridge/keybridge"
	"github.com/keybridge/keybridge/cmd/keybridge/internal/progress"
	"github.com/keybridge/keybridge/plugin"
)

// listRuns prints the runs of each connection, or of the wanted one only.
func listRuns(ctx context.Context, r *keybridge.Runs, out io.Writer, want plugin.ConnectionID, limit int) error {
	all, err := r.Connections(ctx)
	if err != nil {
		return err
	}
	shown := 0
	for _, c := range all {
		if want != "" && c.ID != want {
			continue
		}
		shown++
		fmt.Fprintf(out, "Connection %s · %s · shop %s%s\n", c.ID, c.Name, c.Shop, offNote(c.Enabled))
		runs, err := r.List(ctx, c.ID, limit)
		if err != nil {
			return err
		}
		if err := tableOfRuns(out, runs); err != nil {
			return err
		}
		if err := heldNote(ctx, r, out, c.ID); err != nil {
			return err
		}
	}
	switch {
	case shown == 0 && want != "":
		return fmt.Errorf("there is no connection %s", want)
	case shown == 0:
		fmt.Fprintln(out, "No connection yet: make one on the shop's integrations page.")
	}
	return nil
}

func offNote(enabled bool) string {
	if enabled {
		return ""
	}
	return " · switched off"
}

func tableOfRuns(out io.Writer, runs []keybridge.RunReport) error {
	if len(runs) == 0 {
		fmt.Fprintln(out, "  no run yet")
		return nil
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  RUN\tKIND\tSTATE\tASKED FOR (UTC)\tBY\tWHAT")
	for _, run := range runs {
		fmt.Fprintf(t, "  %d\t%s\t%s\t%s\t%s\t%s\n", run.ID, run.Words.Kind, run.Words.State, at(run.CreatedAt), run.StartedBy, summary(run))
	}
	return t.Flush()
}

func at(t time.Time) string { return t.Format("2006-01-02 15:04:05") }

// summary is a run in one line.
func summary(run keybridge.RunReport) string {
	parts := run.Words.Counters
	if run.Words.Reason != "" {
		parts = append([]string{run.Words.Reason}, parts...)
	}
	if run.Words.Phase != "" {
		parts = append([]string{fmt.Sprintf("%s %d/%d", run.Words.Phase, run.Done, run.Total)}, parts...)
	}
	return strings.Join(parts, ", ")
}

// itemsShown is how much of what was left alone is printed at a time.
const itemsShown = 200

func showRun(ctx context.Context, r *keybridge.Runs, out io.Writer, id int64) error {
	run, err := r.Get(ctx, id)
	if err != nil {
		return noRun(id, err)
	}
	fmt.Fprintf(out, "Run %d · %s · %s\n", run.ID, run.Words.Kind, run.Words.State)
	fmt.Fprintf(out, "  connection  %s of shop %s\n", run.Connection, run.Shop)
	fmt.Fprintf(out, "  asked for   %s UTC by %s\n", at(run.CreatedAt), run.StartedBy)
	if run.FinishedAt != nil {
		fmt.Fprintf(out, "  ended       %s UTC\n", at(*run.FinishedAt))
	}
	if run.ApprovedBy != "" {
		fmt.Fprintf(out, "  approved    by %s\n", run.ApprovedBy)
	}
	fmt.Fprintf(out, "  requests    %d\n", run.Counters.Requests)
	if s := summary(run); s != "" {
		fmt.Fprintf(out, "  %s\n", s)
	}
	if run.Counters.Held > 0 {
		fmt.Fprintf(out, "  what is held back now: keybridge runs held %s\n", run.Connection)
	}
	printDecision(out, run)
	return printLeftAlone(ctx, r, out, id)
}

// printDecision says why a run waits for a person and what that person can type.
func printDecision(out io.Writer, run keybridge.RunReport) {
	if run.State != "approval" {
		return
	}
	for _, g := range run.Words.Guards {
		fmt.Fprintf(out, "  ! %s\n", g)
	}
	fmt.Fprintf(out, "It has written nothing and waits for a decision:\n"+
		"  keybridge runs show %[1]d --plan   what it would change\n"+
		"  keybridge runs approve %[1]d       write exactly that\n"+
		"  keybridge runs cancel %[1]d        write nothing\n", run.ID)
}

func printLeftAlone(ctx context.Context, r *keybridge.Runs, out io.Writer, id int64) error {
	items, err := r.LeftAlone(ctx, id, 0, itemsShown)
	if err != nil || len(items) == 0 {
		return err
	}
	fmt.Fprintln(out, "Left alone, and why:")
	for _, item := range items {
		fmt.Fprintf(out, "  %-8s %s (%s): %s\n", item.Kind, item.Name, item.CRMID, item.Words)
	}
	if len(items) == itemsShown {
		fmt.Fprintf(out, "  … these are the first %d; the integrations page has all.\n", itemsShown)
	}
	return nil
}

// plansRead is how many products of a plan are read at a time.
const plansRead = 500

func showPlan(ctx context.Context, r *keybridge.Runs, out io.Writer, id int64) error {
	run, err := r.Get(ctx, id)
	if err != nil {
		return noRun(id, err)
	}
	if !run.State.Active() {
		return fmt.Errorf("run %d is over, so it plans nothing any more: keybridge runs show %d tells what it did", id, id)
	}
	planned := 0
	for after := ""; ; {
		plan, err := r.Plan(ctx, id, after, plansRead)
		if err != nil {
			return err
		}
		planned += len(plan)
		for _, p := range plan {
			fmt.Fprintf(out, "%s: %s (%s)\n", p.Words.Action, p.Name, p.CRMID)
			for _, c := range p.Words.Changes {
				fmt.Fprintf(out, "    %s: %q → %q\n", c.Field, c.Old, c.New)
			}
		}
		if len(plan) < plansRead {
			break
		}
		after = plan[len(plan)-1].CRMID
	}
	if planned == 0 {
		fmt.Fprintln(out, "Nothing would change.")
	}
	printDecision(out, run)
	return nil
}

func noRun(id int64, err error) error {
	if errors.Is(err, plugin.ErrNotFound) {
		return fmt.Errorf("there is no run %d; keybridge runs list shows them", id)
	}
	return err
}

// lookEvery is how often a run that is watched is looked at.
const lookEvery = 300 * time.Millisecond

// watch draws how far a run is until it is over or waits for a person. Its error is the exit status.
func watch(ctx context.Context, r *keybridge.Runs, out io.Writer, id int64) error {
	bar := progress.New(out)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		run, err := r.Get(ctx, id)
		switch {
		case ctx.Err() != nil:
			bar.End(fmt.Sprintf("The run goes on: keybridge runs show %d", id))
			return nil
		case err != nil:
			return noRun(id, err)
		case run.State == "approval" || !run.State.Active():
			return conclude(out, bar, run)
		}
		bar.Show(doing(run), progress.Overall(string(run.Kind), string(run.Phase), int(run.Done), int(run.Total)))
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// doing says what a run is at, or what it waits for.
func doing(run keybridge.RunReport) string {
	switch {
	case run.State == "queued":
		return "waiting for a worker of the shop"
	case run.Words.Reason != "":
		return fmt.Sprintf("%s (%s UTC)", run.Words.Reason, at(run.NextAt))
	case run.Total > 0:
		return fmt.Sprintf("%s, %d/%d", run.Words.Phase, run.Done, run.Total)
	}
	return run.Words.Phase
}

// conclude says how a watched run ended.
func conclude(out io.Writer, bar *progress.Bar, run keybridge.RunReport) error {
	bar.End(fmt.Sprintf("%s · %d requests · %s", run.Words.State, run.Counters.Requests, summary(run)))
	printDecision(out, run)
	switch {
	case run.State == "done", run.State == "approval" && run.Preview:
		return nil
	case run.State == "approval":
		return fmt.Errorf("run %d waits for a decision", run.ID)
	}
	return fmt.Errorf("run %d ended as %s", run.ID, strings.ToLower(run.Words.State))
}
