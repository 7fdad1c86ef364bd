package voice

// call reads a call; nil if there is no object. Its strings are there after
// the next flush.
func (d *decoder) call() *Call {
	if !d.Object() {
		return nil
	}
	c := new(Call)
	d.resetParticipants()
	var (
		ownID, uuid, connID, uri, path  []byte
		deviceID, deviceURI, devicePath []byte
		parentID, parentURI, parentPath []byte
		ani, dnis                       []byte
		monitoring                      rawMonitoring
	)
	for d.NextKey() {
		switch string(d.Key()) {
		case "id":
			ownID = d.scalar()
		case "callUuid":
			uuid = d.scalar()
		case "connId":
			connID = d.scalar()
		case "state":
			c.State = CallState(d.word())
		case "callType":
			c.Type = CallType(d.word())
		case "deviceId":
			deviceID = d.scalar()
		case "deviceUri":
			deviceURI = d.scalar()
		case "devicePath":
			devicePath = d.scalar()
		case "participants":
			d.participantList(&d.written.list, &d.participants, d.last().participants.list)
		case "participantsInfo":
			d.participantList(&d.written.infos, &d.infos, d.last().participants.infos)
		case "ani":
			ani = d.scalar()
		case "dnis":
			dnis = d.scalar()
		case "capabilities":
			c.Capabilities = d.operations()
		case "userData":
			c.UserData = d.object(&d.last().userData)
		case "parentCallId":
			parentID = d.scalar()
		case "parentCallUri":
			parentURI = d.scalar()
		case "parentCallPath":
			parentPath = d.scalar()
		case "duration":
			c.Duration = d.seconds()
		case "mute":
			c.Mute = d.flag()
		case "recordingState":
			c.RecordingState = RecordingState(d.word())
		case "supervisorListeningIn":
			c.SupervisorListeningIn = d.flag()
		case "monitoredUserMuted":
			c.MonitoredUserMuted = d.flag()
		case "monitoring":
			c.Monitoring = d.flag()
		case "supervisorMonitoringState":
			monitoring = d.monitoring()
		case "uri":
			uri = d.scalar()
		case "path":
			path = d.scalar()
		}
	}

	// In this order most of them end like the one before.
	d.put(&c.DeviceURI, deviceURI)
	d.put(&c.DeviceID, id(deviceID, deviceURI, devicePath))
	d.put(&c.URI, uri)
	d.put(&c.Path, path)
	d.put(&c.ID, id(ownID, uri, path, uuid))
	d.put(&c.UUID, uuid)
	d.put(&c.ConnID, connID)
	d.put(&c.ParentID, id(parentID, parentURI, parentPath))
	d.put(&c.ANI, ani)
	d.put(&c.DNIS, dnis)
	c.SupervisorMonitoring = d.putMonitoring(monitoring)
	if c.Capabilities == nil {
		c.Capabilities = []OperationName{}
	}

	c.Participants = d.putParticipants()
	return c
}
