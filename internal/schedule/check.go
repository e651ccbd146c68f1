package schedule

import "errors"

// What a rule can be refused for.
var (
	ErrMode     = errors.New("no such kind of schedule")
	ErrTimes    = errors.New("times of the day are to be HH:MM, one to twenty-four of them")
	ErrInterval = errors.New("an interval is 5 minutes to 7 days")
	ErrAfter    = errors.New("no such job to come after")
	ErrCycle    = errors.New("jobs that wait for each other never start")
)

// Check answers what is wrong with the rules of a connection's jobs, by job; empty: nothing is.
// Errors: those above.
func Check(rules map[string]Rule) map[string]error {
	bad := map[string]error{}
	for job, r := range rules {
		if err := r.check(rules); err != nil {
			bad[job] = err
		} else if circles(rules, job) {
			bad[job] = ErrCycle
		}
	}
	return bad
}

func (r Rule) check(jobs map[string]Rule) error {
	switch r.Mode {
	case Usual, Off:
		return nil
	case Times:
		for _, t := range r.Times {
			if _, ok := parseTime(t); !ok {
				return ErrTimes
			}
		}
		if len(r.Times) == 0 || len(r.Times) > MaxTimes {
			return ErrTimes
		}
		return nil
	case Every:
		if r.Minutes < MinMinutes || r.Minutes > MaxMinutes {
			return ErrInterval
		}
		return nil
	case After:
		if _, known := jobs[r.After]; !known {
			return ErrAfter
		}
		return nil
	}
	return ErrMode
}

// circles reports whether a job waits in the end for itself.
func circles(rules map[string]Rule, job string) bool {
	at := job
	for range rules {
		r := rules[at]
		if r.Mode != After {
			return false
		}
		if at = r.After; at == job {
			return true
		}
	}
	return false
}
