package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// simulator is `keybridge sim` as a process.
type simulator struct {
	*child
	t              *testing.T
	page, api, key string
}

var printed = regexp.MustCompile(`(?s)page\s+(http://\S+)/\n\s+API\s+(http://\S+)\n\s+key\s+(\S+)\n`)

// startSim runs the command on a free port until the test ends.
func startSim(t *testing.T, args ...string) *simulator {
	t.Helper()
	c := startChild(t, nil, append([]string{"sim", "--addr", "127.0.0.1:0"}, args...)...)
	c.waitFor("Ctrl-C stops it.")
	m := printed.FindStringSubmatch(c.out.String())
	if m == nil {
		t.Fatalf("it printed\n%s", c.out.String())
	}
	return &simulator{c, t, m[1], m[2], m[3]}
}

// send makes a request to the API, or to a page when path does not begin with /v1, and returns status and body.
func (s *simulator) send(method, path, body string) (*http.Response, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.page+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if strings.HasPrefix(path, "/v1") {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+s.key)
	}
	res, err := (&http.Transport{}).RoundTrip(req)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res, string(text)
}

// list reads a page of a list and how many rows there are in all.
func (s *simulator) list(path string) (rows string, total int) {
	s.t.Helper()
	res, text := s.send(http.MethodGet, path, "")
	var page struct {
		Data  json.RawMessage `json:"data"`
		Total int             `json:"total"`
	}
	if err := json.Unmarshal([]byte(text), &page); err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %d %.200s (%v)", path, res.StatusCode, text, err)
	}
	return string(page.Data), page.Total
}

const someOrder = `{"source_id":7,"source_uuid":"A-1","buyer":{"full_name":"Олена","phone":"+380000000001"}}`

func TestSimFlags(t *testing.T) {
	t.Parallel()
	t.Run("seed, products and offers choose the catalog", func(t *testing.T) {
		t.Parallel()
		one, same := startSim(t, "--seed", "7", "--products", "40", "--offers", "90"), startSim(t, "--seed", "7", "--products", "40", "--offers", "90")
		other := startSim(t, "--seed", "8", "--products", "40", "--offers", "90")
		products, n := one.list("/v1/products?limit=50")
		if again, _ := same.list("/v1/products?limit=50"); strings.ReplaceAll(again, same.page, one.page) != products {
			t.Error("the same seed gives another shop")
		}
		if third, _ := other.list("/v1/products?limit=50"); strings.ReplaceAll(third, other.page, one.page) == products {
			t.Error("another seed gives the same shop")
		}
		if _, offers := one.list("/v1/offers"); n != 40 || offers != 90 {
			t.Errorf("%d products and %d offers, want 40 and 90", n, offers)
		}
	})
	t.Run("key and limit", func(t *testing.T) {
		t.Parallel()
		s := startSim(t, "--key", "a-key-of-mine", "--limit", "2")
		if s.key != "a-key-of-mine" {
			t.Errorf("it printed the key %q", s.key)
		}
		s.list("/v1/users")
		s.list("/v1/users")
		if res, text := s.send("GET", "/v1/users", ""); res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" {
			t.Errorf("the third request: %d %v %s", res.StatusCode, res.Header, text)
		}
		s.key = "another"
		if res, _ := s.send("GET", "/v1/users", ""); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("another key: %d", res.StatusCode)
		}
	})
	t.Run("no limit", func(t *testing.T) {
		t.Parallel()
		s := startSim(t, "--limit", "0")
		for range 70 {
			s.list("/v1/users?limit=1")
		}
	})
	t.Run("strict", func(t *testing.T) {
		t.Parallel()
		s := startSim(t, "--strict")
		s.send("POST", "/v1/order", `{"source_id":7,"buyer":{"full_name":"Олена","surname":"Т"}}`)
		if _, text := s.send("GET", "/requests/unknown", ""); text != "POST /v1/order: buyer.surname\n" {
			t.Errorf("found %q", text)
		}
	})
	t.Run("otherwise", func(t *testing.T) {
		t.Parallel()
		s := startSim(t, "--otherwise", "empty-text, negative-stock")
		if res, text := s.send("POST", "/v1/order", `{"source_id":7,"buyer":{"full_name":"Олена"},"taxes":""}`); res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%d %s", res.StatusCode, text)
		}
	})
	t.Run("history", func(t *testing.T) {
		t.Parallel()
		s := startSim(t, "--history", "12")
		if _, orders := s.list("/v1/order"); orders != 12 {
			t.Errorf("%d orders, want 12", orders)
		}
		if _, cards := s.list("/v1/pipelines/cards"); cards != 4 {
			t.Errorf("%d cards, want 4", cards)
		}
	})
	t.Run("lag", func(t *testing.T) {
		t.Parallel()
		s := startSim(t, "--lag", "1h")
		if res, text := s.send("POST", "/v1/order", someOrder); res.StatusCode != http.StatusCreated {
			t.Fatalf("%d %s", res.StatusCode, text)
		}
		if _, n := s.list("/v1/order?filter[source_uuid]=A-1"); n != 0 {
			t.Error("the order is listed at once")
		}
		if res, _ := s.send("GET", "/v1/order/70001", ""); res.StatusCode != http.StatusOK {
			t.Errorf("by its id: %d", res.StatusCode)
		}
		s.send("PUT", "/v1/offers", `{"offers":[{"id":20001,"price":123456}]}`)
		if rows, _ := s.list("/v1/offers?filter[id]=20001"); strings.Contains(rows, "123456") {
			t.Error("an accepted write took effect at once")
		}
	})
}

func TestSimKeepsTheAccount(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "account.journal")
	s := startSim(t, "--keep", path, "--products", "20", "--offers", "30")
	s.send("POST", "/v1/order", someOrder)
	if res, _ := s.send("POST", "/orders/70001/tracking", "tracking_code=20450000001"); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("tracking: %d", res.StatusCode)
	}
	s.kill()
	s = startSim(t, "--keep", path, "--products", "20", "--offers", "30")
	if rows, n := s.list("/v1/order?include=shipping"); n != 1 || !strings.Contains(rows, "20450000001") {
		t.Errorf("after the kill: %d orders, %s", n, rows)
	}
	s.interrupt()
	if err := s.wait(); err != nil {
		t.Errorf("Ctrl-C: %v", err)
	}
	refusedSim(t, "another catalog", "--keep", path, "--products", "20", "--offers", "31")
}

// refusedSim wants the command to end with a message that has these words.
func refusedSim(t *testing.T, words string, args ...string) {
	t.Helper()
	c := startChild(t, nil, append([]string{"sim", "--addr", "127.0.0.1:0"}, args...)...)
	if err := c.wait(); err == nil || !strings.Contains(c.out.String(), words) {
		t.Errorf("%v: %v, it said %q, want %q", args, err, c.out.String(), words)
	}
}

func TestSimRefusesImpossibleFlags(t *testing.T) {
	t.Parallel()
	for _, tc := range [][]string{
		{"must not be empty", "--key", ""},
		{"must not be negative", "--limit", "-1"},
		{"must not be negative", "--products", "-1"},
		{"must not be negative", "--offers", "-1"},
		{"must not be negative", "--history", "-1"},
		{"must not be negative", "--lag", "-1s"},
		{"not a loopback address", "--addr", "0.0.0.0:0"},
		{"no such file or directory", "--keep", "/none/such"},
		{"no guess is called", "--otherwise", "forms,nope"},
		{"unknown command", "extra"},
	} {
		refusedSim(t, tc[0], tc[1:]...)
	}
}

func simulatorDocs(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/simulator.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestDocumentedFlagsAreTheFlags compares the table of docs/simulator.md with the command, and tries the flags of its
// example of a CI job.
func TestDocumentedFlagsAreTheFlags(t *testing.T) {
	t.Parallel()
	doc := simulatorDocs(t)
	flags := simCommand().Flags()
	for _, m := range regexp.MustCompile(`(?m)^ +--(\w+)`).FindAllStringSubmatch(flags.FlagUsages(), -1) {
		f := flags.Lookup(m[1])
		row := regexp.MustCompile("(?m)^\\| [^|]*`--" + f.Name + "`[^|]*\\| ([^|]*) \\|").FindStringSubmatch(doc)
		if row == nil {
			t.Errorf("--%s is not in the table", f.Name)
			continue
		}
		said := strings.NewReplacer("`", "", "none", "", "off", "false").Replace(row[1])
		if def := strings.TrimSuffix(f.DefValue, "s"); !strings.Contains(", "+said+",", ", "+def+",") {
			t.Errorf("--%s: documented default %q, it is %q", f.Name, row[1], f.DefValue)
		}
	}
	runs := regexp.MustCompile(`(?m)^- run: keybridge sim (.*) &$`).FindStringSubmatch(doc)
	if runs == nil {
		t.Fatal("no CI job starts the simulator")
	}
	if err := simCommand().ParseFlags(strings.Fields(runs[1])); err != nil {
		t.Error(err)
	}
}

// TestDocumentedCallsWork carries out every curl of docs/simulator.md, in their order, against a simulator of the
// documented kind.
func TestDocumentedCallsWork(t *testing.T) {
	t.Parallel()
	hooked := make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		hooked <- r.Method + " " + r.URL.Path + " " + string(body)
	}))
	t.Cleanup(hook.Close)
	s := startSim(t, "--strict")
	here := strings.NewReplacer("127.0.0.1:8090", strings.TrimPrefix(s.page, "http://"), "127.0.0.1:3000", strings.TrimPrefix(hook.URL, "http://"))
	calls := 0
	for i, block := range strings.Split(simulatorDocs(t), "```") {
		if i%2 == 0 || !strings.HasPrefix(block, "\n") {
			continue // prose, or a block in another language
		}
		for _, words := range shellWords(here.Replace(block)) {
			if words[0] != "curl" {
				continue
			}
			calls++
			if status, text := curl(t, words[1:]); status >= http.StatusBadRequest || strings.Contains(strings.Join(words, " "), "unknown") && text != "" {
				t.Errorf("%q: %d %.300s", words, status, text)
			}
		}
	}
	if calls != 9 {
		t.Errorf("%d calls were tried, want 9", calls)
	}
	if got := <-hooked; !strings.HasPrefix(got, `POST /hook {"event":"order.change_order_status","context":{"id":70001,`) {
		t.Errorf("the webhook: %s", got)
	}
}

// curl does what curl does with -H, -d and an address.
func curl(t *testing.T, words []string) (status int, text string) {
	t.Helper()
	method, body, address := http.MethodGet, "", ""
	header := http.Header{}
	for i := 0; i < len(words); i++ {
		switch words[i] {
		case "-d":
			i++
			method, body = http.MethodPost, words[i]
			if header.Get("Content-Type") == "" {
				header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
		case "-H":
			i++
			name, value, _ := strings.Cut(words[i], ": ")
			header.Set(name, value)
		default:
			address = words[i]
		}
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		t.Fatalf("%q has no address", words)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	res, err := (&http.Transport{}).RoundTrip(req)
	if err != nil {
		t.Fatalf("%q: %v", words, err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

// shellWords splits a script into commands and words as a shell would, as far as the documentation goes: quotes,
// variables and comments.
func shellWords(script string) [][]string {
	vars := map[string]string{}
	name := regexp.MustCompile(`^([A-Za-z]+)=(.*)$`)
	var out [][]string
	var words []string
	var word strings.Builder
	inWord, quote := false, rune(0)
	endWord := func() {
		if inWord {
			words = append(words, word.String())
		}
		word.Reset()
		inWord = false
	}
	endCommand := func() {
		endWord()
		if len(words) == 1 && name.MatchString(words[0]) {
			m := name.FindStringSubmatch(words[0])
			vars[m[1]] = m[2]
		} else if len(words) > 0 {
			out = append(out, words)
		}
		words = nil
	}
	runes := []rune(script + "\n")
	for i := 0; i < len(runes); i++ {
		switch r := runes[i]; {
		case quote == 0 && (r == '\'' || r == '"'):
			quote, inWord = r, true
		case r == quote:
			quote = 0
		case r == '$' && quote != '\'':
			j := i + 1
			for j < len(runes) && (runes[j] >= 'a' && runes[j] <= 'z' || runes[j] >= 'A' && runes[j] <= 'Z') {
				j++
			}
			word.WriteString(vars[string(runes[i+1:j])])
			inWord, i = true, j-1
		case quote == 0 && r == '#' && !inWord:
			for runes[i+1] != '\n' {
				i++
			}
		case quote == 0 && r == '\n':
			endCommand()
		case quote == 0 && r == ' ':
			endWord()
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	return out
}
