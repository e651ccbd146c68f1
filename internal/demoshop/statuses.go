package demoshop

import (
	"fmt"
	"slices"

	"github.com/keybridge/keybridge/plugin"
)

// The codes of order statuses, in the order of an order's life; then the two ways it ends early.
const (
	statusNew       = "new"
	statusConfirmed = "confirmed"
	statusPacking   = "packing"
	statusShipped   = "shipped"
	statusDelivered = "delivered"
	statusCompleted = "completed"
	statusCanceled  = "canceled"
	statusReturned  = "returned"
)

// orderStatuses lists the machine's states in the order a merchant expects.
func orderStatuses() []plugin.OrderStatus {
	return []plugin.OrderStatus{
		{Code: statusNew, Name: "Новий"},
		{Code: statusConfirmed, Name: "Підтверджено"},
		{Code: statusPacking, Name: "Комплектується"},
		{Code: statusShipped, Name: "Відправлено"},
		{Code: statusDelivered, Name: "Доставлено"},
		{Code: statusCompleted, Name: "Виконано", Final: true},
		{Code: statusCanceled, Name: "Скасовано", Final: true, Canceled: true},
		{Code: statusReturned, Name: "Повернення", Final: true},
	}
}

// lifePath are the states an order passes on its way to the buyer.
func lifePath() []string {
	return []string{statusNew, statusConfirmed, statusPacking, statusShipped, statusDelivered, statusCompleted}
}

// statusName is what people call the status; the code itself for one we do not know.
func statusName(code string) string {
	for _, s := range orderStatuses() {
		if s.Code == code {
			return s.Name
		}
	}
	return code
}

func isStatus(code string) bool {
	return slices.ContainsFunc(orderStatuses(), func(s plugin.OrderStatus) bool { return s.Code == code })
}

// checkMove is the shop's rule of status moves: forward along the path, steps may be skipped;
// cancelled while the parcel is still here; returned once it has left. Answers a plugin.Refusal.
func checkMove(from, to string) error {
	if !isStatus(to) {
		return plugin.Refuse(fmt.Sprintf("У магазині немає статусу «%s».", cut(to, 60)))
	}
	at, next := slices.Index(lifePath(), from), slices.Index(lifePath(), to)
	sent := at >= slices.Index(lifePath(), statusShipped)
	switch {
	case from == statusCanceled:
		return plugin.Refuse("Замовлення скасовано, товар повернуто на склад. Щоб продати його, оформіть нове замовлення.")
	case from == statusReturned:
		return plugin.Refuse("Замовлення повернуто, його статус більше не змінюється.")
	case to == statusCanceled && sent:
		return plugin.Refuse("Замовлення вже відправлено, тому скасувати його не можна. Якщо товар повертається, оберіть «Повернення».")
	case to == statusReturned && !sent:
		return plugin.Refuse("Замовлення ще не відправлено, тому повертати нічого. Щоб зупинити його, оберіть «Скасовано».")
	case to == statusCanceled || to == statusReturned:
		return nil
	case next < at:
		return plugin.Refuse(fmt.Sprintf("Замовлення вже у статусі «%s», повернути його до «%s» не можна.", statusName(from), statusName(to)))
	}
	return nil
}

// nextStatuses are the statuses an order may be moved to now.
func nextStatuses(from string) []plugin.OrderStatus {
	var next []plugin.OrderStatus
	for _, s := range orderStatuses() {
		if s.Code != from && checkMove(from, s.Code) == nil {
			next = append(next, s)
		}
	}
	return next
}
