//go:build unix

package interop

import (
	"fmt"
	"strings"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

const (
	handHello   = `[{"id":"1","channel":"/meta/handshake","version":"1.0","minimumVersion":"1.0","supportedConnectionTypes":["long-polling"],"ext":{"ack":true}}]`
	handConnect = `[{"id":"7","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling"}]`
	handPoll    = `[{"id":"8","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","advice":{"timeout":0}}]`
	handListen  = `[{"id":"2","channel":"/meta/subscribe","clientId":"CLIENT","subscription":"/foo"}]`
	handPublish = `[{"id":"9","channel":"/foo","clientId":"CLIENT","data":{"a":1}}]`
	handLeave   = `[{"id":"99","channel":"/meta/disconnect","clientId":"CLIENT"}]`

	socketHello   = `[{"id":"1","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["websocket"],"ext":{"ack":true}}]`
	socketConnect = `[{"id":"7","channel":"/meta/connect","clientId":"CLIENT","connectionType":"websocket"}]`
	socketPoll    = `[{"id":"8","channel":"/meta/connect","clientId":"CLIENT","connectionType":"websocket","advice":{"timeout":0}}]`
)

func (h *hand) open() {
	h.ask(handHello)
	h.ask(handListen)
	h.ask(handPoll)
}

func (h *hand) openSocket() {
	h.dial()
	h.tell(socketHello)
	h.tell(handListen)
	h.tell(socketPoll)
}

// dialogues are what scripts cannot express: sockets, and several sessions.
var dialogues = map[string]func(*hand){
	"two sessions of one browser": func(h *hand) {
		h.open()
		first := h.id
		h.while(handConnect, func() {
			h.open()
			h.do(handConnect)
			h.do(handConnect)
			second := h.id
			h.id = first
			h.ask(handLeave)
			h.id = second
		})
		h.do(handConnect)
		h.do(handLeave)
	},
	"confirmed events": func(h *hand) {
		h.open()
		ack := func(n int) {
			h.do(fmt.Sprintf(`[{"id":"7","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","ext":{"ack":%d}}]`, n))
		}
		h.s.publish("/foo", 1, 2)
		ack(1)
		ack(1)
		h.s.publish("/foo", 3, 1)
		ack(2)
		ack(4)
		ack(0)
		h.do(handLeave)
	},
	"many events": func(h *hand) {
		h.open()
		h.s.publish("/foo", 1, 3)
		h.do(handConnect)
		h.s.publish("/foo", 4, 3)
		h.do(handPoll)
		h.s.publish("/foo", 4, 2)
		h.do(handPublish)
		h.do(handPoll)
		h.do(handLeave)
	},
	"websocket session": func(h *hand) {
		h.dial()
		h.tell(socketHello)
		h.tell(socketConnect)
		h.tell(handListen)
		h.tell(socketPoll)
		h.tellQuietly(socketConnect)
		h.s.publish("/foo", 1, 2)
		h.await(2)
		h.tell(handPublish)
		h.await(1)
		h.tell(handPublish)
		h.s.publish("/foo", 3, 1)
		h.listen(holdTime / 4) // with the acknowledgement extension it waits
		h.tell(`[{"id":"9","channel":"/foo","clientId":"CLIENT","data":1},{"id":"10","channel":"/bar","clientId":"CLIENT","data":2}]`)
		h.tell(socketPoll)
		h.tell(handLeave)
		h.tell(socketConnect)
		h.tell(handPublish)
	},
	"websocket and a second connect": func(h *hand) {
		h.openSocket()
		h.tellQuietly(socketConnect)
		h.tell(socketPoll)
		h.tellQuietly(socketConnect)
		h.tellInAnyOrder(handLeave)
	},
	"websocket, lost": func(h *hand) {
		h.openSocket()
		h.tellQuietly(socketConnect)
		h.dial()
		h.s.publish("/foo", 1, 1)
		h.tellInAnyOrder(socketPoll)
		h.s.publish("/foo", 2, 1)
		h.listen(holdTime / 4)
		h.tell(handLeave)
	},
	"websocket, server's disconnect": func(h *hand) {
		h.openSocket()
		h.tellQuietly(socketConnect)
		h.inAnyOrder(func() {
			h.s.disconnectAll()
			h.await(1)
			h.listen(holdTime / 4)
		})
	},
	"websocket, server forgets": func(h *hand) {
		h.openSocket()
		h.s.forgetAll()
		h.tell(handPublish)
		h.tell(socketConnect)
	},
	"websocket, broken": func(h *hand) {
		for _, frame := range []string{`[`, `[]`, `[{"id":"1","channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["websocket"]},{"id":"2","channel":"/foo","data":1}]`} {
			h.dial()
			if frame == "[" && h.preset == cometdtest.Faye {
				h.tellQuietly(frame) // which it ignores
				continue
			}
			h.tell(frame)
		}
		h.dial()
		h.tell(strings.Trim(socketHello, "[]"))
		h.tell(handLeave)
	},
	"websocket, connect with others": func(h *hand) {
		h.openSocket()
		h.tell(`[{"id":"9","channel":"/foo","clientId":"CLIENT","data":1},{"id":"7","channel":"/meta/connect","clientId":"CLIENT","connectionType":"websocket"}]`)
		h.await(1)
		h.tell(handLeave)
	},
	"websocket, from long-polling": func(h *hand) {
		h.open()
		h.s.publish("/foo", 1, 1)
		h.dial()
		h.tellInAnyOrder(socketPoll)
		h.s.publish("/foo", 2, 1)
		h.listen(holdTime / 4)
		h.do(handPoll)
		h.do(handLeave)
	},
	"websocket, to long-polling": func(h *hand) {
		h.openSocket()
		h.do(handPoll)
		h.s.publish("/foo", 1, 1)
		h.do(handConnect)
		h.do(handLeave)
	},
}

// excepted are scripts in which a server goes ways of its own that no client
// meets, and that are not imitated.
var excepted = map[cometdtest.Preset][]string{
	// It loses the replies that share a frame with a held connect.
	cometdtest.Reference31: {"websocket, connect with others"},
	// It keeps several connects of a session, and prefers an open socket.
	cometdtest.Faye: {"websocket session", "websocket and a second connect", "websocket, to long-polling"},
}
