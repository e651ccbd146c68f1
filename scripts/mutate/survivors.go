package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// readSurvivors reads the list of mutants that may live: blocks of a line that begins with # and says why, and the
// keys it is said of. It answers the reasons by key.
func readSurvivors(name string) (map[string]string, error) {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	reasons, reason := map[string]string{}, ""
	n := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		n++
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "":
			reason = ""
		case strings.HasPrefix(line, "#"):
			reason = strings.TrimSpace(reason + " " + strings.TrimSpace(strings.TrimPrefix(line, "#")))
		case reason == "":
			return nil, fmt.Errorf("%s:%d: a survivor without a reason: %s", name, n, line)
		default:
			reasons[line] = reason
		}
	}
	return reasons, nil
}

// judge compares what lived with the list. It answers the keys that are not listed, and those that are listed for
// nothing: killed by now, or not there any more. Only entries about the files that were mutated are looked at.
func judge(survived []mutant, all []mutant, listed map[string]string) (unlisted []mutant, stale []string) {
	alive, files := map[string]bool{}, map[string]bool{}
	for _, m := range all {
		files[m.file] = true
	}
	for _, m := range survived {
		alive[m.key()] = true
		if listed[m.key()] == "" {
			unlisted = append(unlisted, m)
		}
	}
	for key := range listed {
		if file, _, _ := strings.Cut(key, " "); files[file] && !alive[key] {
			stale = append(stale, key)
		}
	}
	slices.Sort(stale)
	return unlisted, stale
}
