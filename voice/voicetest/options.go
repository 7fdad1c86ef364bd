package voicetest

import (
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// Options configures a simulator. The zero value is a contact centre with the
// default agents of [DefaultAgents] on a free port of 127.0.0.1 that answers
// at once, in the shapes that the reference prints for release 8.5.2.
type Options struct {
	// InMemory makes the server listen inside the process instead of on a TCP
	// port, as a testing/synctest bubble needs it. Only clients made by
	// [Server.Client], or that dial with [Server.DialContext], reach it.
	InMemory bool
	// Addr is the TCP address to listen on; "" means a free port of 127.0.0.1.
	Addr string
	// Prefix is put before /api/v2 in every path, as behind a proxy: "/gws".
	Prefix string
	// PublicURL is the server's own idea of its address, as it stands in every
	// uri; "" means the address that it listens on, with Prefix.
	PublicURL string
	// Seed changes the ids, which otherwise are the same in every run.
	Seed string

	// Agents are the users with their devices; nil means DefaultAgents().
	Agents []Agent
	// Queues are the numbers of the queues; nil means 9000.
	Queues []string
	// Places are seats whose devices belong to whoever starts a session there.
	// Beside them every agent has a place of his own, "Place_" and his DN.
	Places []Place
	// AgentStates are the configured states, beside the five of the system; nil
	// means DefaultAgentStates().
	AgentStates []AgentState
	// Features are the ids of the contact centre's features; nil means all that
	// the simulator has. What belongs to a missing one is refused with code 5.
	Features []string

	// Release is whose shapes the server sends.
	Release Release
	// Metrics adds the metrics of release 8.5.202 to every message.
	Metrics bool
	// NoExtensions leaves the extensions out of call messages.
	NoExtensions bool
	// ClearCallEverywhere offers ClearCall on every call. Without it the
	// operation is not offered, but still accepted in a conference.
	ClearCallEverywhere bool
	// ConnectionIDs makes the id of a call its connId instead of its callUuid.
	ConnectionIDs bool
	// StringStatus sends every statusCode as a string.
	StringStatus bool
	// Recording enables recording for every agent: recordingState is present
	// and the operations are offered.
	Recording bool
	// Muting says that every agent's phone can be muted.
	Muting bool

	// CSRF switches the protection on: POST, PUT and DELETE need the token.
	CSRF bool
	// CSRFOnBayeux has the CometD requests checked too.
	CSRFOnBayeux bool
	// BalancerCookie adds the cookie of a load balancer. Requests without it
	// reach a node that does not know their login.
	BalancerCookie bool
	// BayeuxDenial answers a handshake without login in the words of Bayeux,
	// 403::handshake_denied, instead of with status 403 and JSON.
	BayeuxDenial bool
	// SessionTTL is how long a login lives without a request; 0 means 30m.
	SessionTTL time.Duration
	// RefusePasswordChange answers every request of an agent who must change
	// his password with code 8.
	RefusePasswordChange bool

	// Latency delays answers and messages.
	Latency Latency
	// AfterStart is the state into which the switch takes an agent after
	// StartContactCenterSession: OpReady (also ""), OpNotReady, or
	// StayLoggedIn.
	AfterStart voice.OperationName
	// NoMultimedia says that the Interaction Server is not connected, so that
	// sessions start for voice only.
	NoMultimedia bool
	// NoErrorEcho leaves out the bare ErrorMessage on the device topic that
	// comes before the refusal of an operation on a device that is not
	// registered or not logged in.
	NoErrorEcho bool
	// AcceptInvalid accepts operations that are not valid in the current state,
	// and lets them fail with an ErrorMessage, instead of refusing them with
	// code 2.
	AcceptInvalid bool
	// NameCallInErrors adds the call to the error messages that come from call
	// operations.
	NameCallInErrors bool
	// HoldBeforeConsult puts the original call on hold also where the
	// consultation then fails for a bad destination.
	HoldBeforeConsult bool
	// NewIDAfterTransfer lets a consulted party see the end of the consult call
	// and a new call, with the original's id, when the transfer or conference
	// is completed. Without it the party's call keeps its id.
	NewIDAfterTransfer bool
	// RingTimeout is how long a call rings; 0 means for ever. Then a call from a
	// queue goes back to it and the agent becomes NotReady; another one ends.
	RingTimeout time.Duration
	// WrapUp is how long an agent is in AfterCallWork after a call from a
	// queue; 0 means not at all.
	WrapUp time.Duration
	// OutsideAnswer is after what time an outside number answers; 0 means not
	// before [Server.AnswerOutside].
	OutsideAnswer time.Duration

	// ConnectTimeout is how long a CometD connect is held; 0 means 30s.
	ConnectTimeout time.Duration
	// MaxInterval is how long a CometD session lives between two connects; 0
	// means 10s.
	MaxInterval time.Duration
	// WebSocket offers the WebSocket transport too.
	WebSocket bool
	// Ack offers acknowledged messages.
	Ack bool

	// RecordLimit is how many requests [Server.Requests] keeps, the newest
	// ones; 0 means 1000, negative none.
	RecordLimit int
}

// StayLoggedIn is the Options.AfterStart of a switch that leaves agents
// LoggedIn, neither ready nor not ready.
const StayLoggedIn voice.OperationName = "LoggedIn"

// Release is a generation of the server, told apart by what it sends.
type Release int

// The releases.
const (
	Release852   Release = iota // 8.5.2 as the reference prints it
	Release850                  // 8.5.0 and 8.5.1: connection ids, participants as strings, no extensions
	Release85202                // 8.5.202 as recorded: metrics, ClearCall on every call, more device attributes
)

// Latency is how long the server takes; zero means that everything happens at
// once, messages after the response.
type Latency struct {
	Response time.Duration // from a request to its execution and response
	Event    time.Duration // from the execution to the message
	Spread   float64       // each is varied at random by up to this part: 0.5 is ±50%
}

// Agent is a user of the contact centre with his device.
type Agent struct {
	UserName  string // "" means "agent" and the DN
	Password  string // "" means "secret"
	Token     string // accepted as a bearer token; see [AgentControl.SetToken]
	FirstName string
	LastName  string

	DN       string   // the number of his first device
	OtherDNs []string // of further devices
	Place    string   // "" means "Place_" and the DN
	Queues   []string // whose calls he gets when ready; nil means all, none for a supervisor

	LoggedOut  bool // not logged in on voice at the start
	NotReady   bool // not ready at the start
	Supervisor bool // may monitor and control other agents

	Unregistered       bool // the device is not registered with the switch
	Public             bool // the device is on the public network: Answer is never offered
	Recording          bool // recording is enabled
	Muting             bool // the phone can be muted
	MustChangePassword bool
}

// Place is a seat with devices that belong to nobody.
type Place struct {
	Name string
	DNs  []string
}

// DefaultAgents returns the agents of a simulator without Options.Agents:
// agent5001, agent5002 and agent5003 with the DNs 5001 to 5003, who are logged
// in, ready, and serve every queue; and supervisor5009 with the DN 5009, who
// serves none. The password is "secret".
func DefaultAgents() []Agent {
	return []Agent{
		{UserName: "agent5001", Password: "secret", DN: "5001", FirstName: "Ada", LastName: "Adams"},
		{UserName: "agent5002", Password: "secret", DN: "5002", FirstName: "Ben", LastName: "Brook"},
		{UserName: "agent5003", Password: "secret", DN: "5003", FirstName: "Cleo", LastName: "Clark"},
		{UserName: "supervisor5009", Password: "secret", DN: "5009", FirstName: "Sam", LastName: "Stone", Supervisor: true},
	}
}

// NumberedAgents returns n agents with consecutive numbers: agent6000 with the
// DN 6000 and so on, for load.
func NumberedAgents(first, n int) []Agent {
	agents := make([]Agent, n)
	for i := range agents {
		dn := itoa(first + i)
		agents[i] = Agent{UserName: "agent" + dn, Password: "secret", DN: dn, FirstName: "Agent", LastName: dn}
	}
	return agents
}
