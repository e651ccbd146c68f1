package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/keybridge/keybridge/cmd/keybridge/internal/demo"
	"github.com/keybridge/keybridge/plugin"
)

func demoCommand() *cobra.Command {
	cfg := demo.Config{}
	var role string
	var selftest bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run a demo shop, joined with a simulated KeyCRM",
		Long: `Runs a small shop and a simulated KeyCRM on this machine and joins them: the catalog
arrives, an order bought in the shop appears in the CRM, a status moved there moves the shop's order.

Everything is kept between starts in the folder of --dir. DATABASE_URL (Postgres) and REDIS_URL
(Redis) are used when set; else Postgres is started from this machine's own programs and a Redis
runs inside this process.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg.Out, cfg.Role = cmd.OutOrStdout(), plugin.Role(role)
			if err := checkDemo(cfg, selftest); err != nil {
				return err
			}
			if selftest {
				return demo.Selftest(cmd.Context(), cfg)
			}
			return demo.Run(cmd.Context(), cfg)
		},
	}
	f := cmd.Flags()
	f.StringVar(&cfg.Dir, "dir", ".demo", "folder that keeps the demo's state")
	f.BoolVar(&cfg.Fresh, "fresh", false, "forget everything kept from earlier starts")
	f.BoolVar(&cfg.Blank, "blank", false, "connect nothing: go through the integrations page yourself")
	f.StringVar(&cfg.Key, "keycrm-key", "", "join the shop with the real KeyCRM account of this API key instead of the simulator")
	f.StringVar(&cfg.CRMURL, "keycrm-url", "", "address of the CRM's API; for a simulator that runs elsewhere, see keybridge sim")
	f.BoolVar(&cfg.RealLimits, "real-limits", false, "keep KeyCRM's 60 requests a minute; the demo allows more, to be quick")
	f.StringVar(&role, "role", string(plugin.RoleAll), "what this process does: all, web or worker; web and worker need DATABASE_URL and REDIS_URL")
	f.IntVar(&cfg.ShopPort, "shop-port", 8080, "port of the shop; the next free one is taken if it is busy")
	f.IntVar(&cfg.SimPort, "sim-port", 8090, "port of the simulated KeyCRM; the next free one is taken if it is busy")
	f.BoolVar(&cfg.QuickChecks, "quick-checks", false, "wait seconds instead of minutes before an order with an unclear answer is looked up again; safe with the simulator only")
	f.StringVar(&cfg.Lang, "lang", "uk", "language of the integrations page, uk or en, until somebody chooses another at its top")
	f.BoolVar(&cfg.Bilingual, "bilingual", false, "a shop that keeps its texts in Ukrainian and English, so that the language of the catalog can be chosen")
	f.BoolVar(&cfg.VariantsAsProducts, "variants-as-products", false, "a shop that keeps each variant as a product of its own")
	f.BoolVar(&selftest, "selftest", false, "do the whole main job unattended in a fresh folder, print what happened, exit 0 or 1")
	return cmd
}

func checkDemo(cfg demo.Config, selftest bool) error {
	switch cfg.Role {
	case plugin.RoleAll, plugin.RoleWeb, plugin.RoleWorker:
	default:
		return errors.New("--role must be all, web or worker")
	}
	if cfg.Lang != "uk" && cfg.Lang != "en" {
		return errors.New("--lang must be uk or en")
	}
	if selftest && (cfg.Blank || cfg.Key != "" || cfg.CRMURL != "" || cfg.Role != plugin.RoleAll) {
		return errors.New("--selftest runs with the simulator, alone in a fresh folder: leave out --blank, --keycrm-key, --keycrm-url and --role")
	}
	if cfg.CRMURL != "" && cfg.Key == "" {
		return errors.New("--keycrm-url needs the API key of that CRM in --keycrm-key")
	}
	if cfg.QuickChecks && cfg.Key != "" && cfg.CRMURL == "" {
		return errors.New("--quick-checks is not for the real KeyCRM: an order could be sent twice")
	}
	return nil
}
