package cometd

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// refusalHolds is how long a transport is left alone that the server has
// refused, so that not every handshake begins in vain.
const refusalHolds = 10 * time.Minute

// openTimeouts is how often a WebSocket that never worked may fail to open in
// time before it is taken for impossible.
const openTimeouts = 2

// negotiation chooses the transport. It belongs to the session goroutine.
type negotiation struct {
	client *Client
	poll   *longPoll
	socket *webSocket // nil if it is not among the options

	current   Transport               // of the session
	refused   map[Transport]time.Time // when the server refused it
	unusable  map[Transport]bool      // until the next handshake that succeeds
	temporary bool                    // one of those may be usable later
	worked    bool                    // a WebSocket has carried a handshake
	timeouts  int                     // WebSockets in a row that did not open in time
}

func newNegotiation(c *Client) negotiation {
	n := negotiation{client: c, poll: &longPoll{client: c}}
	if slices.Contains(c.opts.Transports, WebSocket) {
		n.socket = &webSocket{client: c}
	}
	return n
}

// usable returns the transports worth a try, in order of preference.
func (n *negotiation) usable() []Transport {
	var list []Transport
	for _, t := range n.client.opts.Transports {
		at, refused := n.refused[t]
		if !n.unusable[t] && (!refused || time.Since(at) >= refusalHolds) {
			list = append(list, t)
		}
	}
	return list
}

// begin returns the transport for the next handshake and those to offer.
func (n *negotiation) begin() (transport, []Transport) {
	list := n.usable()
	if len(list) == 0 {
		n.refused, n.unusable, n.temporary = nil, nil, false
		list = n.client.opts.Transports
	}
	return n.get(list[0]), list
}

func (n *negotiation) get(t Transport) transport {
	if t == WebSocket {
		return n.socket
	}
	return n.poll
}

// accept returns the transport to use after a handshake over t succeeded with
// a server that supports these transports; nil means that it did not tell.
func (n *negotiation) accept(t transport, supported []Transport) (transport, error) {
	chosen := t.kind()
	if supported != nil {
		i := slices.IndexFunc(n.client.opts.Transports, func(mine Transport) bool {
			return slices.Contains(supported, mine) && (mine == chosen || slices.Contains(n.usable(), mine))
		})
		if i < 0 {
			return nil, &Error{Channel: metaHandshake, Transport: chosen, Code: 405, Message: "no_transport",
				Args: fmt.Sprintf("c%v,s%v", n.client.opts.Transports, supported)}
		}
		chosen = n.client.opts.Transports[i]
	}
	n.unusable, n.temporary, n.timeouts = nil, false, 0
	n.worked = n.worked || t.kind() == WebSocket
	if n.current != "" && n.current != chosen {
		n.client.log.Info("transport changed", "from", n.current, "to", chosen)
	}
	n.current = chosen
	if chosen != t.kind() {
		t.close()
	}
	return n.get(chosen), nil
}

// failed is told of a handshake over t that failed without a reply. It reports
// whether another transport is to be tried at once, or none is left.
func (n *negotiation) failed(t transport, err error) (otherway, fatal bool) {
	unusable, lasting := n.judge(t.kind(), err)
	if !unusable {
		return false, false
	}
	t.close()
	if lasting {
		if n.refused == nil {
			n.refused = map[Transport]time.Time{}
		}
		n.refused[t.kind()] = time.Now()
	} else {
		n.temporary = true
		if n.unusable == nil {
			n.unusable = map[Transport]bool{}
		}
		n.unusable[t.kind()] = true
	}
	if list := n.usable(); len(list) > 0 {
		n.client.log.Warn("transport unusable", "transport", t.kind(), "next", list[0], "error", err)
		return true, false
	}
	return false, !n.temporary
}

// judge decides whether a failure speaks against the transport itself, and
// whether it will do so for some time.
func (n *negotiation) judge(t Transport, err error) (unusable, lasting bool) {
	if t == LongPolling {
		e, ok := errors.AsType[*statusError](err)
		refused := ok && e.status == http.StatusBadRequest && len(n.client.opts.Transports) > 1
		return refused, refused
	}
	if refusal, ok := errors.AsType[*upgradeError](err); ok {
		return true, refusal.isFinal() && !(n.worked && len(n.client.opts.Transports) == 1)
	}
	if errors.Is(err, errOpenTimeout) {
		n.timeouts++
		return n.timeouts >= openTimeouts && !n.worked, false
	}
	n.timeouts = 0
	if isUnsent(err) || isHook(err) {
		return false, false // the server is away, whatever the transport
	}
	return !n.worked || n.client.opts.NotSticky, false
}

func (n *negotiation) close() {
	if n.socket != nil {
		n.socket.close()
	}
}
