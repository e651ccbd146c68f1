package plugin

// Permission is a right of a signed-in operator on our pages.
type Permission string

const (
	// PermView: see states, runs and journals; personal data masked.
	PermView Permission = "view"
	// PermOperate: run now, approve, send, retry, ignore.
	PermOperate Permission = "operate"
	// PermConfigure: connect, save settings, see webhook links.
	PermConfigure Permission = "configure"
)

// Operator is the person signed in to the shop's admin.
type Operator struct {
	ID   string
	Name string
	// Shop is the shop whose admin the request is for.
	Shop ShopID
	// Permissions are what the engine granted; PermConfigure does not imply the others.
	Permissions []Permission
	// Lang is the language of the admin, BCP 47 ("uk", "en"); empty: the shop's locale.
	Lang string
	// CSRFToken goes into every form of ours under the field name CSRFField.
	CSRFToken string
}

// CSRFField is the form field, and CSRFHeader the header, in which our pages send back
// Operator.CSRFToken.
const (
	CSRFField  = "csrf_token"
	CSRFHeader = "X-Csrf-Token"
)

// May reports whether the operator holds a permission.
func (o Operator) May(p Permission) bool {
	for _, has := range o.Permissions {
		if has == p {
			return true
		}
	}
	return false
}
