// Package archtest holds the rules about the shape of this module: which package may import which,
// where SQL may stand, and what a guest in somebody else's process must not do. It consists of
// tests only. Each rule is also run on a small bad module, to prove that it can fail.
package archtest
