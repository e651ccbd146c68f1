package secret_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/keybridge/keybridge/internal/secret"
	"github.com/keybridge/keybridge/plugin"
)

func box(t *testing.T, current string, keys map[string][]byte) *secret.Box {
	t.Helper()
	b, err := secret.NewBox(plugin.KeyRing{Current: current, Keys: keys})
	if err != nil {
		t.Fatalf("NewBox: %v", err)
	}
	return b
}

func key(fill byte) []byte { return bytes.Repeat([]byte{fill}, 32) }

func TestSealedSecretOpensOnlyForItsPurpose(t *testing.T) {
	t.Parallel()
	b := box(t, "a", map[string][]byte{"a": key(1)})
	sealed, err := b.Seal("the-api-key", "key c1")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("the-api-key")) {
		t.Error("the secret stands readable in the sealed bytes")
	}
	if got, err := b.Open(sealed, "key c1"); err != nil || got != "the-api-key" {
		t.Errorf("Open = %q, %v", got, err)
	}
	if _, err := b.Open(sealed, "key c2"); !errors.Is(err, secret.ErrSealed) {
		t.Errorf("Open for another connection: %v, want ErrSealed", err)
	}
}

func TestRotatedRingOpensOldAndSealsWithNew(t *testing.T) {
	t.Parallel()
	old := box(t, "a", map[string][]byte{"a": key(1)})
	sealed, err := old.Seal("s", "p")
	if err != nil {
		t.Fatal(err)
	}
	ring := box(t, "b", map[string][]byte{"a": key(1), "b": key(2)})
	if got, err := ring.Open(sealed, "p"); err != nil || got != "s" {
		t.Errorf("Open of the old seal = %q, %v", got, err)
	}
	again, err := ring.Seal("s", "p")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Open(again, "p"); !errors.Is(err, secret.ErrSealed) {
		t.Errorf("a ring without the new key opened its seal: %v", err)
	}
	if d := ring.Digests("s"); len(d) != 2 || !bytes.Equal(d[1], old.Digests("s")[0]) {
		t.Error("a digest made under the old key is not found under the rotated ring")
	}
}

func TestRingWithoutItsCurrentKeyIsRefused(t *testing.T) {
	t.Parallel()
	for name, ring := range map[string]plugin.KeyRing{
		"empty":     {},
		"no such":   {Current: "b", Keys: map[string][]byte{"a": key(1)}},
		"short key": {Current: "a", Keys: map[string][]byte{"a": {1, 2, 3}}},
	} {
		if _, err := secret.NewBox(ring); !errors.Is(err, plugin.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
}

func FuzzOpenNeverPanics(f *testing.F) {
	b, err := secret.NewBox(plugin.KeyRing{Current: "a", Keys: map[string][]byte{"a": key(1)}})
	if err != nil {
		f.Fatal(err)
	}
	good, err := b.Seal("s", "p")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{nil, {0}, {255}, {1, 'a'}, good, good[:len(good)-1]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sealed []byte) {
		got, err := b.Open(sealed, "p")
		if err == nil && !bytes.Equal(sealed, good) {
			t.Errorf("opened foreign bytes as %q", got)
		}
	})
}
