// Package lively fills the simulated contact centre of the examples with life:
// customers call, wait, talk and hang up, and colleagues take their calls.
package lively

import (
	"time"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// The queues of the contact centre.
const (
	Sales   = "9000"
	Service = "9001"
	Billing = "9002"
)

// Options returns the options of a simulator with a small contact centre: three
// agents and a supervisor, whose passwords are "secret", and three queues. It
// takes about as long for everything as a real one.
func Options() voicetest.Options {
	return voicetest.Options{
		Agents: []voicetest.Agent{
			{DN: "5001", FirstName: "Ada", LastName: "Brook", Muting: true, Recording: true},
			{DN: "5002", FirstName: "Ben", LastName: "Castle", Muting: true, Recording: true},
			{DN: "5003", FirstName: "Cleo", LastName: "Dunn", Muting: true, Recording: true},
			{DN: "5009", UserName: "supervisor5009", FirstName: "Sam", LastName: "Evans", Muting: true, Supervisor: true},
		},
		Queues:        []string{Sales, Service, Billing},
		Latency:       voicetest.Latency{Response: 40 * time.Millisecond, Event: 60 * time.Millisecond, Spread: 0.5},
		RingTimeout:   25 * time.Second,
		OutsideAnswer: 3 * time.Second,
	}
}

// customer is somebody who calls.
type customer struct {
	number, name, segment string
}

var customers = []customer{
	{"4155550101", "Maria Lopez", "Gold"},
	{"4155550102", "John Smith", "Silver"},
	{"2125550103", "Wei Chen", "Standard"},
	{"3125550104", "Fatima Khan", "Gold"},
	{"2065550105", "Olu Adeyemi", "Standard"},
	{"6175550106", "Emma Novak", "Silver"},
	{"3055550107", "Luca Rossi", "Standard"},
	{"5125550108", "Hana Sato", "Gold"},
	{"4155550166", "Spam Caller", "Blocked"},
	{"7025550109", "Peter Olsen", "Standard"},
}

// wish is why somebody calls, and where.
type wish struct {
	queue, topic string
}

var wishes = []wish{
	{Sales, "new contract"},
	{Service, "device is broken"},
	{Billing, "invoice"},
	{Sales, "price of an upgrade"},
	{Billing, "refund"},
	{Service, "password forgotten"},
	{Service, "complaint"},
}
