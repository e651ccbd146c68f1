package keycrmtest

// icon is the silhouette that stands for a kind of goods.
type icon int

const (
	iconBox icon = iota
	iconTee
	iconHoodie
	iconDress
	iconShoe
	iconMug
	iconPlate
	iconBottle
	iconPillow
	iconTowel
	iconRoll
	iconLamp
	iconCandle
	iconPlant
	iconBear
	iconBlocks
	iconBackpack
	iconBook
	iconBall
	iconDumbbell
	iconTent
	iconPhone
	iconCable
	iconPower
	iconHeadphones
	iconSpeaker
)

// code is the beginning of SKUs of that kind.
func (i icon) code() string {
	codes := [...]string{
		"BOX", "TEE", "HOD", "DRS", "SHO", "MUG", "PLT", "BTL", "PIL", "TWL", "ROL", "LMP", "CND", "PLN", "BEA", "BLK",
		"BAG", "BOK", "BAL", "DMB", "TNT", "CAS", "CBL", "PWR", "HDP", "SPK",
	}
	return codes[i]
}
