package plan

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// Digest is what is remembered of a body in its place.
func Digest(body []byte) []byte {
	sum := sha256.Sum256(body)
	return sum[:]
}

// JSON marshals our own types, which cannot fail.
func JSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("catalog: marshal %T: %v", v, err))
	}
	return b
}
