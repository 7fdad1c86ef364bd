package voice

import "github.com/gwsvoice/gws-go/internal/jsonscan"

// decodeServiceChange reads a message of the services topic. Its form is not
// documented: whatever looks like a service counts, wherever it is.
func decodeServiceChange(data []byte) (*ServiceStateChange, error) {
	d := newDecoder(data)
	defer d.free()
	m := &ServiceStateChange{Services: []Service{}, Raw: data}
	if d.Kind() != jsonscan.Object {
		m.Services = d.services(m.Services)
		return m, d.End()
	}
	var self Service
	var more []Service
	d.Object()
	for d.NextKey() {
		switch key := d.Key(); string(key) {
		case "services":
			m.Services = d.services([]Service{})
		case "service":
			more = d.services(nil)
		case "metrics":
			m.Generated = d.metrics()
		default:
			d.serviceAttribute(&self, string(key))
		}
	}
	m.Services = appendService(append(m.Services, more...), self)
	return m, d.End()
}

// services appends the one service or the list that comes next.
func (d *decoder) services(list []Service) []Service {
	switch d.Kind() {
	case jsonscan.Object:
		return appendService(list, d.service())
	case jsonscan.Array:
		d.Array()
		for d.NextElem() {
			list = appendService(list, d.service())
		}
	default:
		d.Skip()
	}
	return list
}

// appendService appends s if it says enough: which service, and its state.
func appendService(list []Service, s Service) []Service {
	if s.State == "" || s.ID == "" && s.Type == "" {
		return list
	}
	return append(list, s)
}

func (d *decoder) service() (s Service) {
	if !d.Object() {
		return s
	}
	for d.NextKey() {
		d.serviceAttribute(&s, string(d.Key()))
	}
	if s.ID == "" {
		s.ID = string(id(nil, []byte(s.URI), []byte(s.Path)))
	}
	return s
}

func (d *decoder) serviceAttribute(s *Service, key string) {
	switch key {
	case "id":
		s.ID = d.word()
	case "name":
		s.Name = d.word()
	case "type":
		s.Type = ServiceType(d.word())
	case "state":
		s.State = ServiceState(d.word())
	case "uri":
		s.URI = d.word()
	case "path":
		s.Path = d.word()
	}
}
