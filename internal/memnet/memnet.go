// Package memnet is a network inside the process: a listener and a dialer for
// tests in a testing/synctest bubble, where real sockets would keep the fake
// clock from advancing.
package memnet

import (
	"context"
	"net"
	"os"
	"sync"
	"syscall"
)

// Listener accepts the connections that its Dial opens.
type Listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// Listen returns a listener that is ready to be dialled.
func Listen() *Listener {
	return &Listener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept waits for the next connection. It returns net.ErrClosed after Close.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: "mem", Addr: addr{}, Err: net.ErrClosed}
	}
}

// Close makes Accept and Dial fail; open connections stay open.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr returns an address that serves for display only.
func (l *Listener) Addr() net.Addr { return addr{} }

// Dial opens a connection. After Close it fails as a TCP dial to a port where
// nobody listens does.
func (l *Listener) Dial(ctx context.Context) (net.Conn, error) {
	client, server := Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "mem", Addr: addr{}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: "mem", Addr: addr{}, Err: ctx.Err()}
	}
}

// DialContext is Dial in the form that net/http.Transport wants; it ignores
// the network and the address.
func (l *Listener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	return l.Dial(ctx)
}

type addr struct{}

func (addr) Network() string { return "mem" }
func (addr) String() string  { return "memnet" }
