package domain

import "strconv"

// ParseID reads an id of ours; false when it cannot be one.
func ParseID[T ~string](id T) (int64, bool) {
	n, err := strconv.ParseInt(string(id), 10, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == string(id)
}

// ParseIDs leaves out what cannot be an id.
func ParseIDs[T ~string](ids []T) []int64 {
	out := make([]int64, 0, len(ids))
	for _, id := range ids {
		if n, ok := ParseID(id); ok {
			out = append(out, n)
		}
	}
	return out
}

// FormatID writes an id; zero is the empty id.
func FormatID[T ~string](id int64) T {
	if id == 0 {
		return ""
	}
	return T(strconv.FormatInt(id, 10))
}
