package orders

import (
	"log/slog"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/clock"
	"github.com/keybridge/keybridge/internal/jobs/lease"
)

// TestWhatFollowsFromPastAttempts: other bytes after an unclear answer make a second order, and so does taking an
// attempt that may have arrived for one that did not.
func TestWhatFollowsFromPastAttempts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		outcomes  []outcome
		payload   int // the attempt whose bytes are sent again, from 1; 0: none's, the order is translated anew
		reached   bool
		ambiguous bool
		keyInUse  bool
	}{
		{name: "nothing was sent yet"},
		{name: "a worker died amid it", outcomes: []outcome{outcomeOpen}, payload: 1, reached: true, ambiguous: true},
		{name: "no clear answer came", outcomes: []outcome{outcomeUnknown}, payload: 1, reached: true, ambiguous: true},
		{name: "twice", outcomes: []outcome{outcomeUnknown, outcomeUnknown}, payload: 2, reached: true, ambiguous: true},
		{name: "then it was put off", outcomes: []outcome{outcomeUnknown, outcomeTemporary}, payload: 1, reached: true, ambiguous: true},
		{name: "then refused, which it would not be if it had arrived", outcomes: []outcome{outcomeUnknown, outcomeRefused}, ambiguous: true},
		{name: "and was sent anew", outcomes: []outcome{outcomeUnknown, outcomeRefused, outcomeUnknown}, payload: 3, reached: true, ambiguous: true},
		{name: "it was refused at once", outcomes: []outcome{outcomeRefused}},
		{name: "it was put off at once", outcomes: []outcome{outcomeTemporary, outcomeTemporary}},
		{name: "the key is in use, and not by an attempt of ours", outcomes: []outcome{outcomeKeyInUse}, reached: true, keyInUse: true},
		{name: "or by one", outcomes: []outcome{outcomeUnknown, outcomeKeyInUse}, payload: 1, reached: true, ambiguous: true, keyInUse: true},
		{name: "it was created", outcomes: []outcome{outcomeCreated}, reached: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var past []attempt
			for i, o := range tt.outcomes {
				past = append(past, attempt{Outcome: o, Body: []byte{byte(i + 1)}})
			}
			payload := 0
			if a := pendingPayload(past); a != nil {
				payload = int(a.Body[0])
			}
			if payload != tt.payload {
				t.Errorf("pendingPayload is that of attempt %d, want %d", payload, tt.payload)
			}
			if got := mayHaveReachedCRM(past); got != tt.reached {
				t.Errorf("mayHaveReachedCRM = %v, want %v", got, tt.reached)
			}
			if got := ambiguous(past); got != tt.ambiguous {
				t.Errorf("ambiguous = %v, want %v", got, tt.ambiguous)
			}
			if got := keyInUse(past); got != tt.keyInUse {
				t.Errorf("keyInUse = %v, want %v", got, tt.keyInUse)
			}
		})
	}
}

func TestAnAttemptWithoutItsBytesIsNotSentAgain(t *testing.T) {
	t.Parallel()
	if a := pendingPayload([]attempt{{Outcome: outcomeUnknown}}); a != nil {
		t.Errorf("pendingPayload = %+v of an attempt whose body was purged", a)
	}
}

// TestOurOrderIsAdoptedAfterAnUnclearAnswerOnly, when the CRM computes another total of it.
func TestOurOrderIsAdoptedAfterAnUnclearAnswerOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		past outcome
		want StepState
		why  Reason
	}{
		{"it may have arrived", outcomeUnknown, StepDone, ""},
		{"a worker died amid it", outcomeOpen, StepDone, ""},
		{"the key was in use when it was sent first", outcomeKeyInUse, StepBlocked, ReasonTakenByOther},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := &entry{Row: lease.Row{ID: 1}, Source: "7", Key: "1042", Total: decimal.NewNullDecimal(decimal.NewFromInt(100))}
			s := e.step(StepCreate)
			s.State = StepChecking
			w := &work{e: e, Exporter: New(Deps{Clock: clock.NewFake(time.Unix(0, 0)), Log: slog.New(slog.DiscardHandler)})}
			found := Found{Receipt: Receipt{ID: "33", Total: decimal.NewFromInt(99)}, Source: "7"}
			w.adopt(s, []Found{found}, []attempt{{Outcome: tt.past}})
			if s.State != tt.want || s.Reason != tt.why || (s.State == StepDone) != (e.CRMID.String == "33") {
				t.Errorf("after %q: %s %q, the CRM's order %q; want %s %q", tt.past, s.State, s.Reason, e.CRMID.String, tt.want, tt.why)
			}
			if s.State == StepBlocked && (s.Params["crm_id"] != "33" || s.Params["crm_total"] != "99" || s.Params["total"] != "100") {
				t.Errorf("the merchant is told %v", s.Params)
			}
		})
	}
}
