package main

import (
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// simulation is the contact centre of a desktop that was started without -url.
type simulation struct {
	server *voicetest.Server

	mu     sync.Mutex
	next   int // persona that calls next
	outage *time.Timer
}

const (
	demoPassword = "secret"
	salesQueue   = "9000"
	supportQueue = "9001"

	cutFor    = 6 * time.Second
	outageFor = 8 * time.Second
)

// person is somebody whom a visitor can be.
type person struct {
	User     string `json:"user"`
	Password string `json:"password"` // of the simulation, no secret
	Name     string `json:"name"`
	DN       string `json:"dn"`
	Role     string `json:"role"`
}

// staff are the agents: those whom a visitor can be, and the colleagues who act
// by themselves.
var staff = []voicetest.Agent{
	{UserName: "ada", FirstName: "Ada", LastName: "Adams", DN: "5001"},
	{UserName: "ben", FirstName: "Ben", LastName: "Brook", DN: "5002"},
	{UserName: "cleo", FirstName: "Cleo", LastName: "Clark", DN: "5003"},
	{UserName: "sam", FirstName: "Sam", LastName: "Stone", DN: "5009", Supervisor: true},
	{UserName: "dana", FirstName: "Dana", LastName: "Diaz", DN: "5004"},
	{UserName: "emil", FirstName: "Emil", LastName: "Evans", DN: "5005"},
	{UserName: "farah", FirstName: "Farah", LastName: "Faris", DN: "5006"},
}

// visitors is how many of the staff a visitor can be.
const visitors = 4

func newSimulation() *simulation {
	agents := append([]voicetest.Agent{}, staff...)
	for i := range agents {
		agents[i].Password, agents[i].LoggedOut = demoPassword, true
	}
	return &simulation{server: voicetest.NewServer(voicetest.Options{
		Agents:        agents,
		Queues:        []string{salesQueue, supportQueue},
		Recording:     true,
		Muting:        true,
		AfterStart:    voice.OpNotReady,
		OutsideAnswer: 3 * time.Second,
		RingTimeout:   30 * time.Second,
		WrapUp:        10 * time.Second,
		Latency:       voicetest.Latency{Response: 40 * time.Millisecond, Event: 40 * time.Millisecond, Spread: 0.5},
	})}
}

func (s *simulation) close() {
	s.mu.Lock()
	if s.outage != nil {
		s.outage.Stop()
	}
	s.mu.Unlock()
	s.server.Close()
}

func (s *simulation) people() []person {
	var all []person
	for _, a := range staff[:visitors] {
		role := "Agent"
		if a.Supervisor {
			role = "Supervisor"
		}
		all = append(all, person{a.UserName, demoPassword, a.FirstName + " " + a.LastName, a.DN, role})
	}
	return all
}

// act makes something happen to an agent, as the page's simulation card asks
// for, and tells what. known is false if there is no such action.
func (s *simulation) act(action, user string) (message string, known bool) {
	agent := s.server.Agent(user)
	switch action {
	case "ring":
		s.server.Ring(s.customer(salesQueue, agent.DN()))
		return "A customer calls through queue " + salesQueue + ".", true
	case "colleague":
		from := "5004"
		if s.server.State("dana") != string(voice.UserReady) || len(s.server.Calls("dana")) > 0 {
			from = "5008" // a telephone without a desktop
		}
		s.server.Ring(voicetest.Call{From: from, To: agent.DN()})
		return "Extension " + from + " calls you directly. A direct call cannot be rejected.", true
	case "hangup":
		for _, call := range s.server.Calls(user) {
			if s.server.HangupCustomer(call.ID) {
				return "The customer has hung up.", true
			}
		}
		return "No customer is on a call with you.", true
	case "cut":
		s.server.Restart(cutFor)
		return "GWS is gone for six seconds. The calls go on at the switch.", true
	case "outage":
		s.server.Outage()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.outage != nil {
			s.outage.Stop()
		}
		s.outage = time.AfterFunc(outageFor, s.server.Restore)
		return "The telephone switch is gone for eight seconds.", true
	case "refuse":
		agent.On("", voicetest.Refuse(voice.CodeInvalidState, "The operation is not valid in the current state"))
		return "Your next action will be refused.", true
	case "fail":
		agent.On("", voicetest.FailLater(600*time.Millisecond, 93, "Invalid state of the object"), voicetest.NamingCall())
		return "Your next action will be accepted and then fail.", true
	case "silence":
		agent.On("", voicetest.Silence())
		return "Your next action will be accepted, and nothing will come of it.", true
	}
	return "", false
}

// customer is the next one who calls.
func (s *simulation) customer(queue, to string) voicetest.Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := personas[s.next%len(personas)]
	s.next++
	return voicetest.Call{From: p.number, Queue: queue, To: to, UserData: map[string]any{
		"CustomerName": p.name, "Reason": p.reason, "Order": p.order, "Segment": p.segment,
	}}
}

type persona struct{ name, number, reason, order, segment string }

var personas = []persona{
	{"Maria Ortiz", "9165550104", "Invoice question", "A-4711", "Gold"},
	{"Tom Becker", "4155550142", "Order is late", "A-4802", "Standard"},
	{"Aiko Tanaka", "2125550167", "New contract", "B-1200", "Gold"},
	{"Luc Moreau", "6175550119", "Change of address", "A-3319", "Standard"},
	{"Priya Nair", "3035550188", "Cannot log in", "C-0087", "Silver"},
	{"Olu Adeyemi", "2065550173", "Return a parcel", "A-5120", "Standard"},
	{"Ingrid Holm", "5035550131", "Complaint", "B-0934", "Gold"},
	{"Peter Novak", "7025550125", "Price of an upgrade", "C-2201", "Silver"},
	{"Chen Wei", "3125550159", "Invoice question", "A-4977", "Standard"},
	{"Fatima Zahra", "9175550147", "Order is late", "B-1388", "Silver"},
}
