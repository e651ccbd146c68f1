package orders

import "slices"

// moves answers, for each stored state of a step, those that may be stored next; docs/states.md draws what follows for
// the entry. A step that stays as it is moves nowhere. StepDone of StepCreate is for good: the CRM has the order.
func (n StepName) moves() map[StepState][]StepState {
	if n == StepCreate {
		return map[StepState][]StepState{
			StepPending:  {StepSending, StepRetrying, StepBlocked, StepDead, StepIgnored, StepChecking},
			StepSending:  {StepDone, StepChecking, StepRetrying, StepBlocked, StepPending},
			StepChecking: {StepDone, StepRetrying, StepBlocked, StepDead, StepIgnored},
			StepRetrying: {StepSending, StepBlocked, StepDead, StepIgnored, StepPending, StepChecking},
			StepBlocked:  {StepSending, StepRetrying, StepDead, StepIgnored, StepPending, StepChecking},
			StepDead:     {StepPending, StepChecking, StepIgnored},
			StepIgnored:  {StepPending, StepChecking},
		}
	}
	return map[StepState][]StepState{
		StepPending:  {StepDone, StepSkipped, StepRetrying, StepBlocked, StepDead},
		StepRetrying: {StepDone, StepSkipped, StepPending, StepBlocked, StepDead},
		StepBlocked:  {StepDone, StepSkipped, StepPending, StepRetrying, StepDead},
		StepDone:     {StepPending}, // asked for anew, as those below
		StepSkipped:  {StepPending},
		StepDead:     {StepPending},
	}
}

// declared reports whether the step may go from the state that is stored to the one it has now.
func (s *step) declared() bool {
	return s.State == s.stored || slices.Contains(s.Name.moves()[s.stored], s.State)
}
