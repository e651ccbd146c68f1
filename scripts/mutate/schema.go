package main

import (
	"fmt"
	"slices"
	"strings"
)

// switchName is the variable that says which mutant is on; 0: none.
const switchName = "mutantThatIsOn"

// switchFile declares it, in a file that only the compiler sees.
func switchFile(pkg string) string {
	return fmt.Sprintf(`package %s

import (
	"os"
	"strconv"
)

var %s, _ = strconv.Atoi(os.Getenv(%q))
`, pkg, switchName, switchEnv)
}

const switchEnv = "KEYBRIDGE_MUTANT"

// schema is the file's source with all its mutants in it, each behind its number: one compilation serves for all.
// Mutants of what lies within a mutated expression are only in the branch that is not mutated, since one is on at a
// time.
func (f *finder) schema() string {
	var b strings.Builder
	f.write(&b, 0, len(f.src), f.outermost(0, len(f.src), nil))
	return b.String()
}

// outermost answers the points within a range of the source that lie in no other one of it, in their order. not is
// left out.
func (f *finder) outermost(from, to int, not *point) []*point {
	var in []*point
	for _, p := range f.points {
		if start, end := f.span(p); p != not && start >= from && end <= to {
			in = append(in, p)
		}
	}
	slices.SortStableFunc(in, func(a, b *point) int {
		aStart, aEnd := f.span(a)
		bStart, bEnd := f.span(b)
		if aStart != bStart {
			return aStart - bStart
		}
		return bEnd - aEnd
	})
	var out []*point
	end := from
	for _, p := range in {
		if start, stop := f.span(p); start >= end {
			out, end = append(out, p), stop
		}
	}
	return out
}

func (f *finder) span(p *point) (from, to int) {
	return f.fset.Position(p.node.Pos()).Offset, f.fset.Position(p.node.End()).Offset
}

func (f *finder) write(b *strings.Builder, from, to int, points []*point) {
	for _, p := range points {
		start, end := f.span(p)
		b.Write(f.src[from:start])
		f.writePoint(b, p, start, end)
		from = end
	}
	b.Write(f.src[from:to])
}

func (f *finder) writePoint(b *strings.Builder, p *point, start, end int) {
	var kept strings.Builder
	f.write(&kept, start, end, f.outermost(start, end, p))
	switch {
	case p.statement:
		for _, m := range p.mutants {
			fmt.Fprintf(b, "if %s == %d { %s } else ", switchName, m.id, m.new)
		}
		fmt.Fprintf(b, "{ %s }", kept.String())
	case p.typ != "":
		fmt.Fprintf(b, "func() %s {", p.typ)
		for _, m := range p.mutants {
			fmt.Fprintf(b, "if %s == %d { return %s }; ", switchName, m.id, m.new)
		}
		fmt.Fprintf(b, "return %s }()", kept.String())
	default:
		b.WriteString("(")
		for _, m := range p.mutants {
			fmt.Fprintf(b, "%s == %d && (%s) || ", switchName, m.id, m.new)
		}
		first, last := p.mutants[0].id, p.mutants[len(p.mutants)-1].id
		fmt.Fprintf(b, "(%s < %d || %s > %d) && (%s))", switchName, first, switchName, last, kept.String())
	}
}
