// Package archtest holds the rules about the shape of this module: which package may import which,
// where SQL may stand, what a guest in somebody else's process must not do, how large a package or a
// type may grow before it is to be divided, and that a list of all constants of a type is one. It
// consists of tests only; what they count with is in count. Each rule is also run on a small bad module, to prove that it can fail.
package archtest
