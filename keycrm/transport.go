package keycrm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Request names a request that is about to be sent.
type Request struct {
	Name   string // service and method, such as "orders.create": a small fixed set, fit for a label
	Method string // HTTP method
	Path   string // path below the base URL, ids included, query left out
}

// Call is what became of a request.
type Call struct {
	Request
	Status     int           // HTTP status; 0 when no answer came
	Duration   time.Duration // from the budget's consent to the last byte of the answer
	RetryAfter time.Duration // the pause KeyCRM asked for; 0 when none
	Err        error         // nil for success
}

// caller sends the requests of all services. They stand on it and not on the Client, which knows each of them.
type caller struct {
	base      *url.URL
	authorise func(*http.Request) // holds the key in a closure, where no dump reaches it
	redact    func(string) string
	reads     *http.Client
	writes    *http.Client
	budget    func(context.Context, Request) error
	observe   func(Call)
	maxBody   int64
	userAgent string
}

// get sends a GET and decodes the answer into out.
func (c *caller) get(ctx context.Context, name, path string, q url.Values, out any) error {
	return c.do(ctx, Request{name, http.MethodGet, path}, q, nil, out)
}

// send marshals in and sends it; in nil means an empty body and out nil that the answer's body does not matter.
func (c *caller) send(ctx context.Context, r Request, in, out any) error {
	if in == nil {
		return c.do(ctx, r, nil, nil, out)
	}
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("%s: encode: %w", r.Name, err)
	}
	return c.do(ctx, r, nil, body, out)
}

// do asks the budget, sends one request and decodes its answer. It is the only place that talks to the network.
func (c *caller) do(ctx context.Context, r Request, q url.Values, body []byte, out any) error {
	if err := c.askBudget(ctx, r); err != nil {
		return &TransportError{Method: r.Method, Path: r.Path, Err: err}
	}
	start := time.Now()
	call := Call{Request: r}
	err := c.roundTrip(ctx, &call, q, body, out)
	call.Duration, call.Err = time.Since(start), err
	if c.observe != nil {
		c.observe(call)
	}
	return err
}

// askBudget waits for the hook, but no longer than ctx lasts even when the hook ignores it.
func (c *caller) askBudget(ctx context.Context, r Request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.budget == nil {
		return nil
	}
	answer := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				answer <- fmt.Errorf("budget hook panicked: %v", p)
			}
		}()
		answer <- c.budget(ctx, r)
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *caller) roundTrip(ctx context.Context, call *Call, q url.Values, body []byte, out any) error {
	var sent atomic.Bool
	lost := func(err error) error {
		return &TransportError{Method: call.Method, Path: call.Path, Sent: sent.Load(), Err: c.clean(err)}
	}
	req, err := c.newRequest(tracking(ctx, &sent), call.Request, q, body)
	if err != nil {
		return lost(err)
	}
	client := c.reads
	if call.Method != http.MethodGet {
		client = c.writes
	}
	res, err := client.Do(req)
	if err != nil {
		return lost(err)
	}
	defer func() { _ = res.Body.Close() }()
	sent.Store(true)
	call.Status, call.RetryAfter = res.StatusCode, retryAfter(res.Header)
	data, err := readAll(res.Body, c.maxBody)
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return c.refused(call, data, err)
	}
	if err != nil {
		return lost(err)
	}
	if out == nil {
		return nil
	}
	if err := decode(data, out); err != nil {
		return lost(fmt.Errorf("status %d: decode answer: %w", res.StatusCode, err))
	}
	return nil
}

func (c *caller) newRequest(ctx context.Context, r Request, q url.Values, body []byte) (*http.Request, error) {
	u := *c.base
	u.Path += "/" + r.Path
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	if body != nil {
		// Without GetBody net/http cannot send the body a second time by itself.
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	c.authorise(req)
	return req, nil
}

// tracking sets sent once a connection was handed over, the last moment at which nothing can have been written. A
// transport that reports nothing counts as having sent: unknown is the safe answer.
func tracking(ctx context.Context, sent *atomic.Bool) context.Context {
	sent.Store(true)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { sent.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
	})
}

// refused turns an answer outside 2xx into an error. A 422 whose body was lost may have been a "taken", so its
// outcome is not known.
func (c *caller) refused(call *Call, data []byte, readErr error) error {
	if readErr != nil && call.Status == http.StatusUnprocessableEntity {
		return &TransportError{Method: call.Method, Path: call.Path, Sent: true, Err: c.clean(readErr)}
	}
	e := &APIError{Method: call.Method, Path: call.Path, Status: call.Status, RetryAfter: call.RetryAfter}
	var body struct {
		Message json.RawMessage            `json:"message"`
		Errors  map[string]json.RawMessage `json:"errors"`
	}
	var raw json.RawMessage
	if json.Unmarshal(data, &raw) != nil {
		return e
	}
	e.JSON = true
	_ = json.Unmarshal(raw, &body) // a body of another shape leaves the message empty
	var message string
	_ = json.Unmarshal(body.Message, &message)
	e.Message = c.tidy(message)
	for field, texts := range body.Errors {
		field = c.tidy(field)
		if e.Fields == nil {
			e.Fields = make(map[string][]string, len(body.Errors))
		}
		var list Strings
		_ = json.Unmarshal(texts, &list)
		for _, t := range list {
			e.Fields[field] = append(e.Fields[field], c.tidy(t))
		}
		if list == nil {
			e.Fields[field] = nil
		}
	}
	return e
}

const maxMessage = 500

// tidy makes foreign words fit for an error text: one line, short, without the key.
func (c *caller) tidy(s string) string {
	s = c.redact(strings.Join(strings.Fields(s), " "))
	if r := []rune(s); len(r) > maxMessage {
		s = string(r[:maxMessage]) + "…"
	}
	return s
}

// clean takes the address off net/http's errors: its query can hold a buyer's phone. net/http quotes what a server
// sent that is no HTTP; should that repeat the key, only a redacted text is left of the error.
func (c *caller) clean(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if text := err.Error(); c.redact(text) != text {
		return errors.New(c.tidy(text))
	}
	return err
}

// errNoID is a creation whose answer does not say what was created.
var errNoID = errors.New("the answer has no id")

func madeWithID(id int64, method, path string) error {
	if id > 0 {
		return nil
	}
	return &TransportError{Method: method, Path: path, Sent: true, Err: errNoID}
}

// maxObjects bounds what an answer may grow to in memory: two bytes, {}, become a row of a kilobyte, and so do null and
// PHP's []. A page of 50 orders with 50 lines of 20 properties each stays well below.
const maxObjects = 200_000

// errTooLong is a body above the limit of WithMaxBody, or one of too many objects, lists or nulls.
var errTooLong = errors.New("the answer is longer than allowed")

func readAll(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%w (%d bytes)", errTooLong, limit)
	}
	for _, row := range []string{"{", "[", "null"} {
		if err == nil && bytes.Count(data, []byte(row)) > maxObjects {
			err = fmt.Errorf("%w (%d times %s)", errTooLong, maxObjects, row)
		}
	}
	return data, err
}

const maxRetryAfter = time.Hour

// retryAfter reads whole seconds or an HTTP date; 0 when absent or past. It is capped at an hour.
func retryAfter(h http.Header) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	if n, err := strconv.ParseInt(v, 10, 32); err == nil {
		return min(max(time.Duration(n)*time.Second, 0), maxRetryAfter)
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(time.Until(at), 0), maxRetryAfter)
	}
	return 0
}
