package web

import (
	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/frame"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

// Config is what the pages show besides the account.
type Config struct {
	Account *account.Account
	Traffic *crmsim.Traffic
	Keys    []string
	Strict  bool
	BaseURL func() string     // of the API
	Known   func(string) bool // whether the simulator goes by that host, besides loopback
	Wake    func()            // a fault of webhooks was added
}

// pages is what all pages need.
type pages struct {
	*account.Account
	*frame.Site
	Config
}
