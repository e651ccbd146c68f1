package plan

import (
	"testing"

	"github.com/keybridge/keybridge/internal/settings"
)

// What is missing already is treated as if the policy of now had been that of the time it went missing,
// but for what somebody has decided since.
func TestAnotherPolicyForWhatIsMissingAlready(t *testing.T) {
	t.Parallel()
	const hide, unavailable, nothing = settings.MissingHide, settings.MissingUnavailable, settings.MissingNothing
	shown, hidden, soldOut := sale{true, true}, sale{false, true}, sale{true, false}
	for _, tt := range []struct {
		name   string
		policy settings.MissingPolicy
		was    string
		ours   bool
		now    sale
		then   sale
		note   string
	}{
		{"goes missing, hide", hide, "", false, shown, hidden, missingHidden},
		{"goes missing hidden", hide, "", false, hidden, hidden, wasHidden},
		{"goes missing, unavailable", unavailable, "", false, shown, soldOut, MissingUnavailable},
		{"goes missing unavailable", unavailable, "", false, soldOut, soldOut, WasUnavailable},
		{"unavailable by us, hide", hide, MissingUnavailable, true, soldOut, hidden, missingHidden},
		{"unavailable by us and edited, hide", hide, MissingUnavailable, false, soldOut, sale{}, missingHidden},
		{"unavailable by us and hidden by hand, hide", hide, MissingUnavailable, false, sale{}, sale{}, wasHidden},
		{"unavailable by us and sold by hand, hide", hide, MissingUnavailable, false, shown, shown, missingLeft},
		{"unavailable before us, hide", hide, WasUnavailable, true, soldOut, sale{}, missingHidden},
		{"hidden by us, unavailable", unavailable, missingHidden, true, hidden, soldOut, MissingUnavailable},
		{"hidden by us and edited, unavailable", unavailable, missingHidden, false, hidden, sale{}, MissingUnavailable},
		{"hidden by us and published by hand, unavailable", unavailable, missingHidden, false, shown, shown, missingLeft},
		{"hidden before us, unavailable", unavailable, wasHidden, true, hidden, sale{}, MissingUnavailable},
		{"hidden before us and published by hand, unavailable", unavailable, wasHidden, false, shown, shown, missingLeft},
		{"hidden by us and unavailable before, unavailable", unavailable, missingHidden, true, sale{}, soldOut, WasUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if treated(tt.policy, tt.was) || !treated(tt.policy, tt.note) || !treated(nothing, tt.was) || !treated(nothing, tt.note) {
				t.Errorf("treated: %v before, %v after", treated(tt.policy, tt.was), treated(tt.policy, tt.note))
			}
			if then, note := treat(tt.policy, tt.was, tt.ours, tt.now); then != tt.then || note != tt.note {
				t.Errorf("got %+v %s, want %+v %s", then, note, tt.then, tt.note)
			}
		})
	}
}
