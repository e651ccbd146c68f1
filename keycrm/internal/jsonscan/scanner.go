// Package jsonscan walks JSON text once, token by token, and checks it on the way. It takes what encoding/json takes:
// the same grammar, the same depth, U+FFFD for what is no UTF-8. What reads a whole text through a Scanner up to End
// without an error has read valid JSON.
package jsonscan

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// MaxDepth is how deep objects and lists may be nested, as in encoding/json. It bounds the stack.
const MaxDepth = 10000

var (
	// ErrSyntax is text that is no JSON.
	ErrSyntax = errors.New("invalid JSON")
	// ErrKind is a value of another kind than the one asked for.
	ErrKind = errors.New("a value of an unexpected kind")
)

// Scanner stands before the next value of a text. After an error it must not be used further.
type Scanner struct {
	data  []byte
	pos   int
	depth int
}

// New returns a Scanner before the first value of data, which it reads and does not keep beyond its own life.
func New(data []byte) *Scanner { return &Scanner{data: data} }

// Peek returns the first byte of the next value, which tells its kind; 0 at the end of the text. It steps over blanks.
func (s *Scanner) Peek() byte {
	for ; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// Pos is where the Scanner stands. Called after Peek it is the beginning of the next value.
func (s *Scanner) Pos() int { return s.pos }

// Since returns the text from a position to the present one. It is part of the Scanner's data.
func (s *Scanner) Since(pos int) []byte { return s.data[pos:s.pos:s.pos] }

// End wants nothing but blanks to be left.
func (s *Scanner) End() error {
	if s.Peek(); s.pos < len(s.data) {
		return s.syntax()
	}
	return nil
}

// Skip steps over a value of any kind and returns its text, without blanks around it. It is part of the Scanner's data.
func (s *Scanner) Skip() ([]byte, error) {
	c := s.Peek()
	start := s.pos
	var err error
	switch c {
	case '{':
		err = s.Object(func([]byte) error { _, err := s.Skip(); return err })
	case '[':
		err = s.List(func() error { _, err := s.Skip(); return err })
	case '"':
		_, err = s.quoted()
	case 't':
		err = s.word("true")
	case 'f':
		err = s.word("false")
	case 'n':
		err = s.word("null")
	default:
		err = s.number()
	}
	return s.Since(start), err
}

// Null steps over null and reports whether there was one.
func (s *Scanner) Null() (bool, error) {
	if s.Peek() != 'n' {
		return false, nil
	}
	return true, s.word("null")
}

// Object steps into an object and calls member for each of its members, which must step over the value. The name is
// valid during the call only. null is an object without members; ErrKind for anything else.
func (s *Scanner) Object(member func(name []byte) error) error {
	return s.nested('{', '}', func() error {
		if s.Peek() != '"' {
			return s.syntax()
		}
		name, err := s.Text()
		if err != nil {
			return err
		}
		if s.Peek() != ':' {
			return s.syntax()
		}
		s.pos++
		return member(name)
	})
}

// List steps into a list and calls element before each of its elements, which must step over it. null is a list
// without elements; ErrKind for anything else.
func (s *Scanner) List(element func() error) error { return s.nested('[', ']', element) }

// nested calls item for each of the items between two brackets.
func (s *Scanner) nested(open, end byte, item func() error) error {
	if c := s.Peek(); c != open {
		if null, err := s.Null(); null || err != nil {
			return err
		}
		return s.kind()
	}
	if s.depth++; s.depth > MaxDepth {
		return fmt.Errorf("%w: nested too deep", ErrSyntax)
	}
	s.pos++
	if s.Peek() == end {
		return s.leave()
	}
	for {
		if err := item(); err != nil {
			return err
		}
		switch s.Peek() {
		case ',':
			s.pos++
		case end:
			return s.leave()
		default:
			return s.syntax()
		}
	}
}

func (s *Scanner) leave() error {
	s.depth--
	s.pos++
	return nil
}

// Text reads a text and returns it without quotes and escapes; ErrKind for another kind. It is valid until the data
// changes, and may be part of it.
func (s *Scanner) Text() ([]byte, error) {
	if s.Peek() != '"' {
		return nil, s.kind()
	}
	start := s.pos + 1
	plain, err := s.quoted()
	if err != nil {
		return nil, err
	}
	inner := s.data[start : s.pos-1]
	if plain || utf8.Valid(inner) && !escaped(inner) {
		return inner, nil
	}
	return unescape(inner), nil
}

// quoted steps over a text and reports whether it is ASCII without escapes.
func (s *Scanner) quoted() (plain bool, err error) {
	plain = true
	for i := s.pos + 1; i < len(s.data); i++ {
		switch c := s.data[i]; {
		case c == '"':
			s.pos = i + 1
			return plain, nil
		case c == '\\':
			n := escapeLen(s.data[i:])
			if n == 0 {
				s.pos = i
				return false, s.syntax()
			}
			i += n - 1
			plain = false
		case c < ' ':
			s.pos = i
			return false, s.syntax()
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	s.pos = len(s.data)
	return false, s.syntax()
}

// word steps over a literal.
func (s *Scanner) word(w string) error {
	if len(s.data)-s.pos < len(w) || string(s.data[s.pos:s.pos+len(w)]) != w {
		return s.syntax()
	}
	s.pos += len(w)
	return nil
}

// number steps over a number: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
func (s *Scanner) number() error {
	s.take('-', '-')
	if !s.take('0', '0') && !s.digits() {
		return s.syntax()
	}
	if s.take('.', '.') && !s.digits() {
		return s.syntax()
	}
	if s.take('e', 'E') {
		s.take('+', '-')
		if !s.digits() {
			return s.syntax()
		}
	}
	return nil
}

// take steps over one byte if it is either of the two.
func (s *Scanner) take(a, b byte) bool {
	if s.pos < len(s.data) && (s.data[s.pos] == a || s.data[s.pos] == b) {
		s.pos++
		return true
	}
	return false
}

func (s *Scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos]-'0' <= 9 {
		s.pos++
	}
	return s.pos > start
}

func (s *Scanner) syntax() error { return fmt.Errorf("%w at byte %d", ErrSyntax, s.pos) }

// kind says what stands where something else was wanted, and shows none of it: it may be somebody's phone.
func (s *Scanner) kind() error {
	return fmt.Errorf("%w at byte %d (%s)", ErrKind, s.pos, kindOf(s.Peek()))
}

func kindOf(first byte) string {
	switch first {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case 't', 'f':
		return "a bool"
	case 'n':
		return "null"
	case 0:
		return "nothing"
	default:
		return "a number"
	}
}
