package admin

import "time"

// SetReach changes how long pages wait for the CRM.
func (a *Admin) SetReach(d time.Duration) { a.svc.Reach = d }
