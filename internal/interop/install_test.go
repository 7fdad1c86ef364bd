//go:build unix

package interop

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// program tells how to start one of the programs of this package.
type program struct {
	dir  string // where it runs
	argv []string
}

var installed = struct {
	sync.Mutex
	done map[string]func() (string, error)
}{done: map[string]func() (string, error){}}

// nodeProgram returns the program node/<name>.mjs, installing its modules if
// that is allowed, and skips or fails the test if it cannot run.
func nodeProgram(t testing.TB, name string) program {
	t.Helper()
	dir := need(t, "node", []string{"node", "npm"}, func(dir string) error {
		if err := copyFiles(dir, "node/*.mjs", "node/package*.json"); err != nil {
			return err
		}
		return run(dir, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	}, "node/*.mjs", "node/package*.json")
	return program{dir: dir, argv: []string{"node", name + ".mjs"}}
}

// javaProgram returns the program java/<name>, installing its libraries and
// compiling it if that is allowed, and skips or fails the test if it cannot run.
func javaProgram(t testing.TB, name string) program {
	t.Helper()
	sources := []string{"java/*.java", "java/" + name + "/*.java"}
	pom := "java/" + name + "/pom.xml"
	dir := need(t, name, []string{"java", "javac", "mvn"}, func(dir string) error {
		if err := copyFiles(dir, append(sources, pom)...); err != nil {
			return err
		}
		if err := run(dir, "mvn", "--batch-mode", "--quiet", "dependency:copy-dependencies", "-DoutputDirectory=lib"); err != nil {
			return err
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.java"))
		if err != nil {
			return err
		}
		return run(dir, "javac", append([]string{"-d", "classes", "-cp", "lib/*"}, files...)...)
	}, append(sources, pom)...)
	return program{dir: dir, argv: []string{
		"java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", // short-lived and small
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", "classes:lib/*", "Main",
	}}
}

// need returns the directory that install fills from the sources, which is
// named after their contents and kept between runs.
func need(t testing.TB, name string, tools []string, install func(dir string) error, sources ...string) string {
	t.Helper()
	mode := os.Getenv("INTEROP")
	if mode == "0" {
		t.Skip("INTEROP=0")
	}
	installed.Lock()
	once := installed.done[name]
	if once == nil {
		once = sync.OnceValues(func() (string, error) {
			return provide(name, mode != "", tools, install, sources)
		})
		installed.done[name] = once
	}
	installed.Unlock()
	dir, err := once()
	switch {
	case err == nil:
		return dir
	case mode == "required":
		t.Fatalf("INTEROP=required, but %v", err)
	default:
		t.Skipf("%v", err)
	}
	return ""
}

func provide(name string, mayInstall bool, tools []string, install func(dir string) error, sources []string) (string, error) {
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			return "", fmt.Errorf("%s is not installed", tool)
		}
	}
	sum, err := checksum(sources)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "gws-go-interop")
	dir := filepath.Join(cache, name+"-"+sum)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if !mayInstall {
		return "", fmt.Errorf("the dependencies of %s are not installed; INTEROP=1 installs them", name)
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	half, err := os.MkdirTemp(cache, "installing-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(half)
	if err := install(half); err != nil {
		return "", fmt.Errorf("installing %s: %w", name, err)
	}
	// Another run may have been faster; its result is as good.
	if err := os.Rename(half, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return dir, nil
}

func checksum(patterns []string) (string, error) {
	sum := sha256.New()
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(sum, "%s %d\n", file, len(content))
			sum.Write(content)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}

func copyFiles(dir string, patterns ...string) error {
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return err
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), content, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

func run(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, output)
	}
	return nil
}
