package domain

import (
	"fmt"
	"slices"
)

// The codes of order statuses, in the order of an order's life; then the two ways it ends early.
const (
	StatusNew       = "new"
	StatusConfirmed = "confirmed"
	StatusPacking   = "packing"
	StatusShipped   = "shipped"
	StatusDelivered = "delivered"
	StatusCompleted = "completed"
	StatusCanceled  = "canceled"
	StatusReturned  = "returned"
)

// OrderStatus is a state of the status machine.
type OrderStatus struct {
	Code     string
	Name     string
	Final    bool // nothing is expected after it
	Canceled bool // the sale did not happen
}

// OrderStatuses lists the machine's states in the order a merchant expects.
func OrderStatuses() []OrderStatus {
	return []OrderStatus{
		{Code: StatusNew, Name: "Новий"},
		{Code: StatusConfirmed, Name: "Підтверджено"},
		{Code: StatusPacking, Name: "Комплектується"},
		{Code: StatusShipped, Name: "Відправлено"},
		{Code: StatusDelivered, Name: "Доставлено"},
		{Code: StatusCompleted, Name: "Виконано", Final: true},
		{Code: StatusCanceled, Name: "Скасовано", Final: true, Canceled: true},
		{Code: StatusReturned, Name: "Повернення", Final: true},
	}
}

// LifePath are the states an order passes on its way to the buyer.
func LifePath() []string {
	return []string{StatusNew, StatusConfirmed, StatusPacking, StatusShipped, StatusDelivered, StatusCompleted}
}

// StatusName is what people call the status; the code itself for one we do not know.
func StatusName(code string) string {
	for _, s := range OrderStatuses() {
		if s.Code == code {
			return s.Name
		}
	}
	return code
}

func isStatus(code string) bool {
	return slices.ContainsFunc(OrderStatuses(), func(s OrderStatus) bool { return s.Code == code })
}

// CheckMove is the shop's rule of status moves: forward along the path, steps may be skipped;
// cancelled while the parcel is still here; returned once it has left. Answers a Refusal.
func CheckMove(from, to string) error {
	if !isStatus(to) {
		return Refuse(fmt.Sprintf("У магазині немає статусу «%s».", Cut(to, 60)))
	}
	at, next := slices.Index(LifePath(), from), slices.Index(LifePath(), to)
	sent := at >= slices.Index(LifePath(), StatusShipped)
	switch {
	case from == StatusCanceled:
		return Refuse("Замовлення скасовано, товар повернуто на склад. Щоб продати його, оформіть нове замовлення.")
	case from == StatusReturned:
		return Refuse("Замовлення повернуто, його статус більше не змінюється.")
	case to == StatusCanceled && sent:
		return Refuse("Замовлення вже відправлено, тому скасувати його не можна. Якщо товар повертається, оберіть «Повернення».")
	case to == StatusReturned && !sent:
		return Refuse("Замовлення ще не відправлено, тому повертати нічого. Щоб зупинити його, оберіть «Скасовано».")
	case to == StatusCanceled || to == StatusReturned:
		return nil
	case next < at:
		return Refuse(fmt.Sprintf("Замовлення вже у статусі «%s», повернути його до «%s» не можна.", StatusName(from), StatusName(to)))
	}
	return nil
}

// BeforeSending reports whether the parcel of an order at this status is still here, so that staff
// may correct whom and where it goes to.
func BeforeSending(status string) bool {
	return status == StatusNew || status == StatusConfirmed || status == StatusPacking
}

// NextStatuses are the statuses an order may be moved to now.
func NextStatuses(from string) []OrderStatus {
	var next []OrderStatus
	for _, s := range OrderStatuses() {
		if s.Code != from && CheckMove(from, s.Code) == nil {
			next = append(next, s)
		}
	}
	return next
}
