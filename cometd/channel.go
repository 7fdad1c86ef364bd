package cometd

import (
	"fmt"
	"strings"
)

const (
	metaHandshake   = "/meta/handshake"
	metaConnect     = "/meta/connect"
	metaSubscribe   = "/meta/subscribe"
	metaUnsubscribe = "/meta/unsubscribe"
	metaDisconnect  = "/meta/disconnect"
)

// checkChannel returns the canonical form of a channel name or pattern. It
// refuses only what no server can accept.
func checkChannel(name string) (string, error) {
	canonical := name
	if len(name) > 2 {
		canonical = strings.TrimSuffix(name, "/")
	}
	switch {
	case len(canonical) < 2 || canonical[0] != '/':
		return "", fmt.Errorf("cometd: channel %q does not start with a slash and a name", name)
	case strings.Contains(canonical, "//") || canonical[len(canonical)-1] == '/':
		return "", fmt.Errorf("cometd: channel %q has an empty segment", name)
	case strings.ContainsFunc(canonical, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", fmt.Errorf("cometd: channel %q has a control character", name)
	}
	return canonical, nil
}

// isPattern reports whether the last segment is a wildcard.
func isPattern(channel string) bool {
	return strings.HasSuffix(channel, "/*") || strings.HasSuffix(channel, "/**")
}

// isLocal reports whether listening on channel needs no subscription on the
// server, because what is sent there is sent to the session itself.
func isLocal(channel string) bool {
	return strings.HasPrefix(channel, "/meta/") || strings.HasPrefix(channel, "/service/")
}

// isMeta reports whether channel belongs to the protocol itself.
func isMeta[S string | []byte](channel S) bool {
	return len(channel) > 6 && string(channel[:6]) == "/meta/"
}

// patterns calls yield with every pattern that matches channel, most specific
// first, in a buffer that it reuses: /a/*, /a/**, /** for /a/b. It stops when
// yield returns false.
func patterns(channel []byte, buf []byte, yield func([]byte) bool) {
	last := len(channel)
	for i := len(channel) - 1; i >= 0; i-- {
		if channel[i] != '/' {
			continue
		}
		buf = append(append(buf[:0], channel[:i]...), "/**"...)
		if last == len(channel) {
			if !yield(buf[:len(buf)-1]) {
				return
			}
		}
		if !yield(buf) {
			return
		}
		last = i
	}
}
