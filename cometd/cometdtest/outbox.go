package cometdtest

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// outgoing is a frame, or what ends a socket.
type outgoing struct {
	data      []byte
	binary    bool
	chunk     int           // 0: in one piece
	pause     time.Duration // between pieces
	truncated bool          // the socket is cut in the middle of it
	answers   *entry        // the request that it completes; may be nil

	cut     bool                 // no frame: cut the connection
	closing websocket.StatusCode // no frame: close with this code
	text    string               // and this reason
}

// outbox is the frames that wait to be written, in order.
type outbox struct {
	ready chan struct{} // has one element while there may be frames

	mu     sync.Mutex
	frames []outgoing
}

func (b *outbox) put(frames ...outgoing) {
	b.mu.Lock()
	b.frames = append(b.frames, frames...)
	b.mu.Unlock()
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

func (b *outbox) take() []outgoing {
	b.mu.Lock()
	defer b.mu.Unlock()
	frames := b.frames
	b.frames = nil
	return frames
}

// writeOne writes one frame; an error ends the socket.
func (k *socket) writeOne(o outgoing) error {
	switch {
	case o.cut:
		return errCut
	case o.closing != 0:
		_ = k.conn.Close(o.closing, o.text)
		return errCut
	}
	k.note(o)
	kind := websocket.MessageText
	if o.binary {
		kind = websocket.MessageBinary
	}
	ctx := context.Background()
	if o.chunk <= 0 && !o.truncated {
		return k.conn.Write(ctx, kind, o.data)
	}
	w, err := k.conn.Writer(ctx, kind)
	if err != nil {
		return err
	}
	rest := o.data
	for len(rest) > 0 {
		n := len(rest)
		if o.chunk > 0 {
			n = min(o.chunk, n)
		}
		if _, err := w.Write(rest[:n]); err != nil {
			return err
		}
		if rest = rest[n:]; len(rest) > 0 && o.pause > 0 {
			select {
			case <-time.After(o.pause):
			case <-k.gone:
				return errCut
			}
		}
	}
	if o.truncated {
		return errCut
	}
	return w.Close()
}

// note puts a frame into the record.
func (k *socket) note(o outgoing) {
	k.srv.mu.Lock()
	id := ""
	switch {
	case k.session != nil:
		id = k.session.ID
	case k.opened != nil:
		id = k.opened.ID
	}
	k.srv.mu.Unlock()
	if !o.binary {
		k.srv.record.frame(Frame{Time: time.Now(), Connection: connection(k.r), Session: id, Data: o.data})
	}
	if o.answers != nil {
		o.answers.change(func(r *Request) {
			r.Status, r.Response, r.Answered = http.StatusOK, o.data, time.Now()
			r.Aborted = o.truncated
		})
	}
}
