package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/scripts/internal/pure"
)

func TestNamesThatMeanTwoThingsRunApart(t *testing.T) {
	t.Parallel()
	got := batches([]pure.Package{
		{Path: "a", Pure: []string{"TestX"}, Impure: []string{"TestY"}},
		{Path: "b", Pure: []string{"TestX", "TestZ"}},
		{Path: "c", Pure: []string{"TestY"}},
		{Path: "d", Pure: []string{"TestV"}, Impure: []string{"TestX"}},
		{Path: "e", Impure: []string{"TestW"}},
	})
	var said []string
	for _, b := range got {
		said = append(said, strings.Join(b.packages, "+")+": "+strings.Join(names(b.run), ","))
	}
	if want := []string{"a+b: TestX,TestZ", "c+d: TestV,TestY"}; !slices.Equal(said, want) {
		t.Errorf("%q, want %q", said, want)
	}
}

func TestWhatWasLeftOutIsTold(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	tell(&out, []pure.Package{{Path: "m/a", Pure: []string{"TestX"}, Impure: []string{"TestY", "TestZ"}}}, 0)
	for _, want := range []string{"1 of 3 tests", "a 2"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q lacks %q", out.String(), want)
		}
	}
}
