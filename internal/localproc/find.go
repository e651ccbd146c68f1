package localproc

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// Dirs lists the folders of the given PATH (in its own syntax), then those of extra, that hold
// every one of the programs as an executable file. A folder with only some of them is left out:
// a server without its companion is of no use.
func Dirs(path string, extra []string, programs ...string) []string {
	var found []string
	for _, dir := range append(filepath.SplitList(path), extra...) {
		if dir != "" && !slices.Contains(found, dir) && holdsAll(dir, programs) {
			found = append(found, dir)
		}
	}
	return found
}

func holdsAll(dir string, programs []string) bool {
	for _, name := range programs {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.IsDir() || info.Mode().Perm()&0o111 == 0 {
			return false
		}
	}
	return true
}

// Packages names one program in the words of the common package managers.
type Packages struct {
	Apt, Dnf, Brew string
}

// InstallCommand is the exact command that installs p on this machine, judged by the package
// manager found on path; empty when none of those we know is there.
func InstallCommand(path string, p Packages) string {
	system := []string{"/usr/bin", "/bin"} // where it is even if the caller's PATH is bare
	sudo := "sudo "
	if os.Geteuid() == 0 {
		sudo = ""
	}
	switch {
	case runtime.GOOS == "darwin":
		return "brew install " + p.Brew
	case len(Dirs(path, system, "apt-get")) > 0:
		return fmt.Sprintf("%sapt-get install %s", sudo, p.Apt)
	case len(Dirs(path, system, "dnf")) > 0:
		return fmt.Sprintf("%sdnf install %s", sudo, p.Dnf)
	default:
		return ""
	}
}
