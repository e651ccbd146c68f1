package pictures

import (
	"errors"
	"net/netip"
	"testing"
)

func TestOnlyPublicAddressesServePictures(t *testing.T) {
	t.Parallel()
	open := New(Config{})
	for addr, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true,
		"127.0.0.1": false, "::1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false,
		"169.254.169.254": false, "fe80::1": false, "fc00::1": false, "100.64.0.1": false, "0.0.0.0": false,
		"224.0.0.1": false, "255.255.255.255": false, "192.0.2.1": false, "198.18.0.1": false,
		"64:ff9b::a00:1": false, "64:ff9b:1::1": false, "3fff::1": false, "5f00::1": false, "100::1": false, "2001::1": false,
		"192.88.99.1": false, "203.0.113.1": false, "198.51.100.1": false, "240.0.0.1": false, "192.0.0.8": false, "2002:a00:1::": false, "2001:db8::1": false,
	} {
		if err := open.checkAddress(netip.AddrPortFrom(netip.MustParseAddr(addr), 8080).String(), nil); (err == nil) != want || err != nil && !errors.Is(err, ErrAddress) {
			t.Errorf("checkAddress(%s) = %v", addr, err)
		}
	}
	f := New(Config{AllowLoopback: true})
	for address, ok := range map[string]bool{
		"127.0.0.1:80": true, "[::1]:80": true, "[::ffff:127.0.0.1]:80": true, "10.0.0.1:80": false,
		"[::ffff:10.0.0.1]:80": false, "nonsense": false,
	} {
		if err := f.checkAddress(address, nil); (err == nil) != ok {
			t.Errorf("checkAddress(%q) = %v", address, err)
		}
	}
}
