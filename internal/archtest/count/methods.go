package count

import (
	"go/types"

	"github.com/keybridge/keybridge/internal/source"
)

// Methods lists the methods declared on each type of the package, by the type's name; types without any are left out.
// Those that an embedded type lends, and those of interfaces, are not counted.
func Methods(p *source.Package) map[string][]*types.Func {
	methods := make(map[string][]*types.Func)
	scope := p.Types.Scope()
	for _, name := range scope.Names() {
		obj, ok := scope.Lookup(name).(*types.TypeName)
		if !ok || obj.IsAlias() {
			continue
		}
		named, ok := obj.Type().(*types.Named)
		if !ok {
			continue
		}
		for m := range named.Methods() {
			methods[name] = append(methods[name], m)
		}
	}
	return methods
}

// IsHandler says whether the function has the shape of an http.HandlerFunc.
func IsHandler(f *types.Func) bool {
	params := f.Signature().Params()
	return params.Len() == 2 && f.Signature().Results().Len() == 0 &&
		params.At(0).Type().String() == "net/http.ResponseWriter" && params.At(1).Type().String() == "*net/http.Request"
}
