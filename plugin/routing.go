package plugin

import "slices"

// RoutingRule says which orders of a shop belong to a connection. An order belongs to exactly one
// connection: the first, by the connections' order, whose rule matches.
// The zero value matches every order.
type RoutingRule struct {
	// Storefronts and Domains: an order matches when it names one of either list.
	Storefronts []StorefrontID `json:"storefronts,omitempty"`
	Domains     []string       `json:"domains,omitempty"` // lower case host names, no port
}

// All reports whether the rule matches every order.
func (r RoutingRule) All() bool { return len(r.Storefronts) == 0 && len(r.Domains) == 0 }

// Matches reports whether an order belongs here, looking at this rule alone.
func (r RoutingRule) Matches(p Placement) bool {
	return r.All() || slices.Contains(r.Storefronts, p.Storefront) ||
		(p.Domain != "" && slices.Contains(r.Domains, p.Domain))
}

// Overlaps reports whether some order could match both rules; two overlapping rules of one shop
// cannot both be saved. A domain is looked up among the storefronts, so that a rule by domain and a
// rule by the storefront of that domain are seen to overlap.
func (r RoutingRule) Overlaps(o RoutingRule, fronts []Storefront) bool {
	if r.All() || o.All() {
		return true
	}
	for _, f := range fronts {
		if r.covers(f) && o.covers(f) {
			return true
		}
	}
	for _, id := range r.Storefronts {
		if slices.Contains(o.Storefronts, id) {
			return true
		}
	}
	for _, d := range r.Domains {
		if slices.Contains(o.Domains, d) {
			return true
		}
	}
	return false
}

// covers reports whether some order of the storefront could match the rule.
func (r RoutingRule) covers(f Storefront) bool {
	if slices.Contains(r.Storefronts, f.ID) {
		return true
	}
	return slices.ContainsFunc(f.Domains, func(d string) bool { return slices.Contains(r.Domains, d) })
}
