package cometdtest

import (
	"encoding/json"
	"net/http"
	"time"
)

// Options configures a server. The zero value is a reference server of
// version 6 to 8 on a free port of 127.0.0.1 that lets everybody do
// everything. The server copies it.
type Options struct {
	// Preset is the server to imitate. The other fields change what it does.
	Preset Preset

	// InMemory makes NewServer listen inside the process instead of on a TCP
	// port. Only clients made by [Server.Client], or that dial with
	// [Server.DialContext], reach it. It is what a testing/synctest bubble
	// needs.
	InMemory bool

	// Timeout is how long a connect is held; 0 means the preset's, mostly 30s.
	// A negative one means that connects are answered at once.
	Timeout time.Duration
	// Interval is the pause before the next connect that the server advises.
	Interval time.Duration
	// MaxInterval is how long a session lives after a connect was answered,
	// beyond Interval; 0 means the preset's, mostly 10s.
	MaxInterval time.Duration

	// Transports is what the handshake reply lists; nil means the preset's. A
	// server that does not list "websocket" refuses WebSocket upgrades.
	Transports []string
	// WebSocket adds the WebSocket transport to a preset that has none.
	WebSocket bool
	// Subprotocol is the WebSocket subprotocol that the server requires.
	Subprotocol string
	// MessagesPerFrame is how many events share a WebSocket frame; 0 means 1.
	MessagesPerFrame int
	// RequireHandshakePerConnection answers 402 on a new WebSocket until a
	// handshake was made on it.
	RequireHandshakePerConnection bool

	// Ack installs the acknowledged-messages extension.
	Ack bool
	// ConnectDeliverOnly delivers events with connect replies only.
	ConnectDeliverOnly bool
	// MessagesDuringHandshake delivers the events that OnHandshake queued
	// together with the handshake reply, which tells their number in
	// x-messages.
	MessagesDuringHandshake bool
	// HandshakeReconnect adds maxInterval to the advice.
	HandshakeReconnect bool
	// TrustClientSession accepts a clientId without its cookie.
	TrustClientSession bool
	// NoFieldValidation accepts any id and channel.
	NoFieldValidation bool
	// NoEcho does not deliver to a publisher what it has published.
	NoEcho bool
	// ExactPath answers 404 to the URLs that end in /handshake, /connect and
	// so on, which the server otherwise takes as well.
	ExactPath bool
	// Gzip compresses responses for clients that accept it.
	Gzip bool
	// IgnoreAborts keeps a held connect whose client has gone, as servers do
	// behind a proxy: the next event is written to nobody and lost. Without it
	// the server notices, and keeps the event for the next connect.
	IgnoreAborts bool

	// MaxQueue is how many events wait for a session before it is disconnected;
	// 0 means any number.
	MaxQueue int
	// MaxMessageSize is the largest request body or frame in bytes; 0 means
	// 16 MiB.
	MaxMessageSize int
	// MaxSessionsPerBrowser is how many sessions with one browser cookie may
	// have a connect held; 0 means the preset's, negative any number.
	MaxSessionsPerBrowser int
	// MultiSessionInterval is the pause advised to the sessions above
	// MaxSessionsPerBrowser; 0 means 2s, negative refuses them.
	MultiSessionInterval time.Duration
	// CookieName is the name of the browser cookie; "" means BAYEUX_BROWSER.
	CookieName string
	// CookieMaxAge is the life of the browser cookie; 0 means the session's.
	CookieMaxAge time.Duration
	// DuplicateConnectStatus ends a held connect that a newer one replaces; 0
	// means the preset's.
	DuplicateConnectStatus int

	// What follows are hooks. They may be called from several goroutines at
	// once, and may call the server where nothing else is said.

	// OnHandshake is called before a session is created. It may set s.Value,
	// and queue events with s.Deliver. An error refuses the handshake: with its
	// own words and advice if it is a *Refusal.
	OnHandshake func(r *http.Request, s *Session) error
	// Authorize is called before every later message; r is the upgrade request
	// on WebSocket. An error is answered as an unknown session is.
	Authorize func(r *http.Request, s *Session) error
	// Policy allows an action by returning nil.
	Policy func(s *Session, action Action, channel string) *Refusal
	// OnPublish is called for each publish that was allowed, before it is
	// broadcast; also for channels below /service/, which are not broadcast.
	// What clients without session publish, which Faye allows, it does not see.
	// What clients without session publish, which Faye allows, it does not see.
	OnPublish func(s *Session, channel string, data json.RawMessage)
	// OnEnd is called after a session ended, with the reason.
	OnEnd func(s *Session, why End)
	// Incoming sees every message of a known session, and handshakes, before
	// the server does. If it returns false the message is answered with
	// 404::message_deleted.
	Incoming func(s *Session, m Message) bool
	// Outgoing may change every reply before it is sent. It must not call the
	// server; s is nil if the session is unknown.
	Outgoing func(s *Session, reply map[string]any)

	// RecordLimit is how many requests and frames the record keeps, the newest
	// ones; 0 means all, negative none.
	RecordLimit int
}

// Action is what a session wants to do with a channel.
type Action string

// The actions that Options.Policy is asked about.
const (
	Create    Action = "create"    // of a channel that nobody has used yet
	Subscribe Action = "subscribe" // to a channel or pattern
	Publish   Action = "publish"   // on a channel
)

// End is why a session ended.
type End string

// The ways a session ends.
const (
	Disconnected End = "disconnected" // by the client
	Kicked       End = "kicked"       // by Session.Disconnect, or by Options.MaxQueue
	Expired      End = "expired"      // no connect in time, or Session.Expire
	Restarted    End = "restarted"    // by Server.Restart
	Closed       End = "closed"       // by Server.Close
)

// Refusal is an unsuccessful reply. The zero value is refused in the words of
// the preset.
type Refusal struct {
	Text   string         // the error field: "403:denied_by_security_policy:subscribe_denied"
	Advice map[string]any // nil: none, except for a handshake: reconnect none
	Ext    map[string]any
}

// Error returns the text of the reply's error field.
func (r *Refusal) Error() string { return r.Text }
