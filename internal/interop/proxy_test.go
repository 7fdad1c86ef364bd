//go:build unix

package interop

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// proxy passes TCP connections on to a server and can cut them.
type proxy struct {
	listener net.Listener
	target   string
	upgrades atomic.Int64 // WebSocket upgrades that the server accepted

	mu     sync.Mutex
	live   map[net.Conn]bool // both ends of what is passed on
	down   bool              // new connections are closed at once
	marker []byte            // cut the next connection on which the server sends this
	cut    chan struct{}     // closed when that has happened
	closed bool
	trace  []string // the newest of what was passed on
	conns  int      // so many connections were passed on
}

func startProxy(t testing.TB, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: listener, target: target, live: map[net.Conn]bool{}}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { p.pass(conn) })
		}
	})
	t.Cleanup(func() {
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		listener.Close()
		p.cutAll()
		running.Wait()
	})
	return p
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

// cutAll cuts every connection; new ones are passed on.
func (p *proxy) cutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.live {
		conn.Close()
	}
}

// setDown cuts every connection and refuses new ones, or ends that.
func (p *proxy) setDown(down bool) {
	p.mu.Lock()
	p.down = down
	p.mu.Unlock()
	if down {
		p.cutAll()
	}
}

// cutAt cuts the next connection on which the server sends marker, in the
// middle of it: the server has sent its whole answer, the client has a part.
func (p *proxy) cutAt(marker string) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marker = []byte(marker)
	p.cut = make(chan struct{})
	return p.cut
}

func (p *proxy) pass(client net.Conn) {
	defer client.Close()
	p.mu.Lock()
	refused := p.down || p.closed
	p.mu.Unlock()
	if refused {
		return
	}
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	p.mu.Lock()
	refused = p.down || p.closed
	p.live[client], p.live[server] = true, true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.live, client)
		delete(p.live, server)
	}()
	if refused {
		return
	}
	p.mu.Lock()
	p.conns++
	number := p.conns
	p.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(writerFunc(func(b []byte) { p.record(number, "→", b) }).and(server), client)
		server.Close()
		p.record(number, "→", nil)
	}()
	p.answer(number, client, server)
	client.Close()
	p.record(number, "←", nil)
	<-done
}

// record keeps the beginning and the end of what was passed on.
func (p *proxy) record(conn int, direction string, b []byte) {
	text := "(end)"
	if n := len(b); n > 1000 {
		text = fmt.Sprintf("%s … %s (%d bytes)", b[:500], b[n-400:], n)
	} else if n > 0 {
		text = string(b)
	}
	if head, body, ok := strings.Cut(text, "\r\n\r\n"); ok {
		first, _, _ := strings.Cut(head, "\r\n")
		text = first + "\n" + body
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.trace) >= 100 {
		p.trace = p.trace[50:]
	}
	p.trace = append(p.trace, fmt.Sprintf("%s %d %s %s", time.Now().Format("05.000"), conn, direction, text))
}

// show logs what was passed on lately.
func (p *proxy) show(t testing.TB) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range p.trace {
		t.Log(line)
	}
}

// answer passes on what the server sends until either end closes.
func (p *proxy) answer(number int, client, server net.Conn) {
	var tail []byte // the end of what was passed on, in which a marker may begin
	buffer := make([]byte, 64<<10)
	for {
		n, err := server.Read(buffer)
		if n > 0 {
			if bytes.HasPrefix(buffer[:n], []byte("HTTP/1.1 101")) {
				p.upgrades.Add(1)
			}
			p.record(number, "←", buffer[:n])
			tail = append(tail, buffer[:n]...)
			if p.cutHere(tail) {
				// Everything up to the last byte of this read.
				client.Write(buffer[:n-1])
				return
			}
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
			tail = tail[max(0, len(tail)-256):]
		}
		if err != nil {
			return
		}
	}
}

func (p *proxy) cutHere(sent []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.marker == nil || !bytes.Contains(sent, p.marker) {
		return false
	}
	p.marker = nil
	close(p.cut)
	return true
}
