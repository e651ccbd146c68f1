package orders

import (
	"math/rand/v2"
	"time"

	"github.com/keybridge/keybridge/internal/settings"
)

// missing is an order whose fate nobody knows and that a complete look-up has not found.
type missing struct {
	// refusesTwin: the CRM itself refuses a second order with the key, so sending again can do no harm.
	refusesTwin bool
	// keyInUse: the CRM has said that the key is in use.
	keyInUse bool
	// resends are the attempts with an unknown outcome, missedLookups the complete look-ups since the last of them that
	// found nothing.
	resends, missedLookups int
	// looked is the last of these look-ups, over when the last attempt was certainly over.
	looked, over time.Time
}

// verdict is what is to be done about an order that was not found.
type verdict int

const (
	lookAgain    verdict = iota // at the time that comes with it
	lookOn                      // likewise, for a day: a person may decide meanwhile
	sendAgain                   // likewise
	askTaken                    // a person: the key is in use, and no such order can be found
	askUncertain                // a person: nobody can tell whether the CRM has it
)

// afterMiss decides about an order that was not found, and when that is to be done. luck in [0,1) spreads the
// pauses.
func (c Config) afterMiss(m missing, now time.Time, luck float64) (verdict, time.Time) {
	switch {
	case m.refusesTwin && !m.keyInUse && m.resends >= c.MaxResends: // the outage lasts: no more requests than needed
		at := now.Add(c.backoff().Delay(m.resends-c.MaxResends, luck))
		if soonest := m.over.Add(c.ResendAfter); at.Before(soonest) {
			at = soonest
		}
		return sendAgain, at
	case m.missedLookups < 2 || now.Before(m.over.Add(c.ResendAfter)):
		return lookAgain, m.looked.Add(c.LookupGap)
	case m.keyInUse:
		return askTaken, time.Time{}
	case m.resends < c.MaxResends:
		return sendAgain, now
	case m.resends > c.MaxResends:
		return askUncertain, time.Time{}
	case now.Before(m.over.Add(c.LastLook)):
		return lookOn, m.looked.Add(c.lookups().Delay(m.missedLookups-2, 0))
	}
	return sendAgain, now // for the last time
}

// lookupMissed counts a complete look-up that found nothing and does what follows from it.
func (w *work) lookupMissed(s *step, past []attempt) {
	now := w.Clock.Now()
	if !s.LookedAt.Valid || now.Sub(s.LookedAt.Time) >= w.Config.LookupGap {
		s.MissedLookups++
		s.LookedAt.Time, s.LookedAt.Valid = now, true
	}
	m := missing{
		refusesTwin: w.e.Target == settings.TargetOrders, keyInUse: s.KeyInUse, resends: s.Resends, missedLookups: s.MissedLookups,
		looked: s.LookedAt.Time,
	}
	for _, a := range past {
		m.over = a.Deadline
	}
	switch do, at := w.Config.afterMiss(m, now, rand.Float64()); do { // #nosec G404 -- spreads load, guards nothing
	case lookAgain:
		s.to(StepChecking, &at, ReasonAwaitingOutcome, nil)
	case lookOn:
		s.to(StepChecking, &at, ReasonStillLooking, Params{"rounds": itoa(s.Resends)})
	case sendAgain:
		s.to(StepRetrying, &at, ReasonUnavailable, nil)
	case askTaken:
		s.finish(StepBlocked, ReasonTakenNotFound, Params{"key": w.e.Key})
	case askUncertain:
		s.finish(StepBlocked, ReasonUnknownOutcome, Params{"rounds": itoa(s.Resends)})
	}
}
