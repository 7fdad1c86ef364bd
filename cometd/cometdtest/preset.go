package cometdtest

import "time"

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

var texts6 = texts{
	unknown: "402::session_unknown", denied: "403::handshake_denied",
	channelMissing: "400::channel_missing", channelInvalid: "405::channel_invalid", idInvalid: "405::message_id_invalid",
	subscriptionMissing: "403::subscription_missing", subscriptionInvalid: "403::subscription_invalid",
	createDenied: "403:{reason}:create_denied", subscribeDenied: "403:{reason}:subscribe_denied",
	publishCreateDenied: "403:{reason}:channel_create_denied", publishDenied: "403:{reason}:publish_denied",
	metaPublish: "403:{reason}:channel_create_denied",
	noChannel:   "400::channel_missing", deleted: "404::message_deleted",
}

// texts3 has blanks where later versions have underscores.
var texts3 = func() texts {
	t := texts6
	t.unknown, t.denied = "402::Unknown client", "403::Handshake denied"
	t.channelMissing = "400::channel missing"
	t.publishCreateDenied, t.publishDenied = "403:{reason}:create denied", "403:{reason}:publish denied"
	t.metaPublish, t.deleted = "403:{reason}:create denied", "404::message deleted"
	return t
}()

var textsFaye = texts{
	unknown: "401:{client}:Unknown client", denied: "403::Handshake denied",
	channelMissing: "405::Invalid channel", channelInvalid: "405:{channel}:Invalid channel",
	subscriptionMissing: "402:subscription:Missing required parameter", subscriptionInvalid: "405:{channel}:Invalid channel",
	metaDenied:   "403:{channel}:Forbidden channel",
	createDenied: "403:{channel}:Forbidden channel", subscribeDenied: "403:{channel}:Forbidden channel",
	publishCreateDenied: "403:{channel}:Forbidden channel", publishDenied: "403:{channel}:Forbidden channel",
	metaPublish: "403:{channel}:Forbidden channel", metaUnsubscribe: "403:{channel}:Forbidden channel",
	deleted: "404::message_deleted",
}

var textsSalesforce = func() texts {
	t := texts6
	t.unknown, t.denied = "403::Unknown client", "401::Authentication invalid"
	t.subscriptionInvalid = "404::Unknown topic {channel}"
	t.noCookie = "400::Client {client} has established a session, but no BAYEUX_BROWSER cookie present"
	return t
}()

var textsNode = func() texts {
	t := texts6
	t.metaDenied, t.createDenied, t.subscribeDenied = "403::subscribe_failed", "403::channel_denied", "403::subscribe_denied"
	t.publishCreateDenied, t.publishDenied = "403::channel_denied", "403::publish_denied"
	t.noChannel = ""
	return t
}()

func (p Preset) profile() profile {
	ref := profile{
		timeout: 30 * time.Second, maxInterval: 10 * time.Second,
		transports:  []string{webSocket, "callback-polling", longPolling},
		contentType: "application/json", texts: texts6,
		emptyBody: 400, emptyArray: 500, emptySegment: 500, emptyList: accept,
		checkID: true, textID: true, trimSlash: true,
		cookiePath: "/", duplicateStatus: 500, emptyExt: true,
	}
	switch p {
	case Reference31, Reference29, GWS:
		ref.contentType, ref.texts = "application/json;charset=utf-8", texts3
		ref.emptyBody, ref.badName, ref.emptySegment, ref.badChar, ref.noChannel = accept, 500, 500, 500, 500
		ref.checkID, ref.unknownBare = false, true
		ref.duplicateStatus, ref.resendAdvice = 408, true
		if p == Reference31 {
			break
		}
		ref.noHandshakeAdvice, ref.connectAlone = true, true
		if p == GWS {
			ref.transports = []string{longPolling}
			break
		}
		ref.unbound, ref.throttleCookieless, ref.cancelCloses = true, true, true
	case Salesforce:
		ref.timeout, ref.maxInterval = 110*time.Second, 40*time.Second
		ref.transports, ref.texts = []string{longPolling}, textsSalesforce
		ref.noHandshakeAdvice, ref.clientID, ref.noPublish, ref.noAck = true, true, true, true
	case Node:
		return profile{
			timeout: ref.timeout, maxInterval: ref.maxInterval,
			transports: []string{longPolling}, contentType: ref.contentType, texts: textsNode,
			noObject: true, emptyBody: 400, emptyArray: 400, emptyList: accept,
			badName: 400, emptySegment: accept, badChar: accept,
			noMinimumVersion: true, firstID: true, unknownBare: true,
			holdFirst: true, duplicateStatus: 500, noOwnInterval: true, plainRelease: true,
			copies: true, metaPublish: 500,
		}
	case Faye:
		return profile{
			timeout: 60 * time.Second, maxInterval: 60 * time.Second, // from one connect to the next twice the timeout
			transports: []string{longPolling, "cross-origin-long-polling", "callback-polling",
				webSocket, "eventsource", "in-process"},
			contentType: "application/json; charset=utf-8", texts: textsFaye,
			handshakeShared: true, waitForConnect: true, emptyBody: 400, emptyArray: accept, emptyList: accept, pong: true,
			strictChannels: true, noMinimumVersion: true, checkHandshake: true, noCookie: true, unbound: true,
			openPublish: true,
			holdFirst:   true, alwaysAdvice: true, noOwnInterval: true, bareAdvice: true, plainRelease: true, needsType: true,
			clientID: true, connectFirst: true, keepID: true, connectOnly: true, noAck: true,
			endCloses: true, ignoreBroken: true, disconnectFirst: true,
		}
	}
	return ref
}
