package plan

import (
	"testing"
)

func TestHalfIsRoundedDownButNotToOne(t *testing.T) {
	t.Parallel()
	for of, least := range map[int]int{1: 2, 2: 1, 3: 2, 4: 2, 5: 2, 7: 3, 14: 7, 15: 7, 500: 250, 501: 250} {
		for n := range of + 1 {
			if got, want := halfOf(n, of), n >= least; got != want {
				t.Errorf("halfOf(%d, %d) = %v", n, of, got)
			}
		}
	}
}
