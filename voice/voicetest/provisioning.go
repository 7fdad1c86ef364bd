package voicetest

import (
	"cmp"
	"encoding/json"
	"slices"
)

// feature is one of the things that a contact centre may be able to do.
type feature struct{ id, name, description string }

var features = []feature{
	{"api-provisioning-read", "API Provisioning Read", "General provisioning read"},
	{featureMonitoring, "API Supervisor Monitoring", "API for Supervisors to Monitor Agents"},
	{featureVoice, "Voice API", "API for Voice"},
	{featureRecording, "Voice API Recording", "API for Call Recording"},
	{"api-voice-outbound", "Voice API Outbound", "API for Outbound"},
	{featureControl, "API Supervisor Agent Control", "API for Supervisors to Control Agent State"},
}

func (x *exchange) hasFeature(id string) bool {
	return x.opts.Features == nil || slices.Contains(x.opts.Features, id)
}

// selected writes an object with some of its attributes; nil means all.
func (b *builder) selected(name string, fields []string, write func(*builder, string)) {
	if fields == nil {
		write(b, name)
		return
	}
	whole := &builder{}
	write(whole, "")
	var all map[string]json.RawMessage
	_ = json.Unmarshal(whole.b, &all) // the builder writes valid JSON
	b.open(name)
	for _, f := range fields {
		if v, ok := all[f]; ok {
			b.raw(f, v)
		}
	}
	b.close()
}

func (s *Server) readUser(x *exchangeOver, a *agent, me bool) *builder {
	return s.single(x, "user", func(b *builder, name string) { s.appendUser(b, name, x, a, me) })
}

// appendUser writes a user with the sub-resources that the query asks for.
// Those that the deployment does not have are left out.
func (s *Server) appendUser(b *builder, name string, x *exchangeOver, a *agent, me bool) {
	sw := s.exchange
	b.open(name)
	b.str("id", a.id)
	b.str("userName", a.UserName)
	b.str("firstName", a.FirstName)
	b.str("lastName", a.LastName)
	b.str("emailAddress", "")
	roles := []string{"ROLE_AGENT"}
	if a.Supervisor {
		roles = append(roles, "ROLE_SUPERVISOR")
	}
	b.strings("roles", roles)
	b.bool("enabled", true)
	list := func(name string, items []item) {
		b.array(name)
		for _, i := range items {
			i.write(b, "")
		}
		b.close()
	}
	if x.wants("devices") {
		list("devices", s.deviceItems(a.devices, "me/devices"))
	}
	if me {
		if media := s.channelItems(a); len(media) > 0 && x.wants("channels") {
			list("channels", media)
			list("channelStates", media)
		}
		if x.wants("calls") {
			list("calls", s.callItems(a.order))
		}
		if x.wants("features") {
			list("features", s.featureItems())
		}
	}
	b.bool("changePasswordOnFirstLogin", a.MustChangePassword)
	b.str("contactCenterId", sw.ids.uuid("contact-center"))
	b.str("uri", sw.base+"/users/"+a.id)
	b.str("path", "/users/"+a.id)
	b.close()
}

func (s *Server) featureItems() []item {
	var items []item
	for _, f := range features {
		if !s.exchange.hasFeature(f.id) {
			continue
		}
		items = append(items, item{"", func(b *builder, name string) {
			b.open(name)
			b.str("id", f.id)
			b.str("displayName", f.name)
			b.str("description", f.description)
			b.bool("autoAssignOnContactCenterCreate", true)
			b.str("uri", s.exchange.base+"/features/"+f.id)
			b.str("path", "/features/"+f.id)
			b.close()
		}})
	}
	return items
}

func (s *Server) readUsers(x *exchangeOver, rest []string) (*builder, *refusal) {
	sw := s.exchange
	if !sw.hasFeature("api-provisioning-read") {
		return nil, refuse(5, "Feature 'api-provisioning-read' is not enabled")
	}
	if len(rest) == 0 {
		var items []item
		for _, a := range sw.agents {
			items = append(items, item{sw.base + "/users/" + a.id, func(b *builder, name string) {
				s.appendUser(b, name, x, a, false)
			}})
		}
		return s.collection(x, "users", items), nil
	}
	a := sw.byName[rest[0]]
	if a == nil || a.id != rest[0] {
		return nil, refuse(6, "User not found")
	}
	switch {
	case len(rest) == 1:
		return s.readUser(x, a, false), nil
	case rest[1] == "devices":
		return s.readDevices(x, a.devices, "users/"+a.id+"/devices", rest[2:])
	}
	return nil, notFound
}

// allDevices returns the devices in the order of their numbers.
func (x *exchange) allDevices() []*device {
	var all []*device
	for name, d := range x.byDN {
		if name == d.dn {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b *device) int { return cmp.Compare(a.dn, b.dn) })
	return all
}

// service is a server behind GWS.
type service struct{ id, name, kind, state string }

func (x *exchange) services() []service {
	voice, media := "Active", "Active"
	if x.down {
		voice = "Inactive"
	}
	if x.opts.NoMultimedia {
		media = "Inactive"
	}
	return []service{
		{"ON_PREMISE_ENVIRONMENT", "Provisioning", "Provisioning", "Active"},
		{x.voiceID, "SIP_Switch_TServer", "Voice", voice},
		{x.mediaID, "Ixn_Server", "MultiMediaState", media},
		{x.contentID, "UCS_Main", "MultiMediaContent", "Inactive"},
	}
}

func (x *exchange) appendService(b *builder, name string, sv service) {
	b.open(name)
	b.str("id", sv.id)
	b.str("name", sv.name)
	b.str("type", sv.kind)
	b.str("state", sv.state)
	b.str("uri", x.base+"/services/"+sv.id)
	b.str("path", "/services/"+sv.id)
	b.close()
}

func (s *Server) readServices(x *exchangeOver, rest []string) (*builder, *refusal) {
	var items []item
	for _, sv := range s.exchange.services() {
		write := func(b *builder, name string) { s.exchange.appendService(b, name, sv) }
		if len(rest) == 1 && rest[0] == sv.id {
			return s.single(x, "service", write), nil
		}
		items = append(items, item{s.exchange.base + "/services/" + sv.id, write})
	}
	if len(rest) > 0 {
		return nil, notFound
	}
	return s.collection(x, "services", items), nil
}

func (s *Server) readSettings(x *exchangeOver, rest []string) (*builder, *refusal) {
	b := s.begun()
	switch {
	case len(rest) == 0:
		b.array("settings")
		for _, g := range [][3]string{
			{"general-settings", "General Settings", "name"}, {"agent-states", "Agent States", "id"},
			{"dispositions", "Dispositions", "name"},
		} {
			b.open("")
			b.str("name", g[0])
			b.str("displayName", g[1])
			b.str("key", g[2])
			b.str("uri", s.exchange.base+"/settings/"+g[0])
			b.str("path", "/settings/"+g[0])
			b.close()
		}
		b.close()
	case rest[0] == "general-settings":
		b.open("settings")
		b.str("countryCode", "US")
		b.str("countryDigits", "1")
		b.str("countryName", "United States")
		b.close()
	case rest[0] == "agent-states":
		s.exchange.appendStates(b)
	case rest[0] == "dispositions":
		b.array("settings")
		for _, name := range []string{"Resolved", "Callback", "Escalated", "WrongNumber"} {
			b.open("")
			b.str("name", name)
			b.str("displayName", name)
			b.close()
		}
		b.close()
		b.str("key", "name")
	default:
		return nil, notFound
	}
	b.close()
	return b, nil
}

func (x *exchange) appendStates(b *builder) {
	b.array("settings")
	for _, st := range x.listed {
		b.open("")
		b.str("id", st.ID)
		b.str("operationName", string(st.OperationName))
		b.str("displayName", st.DisplayName)
		b.str("state", st.State)
		if st.WorkMode != "" {
			b.str("workMode", st.WorkMode)
		}
		if st.Reason != "" {
			b.str("reason", st.Reason)
		}
		b.close()
	}
	b.close()
	b.str("key", "id")
}

func (s *Server) readContacts(x *exchangeOver, rest []string) (*builder, *refusal) {
	var items []item
	for _, a := range s.exchange.agents {
		write := func(b *builder, name string) { s.appendContact(b, name, a) }
		if len(rest) == 1 && rest[0] == a.id {
			return s.single(x, "contact", write), nil
		}
		number := x.query.Get("phoneNumber")
		if number == "" || number == a.DN {
			items = append(items, item{s.exchange.base + "/contacts/" + a.id, write})
		}
	}
	if len(rest) > 0 {
		return nil, notFound
	}
	return s.collection(x, "contacts", items), nil
}

func (s *Server) appendContact(b *builder, name string, a *agent) {
	b.open(name)
	b.str("id", a.id)
	b.str("name", a.UserName)
	b.str("type", "User")
	b.array("phoneNumbers")
	for _, d := range a.home {
		b.open("")
		b.str("phoneNumber", d.dn)
		b.str("description", "")
		b.str("switchName", "SIP_Switch")
		b.close()
	}
	b.close()
	b.str("userName", a.UserName)
	b.str("firstName", a.FirstName)
	b.str("lastName", a.LastName)
	b.str("employeeId", a.UserName)
	b.str("uri", s.exchange.base+"/contacts/"+a.id)
	b.str("path", "/contacts/"+a.id)
	b.close()
}
