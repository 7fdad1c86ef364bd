package cometdtest

import (
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

// Fault is something that goes wrong with one request. The functions of this
// package make them; a script may combine several.
//
// A request is an HTTP request or a frame on a WebSocket, where cutting the
// connection means cutting the socket, and a status other than 200 means closing
// it with 1011. Faults that concern replies concern those on Match.Channel, or
// all of them if it is empty.
type Fault func(*plan)

// plan is what is to happen to one exchange.
type plan struct {
	channel string // the messages that the faults on replies concern; "": all

	// instead of processing
	delay      time.Duration
	silence    bool
	dropBefore bool
	handler    http.Handler

	// processing
	forget  bool
	refusal *Refusal
	holdFor *time.Duration

	// the reply
	edits        []func(map[string]any)
	noReply      bool
	order        int // -1: replies before the events, 1: after
	eventsBefore [][]byte
	eventsAfter  [][]byte
	object       bool
	noCookie     bool
	expireCookie bool
	header       http.Header

	// the response
	delayReply time.Duration
	swallow    bool
	drop       bool
	truncate   int // negative: no
	chunk      int
	pause      time.Duration
	gzip       bool
	duplicate  []time.Duration

	ws socketPlan
}

// socketPlan is what only a WebSocket can suffer.
type socketPlan struct {
	strip, mute bool
	closing     websocket.StatusCode
	reason      string
	frames      []outgoing // before the response
}

// concerns tells whether the faults on replies are meant for m.
func (p *plan) concerns(m *Message) bool { return p.channel == "" || m.Channel == p.channel }

// edit encodes a reply, changed as the plan says; it may vanish.
func (p *plan) edit(r *reply) [][]byte {
	if p.concerns(r.to) {
		if p.noReply {
			return nil
		}
		for _, f := range p.edits {
			f(r.fields)
		}
	}
	return [][]byte{r.encode()}
}

// Delay lets d pass before the request is looked at. On a WebSocket later
// frames overtake it.
func Delay(d time.Duration) Fault { return func(p *plan) { p.delay = d } }

// DelayReply carries the request out at once and answers d later than usual.
func DelayReply(d time.Duration) Fault { return func(p *plan) { p.delayReply = d } }

// Silence neither carries the request out nor answers it.
func Silence() Fault { return func(p *plan) { p.silence = true } }

// Swallow carries the request out and never answers: its response, with the
// events in it, is lost.
func Swallow() Fault { return func(p *plan) { p.swallow = true } }

// DropBefore cuts the connection without carrying the request out.
func DropBefore() Fault { return func(p *plan) { p.dropBefore = true } }

// Drop carries the request out and cuts the connection instead of answering:
// the response, with the events in it, is lost.
func Drop() Fault { return func(p *plan) { p.drop = true } }

// Truncate carries the request out and cuts the connection after n bytes of
// the response.
func Truncate(n int) Fault { return func(p *plan) { p.truncate = max(n, 0) } }

// Chunks sends the response in pieces of n bytes with pauses between them.
func Chunks(n int, pause time.Duration) Fault {
	return func(p *plan) { p.chunk, p.pause = n, pause }
}

// Gzip compresses the response if the client accepts it.
func Gzip() Fault { return func(p *plan) { p.gzip = true } }

// Status answers with an HTTP status and a body instead of carrying the
// request out. header may be nil.
func Status(code int, header http.Header, body string) Fault {
	return Handle(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}))
}

// Body answers with status 200 and a body, JSON or not, instead of carrying
// the request out.
func Body(body string) Fault { return Status(http.StatusOK, nil, body) }

// Handle lets h answer instead of the server. The request's body has been read.
func Handle(h http.Handler) Fault { return func(p *plan) { p.handler = h } }

// Header adds a header to the response.
func Header(name, value string) Fault {
	return func(p *plan) {
		if p.header == nil {
			p.header = http.Header{}
		}
		p.header.Add(name, value)
	}
}

// Forget makes the server forget the session before it carries the request
// out, which is therefore answered 402.
func Forget() Fault { return func(p *plan) { p.forget = true } }

// Refuse answers with an unsuccessful reply and does nothing, except that a
// refused connect keeps its session alive. text is the error field, advice may
// be nil.
func Refuse(text string, advice map[string]any) Fault {
	return func(p *plan) { p.refusal = &Refusal{Text: text, Advice: advice} }
}

// HoldFor holds a connect for d, or until there are events, where the server
// would answer at once or hold it for another time.
func HoldFor(d time.Duration) Fault { return func(p *plan) { p.holdFor = &d } }

// AnswerAtOnce does not hold a connect.
func AnswerAtOnce() Fault { return HoldFor(0) }

// EditReply changes the reply before it is encoded. f must not call the server.
func EditReply(f func(reply map[string]any)) Fault {
	return func(p *plan) { p.edits = append(p.edits, f) }
}

// Set puts a field into the reply.
func Set(field string, value any) Fault {
	return EditReply(func(r map[string]any) { r[field] = value })
}

// Without leaves a field of the reply out.
func Without(field string) Fault {
	return EditReply(func(r map[string]any) { delete(r, field) })
}

// Advice replaces the reply's advice.
func Advice(advice map[string]any) Fault { return Set("advice", advice) }

// NumericID makes the id of the reply a JSON number.
func NumericID() Fault {
	return EditReply(func(r map[string]any) {
		switch id := r["id"].(type) {
		case json.RawMessage:
			r["id"] = json.Number(text(id))
		case string:
			r["id"] = json.Number(id)
		}
	})
}

// NoReply leaves the reply out of the response: the body is [] if there is
// nothing else in it; on a WebSocket no frame is sent.
func NoReply() Fault { return func(p *plan) { p.noReply = true } }

// ReplyFirst puts the replies before the events of the response.
func ReplyFirst() Fault { return func(p *plan) { p.order = -1 } }

// ReplyLast puts the replies after the events of the response.
func ReplyLast() Fault { return func(p *plan) { p.order = 1 } }

// EventBefore puts an event before everything else that the response has.
func EventBefore(channel string, data any) Fault {
	return func(p *plan) { p.eventsBefore = append(p.eventsBefore, newEvent(channel, data).raw) }
}

// EventAfter puts an event at the end of the response.
func EventAfter(channel string, data any) Fault {
	return func(p *plan) { p.eventsAfter = append(p.eventsAfter, newEvent(channel, data).raw) }
}

// RawBefore puts a message, which need not be valid JSON, before everything else.
func RawBefore(message string) Fault {
	return func(p *plan) { p.eventsBefore = append(p.eventsBefore, []byte(message)) }
}

// RawAfter puts a message, which need not be valid JSON, at the end.
func RawAfter(message string) Fault {
	return func(p *plan) { p.eventsAfter = append(p.eventsAfter, []byte(message)) }
}

// Object sends the reply as an object instead of an array with one.
func Object() Fault { return func(p *plan) { p.object = true } }

// NoCookie keeps the browser cookie out of a handshake response.
func NoCookie() Fault { return func(p *plan) { p.noCookie = true } }

// ExpireCookie makes the client forget its browser cookie.
func ExpireCookie() Fault { return func(p *plan) { p.expireCookie = true } }

// Duplicate sends the replies again: on WebSocket in a frame d later, on
// long-polling with the session's first response after d.
func Duplicate(d time.Duration) Fault {
	return func(p *plan) { p.duplicate = append(p.duplicate, d) }
}

// CloseSocket carries the request out and closes the WebSocket instead of
// answering.
func CloseSocket(code int, reason string) Fault {
	return func(p *plan) { p.ws.closing, p.ws.reason = websocket.StatusCode(code), reason }
}

// TextFrame sends a text frame before the response; it may be anything.
func TextFrame(text string) Fault {
	return func(p *plan) { p.ws.frames = append(p.ws.frames, outgoing{data: []byte(text)}) }
}

// BinaryFrame sends a binary frame before the response.
func BinaryFrame(data []byte) Fault {
	return func(p *plan) { p.ws.frames = append(p.ws.frames, outgoing{data: data, binary: true}) }
}

// StripUpgrade answers an upgrade with status 101 and without the headers that
// belong to it.
func StripUpgrade() Fault { return func(p *plan) { p.ws.strip = true } }

// Mute accepts an upgrade and is silent ever after: no replies and no pongs.
func Mute() Fault { return func(p *plan) { p.ws.mute = true } }
