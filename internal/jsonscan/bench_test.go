package jsonscan

import (
	"encoding/json"
	"testing"
)

// message is a notification as recorded, 1 kB.
var message = []byte(`{"data":{"notificationType":"StatusChange","call":{"id":"02C7KQ5M3T9FV6PA81ND4WLAES000003","state":"Established","callUuid":"02C7KQ5M3T9FV6PA81ND4WLAES000003","connId":"00720a41c3e50003","deviceUri":"http://gws.example.test:8080/api/v2/devices/5d2f0c1e-7a44-4b39-9c55-1f0be2a6d701","participants":[{"e164Number":"","formattedPhoneNumber":"7002","phoneNumber":"7002","digits":"7002"}],"dnis":"7001","callType":"Internal","capabilities":["UpdateUserData","DeleteUserData","DeleteUserDataPair","InitiateConference","AttachUserData","Hangup","SingleStepConference","SingleStepTransfer","SendDtmf","ClearCall","Hold","InitiateTransfer"],"userData":{"CaseId":"c751"},"duration":"2","mute":"Off","supervisorListeningIn":false,"monitoredUserMuted":false,"monitoring":false,"uri":"http://gws.example.test:8080/api/v2/me/calls/02C7KQ5M3T9FV6PA81ND4WLAES000003","path":"/calls/02C7KQ5M3T9FV6PA81ND4WLAES000003","case":[]},"phoneNumber":"7001","extensions":{"BusinessCall":1,"WrapUpTime":20},"messageType":"CallStateChangeMessage","metrics":{"eventProcessing":{"nodeProcessingTimeNanos":465232,"serverGenerationTimestamp":1769554688150,"serverProcessingTimeTotalMs":3}}},"channel":"/v2/me/calls"}`)

func BenchmarkSkip(b *testing.B) {
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		if Valid(message) != nil {
			b.Fatal()
		}
	}
}

func BenchmarkWalk(b *testing.B) {
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		s := New(message)
		walk(&s)
		if s.End() != nil {
			b.Fatal()
		}
	}
}

func walk(s *Scanner) {
	switch s.Kind() {
	case Object:
		s.Object()
		for s.NextKey() {
			walk(s)
		}
	case Array:
		s.Array()
		for s.NextElem() {
			walk(s)
		}
	case String:
		s.Text()
	case Number:
		s.Int()
	default:
		s.Bool()
	}
}

func BenchmarkAny(b *testing.B) {
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Any(message); err != nil {
			b.Fatal()
		}
	}
}

func BenchmarkEncodingJSONValid(b *testing.B) {
	b.SetBytes(int64(len(message)))
	for b.Loop() {
		json.Valid(message)
	}
}

func BenchmarkTable(b *testing.B) {
	var t Table
	text := message[150:200]
	b.ReportAllocs()
	for b.Loop() {
		t.String(text)
	}
}
