// Package secrets makes tokens for cookies and forms, and keeps what is stored of them useless to others.
package secrets

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// Random is 256 bits for cookies and keys.
func Random() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Hash is how tokens are kept: who reads the database cannot use them.
func Hash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// Derive makes a secret for one purpose from another secret.
func Derive(secret, purpose string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(purpose))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// Equal compares in constant time, whatever the lengths.
func Equal(a, b string) bool {
	return subtle.ConstantTimeCompare(Hash(a), Hash(b)) == 1
}
