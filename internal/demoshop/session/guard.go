package session

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// loginGuard slows down guessing: a burst of wrong passwords per login, then one in six seconds.
// Right passwords cost nothing, but wait too while the guard is shut.
type loginGuard struct {
	mu     sync.Mutex
	limits map[string]*rate.Limiter // by login; "" is that of strangers
}

// newLoginGuard gives each of the staff a limit. Strangers share one, so that the map stays small.
func newLoginGuard(staff []Staff) *loginGuard {
	g := &loginGuard{limits: map[string]*rate.Limiter{"": newLimit()}}
	for _, who := range staff {
		g.limits[who.Login] = newLimit()
	}
	return g
}

func newLimit() *rate.Limiter { return rate.NewLimiter(rate.Every(6*time.Second), 10) }

func (g *loginGuard) limiter(login string) *rate.Limiter {
	if l := g.limits[login]; l != nil {
		return l
	}
	return g.limits[""]
}

// shut reports whether too many wrong passwords came.
func (g *loginGuard) shut(login string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.limiter(login).TokensAt(now) < 1
}

// failed notes a wrong password.
func (g *loginGuard) failed(login string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limiter(login).AllowN(now, 1)
}
