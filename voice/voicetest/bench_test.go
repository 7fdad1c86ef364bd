package voicetest_test

import (
	"testing"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// BenchmarkCall is a call from the queue to the end among ten thousand agents,
// without clients: what the switch itself costs.
func BenchmarkCall(b *testing.B) {
	sim := voicetest.NewServer(voicetest.Options{Agents: voicetest.NumberedAgents(10000, 10000), InMemory: true})
	defer sim.Close()
	phone := sim.Agent("10000")
	b.ReportAllocs()
	for b.Loop() {
		id := sim.Ring(voicetest.Call{Queue: "9000"})
		phone.Answer(id)
		phone.Hangup(id)
	}
}

// BenchmarkNewServer starts a contact centre of ten thousand agents.
func BenchmarkNewServer(b *testing.B) {
	agents := voicetest.NumberedAgents(10000, 10000)
	for b.Loop() {
		voicetest.NewServer(voicetest.Options{Agents: agents, InMemory: true}).Close()
	}
}
