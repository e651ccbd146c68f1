package keycrmtest

import (
	"github.com/keybridge/keybridge/internal/crmsim"
	"github.com/keybridge/keybridge/internal/crmsim/webhook"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/entity"
	"github.com/keybridge/keybridge/keycrm/keycrmtest/internal/account"
)

// What an account consists of; package entity has the details. The control methods of Server hand out copies; times are
// UTC.
type (
	// Category is a node of the category tree.
	Category = entity.Category
	// Product is a card of goods.
	Product = entity.Product
	// Size is the length, width and height of goods.
	Size = entity.Size
	// Offer is a sellable variant of a product.
	Offer = entity.Offer
	// Property is one axis of a variant.
	Property = entity.Property
	// FieldValue is a custom field's value.
	FieldValue = entity.FieldValue
	// Buyer is a customer card.
	Buyer = entity.Buyer
	// Address is where a buyer has things sent to.
	Address = entity.Address
	// Line is a line of an order or card.
	Line = entity.Line
	// Payment is a payment of an order or card.
	Payment = entity.Payment
	// Shipping is the delivery of an order.
	Shipping = entity.Shipping
	// Marketing is the UTM marks of an order or card.
	Marketing = entity.Marketing
	// Order is a sale.
	Order = entity.Order
	// Contact is the person of a card.
	Contact = entity.Contact
	// Card is a lead in a pipeline.
	Card = entity.Card
	// Trigger is an automation rule with the action «Відправити Webhook».
	Trigger = entity.Trigger
	// StockHook is the setting «Вебхуки залишків».
	StockHook = entity.StockHook
	// OrderStatus is a row of the order status dictionary.
	OrderStatus = entity.OrderStatus
	// Source is where orders come from.
	Source = entity.Source
	// PaymentMethod is a way to pay.
	PaymentMethod = entity.PaymentMethod
	// DeliveryService is a way to deliver.
	DeliveryService = entity.DeliveryService
	// Tag is a mark of orders.
	Tag = entity.Tag
	// User is a person of the account.
	User = entity.User
	// Pipeline is a board of cards.
	Pipeline = entity.Pipeline
	// PipelineStatus is a column of a pipeline.
	PipelineStatus = entity.PipelineStatus
	// CustomField is a field people have added.
	CustomField = entity.CustomField
	// FieldOption is a choice of a select field.
	FieldOption = entity.FieldOption
)

// NewProduct is a product to add, with its Offers: one at least. Ids are given by AddProduct.
type NewProduct = account.NewProduct

// Events a Trigger can wait for.
const (
	EventOrderStatus  = entity.EventOrderStatus
	EventOrderPayment = entity.EventOrderPayment
	EventCardStatus   = entity.EventCardStatus
	EventCardCreated  = entity.EventCardCreated // «Створення картки»: what it sends is named EventCardStatus
)

// Warehouses of the account.
const (
	WarehouseKyiv = entity.WarehouseKyiv
	WarehouseLviv = entity.WarehouseLviv
)

// Delivery is one webhook on its way: ID, TriggerID (0: the stock webhook), Event, Method, URL, Body, Attempts, NextAt,
// Done (delivered or given up), CreatedAt. There are at most 3 attempts, until the answer is exactly 200.
type Delivery = webhook.Delivery

// Attempt is one try of a delivery: At, Status (0: no answer), Err.
type Attempt = webhook.Attempt

// Request is a line of the request log: At, Method, Path (with /v1), Query, Key (the API key's last four characters),
// Body, Status, Answer (its first 4 kB; empty when the connection was cut before an answer), Duration.
type Request = crmsim.Request

// Fault is one thing going wrong on demand:
//
//	ID          int64         // given by Server.Fault
//	Kind        FaultKind
//	Method      string        // empty: any
//	Path        string        // prefix of the path, such as "/v1/order"; empty: any
//	Skip        int           // let so many matching requests pass first
//	Times       int           // then hit so many; 0: until cleared
//	Status      int           // for FaultStatus and FaultErrorAfter; 0: 502
//	Delay       time.Duration // for FaultSlow, in real time
//	RetryAfter  time.Duration // for FaultLimited; 0: 30 s; negative: the header is left out
type Fault = crmsim.Fault

// FaultKind says what goes wrong.
type FaultKind = crmsim.FaultKind

// The faults of API requests.
const (
	FaultStatus     = crmsim.FaultStatus     // answer Status with an HTML page, nothing done
	FaultLimited    = crmsim.FaultLimited    // answer 429 with RetryAfter, nothing done
	FaultSlow       = crmsim.FaultSlow       // wait Delay, then serve
	FaultHang       = crmsim.FaultHang       // never answer; nothing done
	FaultHangAfter  = crmsim.FaultHangAfter  // serve the request, then never answer
	FaultCutBefore  = crmsim.FaultCutBefore  // cut the connection, nothing done
	FaultCutAfter   = crmsim.FaultCutAfter   // serve the request, cut the connection before the answer
	FaultCutBody    = crmsim.FaultCutBody    // serve the request, cut the answer in the middle
	FaultWrongJSON  = crmsim.FaultWrongJSON  // serve the request, answer something that is no JSON
	FaultErrorAfter = crmsim.FaultErrorAfter // serve the request, answer Status with an HTML page
	FaultMovingRows = crmsim.FaultMovingRows // serve the request, then a new product moves all rows down by one
)

// The faults of webhooks.
const (
	FaultHookTwice   = crmsim.FaultHookTwice   // deliver twice
	FaultHookReorder = crmsim.FaultHookReorder // hold one back until the next one has gone
	FaultHookDrop    = crmsim.FaultHookDrop    // never deliver
)

// Guess names a behaviour of KeyCRM that nobody has seen. The simulator does what is likelier; WithOtherwise turns it
// round, so that a program can be tried on both. docs/keycrm.md tells what speaks for each.
type Guess = account.Guess

// The guesses, and what WithOtherwise makes of them.
const (
	GuessEmptyText     = account.GuessEmptyText     // "" is null; otherwise 422 where a number, an id or a switch is due
	GuessForms         = account.GuessForms         // forms and members of the query are read; otherwise JSON bodies alone
	GuessPaymentMethod = account.GuessPaymentMethod // an unknown name of a payment method is kept; otherwise 422
	GuessSourceName    = account.GuessSourceName    // a source_name will do for a source_id; otherwise 422
	GuessPhones        = account.GuessPhones        // phones are kept as +380671234567; otherwise as they were typed
	GuessNegativeStock = account.GuessNegativeStock // stock below zero is a text, "-1.000"; otherwise a number
)

// Guesses are all there are.
func Guesses() []Guess { return account.Guesses() }
