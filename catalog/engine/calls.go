package engine

import (
	"github.com/keybridge/keybridge/catalog/stockcalls"
)

// StockCalls takes the CRM's calls about stock, with the means of this engine.
func (e *Engine) StockCalls() *stockcalls.Calls { return &stockcalls.Calls{T: e.t} }
