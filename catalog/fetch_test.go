package catalog

import (
	"net/netip"
	"strings"
	"testing"
)

func TestOnlyPublicAddressesServePictures(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true,
		"127.0.0.1": false, "::1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false,
		"169.254.169.254": false, "fe80::1": false, "fc00::1": false, "100.64.0.1": false, "0.0.0.0": false,
		"224.0.0.1": false, "255.255.255.255": false, "192.0.2.1": false, "198.18.0.1": false,
		"64:ff9b::a00:1": false, "2002:a00:1::": false, "2001:db8::1": false,
	} {
		if got := public(netip.MustParseAddr(addr)); got != want {
			t.Errorf("public(%s) = %v", addr, got)
		}
	}
	f := newFetcher(Pictures{AllowLoopback: true}.withDefaults())
	for address, ok := range map[string]bool{
		"127.0.0.1:80": true, "[::1]:80": true, "[::ffff:127.0.0.1]:80": true, "10.0.0.1:80": false,
		"[::ffff:10.0.0.1]:80": false, "nonsense": false,
	} {
		if err := f.checkAddress(address); (err == nil) != ok {
			t.Errorf("checkAddress(%q) = %v", address, err)
		}
	}
}

func FuzzSanitizer(f *testing.F) {
	for _, s := range []string{
		"<p>Текст</p>", "<script>alert(1)</script>", `<a href="javascript:alert(1)">x</a>`, `<img src=x onerror=alert(1)>`,
		"a\x00b", "\xff\xfe", `<iframe src="//evil"></iframe>`, `<svg/onload=alert(1)>`,
	} {
		f.Add(s)
	}
	clean := newSanitizer()
	f.Fuzz(func(t *testing.T, dirty string) {
		once, ok := clean.html(dirty)
		if !ok {
			return
		}
		for _, bad := range []string{"<script", "<iframe", "<svg", "\x00"} {
			if containsFold(once, bad) {
				t.Errorf("%q became %q", dirty, once)
			}
		}
	})
}

func containsFold(s, part string) bool { return strings.Contains(strings.ToLower(s), part) }
