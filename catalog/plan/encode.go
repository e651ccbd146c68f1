package plan

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
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
