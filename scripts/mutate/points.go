package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// kind is what a mutant does.
type kind string

const (
	comparison       kind = "comparison"
	boolean          kind = "boolean"
	arithmetic       kind = "arithmetic"
	droppedCondition kind = "dropped condition"
	droppedStatement kind = "dropped statement"
)

// mutant is one small change of the code that some test should notice.
type mutant struct {
	id   int // what the switch is set to
	kind kind
	file string // from the module's root
	line int
	fn   string // the function, with its receiver's type
	old  string // the code that is changed, in one line
	new  string // what takes its place; "" for a statement that goes
}

// key names the mutant in the list of survivors: it does not depend on the line.
func (m mutant) key() string {
	next := m.new
	if next == "" {
		next = "(nothing)"
	}
	return fmt.Sprintf("%s %s: %s → %s", m.file, m.fn, m.old, next)
}

// point is an expression or a statement with what may stand in its place.
type point struct {
	node      ast.Node
	statement bool
	typ       string // of an expression that is a value and no condition: the type's name where it stands
	mutants   []mutant
}

// finder collects the points of a file.
type finder struct {
	src    []byte
	fset   *token.FileSet
	info   *types.Info
	own    *types.Package
	file   string
	values bool // see target
	points []*point
	at     map[ast.Node]*point
	fn     string
}

func (f *finder) find(file *ast.File) {
	f.at = map[ast.Node]*point{}
	for _, d := range file.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil || f.values && f.works(fn) {
			continue
		}
		f.fn = nameOf(fn)
		ast.Inspect(fn.Body, f.visit)
	}
}

// works reports whether a function does more than decide.
func (f *finder) works(fn *ast.FuncDecl) bool {
	if fn.Recv != nil {
		if _, pointer := fn.Recv.List[0].Type.(*ast.StarExpr); pointer {
			return true
		}
	}
	return slices.ContainsFunc(fn.Type.Params.List, func(p *ast.Field) bool {
		return f.info.Types[p.Type].Type.String() == "context.Context"
	})
}

func nameOf(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return fn.Name.Name
	}
	recv := fn.Recv.List[0].Type
	if star, ok := recv.(*ast.StarExpr); ok {
		recv = star.X
	}
	if generic, ok := recv.(*ast.IndexExpr); ok {
		recv = generic.X
	}
	return types.ExprString(recv) + "." + fn.Name.Name
}

func (f *finder) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		return n.Tok != token.CONST
	case *ast.BlockStmt:
		f.statements(n.List)
	case *ast.CaseClause:
		f.statements(n.Body)
		for _, e := range n.List {
			if f.isCondition(e) {
				f.add(e, droppedCondition, "false")
			}
		}
	case *ast.CommClause:
		f.statements(n.Body)
	case *ast.IfStmt:
		f.add(n.Cond, droppedCondition, "true", "false")
	case *ast.ForStmt:
		if n.Cond != nil {
			f.add(n.Cond, droppedCondition, "false")
		}
	case *ast.BinaryExpr:
		f.binary(n)
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			f.add(n, boolean, f.text(n.X))
		}
	case *ast.Ident:
		f.literal(n)
	case *ast.CallExpr:
		f.extreme(n)
	}
	return true
}

func (f *finder) binary(n *ast.BinaryExpr) {
	if f.info.Types[n].Value != nil { // the compiler computes it
		return
	}
	x, y := f.text(n.X), f.text(n.Y)
	with := func(op string) string { return x + " " + op + " " + y }
	switch n.Op {
	case token.EQL:
		f.add(n, comparison, with("!="))
	case token.NEQ:
		f.add(n, comparison, with("=="))
	case token.LSS:
		f.add(n, comparison, with("<="), with(">="))
	case token.LEQ:
		f.add(n, comparison, with("<"), with(">"))
	case token.GTR:
		f.add(n, comparison, with(">="), with("<="))
	case token.GEQ:
		f.add(n, comparison, with(">"), with("<"))
	case token.LAND:
		f.add(n, boolean, with("||"))
		f.add(n, droppedCondition, x, y)
	case token.LOR:
		f.add(n, boolean, with("&&"))
		f.add(n, droppedCondition, x, y)
	case token.ADD, token.SUB, token.MUL, token.QUO, token.REM, token.SHL:
		if f.isNumber(n) {
			f.value(n, arithmetic, with(map[token.Token]string{
				token.ADD: "-", token.SUB: "+", token.MUL: "/", token.QUO: "*", token.REM: "*", token.SHL: ">>",
			}[n.Op]))
		}
	}
}

// literal turns true and false round.
func (f *finder) literal(n *ast.Ident) {
	if o := f.info.Uses[n]; o != nil && o.Parent() == types.Universe {
		switch n.Name {
		case "true":
			f.add(n, boolean, "false")
		case "false":
			f.add(n, boolean, "true")
		}
	}
}

// extreme swaps the built-in min and max.
func (f *finder) extreme(n *ast.CallExpr) {
	id, ok := n.Fun.(*ast.Ident)
	if !ok || f.info.Types[n].Value != nil {
		return
	}
	if _, builtin := f.info.Uses[id].(*types.Builtin); builtin && (id.Name == "min" || id.Name == "max") {
		other := map[string]string{"min": "max", "max": "min"}[id.Name]
		f.value(n, arithmetic, other+strings.TrimPrefix(f.text(n), id.Name))
	}
}

// statements looks at statements that may go without the rest ceasing to compile.
func (f *finder) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.AssignStmt:
			f.assignment(s)
		case *ast.IncDecStmt:
			other := map[token.Token]string{token.INC: "--", token.DEC: "++"}[s.Tok]
			f.stmt(s, arithmetic, f.text(s.X)+other)
			f.stmt(s, droppedStatement, "")
		case *ast.ExprStmt:
			if call, ok := s.X.(*ast.CallExpr); ok && !f.isPanic(call) {
				f.stmt(s, droppedStatement, "")
			}
		}
	}
}

func (f *finder) assignment(s *ast.AssignStmt) {
	if s.Tok == token.DEFINE || len(s.Lhs) == 1 && f.text(s.Lhs[0]) == "_" {
		return
	}
	if other := map[token.Token]string{token.ADD_ASSIGN: "-=", token.SUB_ASSIGN: "+=", token.MUL_ASSIGN: "/=", token.QUO_ASSIGN: "*="}[s.Tok]; other != "" && f.isNumber(s.Lhs[0]) {
		f.stmt(s, arithmetic, f.text(s.Lhs[0])+" "+other+" "+f.text(s.Rhs[0]))
	}
	f.stmt(s, droppedStatement, "")
}

func (f *finder) isPanic(call *ast.CallExpr) bool {
	id, ok := call.Fun.(*ast.Ident)
	return ok && id.Name == "panic"
}

// isCondition reports whether a case is one of a switch without a tag.
func (f *finder) isCondition(e ast.Expr) bool {
	t := f.info.Types[e]
	if t.Type == nil || t.Value != nil || !t.IsValue() {
		return false
	}
	b, ok := t.Type.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}

func (f *finder) isNumber(e ast.Expr) bool {
	t := f.info.Types[e].Type
	if t == nil {
		return false
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsNumeric != 0
}

// add notes changes of a condition.
func (f *finder) add(e ast.Expr, k kind, to ...string) { f.note(e, k, to...) }

// value notes a change of an expression that is no condition.
func (f *finder) value(e ast.Expr, k kind, to string) {
	f.note(e, k, to).typ = types.TypeString(f.info.Types[e].Type, func(p *types.Package) string {
		if p == f.own {
			return ""
		}
		return p.Name()
	})
}

func (f *finder) stmt(s ast.Stmt, k kind, to string) { f.note(s, k, to).statement = true }

func (f *finder) note(n ast.Node, k kind, to ...string) *point {
	p := f.at[n]
	if p == nil {
		p = &point{node: n}
		f.at[n], f.points = p, append(f.points, p)
	}
	for _, t := range to {
		p.mutants = append(p.mutants, mutant{
			kind: k, file: f.file, line: f.fset.Position(n.Pos()).Line, fn: f.fn, old: oneLine(f.text(n)), new: oneLine(t),
		})
		p.mutants[len(p.mutants)-1].new = t
	}
	return p
}

func (f *finder) text(n ast.Node) string {
	return string(f.src[f.fset.Position(n.Pos()).Offset:f.fset.Position(n.End()).Offset])
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
