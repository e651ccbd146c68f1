package demo

import (
	"fmt"
	"os"
	"strings"
)

// printGuide tells where everything is and what to try.
func (d *demo) printGuide() {
	var b strings.Builder
	page := d.shop.url + "/admin/integrations"
	fmt.Fprintf(&b, "\n  Shop              %s/\n", d.shop.url)
	fmt.Fprintf(&b, "  Shop's admin      %s/admin   admin / %s   (also manager / %s, viewer / %s)\n",
		d.shop.url, d.state.AdminPassword, d.state.ManagerPassword, d.state.ViewerPassword)
	fmt.Fprintf(&b, "  Integrations page %s\n", page)
	if sim := d.services.sim; sim != nil {
		fmt.Fprintf(&b, "  Simulated KeyCRM  %s/   API key: %s\n", sim.URL(), sim.Key())
	}
	b.WriteString("\nTry it:\n")
	if d.cfg.Blank {
		connect, save := "«ПІДКЛЮЧИТИ»", "«ЗБЕРЕГТИ»"
		if d.cfg.Lang == "en" {
			connect, save = "CONNECT", "SAVE"
		}
		fmt.Fprintf(&b, "  1. Open the integrations page, press %s, enter the API key, turn the switch, press %s.\n", connect, save)
	} else {
		fmt.Fprintf(&b, "  1. Buy something: open %s/?utm_source=google&utm_campaign=demo\n", d.shop.url)
	}
	if d.services.sim != nil {
		fmt.Fprintf(&b, "  2. An order bought in the shop appears in the CRM within a second or two: %s/orders\n", d.services.sim.URL())
		b.WriteString("  3. Move its status there: the shop's order moves. Edit a product there, run the synchronisation: the shop shows it.\n")
	}
	fmt.Fprintf(&b, "\nKept in %s between starts (--fresh forgets it); logs in %s/keybridge.log.\n", d.cfg.Dir, d.cfg.Dir)
	if os.Getenv("DATABASE_URL") != "" {
		b.WriteString("The database is the one DATABASE_URL names.\n")
	}
	if d.services.sim != nil && !d.cfg.RealLimits {
		fmt.Fprintf(&b, "KeyCRM allows %d requests a minute; this demo allows %d, to be quick (--real-limits keeps to the real ones).\n",
			realLimit, raisedLimit)
	}
	b.WriteString("Ctrl-C stops everything.\n")
	fmt.Fprint(d.cfg.Out, b.String())
}
