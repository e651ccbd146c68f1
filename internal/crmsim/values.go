package crmsim

import (
	"strconv"
	"strings"
)

// SplitComma lists the texts between commas, without blanks around them and without empty ones.
func SplitComma(s string) []string {
	var out []string
	for v := range strings.SplitSeq(s, ",") {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

// ParseIDs lists the numbers between commas; what is no number is passed over.
func ParseIDs(s string) []int64 {
	var out []int64
	for _, v := range SplitComma(s) {
		if id, err := strconv.ParseInt(v, 10, 64); err == nil {
			out = append(out, id)
		}
	}
	return out
}

// First is the first text, empty without any.
func First(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// Find is the first row that matches, nil when none does.
func Find[T any](rows []T, match func(*T) bool) *T {
	for i := range rows {
		if match(&rows[i]) {
			return &rows[i]
		}
	}
	return nil
}

// Map makes one value of each row.
func Map[T, U any](rows []T, f func(*T) U) []U {
	out := make([]U, len(rows))
	for i := range rows {
		out[i] = f(&rows[i])
	}
	return out
}
