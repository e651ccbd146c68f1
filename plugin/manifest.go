package plugin

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Manifest is plugin.yaml: what an engine reads before it runs any of our code.
type Manifest struct {
	ID      string `yaml:"id"`
	Name    string `yaml:"name"`
	Version string `yaml:"version"` // semver of the plugin
	// Contract is the range of contract versions the plugin works with, as semver constraint.
	Contract     string               `yaml:"contract"`
	Permissions  []Permission         `yaml:"permissions"`
	Capabilities ManifestCapabilities `yaml:"capabilities"`
	Admin        ManifestAdmin        `yaml:"admin"`
	Jobs         []ManifestJob        `yaml:"jobs"`
	Hooks        []ManifestHook       `yaml:"hooks"`
	Webhooks     []ManifestWebhook    `yaml:"webhooks"`
	Settings     []ManifestGroup      `yaml:"settings"`
	PersonalData []ManifestPersonal   `yaml:"personal_data"`
}

// ManifestCapabilities are what we need of a shop and what we use when it is there.
type ManifestCapabilities struct {
	Required []Capability `yaml:"required"`
	Optional []Capability `yaml:"optional"`
}

// ManifestAdmin is our page in the admin's list of integrations.
type ManifestAdmin struct {
	Title string `yaml:"title"`
	Path  string `yaml:"path"`
}

// ManifestJob is background work we do.
type ManifestJob struct {
	Kind    string `yaml:"kind"`
	Purpose string `yaml:"purpose"`
}

// ManifestHook is an event we listen to. Capture is the lowest level that is enough for it.
type ManifestHook struct {
	Event   EventKind `yaml:"event"`
	Capture string    `yaml:"capture"` // scan, durable or in_tx
}

// ManifestWebhook is an address others call.
type ManifestWebhook struct {
	Path    string `yaml:"path"`
	Purpose string `yaml:"purpose"`
	Auth    string `yaml:"auth"`
}

// ManifestGroup is a block of settings on our page.
type ManifestGroup struct {
	ID    string `yaml:"id"`
	Title string `yaml:"title"`
}

// ManifestPersonal is a kind of personal data we keep, and how long.
type ManifestPersonal struct {
	Data          string `yaml:"data"`
	Where         string `yaml:"where"`
	RetentionDays int    `yaml:"retention_days"` // 0: as long as the shop is connected
}

// ContractVersion is the version of this package.
const ContractVersion = "0.1.0"

// ParseManifest reads plugin.yaml. An unknown field is an error, so that a typing mistake in a
// permission or hook is not lost.
// Errors: ErrInvalid.
func ParseManifest(b []byte) (Manifest, error) {
	var m Manifest
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&m); err != nil {
		return Manifest{}, fmt.Errorf("read plugin.yaml: %w: %w", err, ErrInvalid)
	}
	if m.ID == "" || m.Version == "" {
		return Manifest{}, fmt.Errorf("read plugin.yaml: id and version are needed: %w", ErrInvalid)
	}
	return m, nil
}
