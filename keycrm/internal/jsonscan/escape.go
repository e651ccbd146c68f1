package jsonscan

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// Unquote returns the text that the JSON string b stands for; false when b is anything else.
func Unquote(b []byte) (string, bool) {
	s := New(b)
	text, err := s.Text()
	if err != nil || s.End() != nil {
		return "", false
	}
	return string(text), true
}

func escaped(b []byte) bool { return bytes.IndexByte(b, '\\') >= 0 }

// escapeLen is the length of the escape that b begins with; 0 for none that JSON knows.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := unit(b); ok {
			return unitLen
		}
	}
	return 0
}

const unitLen = len(`\u0000`)

// unit is the UTF-16 unit of the \uXXXX that b begins with.
func unit(b []byte) (rune, bool) {
	if len(b) < unitLen || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range b[2:unitLen] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescape resolves the escapes of a checked text. Half a surrogate pair and bytes that are no UTF-8 become U+FFFD.
func unescape(b []byte) []byte {
	out := make([]byte, 0, len(b)+utf8.UTFMax)
	for {
		run, rest, found := bytes.Cut(b, []byte{'\\'})
		out = appendUTF8(out, run)
		switch {
		case !found:
			return out
		case rest[0] == 'u':
			r, n := codePoint(b[len(run):])
			out, b = utf8.AppendRune(out, r), b[len(run)+n:]
		default:
			out, b = append(out, short(rest[0])), rest[1:]
		}
	}
}

func appendUTF8(out, run []byte) []byte {
	if utf8.Valid(run) {
		return append(out, run...)
	}
	for len(run) > 0 {
		r, n := utf8.DecodeRune(run)
		out, run = utf8.AppendRune(out, r), run[n:]
	}
	return out
}

// codePoint joins two \uXXXX that are a surrogate pair.
func codePoint(b []byte) (r rune, n int) {
	r, _ = unit(b)
	if !utf16.IsSurrogate(r) {
		return r, unitLen
	}
	low, _ := unit(b[unitLen:])
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return r, unitLen
	}
	return r, 2 * unitLen
}

func short(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	default:
		return c
	}
}
