package domain

import (
	"errors"
	"slices"
	"testing"
)

func TestStatusMachine(t *testing.T) {
	t.Parallel()
	cases := []struct {
		from, to string
		allowed  bool
	}{
		{StatusNew, StatusConfirmed, true},
		{StatusNew, StatusShipped, true},
		{StatusNew, StatusCompleted, true},
		{StatusNew, StatusCanceled, true},
		{StatusNew, StatusReturned, false},
		{StatusPacking, StatusCanceled, true},
		{StatusPacking, StatusNew, false},
		{StatusShipped, StatusCanceled, false},
		{StatusShipped, StatusReturned, true},
		{StatusShipped, StatusPacking, false},
		{StatusCompleted, StatusReturned, true},
		{StatusCompleted, StatusDelivered, false},
		{StatusCanceled, StatusNew, false},
		{StatusReturned, StatusCompleted, false},
		{StatusNew, "unknown", false},
	}
	for _, c := range cases {
		err := CheckMove(c.from, c.to)
		var refusal *Refusal
		if (err == nil) != c.allowed || err != nil && (!errors.As(err, &refusal) || refusal.Reason == "") {
			t.Errorf("CheckMove(%s, %s) = %v, allowed %v", c.from, c.to, err, c.allowed)
		}
		offered := slices.ContainsFunc(NextStatuses(c.from), func(s OrderStatus) bool { return s.Code == c.to })
		if offered != c.allowed {
			t.Errorf("from %s, %s is offered: %v", c.from, c.to, offered)
		}
	}
}
