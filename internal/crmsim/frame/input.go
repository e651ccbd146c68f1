package frame

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/keybridge/keybridge/internal/crmsim"
)

// Input is the request for a page, or a posted form.
type Input struct{ R *http.Request }

// Text is a field without blanks around it.
func (f *Input) Text(name string) string { return strings.TrimSpace(f.R.PostFormValue(name)) }

// Has reports whether the form has the field, empty or not.
func (f *Input) Has(name string) bool { return f.R.PostForm.Has(name) }

// Path is a number in the path, 0 when it is none.
func (f *Input) Path(name string) int64 { return number(f.R.PathValue(name)) }

// Query is a number in the query, 0 when it is none.
func (f *Input) Query(name string) int64 { return number(f.R.URL.Query().Get(name)) }

// ID is a number in the form, 0 when it is none.
func (f *Input) ID(name string) int64 { return number(f.Text(name)) }

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // 0 is no id
	return n
}

// IDs are the numbers of a field that may come several times.
func (f *Input) IDs(name string) []int64 {
	return crmsim.ParseIDs(strings.Join(f.R.PostForm[name], ","))
}

// Amount accepts a comma as people type it; empty is zero. Its error is a UserError.
func (f *Input) Amount(name string) (decimal.Decimal, error) {
	s := strings.NewReplacer(",", ".", " ", "").Replace(f.Text(name))
	if s == "" {
		return decimal.Zero, nil
	}
	d, err := decimal.NewFromString(s)
	if err != nil || len(s) > 20 {
		return decimal.Zero, UserError("«" + f.Text(name) + "» не є числом.")
	}
	return d, nil
}

// UserError is a message for people: why a form could not do what it is for.
type UserError string

func (e UserError) Error() string { return string(e) }
