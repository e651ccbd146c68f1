package demo

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/keybridge/keybridge/plugin"
)

// state is what processes of one demo share and what is kept between starts.
type state struct {
	// Secrets seals keys in the database; without it they must be entered again.
	Secrets plugin.KeyRing `json:"secrets"`
	// ShopURL and CRMURL are where the shop and the CRM of the last start were; a worker reads them.
	ShopURL string `json:"shop_url"`
	CRMURL  string `json:"crm_url"`
	// Database is where the last start kept everything; keybridge runs reads it. It may hold a password.
	Database string `json:"database"`
	// Passwords of the shop's staff.
	AdminPassword   string `json:"admin_password"`
	ManagerPassword string `json:"manager_password"`
	ViewerPassword  string `json:"viewer_password"`
}

const stateFile = "demo.json"

// loadState reads the folder's state; with none, it makes one.
func loadState(dir string) (*state, error) {
	b, err := os.ReadFile(filepath.Join(dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return newState(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the demo's state: %w", err)
	}
	s := &state{}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("the demo's state in %s is damaged; start once with --fresh: %w", dir, err)
	}
	return s, nil
}

func newState() *state {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // crypto/rand.Read never fails since Go 1.24
	return &state{
		Secrets:       plugin.KeyRing{Current: "1", Keys: map[string][]byte{"1": key}},
		AdminPassword: "demo", ManagerPassword: "manager", ViewerPassword: "viewer",
	}
}

// save writes the state whole or not at all, readable by this user only: it holds the secret key.
func (s *state) save(dir string) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("write the demo's state: %w", err)
	}
	tmp := filepath.Join(dir, stateFile+".new")
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return fmt.Errorf("write the demo's state: %w", err)
	}
	if err := os.Rename(tmp, filepath.Join(dir, stateFile)); err != nil {
		return fmt.Errorf("write the demo's state: %w", err)
	}
	return nil
}

// Database answers the address of the database of the demo kept in dir; empty when there is none.
func Database(dir string) (string, error) {
	s, err := loadState(dir)
	if err != nil {
		return "", err
	}
	return s.Database, nil
}
