//go:build unix

package interop

import (
	"bufio"
	"context"
	"io"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// process is a running program. It ends with the test, and with this process
// in any case: its standard input ends then, which the programs watch.
type process struct {
	t     testing.TB
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string // the lines of its standard output
	ended chan struct{}

	mu     sync.Mutex
	output strings.Builder // all that it printed, shown if the test fails
}

func start(t testing.TB, p program, args ...string) *process {
	t.Helper()
	cmd := exec.Command(p.argv[0], append(p.argv[1:len(p.argv):len(p.argv)], args...)...)
	cmd.Dir = p.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	proc := &process{t: t, cmd: cmd, lines: make(chan string, 1024), ended: make(chan struct{})}
	cmd.Stderr = writerFunc(proc.record)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	proc.stdin, err = cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	go func() {
		defer close(proc.ended)
		defer close(proc.lines)
		for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
			proc.record([]byte(scanner.Text() + "\n"))
			proc.lines <- scanner.Text()
		}
		cmd.Wait()
	}()
	t.Cleanup(func() {
		proc.kill()
		if t.Failed() {
			lines := strings.SplitAfter(proc.printed(), "\n")
			t.Logf("%s printed, at the end:\n%s", strings.Join(cmd.Args, " "), strings.Join(lines[max(0, len(lines)-40):], ""))
		}
	})
	return proc
}

// line returns the next line of the program's standard output.
func (p *process) line(ctx context.Context) string {
	p.t.Helper()
	select {
	case line, ok := <-p.lines:
		if !ok {
			require.FailNow(p.t, "the program ended", "%s", p.printed())
		}
		return line
	case <-ctx.Done():
		require.FailNow(p.t, "the program says nothing", "%s", p.printed())
		return ""
	}
}

// kill ends the program and all its children at once and waits for its end.
func (p *process) kill() {
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	for range p.lines {
		// Whoever has not read its output by now does not want it.
	}
	<-p.ended
}

func (p *process) record(text []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.output.Write(text)
}

func (p *process) printed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// writerFunc is a function that is given all that is written.
type writerFunc func([]byte)

// and passes what is written on to w, too.
func (f writerFunc) and(w io.Writer) io.Writer { return io.MultiWriter(f, w) }

func (f writerFunc) Write(p []byte) (int, error) {
	f(p)
	return len(p), nil
}
