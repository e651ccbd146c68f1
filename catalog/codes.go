package catalog

import (
	"github.com/keybridge/keybridge/internal/settings"
)

// Kind says what a run does.
type Kind string

// The kinds of runs.
const (
	// Full brings everything.
	Full Kind = "full"
	// Prices brings prices and stock of linked variants only.
	Prices Kind = "prices"
)

// State says how far a run is.
type State string

// The states of runs.
const (
	Queued    State = "queued"   // waits for a worker
	Running   State = "running"  // leased by a worker
	Waiting   State = "waiting"  // retried automatically at NextAt; Code says why
	Approval  State = "approval" // a guard stopped it; a person decides
	Done      State = "done"
	Failed    State = "failed" // Code says why
	Cancelled State = "cancelled"
)

// Active reports whether the run is not over.
func (s State) Active() bool {
	return s == Queued || s == Running || s == Waiting || s == Approval
}

// Phase says what a run is at. The order below is the order of a full run.
type Phase string

// The phases of runs.
const (
	ReadCategories  Phase = "read_categories" // CRM to staging tables
	ReadProducts    Phase = "read_products"
	ReadOffers      Phase = "read_offers"
	Confirm         Phase = "confirm"          // asks by id for linked products that the scan has not shown
	ConfirmOffers   Phase = "confirm_offers"   // asks for linked offers that the scan has not shown
	ReadStocks      Phase = "read_stocks"      // what lies in the chosen warehouses
	CheckWarehouses Phase = "check_warehouses" // are the chosen ones still there
	SplitVariants   Phase = "split"            // makes products of variants, for shops that keep them so
	PlanProducts    Phase = "plan"             // each product; nothing is written yet
	CheckPlan       Phase = "check"            // looks at the plan as a whole, before the first write
	// The phases after a person was asked: what has moved since, in the tree and else.
	VerifyCategories Phase = "verify_categories"
	VerifyPlan       Phase = "verify"
	Relink           Phase = "relink" // changes links as approved; in rematching runs only
	WriteCategories  Phase = "write_categories"
	WriteProducts    Phase = "write"
	WriteAgain       Phase = "write_again" // tries once more what failed
	WriteImages      Phase = "images"
	Tidy             Phase = "tidy" // deletes what was staged, and ends the run
	// The phases of a price run, which has CheckWarehouses, CheckPlan, VerifyPlan, WriteAgain and Tidy too.
	CheckCurrency Phase = "check_currency" // of some linked products: prices come without
	ReadPrices    Phase = "read_prices"
	PlanPrices    Phase = "plan_prices"
	WritePrices   Phase = "write_prices"
)

// Layout is how cursors and plans of runs are stored. It rises whenever a version could not read what one before
// has stored: a run at work in another layout then begins anew, and a plan that waits for a person is void and
// made anew, which the run lists as ReasonPlanRenewed.
const Layout = 2

// Code says why a run waits, stopped or failed. Words for codes belong to the page that shows them.
type Code string

// The codes of runs. Parameters stand in brackets.
const (
	CodeUnauthorised       Code = "crm_unauthorised"    // the key is not, or no longer, accepted
	CodeFeatureOff         Code = "crm_feature_off"     // the account has the function switched off
	CodeUnavailable        Code = "crm_unavailable"     // retried with growing pauses
	CodeLimited            Code = "crm_limited"         // too many requests; retried when the CRM allows
	CodeRefused            Code = "crm_refused"         // [message]
	CodeNoRedis            Code = "no_redis"            // the budget of requests cannot be asked; retried
	CodeShopUnavailable    Code = "shop_unavailable"    // retried with growing pauses
	CodeShopRefused        Code = "shop_refused"        // a call as a whole, in a way that trying again does not mend
	CodeIncomplete         Code = "incomplete_scan"     // [list, read, total]
	CodeCategoriesVanished Code = "categories_vanished" // every chosen category is gone from the CRM
	CodeConnectionGone     Code = "connection_gone"     // deleted
	CodeConnectionOff      Code = "connection_off"      // switched off
	CodeShopInactive       Code = "shop_inactive"       // the plugin is switched off in the shop; waits
	CodeLanguageGone       Code = "language_gone"       // [language] the shop no longer keeps texts in it
	CodeReplaced           Code = "replaced"            // a price run that waited for a person gave way to a newer run
	CodePlanOutdated       Code = "plan_outdated"       // a plan that waited in another Layout: a new run makes one anew
	// The shop breaks the contract: see session.CheckVariants, CheckAdded and CheckBatch.
	CodeNoVariants  Code = "shop_no_variants"  // [product] a product was answered without any variant
	CodeAddedIDs    Code = "shop_added_ids"    // [product, asked, got] ids of variants just made are missing or wrong
	CodeBatchLength Code = "shop_batch_length" // [asked, got] a batch was answered by another number of items
	CodeInternal    Code = "internal"          // an error of our own or of our database; retried
)

// Codes lists every code of a run, so that a page can be checked to have words for each.
func Codes() []Code {
	return []Code{
		CodeUnauthorised, CodeFeatureOff, CodeUnavailable, CodeLimited, CodeRefused, CodeNoRedis,
		CodeShopUnavailable, CodeShopRefused, CodeIncomplete, CodeCategoriesVanished, CodeConnectionGone,
		CodeConnectionOff, CodeShopInactive, CodeLanguageGone, CodeReplaced, CodePlanOutdated, CodeNoVariants, CodeAddedIDs, CodeBatchLength,
		CodeInternal,
	}
}

// ItemKind sorts what a run left alone.
type ItemKind string

// The kinds of items.
const (
	ItemSkip     ItemKind = "skip"     // by the merchant's own choice
	ItemConflict ItemKind = "conflict" // a person must decide what belongs together
	ItemError    ItemKind = "error"    // was tried and did not work
	ItemNote     ItemKind = "note"     // was done, but not all of it
)

// ItemKinds lists the kinds, the most pressing first.
func ItemKinds() []ItemKind { return []ItemKind{ItemError, ItemConflict, ItemSkip, ItemNote} }

// Reason says why an item is listed. Parameters stand in brackets; message is what the shop said, cleaned,
// and missing when it said nothing.
type Reason string

// The reasons of items.
const (
	ReasonNotCreated       Reason = "not_created"       // «Не створювати»
	ReasonNotUpdated       Reason = "not_updated"       // «Не оновлювати»
	ReasonNoName           Reason = "no_name"           // the CRM's product has no name
	ReasonNoOffers         Reason = "no_offers"         // every offer is archived
	ReasonNoPrice          Reason = "no_price"          // [sku] zero or none: not published
	ReasonOtherCurrency    Reason = "other_currency"    // [crm, shop] no price was written
	ReasonIDDiffers        Reason = "id_differs"        // [product] same id, but neither SKU nor name agrees
	ReasonSeveralInShop    Reason = "several_in_shop"   // [count] several shop products for one key
	ReasonSeveralInCRM     Reason = "several_in_crm"    // several CRM products for one key or one shop product
	ReasonLinkedElsewhere  Reason = "linked_elsewhere"  // [product, crm] the shop product belongs to another CRM product
	ReasonOtherConnection  Reason = "other_connection"  // [product, connection]
	ReasonSKUTaken         Reason = "sku_taken"         // [product] the shop already sells this SKU
	ReasonVariantUnclear   Reason = "variant_unclear"   // [sku] no telling which variant it is
	ReasonVariantsUnknown  Reason = "variants_unknown"  // the shop keeps no variants
	ReasonVariantNotAdded  Reason = "variant_not_added" // [sku] «Не створювати»
	ReasonDescriptionLong  Reason = "description_long"  // the text was too long and left out
	ReasonShopInvalid      Reason = "shop_invalid"      // [message] the shop cannot take it
	ReasonShopRefused      Reason = "shop_refused"      // [message] the shop's rules say no
	ReasonShopConflict     Reason = "shop_conflict"     // [message] edited in the shop at the same time, twice
	ReasonShopGone         Reason = "shop_gone"         // [message] deleted in the shop at the same time
	ReasonShopError        Reason = "shop_error"        // [message] the shop could not, try later
	ReasonCategoryFailed   Reason = "category_failed"   // [message] the shop did not take the category
	ReasonCategoryGone     Reason = "category_gone"     // gone from the CRM, left in the shop
	ReasonCategoryLoop     Reason = "category_loop"     // the CRM's tree loops here
	ReasonLinkKept         Reason = "link_kept"         // matched anew, the key finds nothing: the link stays
	ReasonWarehouseGone    Reason = "warehouse_gone"    // [warehouse] of the chosen ones has vanished: stock is not written
	ReasonMoved            Reason = "moved_since"       // [side] changed in the crm or shop after a person was asked
	ReasonQuoteMoved       Reason = "quote_moved_since" // price or stock did so in the crm; the rest was written
	ReasonPlanRenewed      Reason = "plan_renewed"      // stored by another version of ours, so made anew
	ReasonImageAddress     Reason = "image_address"     // [url] not an address pictures may come from
	ReasonImageUnreachable Reason = "image_unreachable" // [url]
	ReasonImageTooBig      Reason = "image_too_big"     // [url]
	ReasonImageType        Reason = "image_type"        // [url] not a picture
	ReasonImageRefused     Reason = "image_refused"     // [message] the shop did not take the pictures
)

// Reasons lists every reason, so that a page can be checked to have words for each.
func Reasons() []Reason {
	return []Reason{
		ReasonNotCreated, ReasonNotUpdated, ReasonNoName, ReasonNoOffers, ReasonNoPrice, ReasonOtherCurrency,
		ReasonIDDiffers, ReasonSeveralInShop, ReasonSeveralInCRM, ReasonLinkedElsewhere, ReasonOtherConnection,
		ReasonSKUTaken, ReasonVariantUnclear, ReasonVariantsUnknown, ReasonVariantNotAdded, ReasonDescriptionLong,
		ReasonShopInvalid, ReasonShopRefused, ReasonShopConflict, ReasonShopGone, ReasonShopError,
		ReasonCategoryFailed, ReasonCategoryGone, ReasonCategoryLoop, ReasonImageAddress, ReasonImageUnreachable,
		ReasonImageTooBig, ReasonImageType, ReasonImageRefused, ReasonMoved, ReasonQuoteMoved, ReasonPlanRenewed, ReasonLinkKept, ReasonWarehouseGone,
	}
}

// Params are the values a sentence for a code or reason needs, by name.
type Params map[string]string

// Field names what a change was about.
type Field string

// The fields of changes.
const (
	FieldCreated     Field = "created"
	FieldVariant     Field = "variant" // added
	FieldName        Field = "name"
	FieldDescription Field = "description"
	FieldCategory    Field = "category"
	FieldUnit        Field = "unit"
	FieldAttributes  Field = "attributes"
	FieldSKU         Field = "sku"
	FieldBarcode     Field = "barcode"
	FieldPrice       Field = "price"
	FieldStock       Field = "stock"
	FieldSize        Field = "size"
	FieldOptions     Field = "options"
	FieldPublished   Field = "published"
	FieldOrderable   Field = "orderable"
	FieldImages      Field = "images"
	FieldLink        Field = "link" // which product of the shop it is
)

// FirstPhase is where a run of that kind begins.
func FirstPhase(kind Kind) Phase {
	if kind == Prices {
		return CheckCurrency
	}
	return ReadCategories
}

// GuardCode says why a run waits for a person before its first write.
type GuardCode string

// The codes of guards. Parameters stand in brackets.
const (
	GuardMissing    GuardCode = "missing"          // [count, of] products the CRM no longer has
	GuardVariants   GuardCode = "missing_variants" // [count, of]
	GuardUnseen     GuardCode = "unseen"           // [count, of] linked products the list has lost since the last full run
	GuardEmpty      GuardCode = "empty"            // [list, of] a list was empty although things are linked
	GuardIncomplete GuardCode = "incomplete"       // [list, read, total]
	GuardPrices     GuardCode = "prices"           // [count, of, move] prices that move by more than so many percent
	GuardReplaced   GuardCode = "replaced"         // [count, of] linked products that are now something else
	GuardRematch    GuardCode = "rematch"          // [count] links that change, in a run that matches anew
	GuardTree       GuardCode = "categories"       // [count, of] linked categories gone, renamed or moved
	GuardForeign    GuardCode = "first_update"     // [count] the first run to update what it did not create
	// GuardStock stops nothing: it holds back the stock of variants that would go from available to none.
	GuardStock GuardCode = "stock" // [count, of, setting]
)

// GuardCodes lists every code, so that a page can be checked to have words for each.
func GuardCodes() []GuardCode {
	return []GuardCode{
		GuardMissing, GuardVariants, GuardUnseen, GuardEmpty, GuardIncomplete, GuardPrices, GuardReplaced, GuardForeign,
		GuardRematch, GuardTree, GuardStock,
	}
}

// Kinds lists the kinds of runs that have schedules.
func Kinds() []Kind { return []Kind{Full, Prices} }

// Brings reports whether a run of that kind would bring anything.
func Brings(set settings.Catalog, kind Kind) bool {
	return set.Products || set.Categories && kind == Full
}
