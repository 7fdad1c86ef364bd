package cometdtest

import (
	"slices"
	"strings"
	"time"
)

// Preset is a server to imitate.
type Preset int

// The servers whose behaviour on the wire is known.
const (
	Reference   Preset = iota // CometD 6 to 9
	Reference31               // CometD 3.1
	Reference29               // CometD 2.9
	GWS                       // Genesys Web Services 8.5
	Faye                      // Faye 1.4
	Salesforce                // Salesforce Streaming API
	Node                      // the CometD project's Node.js server
)

// String returns the name of the constant.
func (p Preset) String() string {
	names := [...]string{"Reference", "Reference31", "Reference29", "GWS", "Faye", "Salesforce", "Node"}
	if p < 0 || int(p) >= len(names) {
		return "Preset(?)"
	}
	return names[p]
}

// profile is what makes one server differ from another.
type profile struct {
	timeout, interval, maxInterval time.Duration
	transports                     []string
	contentType                    string

	noHandshakeAdvice  bool // advice comes with the first connect reply
	handshakeShared    bool // handshake may share a body
	connectAlone       bool // connect with others: HTTP 500
	waitForConnect     bool // connect with others is held, all replies with it
	holdFirst          bool // the first connect is held like any other
	duplicateStatus    int  // ends a held connect that a newer one replaces; 0: nothing does
	noCookie           bool // no browser cookie at all
	unbound            bool // the cookie is not compared with the session's
	throttleCookieless bool // no cookie and no Origin: polls instead of being held
	resendAdvice       bool // full advice when a multiple-clients conflict ends
	badSyntax          int  // HTTP status for bad field syntax; 0: a reply
	emptyStatus        int  // HTTP status for an empty array; 0: an empty array
	arrayOnly          bool // a body that is one object is refused
	missingStatus      int  // HTTP status for a message without channel; 0: a reply
	reference          bool // the reference server's ways with odd input
	noMinimum          bool // the handshake reply has no minimumVersion
	clientID           bool // replies carry clientId
	connectFirst       bool // connect reply before the events
	keepID             bool // events keep the publisher's id
	copies             bool // one copy of an event per matching subscription
	connectOnly        bool // events ride on connect replies only (HTTP)
	bareAdvice         bool // 402 advice without interval
	bareUnknown        bool // a 402 reply does not repeat the subscription
	noInterval         bool // the interval that a connect asks for is not repeated
	alwaysAdvice       bool // every connect reply carries advice
	checkHandshake     bool // version and connection types must fit
	quietEnd           bool // the held connect of a session that ends is answered as on timeout
	onlyForgets        bool // a session ends in one way only: the server does not know it any more
	freePublish        bool // a publish needs no session
	noPublish          bool
	noAck              bool
	strictChannels     bool // the grammar of the standard: no dot in a name
	cancelCloses       bool // a connect on another socket closes the older one
	pong               bool // an empty array on WebSocket is answered with one
	texts              texts
}

// texts are the error fields; {client}, {channel} and {reason} are filled in.
type texts struct {
	unknown, denied                                 string
	channelMissing, channelInvalid, idInvalid       string
	subscriptionMissing, subscriptionInvalid        string
	metaSubscribe                                   string // "": as denied
	createDenied, subscribeDenied                   string
	publishCreateDenied, publishDenied, metaPublish string // metaPublish "": HTTP 500
	noChannel, deleted                              string // noChannel "": success
	noCookie                                        string // "": as unknown
}

var texts6 = texts{
	unknown: "402::session_unknown", denied: "403::handshake_denied",
	channelMissing: "400::channel_missing", channelInvalid: "405::channel_invalid", idInvalid: "405::message_id_invalid",
	subscriptionMissing: "403::subscription_missing", subscriptionInvalid: "403::subscription_invalid",
	createDenied: "403:{reason}:create_denied", subscribeDenied: "403:{reason}:subscribe_denied",
	publishCreateDenied: "403:{reason}:channel_create_denied", publishDenied: "403:{reason}:publish_denied",
	metaPublish: "403:{reason}:channel_create_denied",
	noChannel:   "400::channel_missing", deleted: "404::message_deleted",
}

var texts3 = texts{
	unknown: "402::Unknown client", denied: "403::Handshake denied",
	channelMissing: "400::channel missing", channelInvalid: "405::invalid_channel",
	subscriptionMissing: "403::subscription_missing", subscriptionInvalid: "403::subscription_invalid",
	createDenied: "403:{reason}:create_denied", subscribeDenied: "403:{reason}:subscribe_denied",
	publishCreateDenied: "403:{reason}:create denied", publishDenied: "403:{reason}:publish denied",
	metaPublish: "403:{reason}:create denied",
	noChannel:   "400::channel_missing", deleted: "404::message deleted",
}

var textsFaye = texts{
	unknown: "401:{client}:Unknown client", denied: "403::Handshake denied",
	channelMissing: "402:channel:Missing required parameter", channelInvalid: "405:{channel}:Invalid channel",
	subscriptionMissing: "402:subscription:Missing required parameter", subscriptionInvalid: "405:{channel}:Invalid channel",
	createDenied: "403:{channel}:Forbidden channel", subscribeDenied: "403:{channel}:Forbidden channel",
	publishCreateDenied: "403:{channel}:Forbidden channel", publishDenied: "403:{channel}:Forbidden channel",
	metaPublish: "403:{channel}:Forbidden channel", deleted: "404::message_deleted",
}

var textsSalesforce = func() texts {
	t := texts6
	t.unknown, t.denied = "403::Unknown client", "401::Authentication invalid"
	t.subscriptionInvalid = "404::Unknown topic {channel}"
	t.noCookie = "400::Client {client} has established a session, but no {cookie} cookie present"
	return t
}()

var textsNode = func() texts {
	t := texts6
	t.createDenied, t.subscribeDenied = "403::channel_denied", "403::subscribe_denied"
	t.publishCreateDenied, t.publishDenied = "403::channel_denied", "403::publish_denied"
	t.metaPublish, t.metaSubscribe = "", "403::subscribe_failed"
	t.idInvalid, t.noChannel = "", ""
	return t
}()

const jsonUTF8 = "application/json;charset=UTF-8"

func (p Preset) profile() profile {
	all := []string{"websocket", "callback-polling", "long-polling"}
	ref := profile{
		timeout: 30 * time.Second, maxInterval: 10 * time.Second,
		transports: all, contentType: jsonUTF8, duplicateStatus: 500, emptyStatus: 500, reference: true, texts: texts6,
	}
	switch p {
	case Reference31:
		ref.duplicateStatus, ref.resendAdvice, ref.badSyntax, ref.texts = 408, true, 500, texts3
		ref.bareUnknown, ref.missingStatus = true, 500
	case Reference29:
		ref.duplicateStatus, ref.resendAdvice, ref.badSyntax, ref.texts = 408, true, 500, texts3
		ref.bareUnknown, ref.missingStatus = true, 500
		ref.noHandshakeAdvice, ref.connectAlone, ref.unbound, ref.throttleCookieless = true, true, true, true
		ref.cancelCloses = true
	case GWS:
		ref.duplicateStatus, ref.resendAdvice, ref.badSyntax, ref.texts = 408, true, 500, texts3
		ref.bareUnknown, ref.missingStatus = true, 500
		ref.noHandshakeAdvice, ref.connectAlone = true, true
		ref.transports = []string{"long-polling"}
	case Faye:
		return profile{
			timeout: 60 * time.Second, maxInterval: 120 * time.Second,
			transports: []string{"long-polling", "cross-origin-long-polling", "callback-polling",
				"websocket", "eventsource", "in-process"},
			contentType:     "application/json; charset=utf-8",
			handshakeShared: true, waitForConnect: true, holdFirst: true, noMinimum: true,
			noCookie: true, unbound: true, clientID: true, connectFirst: true,
			keepID: true, connectOnly: true, bareAdvice: true, alwaysAdvice: true, checkHandshake: true,
			missingStatus: 400, noInterval: true, quietEnd: true, onlyForgets: true, freePublish: true,
			noAck: true, strictChannels: true, pong: true, texts: textsFaye,
		}
	case Salesforce:
		ref.timeout, ref.maxInterval = 110*time.Second, 40*time.Second
		ref.transports, ref.texts = []string{"long-polling"}, textsSalesforce
		ref.noHandshakeAdvice, ref.clientID, ref.noPublish, ref.noAck = true, true, true, true
	case Node:
		ref.transports = []string{"long-polling"}
		ref.contentType, ref.emptyStatus, ref.copies, ref.texts = "application/json", 400, true, textsNode
		ref.badSyntax, ref.arrayOnly, ref.reference, ref.noMinimum = 400, true, false, true
		ref.bareUnknown, ref.noInterval, ref.quietEnd = true, true, true
	}
	return ref
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
		p.badSyntax, p.missingStatus = 0, 0
	}
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
