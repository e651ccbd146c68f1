package keycrmtest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

// TestFaultsLeaveTheRightDoubt plays each fault on a creation, over a socket and in process, and looks at what the
// client concludes and whether the order was made.
func TestFaultsLeaveTheRightDoubt(t *testing.T) {
	t.Parallel()
	cases := []struct {
		fault keycrmtest.Fault
		want  error
		made  bool
	}{
		{keycrmtest.Fault{Kind: keycrmtest.FaultStatus}, keycrm.ErrUnknownOutcome, false},
		{keycrmtest.Fault{Kind: keycrmtest.FaultLimited, RetryAfter: 7 * time.Second}, keycrm.ErrLimited, false},
		{keycrmtest.Fault{Kind: keycrmtest.FaultSlow, Delay: time.Millisecond}, nil, true},
		{keycrmtest.Fault{Kind: keycrmtest.FaultHang}, keycrm.ErrUnknownOutcome, false},
		{keycrmtest.Fault{Kind: keycrmtest.FaultHangAfter}, keycrm.ErrUnknownOutcome, true},
		{keycrmtest.Fault{Kind: keycrmtest.FaultCutBefore}, keycrm.ErrUnknownOutcome, false},
		{keycrmtest.Fault{Kind: keycrmtest.FaultCutAfter}, keycrm.ErrUnknownOutcome, true},
		{keycrmtest.Fault{Kind: keycrmtest.FaultCutBody}, keycrm.ErrUnknownOutcome, true},
		{keycrmtest.Fault{Kind: keycrmtest.FaultWrongJSON}, keycrm.ErrUnknownOutcome, true},
		{keycrmtest.Fault{Kind: keycrmtest.FaultErrorAfter, Status: 504}, keycrm.ErrUnknownOutcome, true},
	}
	for _, socket := range []bool{false, true} {
		for _, tc := range cases {
			name := string(tc.fault.Kind) + " in process"
			if socket {
				name = string(tc.fault.Kind) + " over a socket"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := keycrmtest.Start(t, keycrmtest.WithCatalog(5, 5))
				var opts []keycrm.Option
				if !socket {
					opts = append(opts, keycrm.WithTransport(s.Transport()))
				}
				c, err := keycrm.New(s.BaseURL(), s.Key(), opts...)
				if err != nil {
					t.Fatal(err)
				}
				tc.fault.Times, tc.fault.Method, tc.fault.Path = 1, "POST", "/v1/order"
				s.Fault(tc.fault)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if k := tc.fault.Kind; k == keycrmtest.FaultHang || k == keycrmtest.FaultHangAfter {
					go giveUp(t.Context(), cancel, s, tc.made)
				}
				_, err = c.Orders.Create(ctx, order("A-1", line("", "1", "1")))
				if !errors.Is(err, tc.want) {
					t.Errorf("got %v, want %v", err, tc.want)
				}
				if _, made := s.OrderBySourceUUID("A-1"); made != tc.made {
					t.Errorf("order made: %v, want %v", made, tc.made)
				}
				if left := s.Faults(); len(left) != 0 {
					t.Errorf("faults left: %v", left)
				}
				if _, err := c.Orders.Create(t.Context(), order("A-2", line("", "1", "1"))); err != nil {
					t.Errorf("afterwards: %v", err)
				}
			})
		}
	}
}

func TestFaultsByScript(t *testing.T) {
	t.Parallel()
	s, c, _ := account(t)
	s.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultLimited, Path: "/v1/users", Skip: 1, Times: 2, RetryAfter: -1})
	id := s.Fault(keycrmtest.Fault{Kind: keycrmtest.FaultStatus, Path: "/v1/buyer"})
	want := []error{nil, keycrm.ErrLimited, keycrm.ErrLimited, nil}
	for i, w := range want {
		_, _, err := c.Dictionaries.Users(t.Context(), keycrm.UserQuery{})
		if !errors.Is(err, w) {
			t.Errorf("request %d: got %v, want %v", i+1, err, w)
		}
		var e *keycrm.APIError
		if errors.As(err, &e) && e.RetryAfter != 0 {
			t.Errorf("request %d: Retry-After %s, want none", i+1, e.RetryAfter)
		}
	}
	for range 3 {
		if _, _, err := c.Buyers.List(t.Context(), keycrm.BuyerQuery{}); !errors.Is(err, keycrm.ErrUnavailable) {
			t.Errorf("until cleared: got %v", err)
		}
	}
	s.ClearFault(id)
	if _, _, err := c.Buyers.List(t.Context(), keycrm.BuyerQuery{}); err != nil {
		t.Errorf("after clearing: %v", err)
	}
	log := s.Requests()
	if len(log) != 8 || log[1].Status != 429 || log[4].Status != 502 || s.RequestCount() != 8 {
		t.Errorf("the log has %d lines", len(log))
	}
	s.Reset()
	if s.RequestCount() != 0 || len(s.Requests()) != 0 {
		t.Error("Reset left requests behind")
	}
}

// giveUp cancels a request that will never be answered once the server has it and, if it is to be
// served all the same, has served it.
func giveUp(ctx context.Context, cancel func(), s *keycrmtest.Server, served bool) {
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if _, made := s.OrderBySourceUUID("A-1"); len(s.Faults()) == 0 && made == served {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
