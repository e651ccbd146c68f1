// Package secret seals API keys and tokens under the host's key ring and recognises them without
// opening them.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/keybridge/keybridge/plugin"
)

// ErrSealed means the sealed bytes cannot be opened: their key is gone from the ring, or they were
// changed or belong to something else. The merchant must enter the secret again.
var ErrSealed = errors.New("sealed secret cannot be opened")

// Box seals and opens with AES-256-GCM. Safe for concurrent use.
type Box struct {
	current string
	sealers map[string]cipher.AEAD
	macKeys map[string][]byte
}

// NewBox checks the ring: every key has 32 bytes and the current one exists.
func NewBox(ring plugin.KeyRing) (*Box, error) {
	b := &Box{current: ring.Current, sealers: map[string]cipher.AEAD{}, macKeys: map[string][]byte{}}
	for id, key := range ring.Keys {
		if len(key) != 32 || id == "" || len(id) > 255 {
			return nil, fmt.Errorf("secret key %q: 32 bytes and a short id are needed: %w", id, plugin.ErrInvalid)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("secret key %q: %w", id, err)
		}
		if b.sealers[id], err = cipher.NewGCM(block); err != nil {
			return nil, fmt.Errorf("secret key %q: %w", id, err)
		}
		// A key of its own for HMACs, so that no key serves two purposes.
		if b.macKeys[id], err = hkdf.Key(sha256.New, key, nil, "keybridge hmac v1", 32); err != nil {
			return nil, fmt.Errorf("secret key %q: %w", id, err)
		}
	}
	if b.sealers[b.current] == nil {
		return nil, fmt.Errorf("secret key ring has no key %q: %w", b.current, plugin.ErrInvalid)
	}
	return b, nil
}

// Seal encrypts a secret for one purpose; the same purpose must be named to open it, so that sealed
// bytes copied to another row do not open. Layout: id length, id, nonce, ciphertext.
func (b *Box) Seal(secret, purpose string) ([]byte, error) {
	gcm := b.sealers[b.current]
	nonce := make([]byte, gcm.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("seal %s: %w", purpose, err)
	}
	out := append([]byte{byte(len(b.current))}, b.current...)
	out = append(out, nonce...)
	return gcm.Seal(out, nonce, []byte(secret), []byte(purpose)), nil
}

// Open decrypts what Seal made, with whichever key of the ring sealed it.
// Errors: ErrSealed.
func (b *Box) Open(sealed []byte, purpose string) (string, error) {
	if len(sealed) == 0 || len(sealed) < 1+int(sealed[0]) {
		return "", fmt.Errorf("open %s: %w", purpose, ErrSealed)
	}
	id, rest := string(sealed[1:1+sealed[0]]), sealed[1+sealed[0]:]
	gcm := b.sealers[id]
	if gcm == nil || len(rest) < gcm.NonceSize() {
		return "", fmt.Errorf("open %s with key %q: %w", purpose, id, ErrSealed)
	}
	plain, err := gcm.Open(nil, rest[:gcm.NonceSize()], rest[gcm.NonceSize():], []byte(purpose))
	if err != nil {
		return "", fmt.Errorf("open %s with key %q: %w", purpose, id, ErrSealed)
	}
	return string(plain), nil
}

// Digests answers the HMACs of a secret under every key of the ring, the current one first: store
// the first, look up by all. Equal secrets have equal digests; the secret cannot be told from them.
func (b *Box) Digests(secret string) [][]byte {
	out := [][]byte{b.digest(b.current, secret)}
	for id := range b.macKeys {
		if id != b.current {
			out = append(out, b.digest(id, secret))
		}
	}
	return out
}

func (b *Box) digest(id, secret string) []byte {
	mac := hmac.New(sha256.New, b.macKeys[id])
	mac.Write([]byte(secret))
	return mac.Sum(nil)
}

// NewToken makes a 256-bit random token, safe in an address.
func NewToken() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // crypto/rand.Read never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(raw)
}
