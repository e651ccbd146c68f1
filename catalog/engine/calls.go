package engine

import (
	"github.com/keybridge/keybridge/catalog/stockcalls"
)

// StockCalls answers the engine's part that deals with them.
func (e *Engine) StockCalls() *stockcalls.Calls { return &stockcalls.Calls{T: e.t} }
