//go:build unix

package interop

import (
	"flag"
	"os"
	"testing"
)

// TestMain lets more tests run at a time than there are processors, unless told
// how many: they mostly wait for servers.
func TestMain(m *testing.M) {
	flag.Parse()
	told := false
	flag.Visit(func(f *flag.Flag) { told = told || f.Name == "test.parallel" || f.Name == "test.cpu" })
	if !told {
		if err := flag.Set("test.parallel", "4"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
