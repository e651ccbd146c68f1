package localpg

import "context"

// Serves says whether the process lives (a zombie does not) and serves the folder's data.
func Serves(pid int, dir string) bool {
	return isServerOf(context.Background(), pid, (&home{dir: dir}).data())
}
