package voicetest

import (
	"encoding/json"

	"github.com/gwsvoice/gws-go/voice"
)

// configuredState is every state of the settings, by its operation's name.
var configuredState = &operation{on: onVoice | onChannel | onUserChannel | onMe, check: checkState, run: setState}

var stateOperations = map[voice.OperationName]*operation{
	voice.OpReady:         configuredState,
	voice.OpNotReady:      configuredState,
	voice.OpAfterCallWork: configuredState,
	voice.OpAuxWork:       configuredState,
	voice.OpOffline:       configuredState,
}

func checkState(rq *request) *refusal {
	if rq.on == onMe && rq.x.opts.Release != Release850 {
		return refuse(2, "Operation '"+string(rq.name)+"' is not supported")
	}
	rq.state = rq.x.states[rq.name]
	if r := checkWorkMode(rq); r != nil {
		return r
	}
	if rq.on == onChannel || rq.on == onUserChannel && rq.channel != "voice" {
		if _, on := rq.user.media[rq.channel]; !on {
			return refuse(2, "Channel '"+rq.channel+"' is not active")
		}
		return nil
	}
	for _, d := range rq.user.devices {
		if d.loggedIn() {
			return nil
		}
	}
	if len(rq.user.devices) == 0 {
		return refuse(4, "User has no device")
	}
	return notLoggedIn(rq.user.devices[0])
}

// checkWorkMode looks at the optional parameters; their names are wire names.
func checkWorkMode(rq *request) *refusal {
	if raw, given := rq.body["workmode"]; given {
		var mode string
		if json.Unmarshal(raw, &mode) != nil || mode != "ManualIn" && mode != "AutoIn" {
			return invalid("workmode")
		}
	}
	if raw, given := rq.body["wrapUpTime"]; given {
		var seconds string
		if json.Unmarshal(raw, &seconds) != nil {
			return invalid("wrapUpTime")
		}
	}
	return nil
}

func setState(tx *transaction, rq *request) {
	if rq.on == onChannel || rq.on == onUserChannel && rq.channel != "voice" {
		tx.setChannel(rq.user, rq.channel, rq.state)
		return
	}
	for _, d := range rq.user.devices {
		if d.loggedIn() {
			tx.setState(d, rq.state)
		}
	}
}

// setChannel changes the state of an agent on a channel other than voice.
func (tx *transaction) setChannel(a *agent, channel string, s *userState) {
	if s.state == "LoggedOut" {
		delete(a.media, channel)
	}
	b := builder{}
	b.open("")
	b.array("channels")
	b.open("")
	b.str("channel", channel)
	b.userState("userState", s)
	b.close()
	b.close()
	b.str("messageType", "ChannelStateChangeMessageV2")
	b.close()
	if s.state != "LoggedOut" {
		a.media[channel] = s
	}
	tx.tell(a, topicChannels, b.b)
}
