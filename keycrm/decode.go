package keycrm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/keybridge/keybridge/keycrm/internal/jsonscan"
)

// Answers are decoded in one pass: an UnmarshalJSON inside another would make encoding/json go over the same bytes
// once more at each level. See docs/decisions/0040.

// reader is what reads itself from the place a Scanner stands at. It leaves alone what the value does not mention, and
// steps over the whole value.
type reader interface {
	read(s *jsonscan.Scanner) error
}

// decode reads the one value in data into what out points to.
func decode(data []byte, out any) error {
	s := jsonscan.New(data)
	if err := read(s, out); err != nil {
		return err
	}
	return s.End()
}

// read steps over one value and puts it into what dst points to, as json.Unmarshal would. Names of members must be
// the same to the letter.
func read(s *jsonscan.Scanner, dst any) error {
	switch d := dst.(type) {
	case reader:
		return d.read(s)
	case *string:
		return readString(s, d)
	case *int64:
		return readInt(s, d)
	case json.Unmarshaler:
		raw, err := s.Skip()
		if err != nil {
			return err
		}
		return d.UnmarshalJSON(raw)
	}
	v := reflect.ValueOf(dst).Elem()
	if v.Kind() == reflect.Pointer {
		return readPointer(s, v)
	}
	raw, err := s.Skip()
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, dst)
}

func readString(s *jsonscan.Scanner, dst *string) error {
	if null, err := s.Null(); null || err != nil {
		return err
	}
	text, err := s.Text()
	if err != nil {
		return err
	}
	*dst = string(text)
	return nil
}

func readInt(s *jsonscan.Scanner, dst *int64) error {
	if null, err := s.Null(); null || err != nil {
		return err
	}
	raw, err := s.Skip()
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return fmt.Errorf("%w: no whole number", jsonscan.ErrKind)
	}
	*dst = n
	return nil
}

func readPointer(s *jsonscan.Scanner, v reflect.Value) error {
	null, err := s.Null()
	if null || err != nil {
		v.SetZero()
		return err
	}
	if v.IsNil() {
		v.Set(reflect.New(v.Type().Elem()))
	}
	return read(s, v.Interface())
}

// phpEmpty steps over PHP's form of an empty object, [], and reports whether there was one.
func phpEmpty(s *jsonscan.Scanner) (bool, error) {
	if s.Peek() != '[' {
		return false, nil
	}
	return true, s.List(func() error { return fmt.Errorf("%w: a list", jsonscan.ErrKind) })
}

// members are the places of the fields of a struct by the names in their json tags. Each struct that answers are made of
// has them beside it and reads itself by them; one that has none is left to encoding/json.
type members[T any] struct{ places map[string]int }

// membersOf looks at the tags of T, whose fields must be exported.
func membersOf[T any]() members[T] {
	m := members[T]{make(map[string]int)}
	for f := range reflect.TypeFor[T]().Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			m.places[name] = f.Index[0]
		}
	}
	return m
}

// read reads an object into dst.
func (m members[T]) read(s *jsonscan.Scanner, dst *T) error {
	v := reflect.ValueOf(dst).Elem()
	return s.Object(func(name []byte) error {
		i, ok := m.places[string(name)]
		if !ok {
			_, err := s.Skip()
			return err
		}
		if err := read(s, v.Field(i).Addr().Interface()); err != nil {
			return fmt.Errorf("%s: %w", v.Type().Field(i).Tag.Get("json"), err)
		}
		return nil
	})
}

// readForgiving takes PHP's [] for an empty object.
func (m members[T]) readForgiving(s *jsonscan.Scanner, dst *T) error {
	if empty, err := phpEmpty(s); empty {
		return err
	}
	return m.read(s, dst)
}

// readKept keeps the object's text, so that members this package has no name for can be read too.
func (m members[T]) readKept(s *jsonscan.Scanner, dst *T, raw *json.RawMessage) error {
	null, start := s.Peek() == 'n', s.Pos()
	if err := m.read(s, dst); err != nil {
		return err
	}
	if !null {
		*raw = bytes.Clone(s.Since(start))
	}
	return nil
}
