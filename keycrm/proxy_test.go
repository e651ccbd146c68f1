package keycrm_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/keybridge/keybridge/keycrm"
	"github.com/keybridge/keybridge/keycrm/keycrmtest"
)

const proxyChild = "KEYCRM_TEST_PROXY_CHILD"

// TestEnvironmentsProxyIsHonoured runs itself again in a process whose environment names a proxy, since net/http reads
// the environment once. The proxy serves plain requests from a simulator; of https it sees the host alone.
func TestEnvironmentsProxyIsHonoured(t *testing.T) {
	t.Parallel()
	if os.Getenv(proxyChild) != "" {
		askThroughProxy(t)
		return
	}
	sim := keycrmtest.New(keycrmtest.WithCatalog(3, 3))
	t.Cleanup(func() { _ = sim.Close() })
	var mu sync.Mutex
	var seen []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.Method+" "+r.URL.Host+" key:"+fmt.Sprint(strings.Contains(fmt.Sprint(r.Header), sim.Key())))
		mu.Unlock()
		if r.Method == http.MethodConnect {
			http.Error(w, "no way out", http.StatusBadGateway)
			return
		}
		sim.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestEnvironmentsProxyIsHonoured$", "-test.count=1")
	cmd.Env = []string{proxyChild + "=1", "HTTP_PROXY=" + proxy.URL, "HTTPS_PROXY=" + proxy.URL, "HOME=" + t.TempDir()}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	mu.Lock()
	defer mu.Unlock()
	want := "[GET crm.example key:true CONNECT crm.example:443 key:false]"
	if fmt.Sprint(seen) != want {
		t.Errorf("the proxy saw %v, want %s", seen, want)
	}
}

func askThroughProxy(t *testing.T) {
	t.Helper()
	plain, err := keycrm.New("http://crm.example/v1", keycrmtest.DefaultKey, keycrm.WithPlainHTTP())
	if err != nil {
		t.Fatal(err)
	}
	if rows, _, err := plain.Products.List(t.Context(), keycrm.ProductQuery{}); err != nil || len(rows) != 3 {
		t.Errorf("%d products through the proxy: %v", len(rows), err)
	}
	secret, err := keycrm.New("https://crm.example/v1", keycrmtest.DefaultKey)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := secret.Products.List(t.Context(), keycrm.ProductQuery{}); err == nil || strings.Contains(err.Error(), keycrmtest.DefaultKey) {
		t.Errorf("a tunnel that was refused: %v", err)
	}
}
