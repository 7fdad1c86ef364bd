package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// window is how many bytes one direction holds before writes wait.
const window = 64 << 10

// Pipe returns the two ends of a connection. Unlike net.Pipe it buffers, as a
// socket does, so that two peers may write at the same time.
func Pipe() (net.Conn, net.Conn) {
	a, b := &direction{}, &direction{}
	return &conn{in: a, out: b}, &conn{in: b, out: a}
}

// direction carries bytes one way.
type direction struct {
	mu      sync.Mutex
	buf     []byte
	ended   bool          // the writer has closed: end of file after buf
	broken  bool          // the reader has closed: writes fail
	changed chan struct{} // closed at the next change; nil if nobody waits
}

// change must be called with mu held after anything a waiter may wait for.
func (d *direction) change() {
	if d.changed != nil {
		close(d.changed)
		d.changed = nil
	}
}

// wait must be called with mu held; it returns what the next change closes.
func (d *direction) wait() <-chan struct{} {
	if d.changed == nil {
		d.changed = make(chan struct{})
	}
	return d.changed
}

type conn struct {
	in, out         *direction
	reading, writes deadline
	once            sync.Once
	closed          bool // guarded by in.mu
}

func (c *conn) Read(b []byte) (int, error) {
	for {
		expired := c.reading.done()
		c.in.mu.Lock()
		switch {
		case c.closed:
			c.in.mu.Unlock()
			return 0, net.ErrClosed
		case isDone(expired):
			c.in.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		case len(c.in.buf) > 0:
			n := copy(b, c.in.buf)
			c.in.buf = c.in.buf[n:]
			if len(c.in.buf) == 0 {
				c.in.buf = nil
			}
			c.in.change()
			c.in.mu.Unlock()
			return n, nil
		case c.in.ended:
			c.in.mu.Unlock()
			return 0, io.EOF
		}
		changed := c.in.wait()
		c.in.mu.Unlock()
		select {
		case <-changed:
		case <-expired:
		}
	}
}

func (c *conn) Write(b []byte) (int, error) {
	written := 0
	for {
		expired := c.writes.done()
		c.out.mu.Lock()
		switch {
		case c.out.ended:
			c.out.mu.Unlock()
			return written, net.ErrClosed
		case c.out.broken:
			c.out.mu.Unlock()
			return written, io.ErrClosedPipe
		case isDone(expired):
			c.out.mu.Unlock()
			return written, os.ErrDeadlineExceeded
		}
		if n := min(window-len(c.out.buf), len(b)-written); n > 0 {
			c.out.buf = append(c.out.buf, b[written:written+n]...)
			written += n
			c.out.change()
		}
		if written == len(b) {
			c.out.mu.Unlock()
			return written, nil
		}
		changed := c.out.wait()
		c.out.mu.Unlock()
		select {
		case <-changed:
		case <-expired:
		}
	}
}

// Close ends both directions; the peer reads what was written, then EOF.
func (c *conn) Close() error {
	c.once.Do(func() {
		c.in.mu.Lock()
		c.closed = true
		c.in.broken = true
		c.in.buf = nil
		c.in.change()
		c.in.mu.Unlock()

		c.out.mu.Lock()
		c.out.ended = true
		c.out.change()
		c.out.mu.Unlock()
		c.reading.set(time.Time{})
		c.writes.set(time.Time{})
	})
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return addr{} }
func (c *conn) RemoteAddr() net.Addr { return addr{} }

func (c *conn) SetDeadline(t time.Time) error {
	c.reading.set(t)
	c.writes.set(t)
	return nil
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.reading.set(t)
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.writes.set(t)
	return nil
}

// deadline is a point in time that can be moved while somebody waits for it.
type deadline struct {
	mu      sync.Mutex
	timer   *time.Timer
	expired chan struct{}
}

func (d *deadline) done() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.channel()
}

func (d *deadline) channel() chan struct{} {
	if d.expired == nil {
		d.expired = make(chan struct{})
	}
	return d.expired
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		<-d.channel() // the timer has fired: let it finish before it is replaced
	}
	d.timer = nil
	if isDone(d.channel()) {
		d.expired = make(chan struct{})
	}
	if t.IsZero() {
		return
	}
	expired := d.expired
	if left := time.Until(t); left > 0 {
		d.timer = time.AfterFunc(left, func() { close(expired) })
		return
	}
	close(expired)
}

func isDone(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
