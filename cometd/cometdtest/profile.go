package cometdtest

import (
	"slices"
	"strings"
	"time"
)

// profile is what makes one server differ from another.
type profile struct {
	timeout, interval, maxInterval time.Duration
	transports                     []string
	contentType                    string
	texts                          texts

	// bodies
	handshakeShared bool    // handshake may share a body
	connectAlone    bool    // connect with others: HTTP 500
	waitForConnect  bool    // connect with others is held, all replies with it
	noObject        bool    // a message without array around it: HTTP 400
	emptyBody       verdict // accept: HTTP 200 without body
	emptyArray      verdict // accept: an empty array
	pong            bool    // an empty array on WebSocket is answered with one

	// fields
	badName, emptySegment, badChar verdict // of a channel
	noChannel                      verdict
	checkID                        bool
	textID                         bool // a number as id comes back as text
	trimSlash                      bool // /foo/ is /foo
	strictChannels                 bool // the grammar of the standard: no dot in a name
	emptyList                      verdict

	// sessions
	noHandshakeAdvice  bool   // advice comes with the first connect reply
	noMinimumVersion   bool   // in the handshake reply
	checkHandshake     bool   // version and connection types must fit
	noCookie           bool   // no browser cookie at all
	cookiePath         string // of the browser cookie
	unbound            bool   // the cookie is not compared with the session's
	throttleCookieless bool   // no cookie and no Origin: polls instead of being held
	firstID            bool   // only the first message of a body must name the session
	openPublish        bool   // anybody may publish
	unknownBare        bool   // replies about unknown sessions do not repeat the subscription

	// connects
	holdFirst       bool // the first connect is held like any other
	duplicateStatus int  // ends the older of two connects; 0: it is never answered
	alwaysAdvice    bool // every connect reply carries advice
	noOwnInterval   bool // the advice does not repeat the client's interval
	resendAdvice    bool // full advice when a multiple-clients conflict ends
	bareAdvice      bool // 402 advice without interval
	plainRelease    bool // a disconnect releases the connect as if nothing had happened
	disconnectFirst bool // the reply to a disconnect precedes that of the held connect (WebSocket)
	endCloses       bool // a session's end closes its socket
	ignoreBroken    bool // frames that are not JSON are ignored
	cancelCloses    bool // a connect on another socket closes the older one
	needsType       bool // connectionType is mandatory

	// delivery
	clientID     bool // replies carry clientId
	connectFirst bool // replies before the events
	keepID       bool // events keep the publisher's id
	copies       bool // one copy of an event per matching subscription
	connectOnly  bool // events ride on connect replies only (HTTP)
	noPublish    bool
	metaPublish  verdict // publishing on a channel below /meta/
	noAck        bool
	emptyExt     bool // with the acknowledgement extension every meta reply has an ext
}

// verdict is what happens to something that is not well-formed: an error reply
// (the zero value), nothing special, or else an HTTP status.
type verdict int

const accept verdict = -1

// texts are the error fields; {client}, {channel} and {reason} are filled in.
type texts struct {
	unknown, denied                    string
	channelMissing, channelInvalid     string
	idInvalid                          string
	subscriptionMissing                string
	subscriptionInvalid                string
	metaDenied                         string // subscribing below /meta/; "": as any other
	createDenied, subscribeDenied      string
	publishCreateDenied, publishDenied string
	metaPublish                        string
	noChannel                          string // unsubscribing where nobody ever was; "": success
	metaUnsubscribe                    string // unsubscribing below /meta/ and /service/; "": as any other
	deleted, noCookie                  string // noCookie "": as unknown
}

// configure applies what the options say in place of the preset.
func (p *profile) configure(o *Options) {
	override := func(d *time.Duration, v time.Duration) {
		if v != 0 {
			*d = max(v, 0)
		}
	}
	override(&p.timeout, o.Timeout)
	override(&p.interval, o.Interval)
	override(&p.maxInterval, o.MaxInterval)
	if o.Transports != nil {
		p.transports = slices.Clone(o.Transports)
	}
	if o.WebSocket && !slices.Contains(p.transports, webSocket) {
		p.transports = append([]string{webSocket}, p.transports...)
	}
	if o.DuplicateConnectStatus != 0 {
		p.duplicateStatus = o.DuplicateConnectStatus
	}
	if o.MaxSessionsPerBrowser == 0 {
		o.MaxSessionsPerBrowser = 1
	}
	if o.MultiSessionInterval == 0 {
		o.MultiSessionInterval = 2 * time.Second
	}
	if o.CookieName == "" {
		o.CookieName = "BAYEUX_BROWSER"
	}
	if o.MaxMessageSize == 0 {
		o.MaxMessageSize = 16 << 20
	}
	if o.MessagesPerFrame <= 0 {
		o.MessagesPerFrame = 1
	}
	p.unbound = p.unbound || o.TrustClientSession
	if o.NoFieldValidation {
		p.badName, p.emptySegment, p.badChar, p.checkID = accept, accept, accept, false
	}
}

// channel checks a name; it is right, wrong with an error reply, or wrong with
// an HTTP status.
func (p *profile) channel(name string) (ok bool, status int) {
	v := accept
	name = p.normal(name)
	switch {
	case len(name) < 2 || name[0] != '/':
		v = p.badName
	case strings.Contains(name, "//") || strings.HasSuffix(name, "/"):
		v = p.emptySegment
	case !validChars(name, p.strictChannels):
		v = p.badChar
	}
	return v == accept, max(int(v), 0)
}

// normal is the name that a channel is known by.
func (p *profile) normal(name string) string {
	if p.trimSlash && len(name) > 1 {
		return strings.TrimSuffix(name, "/")
	}
	return name
}

// say fills in an error text.
func say(text string, m *Message, channel string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	if channel == "" {
		channel = m.Channel
	}
	return strings.NewReplacer("{client}", m.ClientID, "{channel}", channel,
		"{reason}", "denied_by_security_policy", "{cookie}", "BAYEUX_BROWSER").Replace(text)
}
