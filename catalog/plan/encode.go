package plan

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
)

// Digest is the hash that is stored in place of a body, to see whether it has changed.
func Digest(body []byte) []byte {
	sum := sha256.Sum256(body)
	return sum[:]
}

// JSON marshals our own types. They cannot fail to be marshalled, so it panics instead of answering an error.
func JSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("catalog: marshal %T: %v", v, err))
	}
	return b
}

// PriceHash tells whether price and stock of a variant must be looked at again: what the CRM says of the offer, as
// Digest has it, and the hash of the rules it was looked at under.
func PriceHash(offer, rules []byte) []byte {
	return Digest(slices.Concat(offer, rules))
}
