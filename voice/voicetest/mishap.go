package voicetest

// DropSession lets the CometD sessions of an agent end without a word: the
// next connect is answered 402.
func (s *Server) DropSession(agent string) { expire(s.mustAgent(agent).out.all()) }

// ExpireLogin lets the logins of an agent end: cookies, CSRF tokens and CometD
// sessions. The next request without credentials is refused with code 20.
func (s *Server) ExpireLogin(agent string) { expire(s.logins.endAll(s.mustAgent(agent))) }

// RotateCSRF gives the logins of an agent new CSRF tokens: a request with the
// old one is refused.
func (s *Server) RotateCSRF(agent string) { s.logins.rotate(s.mustAgent(agent)) }

// InjectMessage sends data, byte by byte, on a channel to the CometD sessions
// of an agent, in turn with the other messages and whether they are subscribed
// or not. data must be valid JSON; see [Server.InjectRaw].
func (s *Server) InjectMessage(agent, channel, data string) {
	s.InjectRaw(agent, `{"data":`+data+`,"channel":`+string(appendQuoted(nil, channel))+`}`)
}

// InjectRaw sends a whole message, byte by byte, to the CometD sessions of an
// agent. It need not be valid JSON: it stands as it is in the array of a
// response.
func (s *Server) InjectRaw(agent, message string) {
	a := s.mustAgent(agent)
	s.exchange.do(nil, nil, func(tx *transaction) {
		tx.push(a, entry{notice: notice{data: []byte(message), raw: true}})
	})
}

// Outage takes the voice service away: everybody hears of it, the devices
// become inactive, operations are refused with status 503 and code 4, and what
// happens to calls is told to nobody.
func (s *Server) Outage() { s.setDown(true) }

// Restore brings the voice service back after [Server.Outage].
func (s *Server) Restore() { s.setDown(false) }

func (s *Server) setDown(down bool) {
	s.exchange.do(nil, nil, func(tx *transaction) {
		if tx.down == down {
			return
		}
		tx.down = down
		b := builder{}
		b.open("")
		b.str("messageType", "ServiceStateChangeMessage")
		b.array("services")
		for _, sv := range tx.services() {
			if sv.id == tx.voiceID {
				tx.appendService(&b, "", sv)
			}
		}
		b.close()
		b.close()
		for _, a := range tx.agents {
			tx.tell(a, topicServices, b.b)
			for _, d := range a.devices {
				tx.devices = append(tx.devices, d)
				tx.notifyDevice(d)
			}
			for _, l := range a.order {
				l.told = tx.view(l) // the reader of the snapshot knows
			}
		}
	})
}
