package jsonscan_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/keybridge/keybridge/keycrm/internal/jsonscan"
)

// skip reads a whole text.
func skip(in []byte) error {
	s := jsonscan.New(in)
	if _, err := s.Skip(); err != nil {
		return err
	}
	return s.End()
}

func TestNestingIsBounded(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, jsonscan.MaxDepth - 1, jsonscan.MaxDepth, jsonscan.MaxDepth + 1, 1 << 20} {
		for _, in := range []string{
			strings.Repeat("[", n) + strings.Repeat("]", n), strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n),
		} {
			if err := skip([]byte(in)); (err == nil) != json.Valid([]byte(in)) {
				t.Errorf("%d levels of %.5s: %v, encoding/json says %v", n, in, err, json.Valid([]byte(in)))
			}
		}
	}
}

func TestAnotherKindIsToldWithoutItsText(t *testing.T) {
	t.Parallel()
	const secret = "+380000000001"
	for name, read := range map[string]func(*jsonscan.Scanner) error{
		"object": func(s *jsonscan.Scanner) error { return s.Object(nil) },
		"list":   func(s *jsonscan.Scanner) error { return s.List(nil) },
		"text":   func(s *jsonscan.Scanner) error { _, err := s.Text(); return err },
	} {
		in := `"` + secret + `"`
		if name == "text" {
			in = `["` + secret + `"]`
		}
		if err := read(jsonscan.New([]byte(in))); !errors.Is(err, jsonscan.ErrKind) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNullIsAnEmptyObjectOrList(t *testing.T) {
	t.Parallel()
	if err := jsonscan.New([]byte("null")).Object(nil); err != nil {
		t.Error(err)
	}
	if err := jsonscan.New([]byte("null")).List(nil); err != nil {
		t.Error(err)
	}
}

// FuzzScanner wants a Scanner to take what encoding/json takes, and to read the same texts and members.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,-0.5e+10,"x",true,false,null,{}],"":[]}`, ` [ 1 , 2 ] `, `{"a":1,}`, `[1 2]`, `01`, `-`, `1.`, `.5`, `1e`, `+1`,
		`"\u041a\ud83d\ude00\/\b\f\n\r\t\"\\"`, `"\ud800"`, `"\ud800\u0041"`, `"\udc00\ud800"`, `"\u12g4"`, `"\x"`, `"\`, `"a`, "\"\x01\"",
		"\"\xff\xc0\xaf\xed\xa0\x80\"", "\"\xe2\x80\xa8\"", `{"\u0061":1,"a":2}`, `{1:2}`, `{"a"}`, `{"a":}`, `nul`, `nullx`, `truefalse`, "\ufeff1", ``, ` `,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		err := skip(in)
		if (err == nil) != json.Valid(in) {
			t.Fatalf("%q: %v, encoding/json says %v", in, err, json.Valid(in))
		}
		var text *string
		ok := json.Unmarshal(in, &text) == nil && text != nil
		if got, took := jsonscan.Unquote(in); took != ok || ok && got != *text {
			t.Errorf("%q: the text %q, %v; encoding/json says %v, %v", in, got, took, text, ok)
		}
		var want map[string]json.RawMessage
		ok = json.Unmarshal(in, &want) == nil
		got := make(map[string]json.RawMessage)
		s := jsonscan.New(in)
		err = s.Object(func(name []byte) error {
			key := string(name)
			raw, err := s.Skip()
			got[key] = raw
			return err
		})
		if err == nil {
			err = s.End()
		}
		if (err == nil) != ok || ok && !sameMembers(got, want) {
			t.Errorf("%q: members %q, %v; encoding/json says %q, %v", in, got, err, want, ok)
		}
	})
}

func sameMembers(a, b map[string]json.RawMessage) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if string(b[k]) != string(v) {
			return false
		}
	}
	return true
}
