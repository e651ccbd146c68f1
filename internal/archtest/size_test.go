package archtest

import (
	"fmt"
	"strings"
	"testing"
)

// maxLines is where a file has more than one reason to exist.
const maxLines = 500

// longFiles may be longer, each with its reason.
func longFiles() map[string]string {
	return map[string]string{}
}

// sizes reports files that are too long, and exceptions that are needed no more.
func sizes(allowed map[string]string) rule {
	return func(files []file) []string {
		var found []string
		long := make(map[string]bool)
		for _, f := range files {
			if f.lines <= maxLines {
				continue
			}
			long[f.path] = true
			if allowed[f.path] == "" {
				found = append(found, fmt.Sprintf("%s has %d lines, more than %d: split it by reasons to change", f.path, f.lines, maxLines))
			}
		}
		for path := range allowed {
			if !long[path] {
				found = append(found, path+" is not too long any more: take it off longFiles()")
			}
		}
		return found
	}
}

func TestFilesStayShort(t *testing.T) {
	t.Parallel()
	hold(t, sizes(longFiles()))
}

func TestSizeRuleCanFail(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("// line\n", maxLines)
	wantFinding(t, "too long", sizes(nil), "orders/a.go", body, "orders/a.go has 503 lines")
	wantNothing(t, "allowed", sizes(map[string]string{"orders/a.go": "generated"}), "orders/a.go", body)
	wantFinding(t, "stale exception", sizes(map[string]string{"orders/a.go": "was long"}), "orders/a.go", "", "not too long any more")
}
