package voice

import "github.com/gwsvoice/gws-go/internal/jsonscan"

// device reads a device; nil if there is no object. Its strings are there
// after the next flush.
func (d *decoder) device() *Device {
	if !d.Object() {
		return nil
	}
	v := &Device{}
	var (
		ownID, uri, path, phoneNumber, e164, forwardTo []byte
		environmentID, environmentURI                  []byte
		description, dynamicNumber, localNumber        []byte
		kind, vendor, model, location                  []byte
		monitoring                                     rawMonitoring
		mode                                           MonitoringMode
		country                                        rawCountry
	)
	for d.NextKey() {
		switch string(d.Key()) {
		case "id":
			ownID = d.scalar()
		case "deviceState":
			v.State = DeviceState(d.word())
		case "userState":
			v.UserState = d.userState()
		case "phoneNumber":
			phoneNumber = d.scalar()
		case "e164Number":
			e164 = d.scalar()
		case "telephonyNetwork":
			v.TelephonyNetwork = TelephonyNetwork(d.word())
		case "doNotDisturb":
			v.DoNotDisturb = d.flag()
		case "forwardTo":
			forwardTo = d.scalar()
		case "voiceEnvironmentId":
			environmentID = d.scalar()
		case "voiceEnvironmentUri":
			environmentURI = d.scalar()
		case "capabilities":
			v.Capabilities = d.operations()
		case "supervisorMonitoringState":
			monitoring = d.monitoring()
		case "supervisorMonitoringMode": // of servers that send the state as a string
			mode = MonitoringMode(d.word())
		case "channels":
			v.Channels = d.wordList()
		case "description":
			description = d.scalar()
		case "dynamicPhoneNumber":
			dynamicNumber = d.scalar()
		case "type":
			kind = d.scalar()
		case "vendor":
			vendor = d.scalar()
		case "model":
			model = d.scalar()
		case "location":
			location = d.scalar()
		case "localNumber":
			localNumber = d.scalar()
		case "country":
			country = d.rawCountry()
		case "uri":
			uri = d.scalar()
		case "path":
			path = d.scalar()
		}
	}
	d.put(&v.URI, uri)
	d.put(&v.Path, path)
	d.put(&v.ID, id(ownID, uri, path))
	d.put(&v.VoiceEnvironmentURI, environmentURI)
	d.put(&v.VoiceEnvironmentID, id(environmentID, environmentURI))
	d.put(&v.PhoneNumber, phoneNumber)
	d.put(&v.E164Number, e164)
	d.put(&v.ForwardTo, forwardTo)
	d.put(&v.Description, description)
	d.put(&v.DynamicPhoneNumber, dynamicNumber)
	d.put(&v.Type, kind)
	d.put(&v.Vendor, vendor)
	d.put(&v.Model, model)
	d.put(&v.Location, location)
	d.put(&v.LocalNumber, localNumber)
	v.Country = d.putCountry(country)
	if monitoring.mode == "" {
		monitoring.mode = mode
	}
	v.SupervisorMonitoring = d.putMonitoring(monitoring)
	if v.Capabilities == nil {
		v.Capabilities = []OperationName{}
	}
	return v
}

// userState reads the state of an agent; nil if there is no object.
func (d *decoder) userState() *UserState {
	if !d.Object() {
		return nil
	}
	u := &UserState{}
	var reasonCode string
	for d.NextKey() {
		switch string(d.Key()) {
		case "id":
			u.ID = d.word()
		case "displayName":
			u.DisplayName = d.word()
		case "state":
			u.State = UserStatus(d.word())
		case "workMode":
			u.WorkMode = WorkMode(d.word())
		case "reason":
			u.Reason = d.word()
		case "reasonCode": // a spelling of one page of the reference
			reasonCode = d.word()
		}
	}
	if u.Reason == "" {
		u.Reason = reasonCode
	}
	return u
}

// rawMonitoring is a MonitoringState of which not every string is allocated yet.
type rawMonitoring struct {
	present             bool
	state               OperationName
	mode                MonitoringMode
	scope               MonitoringScope
	targetID, targetURI []byte
}

// monitoring reads how a supervisor monitors. Servers of version 8.5.1 send
// only the name of the state.
func (d *decoder) monitoring() (m rawMonitoring) {
	if d.Kind() == jsonscan.String {
		m.state = OperationName(d.word())
		m.present = m.state != ""
		return m
	}
	if !d.Object() {
		return m
	}
	for d.NextKey() {
		m.present = true
		switch string(d.Key()) {
		case "state":
			m.state = OperationName(d.word())
		case "mode":
			m.mode = MonitoringMode(d.word())
		case "scope":
			m.scope = MonitoringScope(d.word())
		case "targetDeviceId":
			m.targetID = d.scalar()
		case "targetDeviceUri":
			m.targetURI = d.scalar()
		}
	}
	return m
}

func (d *decoder) putMonitoring(raw rawMonitoring) *MonitoringState {
	if !raw.present {
		return nil
	}
	m := &MonitoringState{State: raw.state, Mode: raw.mode, Scope: raw.scope}
	d.put(&m.TargetDeviceURI, raw.targetURI)
	d.put(&m.TargetDeviceID, id(raw.targetID, raw.targetURI))
	return m
}
