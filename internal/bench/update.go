package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// withoutUpdate returns the arguments that matter for the result.
func withoutUpdate(args []string) []string {
	i := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(strings.TrimLeft(a, "-"), "update") })
	if i < 0 {
		return args
	}
	n := 1
	if !strings.Contains(args[i], "=") {
		n = 2
	}
	return slices.Delete(slices.Clone(args), i, min(i+n, len(args)))
}

// replaceResult puts a result between the comments of a Markdown file that say
// where it belongs.
func replaceResult(file string, fleet bool, result string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	begin, end := marks(fleet)
	before, rest, found := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return fmt.Errorf("%s: no %s and %s", file, begin, end)
	}
	return os.WriteFile(file, []byte(before+begin+"\n\n"+strings.TrimSpace(result)+"\n\n"+end+after), 0o644)
}

func marks(fleet bool) (begin, end string) {
	if fleet {
		return "<!-- fleet -->", "<!-- end of fleet -->"
	}
	return "<!-- table -->", "<!-- end of table -->"
}
