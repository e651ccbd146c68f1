package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/keybridge/keybridge"
	"github.com/keybridge/keybridge/plugin"
)

// heldShown is how many variants are printed.
const heldShown = 200

func (at *runsAt) held() *cobra.Command {
	var gone bool
	cmd := &cobra.Command{
		Use: "held [connection]", Short: "List stock that is held back, or confirm that it is gone", Args: cobra.MaximumNArgs(1),
		Long: `Lists the stock that is held back because the CRM says of too many variants at once that there are none.
Everything else of them is written. What is held is let go by itself once the CRM has stock again; with --gone you
say that there really is none, and a worker of the shop reads it once more and writes it.`,
		RunE: at.on(func(ctx context.Context, r *keybridge.Runs, out io.Writer, args []string) error {
			conn, err := oneConnection(ctx, r, only(args))
			if err != nil {
				return err
			}
			return showHeld(ctx, r, out, conn, gone)
		}),
	}
	cmd.Flags().BoolVar(&gone, "gone", false, "there really is none: write it")
	return cmd
}

// showHeld prints what is held back, and confirms what it has printed or counted.
func showHeld(ctx context.Context, r *keybridge.Runs, out io.Writer, conn plugin.ConnectionID, gone bool) error {
	held, err := r.Held(ctx, conn, heldShown)
	if err != nil {
		return err
	}
	if held.Count == 0 {
		fmt.Fprintf(out, "No stock of %s is held back.\n", conn)
		return nil
	}
	fmt.Fprintln(out, held.Words)
	for _, c := range held.Causes {
		fmt.Fprintf(out, "  since %s UTC by %s: %d%s\n", at(c.Since), heldBy(c.Run), c.Count, changedBefore(c.Setting))
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  OFFER\tSKU\tIN THE SHOP\tIN THE CRM\tPRODUCT")
	for _, v := range held.Variants {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", v.Offer, v.SKU, v.Old, v.Says, v.Name)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if held.Count > len(held.Variants) {
		fmt.Fprintf(out, "  … these are the first %d; the integrations page has all.\n", len(held.Variants))
	}
	if !gone {
		fmt.Fprintf(out, "If there really is none: keybridge runs held %s --gone\n", conn)
		return nil
	}
	n, err := r.ConfirmHeld(ctx, conn, held.Until)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d confirmed; a worker of the shop reads them once more and writes them.\n", n)
	return nil
}

// heldNote says in a list of runs that stock is held back.
func heldNote(ctx context.Context, r *keybridge.Runs, out io.Writer, conn plugin.ConnectionID) error {
	held, err := r.Held(ctx, conn, 0)
	if err != nil || held.Count == 0 {
		return err
	}
	fmt.Fprintf(out, "  ! %s keybridge runs held %s\n", held.Words, conn)
	return nil
}

func heldBy(run int64) string {
	if run == 0 {
		return "stock calls"
	}
	return fmt.Sprintf("run %d", run)
}

func changedBefore(setting string) string {
	switch setting {
	case "warehouses":
		return ", after the chosen warehouses were changed"
	case "owner_stock":
		return ", after it was changed whose stock counts"
	}
	return ""
}
