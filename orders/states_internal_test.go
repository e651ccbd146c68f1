package orders

import (
	"slices"
	"testing"
	"time"

	"github.com/keybridge/keybridge/internal/statedoc"
)

// drawing is the heading of the states of entries in docs/states.md.
const drawing = "An order on its way to the CRM"

// TestTheStatesOfAnEntryAreAsDrawn walks through every combination of steps that declared moves lead to, and tells how
// the entry's state, which follows from its steps, changes on the way.
func TestTheStatesOfAnEntryAreAsDrawn(t *testing.T) {
	t.Parallel()
	type combination struct{ create, facts, status StepState }
	created := combination{StepDone, StepPending, StepPending} // what follows a creation is added with it
	next := func(c combination) (after []combination) {
		if c.create != StepDone {
			for _, to := range StepCreate.moves()[c.create] {
				if to == StepDone {
					after = append(after, created)
					continue
				}
				after = append(after, combination{create: to})
			}
			return after
		}
		for _, to := range StepFacts.moves()[c.facts] {
			after = append(after, combination{c.create, to, c.status})
		}
		for _, to := range StepStatus.moves()[c.status] {
			after = append(after, combination{c.create, c.facts, to})
		}
		return after
	}
	state := func(c combination) string {
		steps := []*step{{Name: StepCreate, State: c.create}}
		if c.create == StepDone {
			steps = append(steps, &step{Name: StepFacts, State: c.facts}, &step{Name: StepStatus, State: c.status})
		}
		s, _ := derive(steps)
		return string(s)
	}
	begin := combination{create: StepPending}
	arrows := []statedoc.Arrow{{From: statedoc.Start, To: state(begin)}}
	seen := []combination{begin}
	for i := 0; i < len(seen); i++ { // seen grows
		for _, c := range next(seen[i]) {
			arrows = append(arrows, statedoc.Arrow{From: state(seen[i]), To: state(c)})
			if !slices.Contains(seen, c) {
				seen = append(seen, c)
			}
		}
	}
	statedoc.Want(t, drawing, arrows)
	if drawn, states := statedoc.States(t, drawing), statedoc.Constants(t, ".", "EntryState"); !slices.Equal(drawn, states) {
		t.Errorf("docs/states.md draws %v, the code has %v", drawn, states)
	}
}

// TestWhatAPersonDecidesIsADeclaredMove, whatever state the entry is in and whatever was sent before.
func TestWhatAPersonDecidesIsADeclaredMove(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	for state := range StepCreate.moves() {
		for _, past := range []outcome{outcomeUnknown, outcomeRefused, outcomeKeyInUse} {
			for _, why := range []Reason{"", ReasonStillLooking, ReasonUnknownOutcome, ReasonConnectionGone} {
				t.Run(string(state)+" after "+string(past)+" because of "+string(why), func(t *testing.T) {
					t.Parallel()
					s := &step{Name: StepCreate, State: state, Reason: why, stored: state}
					(&entry{steps: []*step{s}}).again([]attempt{{Outcome: past}}, now)
					if !s.declared() {
						t.Errorf("a retry moves it from %s to %s", s.stored, s.State)
					}
				})
			}
		}
	}
	for state := range StepStatus.moves() {
		t.Run("the status, "+string(state), func(t *testing.T) {
			t.Parallel()
			s := &step{Name: StepStatus, State: state, stored: state}
			(&entry{steps: []*step{{Name: StepCreate, State: StepDone}, s}}).again(nil, now)
			if !s.declared() {
				t.Errorf("a retry moves it from %s to %s", s.stored, s.State)
			}
		})
	}
}

func TestAnUndeclaredMoveIsSeen(t *testing.T) {
	t.Parallel()
	s := &step{Name: StepCreate, State: StepPending, stored: StepDone} // it would be sent a second time
	if s.declared() {
		t.Error("an order that the CRM has may become pending")
	}
}
