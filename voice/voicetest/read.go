package voicetest

import (
	"slices"
	"strings"
)

// read answers a GET below /api/v2.
func (s *Server) read(x *exchangeOver) (b *builder, r *refusal) {
	s.exchange.read(func() { b, r = s.resource(x) })
	return b, r
}

func (s *Server) readVersion(*exchangeOver) (*builder, *refusal) {
	b := s.begun()
	b.str("version", versions[s.opts.Release])
	b.close()
	return b, nil
}

var versions = map[Release]string{Release852: "8.5.200.50", Release850: "8.5.100.21", Release85202: "8.5.202.96"}

// begun returns an envelope that is still open.
func (s *Server) begun() *builder {
	b := &builder{b: make([]byte, 0, 512)}
	b.open("")
	s.status(b)("statusCode", 0)
	return b
}

var notFound = refuse(6, "Resource not found")

// resource must be called with the exchange's lock held.
func (s *Server) resource(x *exchangeOver) (*builder, *refusal) {
	a := x.login.agent
	parts := x.parts
	switch head, rest := parts[0], parts[1:]; head {
	case "me":
		if len(rest) == 0 {
			return s.readUser(x, a, true), nil
		}
		return s.readMine(x, a, rest)
	case "calls":
		return s.readMine(x, a, parts)
	case "devices":
		return s.readDevices(x, s.exchange.allDevices(), "devices", rest)
	case "users":
		return s.readUsers(x, rest)
	case "services":
		return s.readServices(x, rest)
	case "settings":
		return s.readSettings(x, rest)
	case "contacts":
		return s.readContacts(x, rest)
	}
	return nil, notFound
}

func (s *Server) readMine(x *exchangeOver, a *agent, parts []string) (*builder, *refusal) {
	switch parts[0] {
	case "calls":
		return s.readCalls(x, a, parts[1:])
	case "devices":
		if len(parts) == 3 && parts[2] == "calls" {
			return s.readDeviceCalls(x, a, parts[1])
		}
		return s.readDevices(x, a.devices, "me/devices", parts[1:])
	case "channels":
		return s.readChannels(x, a, parts[1:])
	case "settings":
		return s.readSettings(x, []string{"general-settings"})
	case "groups":
		return s.collection(x, "groups", nil), nil
	}
	return nil, notFound
}

// item is a member of a collection.
type item struct {
	uri   string
	write func(b *builder, name string)
}

// collection writes uris, or the objects if the query asks for fields.
func (s *Server) collection(x *exchangeOver, name string, items []item) *builder {
	b := s.begun()
	fields, asked := x.fields()
	if !asked && !(s.opts.Release == Release850 && name == "devices") {
		b.array("uris")
		for _, i := range items {
			b.str("", i.uri)
		}
		b.close()
		b.close()
		return b
	}
	b.array(name)
	for _, i := range items {
		b.selected("", fields, i.write)
	}
	b.close()
	b.close()
	return b
}

func (s *Server) single(x *exchangeOver, name string, write func(*builder, string)) *builder {
	b := s.begun()
	fields, _ := x.fields()
	b.selected(name, fields, write)
	b.close()
	return b
}

// fields returns the attributes that the query selects; nil means all.
func (x *exchangeOver) fields() (names []string, asked bool) {
	if !x.query.Has("fields") {
		return nil, false
	}
	names = strings.Split(x.query.Get("fields"), ",")
	if slices.Contains(names, "*") {
		return nil, true
	}
	return names, true
}

// wants reports whether the query asks for a sub-resource.
func (x *exchangeOver) wants(name string) bool {
	names := strings.Split(x.query.Get("subresources"), ",")
	return slices.Contains(names, "*") || slices.Contains(names, name)
}

func (s *Server) callItems(legs []*leg) []item {
	var items []item
	for _, l := range legs {
		items = append(items, item{s.exchange.base + "/me/calls/" + l.id, func(b *builder, name string) {
			s.exchange.appendCall(b, name, l, noExtensions)
		}})
	}
	return items
}

func (s *Server) readCalls(x *exchangeOver, a *agent, rest []string) (*builder, *refusal) {
	switch len(rest) {
	case 0:
		return s.collection(x, "calls", s.callItems(a.order)), nil
	case 1:
		l := a.legs[rest[0]]
		if l == nil {
			return nil, refuse(6, "Call not found")
		}
		return s.single(x, "call", func(b *builder, name string) {
			s.exchange.appendCall(b, name, l, noExtensions)
		}), nil
	}
	return nil, notFound
}

func (s *Server) readDeviceCalls(x *exchangeOver, a *agent, id string) (*builder, *refusal) {
	d := a.device(id)
	if d == nil {
		return nil, refuse(6, "Device not found")
	}
	legs := slices.DeleteFunc(slices.Clone(a.order), func(l *leg) bool { return l.device != d })
	return s.collection(x, "calls", s.callItems(legs)), nil
}

func (s *Server) deviceItems(devices []*device, path string) []item {
	var items []item
	for _, d := range devices {
		items = append(items, item{s.exchange.base + "/" + path + "/" + d.id, func(b *builder, name string) {
			s.exchange.appendDevice(b, name, d)
		}})
	}
	return items
}

func (s *Server) readDevices(x *exchangeOver, devices []*device, path string, rest []string) (*builder, *refusal) {
	if len(rest) == 0 {
		return s.collection(x, "devices", s.deviceItems(devices, path)), nil
	}
	i := slices.IndexFunc(devices, func(d *device) bool { return d.id == rest[0] })
	if i < 0 {
		return nil, refuse(6, "Device not found")
	}
	switch {
	case len(rest) == 1:
		return s.single(x, "device", func(b *builder, name string) { s.exchange.appendDevice(b, name, devices[i]) }), nil
	case len(rest) == 3 && rest[1] == "settings" && rest[2] == "tserver":
		return s.readSwitchOptions(), nil
	}
	return nil, notFound
}

func (s *Server) readSwitchOptions() *builder {
	b := s.begun()
	b.array("settings")
	for _, o := range [][2]string{
		{"contact", "*"}, {"make-call-rfc3725-flow", "1"}, {"record", "false"}, {"recovery-timeout", "3"},
		{"reject-call-incall", "true"}, {"reject-call-notready", "true"}, {"sip-cti-control", "talk,hold,beep,dtmf"},
	} {
		b.open("")
		b.str("name", o[0])
		b.str("value", o[1])
		b.close()
	}
	b.close()
	b.str("key", "name")
	b.close()
	return b
}

func (s *Server) readChannels(x *exchangeOver, a *agent, rest []string) (*builder, *refusal) {
	items := s.channelItems(a)
	if len(rest) == 0 {
		b := s.begun()
		b.array("channels")
		for _, i := range items {
			i.write(b, "")
		}
		b.close()
		b.close()
		return b, nil
	}
	if len(rest) == 1 && rest[0] == "voice" && len(a.devices) > 0 {
		return s.single(x, "channel", func(b *builder, name string) {
			b.open(name)
			b.str("channel", "voice")
			b.userState("userState", a.devices[0].state)
			b.close()
		}), nil
	}
	for _, i := range items {
		if len(rest) == 1 && i.uri == rest[0] {
			return s.single(x, "channel", i.write), nil
		}
	}
	return nil, refuse(6, "Channel not found")
}

// channelItems has the names of the channels for uris.
func (s *Server) channelItems(a *agent) []item {
	var items []item
	for channel, st := range a.media {
		items = append(items, item{channel, func(b *builder, name string) {
			b.open(name)
			b.str("channel", channel)
			b.userState("userState", st)
			b.close()
		}})
	}
	slices.SortFunc(items, func(a, b item) int { return strings.Compare(a.uri, b.uri) })
	return items
}
