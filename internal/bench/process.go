package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/gwsvoice/gws-go/internal/bench/server"
)

// serveProcess is the server's process: it prints its URL and then obeys lines
// of its input until that ends.
func serveProcess(options string, in io.Reader, out io.Writer) error {
	var o server.Options
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		return err
	}
	s, err := server.Listen(o)
	if err != nil {
		return err
	}
	defer s.Close()
	return obey(in, out, s.URL(), func(command, _ string) (any, error) {
		if command == "flow" {
			s.Flow()
		}
		return s.Stats(), nil
	})
}

// obey prints the URL, and for each line of the input what do returns, in JSON.
func obey(in io.Reader, out io.Writer, url string, do func(command, argument string) (any, error)) error {
	fmt.Fprintln(out, url)
	for lines := bufio.NewScanner(in); lines.Scan(); {
		command, argument, _ := strings.Cut(lines.Text(), " ")
		answer, err := do(command, argument)
		if err == nil {
			err = json.NewEncoder(out).Encode(answer)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// remote is a server in another process.
type remote struct {
	URL string
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// startServer starts the server that a flag of this program names.
func startServer(ctx context.Context, flag string, o any) (*remote, error) {
	options, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	cmd, err := self(ctx, flag, string(options))
	if err != nil {
		return nil, err
	}
	r := &remote{cmd: cmd}
	if r.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r.out = bufio.NewReader(out)
	url, err := r.out.ReadString('\n')
	if err != nil {
		r.stop()
		return nil, fmt.Errorf("server did not start: %w", err)
	}
	r.URL = strings.TrimSpace(url)
	return r, nil
}

// tell sends a command and stores the answer, which comes once it is done.
func (r *remote) tell(command string, answer any) error {
	if _, err := fmt.Fprintln(r.in, command); err != nil {
		return err
	}
	line, err := r.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("server: %s: %w", command, err)
	}
	return json.Unmarshal(line, answer)
}

// stats returns what the server has counted once it has obeyed.
func (r *remote) stats(command string) (stats server.Stats, err error) {
	err = r.tell(command, &stats)
	return stats, err
}

func (r *remote) stop() {
	_ = r.in.Close()
	_ = r.cmd.Wait()
}

// self returns a command that runs this program once more.
func self(ctx context.Context, args ...string) (*exec.Cmd, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, exe, args...)
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// measure runs a workload in a process of its own.
func measure(ctx context.Context, w work) (metrics, error) {
	spec, err := json.Marshal(w)
	if err != nil {
		return nil, err
	}
	cmd, err := self(ctx, "-work", string(spec))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w", w.Name, err)
	}
	var m metrics
	return m, json.Unmarshal(out.Bytes(), &m)
}
