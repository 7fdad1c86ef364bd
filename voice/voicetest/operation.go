package voicetest

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gwsvoice/gws-go/voice"
)

// operation is how the simulator carries out one operationName.
type operation struct {
	on    target
	gated bool                    // must be among the capabilities of the call or device
	check func(*request) *refusal // looks at the parameters; may be nil
	run   func(*transaction, *request)
}

// target is a set of resources that an operation can be posted to.
type target int

const (
	onCall target = 1 << iota
	onDevice
	onDeviceCalls
	onVoice   // /me/channels/voice
	onChannel // another channel of /me/channels
	onMe
	onUserChannel
)

// operations has every operation that the simulator knows. The configured
// agent states are found in the exchange.
var operations map[voice.OperationName]*operation

func init() {
	operations = map[voice.OperationName]*operation{}
	for _, family := range []map[voice.OperationName]*operation{
		basicOperations, transferOperations, conferenceOperations, dataOperations, recordingOperations,
		supervisorOperations, deviceOperations, stateOperations, sessionOperations,
	} {
		for name, op := range family {
			operations[name] = op
		}
	}
}

// request is one posted operation.
type request struct {
	x     *exchange
	name  voice.OperationName
	op    *operation
	on    target
	agent *agent
	body  map[string]json.RawMessage

	callID   string // of the path
	deviceID string // of the path
	channel  string // of the path
	userID   string // of the path

	// filled in by check
	leg     *leg
	device  *device
	other   *leg
	text    string
	key     string
	data    map[string]any
	monitor *monitoring
	state   *userState
	user    *agent
	start   *sessionStart
	last    bool // the login ends with the response
	// reply writes the answer if it is more than a status
	reply func(b *builder, status func(name string, code voice.StatusCode))
}

// refusal is an answer other than success.
type refusal struct {
	status int
	code   voice.StatusCode
	text   string
	echo   *device // named in a bare ErrorMessage before the answer
	later  int     // T-Server's error number for it, if it fails after acceptance
}

// statusOf is the HTTP status that goes with a code.
func statusOf(code voice.StatusCode) int {
	switch code {
	case 0, 7:
		return http.StatusOK
	case 1, 2, 10, 11:
		return http.StatusBadRequest
	case 3, 5, 8, 20:
		return http.StatusForbidden
	case 6:
		return http.StatusNotFound
	case 18, 19:
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

func refuse(code voice.StatusCode, text string) *refusal {
	return &refusal{status: statusOf(code), code: code, text: text}
}

func missing(name string) *refusal {
	return refuse(1, "Required parameter '"+name+"' is missing")
}

func invalid(name string) *refusal {
	return refuse(10, "Value of parameter '"+name+"' is not valid")
}

func notAvailable(op voice.OperationName) *refusal {
	r := refuse(2, "Operation '"+string(op)+"' is not available in the current state")
	r.later = 565
	return r
}

func notRegistered(d *device) *refusal {
	r := refuse(4, "Device '"+d.dn+"' is not registered.")
	r.echo = d
	return r
}

func notLoggedIn(d *device) *refusal {
	if !d.registered {
		return notRegistered(d)
	}
	r := refuse(4, "Agent is not logged in on device '"+d.dn+"'.")
	r.echo = d
	r.later = 185
	return r
}

// resolve finds what the request is about and checks whether it may be done
// now. It must be called inside a step; it changes nothing but the request.
func (rq *request) resolve() *refusal {
	x := rq.x
	if x.down && rq.name != voice.OpEndContactCenterSession {
		return &refusal{status: http.StatusServiceUnavailable, code: 4, text: "Voice service is not available at this time"}
	}
	rq.leg, rq.device, rq.user = nil, nil, rq.agent
	if r := rq.find(); r != nil {
		return r
	}
	if rq.op = rq.known(); rq.op == nil || rq.op.on&rq.on == 0 {
		return refuse(2, "Operation '"+string(rq.name)+"' is not supported")
	}
	if feature := featureOf(rq); !x.hasFeature(feature) {
		return refuse(5, "Feature '"+feature+"' is not enabled")
	}
	if rq.device != nil && rq.on&(onCall|onDevice|onDeviceCalls) != 0 && !rq.device.registered {
		return notRegistered(rq.device)
	}
	if rq.op.check != nil {
		if r := rq.op.check(rq); r != nil {
			return r
		}
	}
	if rq.op.gated && !rq.allowed() {
		return notAvailable(rq.name)
	}
	return nil
}

func (rq *request) find() *refusal {
	switch rq.on {
	case onCall:
		rq.leg = rq.agent.legs[rq.callID]
		if rq.leg == nil {
			if rq.name == voice.OpSetCallDisposition && rq.agent.endedLeg(rq.callID) != nil {
				return nil
			}
			return refuse(6, "Call not found")
		}
		rq.device = rq.leg.device
	case onDevice, onDeviceCalls:
		if rq.device = rq.agent.device(rq.deviceID); rq.device == nil {
			return refuse(6, "Device not found")
		}
	case onUserChannel:
		if rq.user = rq.x.byName[rq.userID]; rq.user == nil || rq.user.id != rq.userID {
			return refuse(6, "User not found")
		}
		if !rq.agent.Supervisor {
			return refuse(5, "User has no permission to control other agents")
		}
	}
	return nil
}

// known returns the operation by its name; configured states have their own.
func (rq *request) known() *operation {
	if op := operations[rq.name]; op != nil {
		return op
	}
	if rq.x.states[rq.name] != nil {
		return configuredState
	}
	return nil
}

func (rq *request) allowed() bool {
	if rq.leg != nil {
		return rq.x.allows(rq.leg, rq.name)
	}
	return rq.device != nil && rq.device.offers(rq.name)
}

// execute does what was requested.
func (rq *request) execute(tx *transaction) { rq.op.run(tx, rq) }

// failLate reports a refusal to an agent whose request was accepted.
func (rq *request) failLate(tx *transaction, r *refusal) {
	code := r.later
	if code == 0 {
		code = 50
		if r.code == 6 {
			code = 56
		}
	}
	rq.fail(tx, code, r.text)
}

// fail sends the ErrorMessage of a request.
func (rq *request) fail(tx *transaction, code int, text string) {
	f := failure{code: code, text: text, topic: rq.topic(), nameCall: tx.opts.NameCallInErrors,
		device: rq.device, leg: rq.leg, callID: rq.callID}
	if f.device == nil && len(rq.agent.devices) > 0 {
		f.device = rq.agent.devices[0]
	}
	tx.notifyError(rq.agent, f)
}

func (rq *request) topic() string {
	if rq.on&(onCall|onDeviceCalls) != 0 {
		return topicCalls
	}
	return topicDevices
}

// string reads a required parameter.
func (rq *request) string(name string) (string, *refusal) {
	raw, ok := rq.body[name]
	if !ok || string(raw) == "null" {
		return "", missing(name)
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", invalid(name)
	}
	if s == "" {
		return "", missing(name)
	}
	return s, nil
}

// destination reads {"phoneNumber": …}.
func (rq *request) destination() *refusal {
	raw, ok := rq.body["destination"]
	if !ok || string(raw) == "null" {
		return missing("destination")
	}
	var d struct {
		PhoneNumber *string `json:"phoneNumber"`
	}
	if json.Unmarshal(raw, &d) != nil {
		return invalid("destination")
	}
	if d.PhoneNumber == nil || *d.PhoneNumber == "" {
		return missing("destination.phoneNumber")
	}
	rq.text = *d.PhoneNumber
	return nil
}

// userData reads the object of that name.
func (rq *request) userData(required bool) *refusal {
	raw, ok := rq.body["userData"]
	if !ok || string(raw) == "null" {
		if required {
			return missing("userData")
		}
		rq.data = nil
		return nil
	}
	if json.Unmarshal(raw, &rq.data) != nil {
		return invalid("userData")
	}
	return nil
}

// lastSegment is the id in a uri or path.
func lastSegment(uri string) string { return uri[strings.LastIndexByte(uri, '/')+1:] }
