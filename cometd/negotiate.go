package cometd

import "fmt"

// negotiation chooses the transport.
type negotiation struct {
	client  *Client
	poll    transport
	current Transport
}

func newNegotiation(c *Client) negotiation { return negotiation{client: c, poll: newLongPoll(c)} }

// begin returns the transport for the next handshake and those to offer.
func (n *negotiation) begin() (transport, []Transport) {
	n.current = LongPolling
	return n.poll, []Transport{LongPolling}
}

// accept returns the transport to use after a handshake over t, if the server
// supports these.
func (n *negotiation) accept(t transport, supported []Transport) (transport, error) {
	if supported == nil {
		return t, nil
	}
	for _, s := range supported {
		if s == LongPolling {
			return t, nil
		}
	}
	return nil, &Error{Channel: metaHandshake, Code: 405,
		Args: fmt.Sprintf("c%v,s%v", n.client.opts.Transports, supported), Message: "no_transport"}
}

// failed is told of a handshake that failed without a reply.
func (n *negotiation) failed(transport, error) (otherway, fatal bool) { return false, false }

func (n *negotiation) close() {}
