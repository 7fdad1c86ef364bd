package voicetest

import (
	"encoding/json"
	"net/http"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
	"github.com/gwsvoice/gws-go/voice"
)

// serveOperation answers a POST.
func (s *Server) serveOperation(x *exchangeOver) {
	rq := &request{x: s.exchange}
	r := rq.route(x.parts)
	if r == nil {
		r = rq.parse(x.body)
	}
	if r != nil {
		s.refuse(x, r)
		return
	}
	x.plan = s.scripts.take(rq.name, x.login.agent)
	if x.plan.expire && !s.relogin(x) {
		return
	}
	rq.agent = x.login.agent
	if !s.before(x) || !s.wait(s.opts.Latency.response()) {
		return
	}
	s.carryOut(x, rq)
}

// carryOut checks a request, and does now or later what it asks for.
func (s *Server) carryOut(x *exchangeOver, rq *request) {
	p := &x.plan
	p.hold = p.eventFirst == nil && p.after == nil
	var refused *refusal
	var later func(*transaction)
	var done request // as it is when the response goes out: a late execution changes rq
	h := s.exchange.do(rq.agent, p, func(tx *transaction) {
		refused = rq.resolve()
		if refused != nil && refused.code == 2 && s.opts.AcceptInvalid {
			r := refused
			refused, later = nil, func(tx *transaction) { rq.failLate(tx, r) }
		}
		switch {
		case refused != nil:
			rq.echo(tx, refused)
		case later != nil:
		case p.fail != nil:
			rq.planFailure(tx, p.fail)
		case p.silent:
		case p.after != nil:
			tx.timer(*p.after, func() {
				s.exchange.do(rq.agent, p, rq.again)
				if rq.last {
					expire(s.logins.endOne(x.login))
				}
			})
		default:
			rq.execute(tx)
		}
		done = *rq
	})
	if p.eventFirst != nil && !s.wait(*p.eventFirst) {
		panic(http.ErrAbortHandler)
	}
	defer h.release()
	if refused != nil {
		s.refuse(x, refused)
		return
	}
	var over []*cometdtest.Session
	if done.last {
		over = s.logins.endOne(x.login) // before the response, so that it is the last
	}
	if !p.cutAfter {
		s.accept(x, &done)
	}
	h.release()
	if later != nil {
		s.exchange.do(nil, nil, later)
	}
	expire(over)
	if p.cutAfter {
		panic(http.ErrAbortHandler)
	}
}

// accept sends the answer of a request that was accepted.
func (s *Server) accept(x *exchangeOver, rq *request) {
	b := &builder{}
	b.open("")
	if rq.reply != nil {
		rq.reply(b, s.status(b))
	} else {
		s.status(b)("statusCode", 0)
	}
	b.close()
	s.respond(x, answer{http.StatusOK, "", string(b.b)})
}

// again carries out, or fails, a request that was accepted a while ago.
func (rq *request) again(tx *transaction) {
	if r := rq.resolve(); r != nil {
		rq.failLate(tx, r)
		return
	}
	rq.execute(tx)
}

// echo sends the bare ErrorMessage that some refusals are announced by. It
// goes out before the answer.
func (rq *request) echo(tx *transaction, r *refusal) {
	if r.echo == nil || tx.opts.NoErrorEcho {
		return
	}
	tx.plan = nil
	tx.notifyError(rq.agent, failure{topic: topicDevices, device: r.echo})
}

func (rq *request) planFailure(tx *transaction, f *lateFailure) {
	tx.after(f.after, func(tx *transaction) {
		m := failure{code: f.code, text: f.text, topic: f.topic, nameCall: f.nameCall, leg: rq.leg, callID: rq.callID}
		if m.topic == "" {
			m.topic = rq.topic()
		}
		if !f.bare {
			if m.device = rq.device; m.device == nil && len(rq.agent.devices) > 0 {
				m.device = rq.agent.devices[0]
			}
		}
		tx.notifyError(rq.agent, m)
	})
}

// route finds out what a path stands for.
func (rq *request) route(parts []string) *refusal {
	if len(parts) == 1 && parts[0] == "me" {
		rq.on = onMe
		return nil
	}
	if parts[0] == "me" {
		parts = parts[1:]
	}
	switch {
	case len(parts) == 2 && parts[0] == "calls":
		rq.on, rq.callID = onCall, parts[1]
	case len(parts) == 2 && parts[0] == "devices":
		rq.on, rq.deviceID = onDevice, parts[1]
	case len(parts) == 3 && parts[0] == "devices" && parts[2] == "calls":
		rq.on, rq.deviceID = onDeviceCalls, parts[1]
	case len(parts) == 2 && parts[0] == "channels":
		rq.on, rq.channel = onChannel, parts[1]
		if rq.channel == "voice" {
			rq.on = onVoice
		}
	case len(parts) == 4 && parts[0] == "users" && parts[2] == "channels":
		rq.on, rq.userID, rq.channel = onUserChannel, parts[1], parts[3]
	default:
		return refuse(6, "Resource not found")
	}
	return nil
}

// parse reads the body and its operationName.
func (rq *request) parse(body []byte) *refusal {
	if json.Unmarshal(body, &rq.body) != nil || rq.body == nil {
		return refuse(1, "Request body is not a JSON object")
	}
	name, r := rq.string("operationName")
	rq.name = voice.OperationName(name)
	return r
}

// Features of the contact centre.
const (
	featureVoice      = "api-voice"
	featureRecording  = "api-voice-recording"
	featureMonitoring = "api-supervisor-monitoring"
	featureControl    = "api-supervisor-agent-control"
)

// featureOf returns the feature that a request needs.
func featureOf(rq *request) string {
	switch rq.name {
	case voice.OpStartCallRecording, voice.OpPauseCallRecording, voice.OpResumeCallRecording, voice.OpStopCallRecording:
		return featureRecording
	case voice.OpListenIn, voice.OpCoach, voice.OpBargeIn, voice.OpCancelSupervisorMonitoring:
		return featureMonitoring
	}
	if rq.on == onUserChannel {
		return featureControl
	}
	return featureVoice
}
