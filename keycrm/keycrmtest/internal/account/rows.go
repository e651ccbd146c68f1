package account

import (
	"encoding/json"
	"time"
)

// Write is a change that was answered with 202 and takes effect at Due.
type Write struct {
	ID   int64
	Due  time.Time
	Kind string          // one of the Write… constants
	Card int64           // of WriteCard
	Body json.RawMessage // of the request, as it was checked
}

// The kinds of writes that take effect later.
const (
	WriteOffers = "offers"
	WriteStocks = "stocks"
	WriteCard   = "card"
)

// File is an uploaded file. Only its fingerprint is kept: nobody reads the bytes back.
type File struct {
	ID        int64
	Name      string // as it was sent
	Sum       string // SHA-256, hex
	Size      int64
	MIME      string
	CreatedAt time.Time
}
