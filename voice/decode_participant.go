package voice

import "github.com/gwsvoice/gws-go/internal/jsonscan"

// rawParticipant is a participant of which no string is allocated yet.
type rawParticipant struct {
	phoneNumber, digits, formatted, e164, local, location []byte
	country                                               rawCountry
}

type rawCountry struct {
	present                 bool
	name, code, callingCode []byte
}

// rawParticipants reads a list whose elements are objects, or just numbers as
// older servers send them, and appends it to list.
func (d *decoder) rawParticipants(list []rawParticipant) []rawParticipant {
	if !d.Array() {
		return list
	}
	for d.NextElem() {
		switch d.Kind() {
		case jsonscan.String, jsonscan.Number:
			list = append(list, rawParticipant{phoneNumber: d.scalar()})
		case jsonscan.Object:
			list = append(list, d.rawParticipant())
		}
	}
	return list
}

func (d *decoder) rawParticipant() (p rawParticipant) {
	if !d.Object() {
		return p
	}
	var e164Digits []byte
	for d.NextKey() {
		switch string(d.Key()) {
		case "phoneNumber":
			p.phoneNumber = d.scalar()
		case "digits":
			p.digits = d.scalar()
		case "formattedPhoneNumber":
			p.formatted = d.scalar()
		case "e164Number":
			p.e164 = d.scalar()
		case "E164digits": // the oldest spelling
			e164Digits = d.scalar()
		case "localPhoneNumber":
			p.local = d.scalar()
		case "location":
			p.location = d.scalar()
		case "country":
			p.country = d.rawCountry()
		}
	}
	if len(p.e164) == 0 {
		p.e164 = e164Digits
	}
	return p
}

func (d *decoder) rawCountry() (c rawCountry) {
	if !d.Object() {
		return c
	}
	c.present = true
	for d.NextKey() {
		switch string(d.Key()) {
		case "name":
			c.name = d.scalar()
		case "code":
			c.code = d.scalar()
		case "callingCode":
			c.callingCode = d.scalar()
		}
	}
	return c
}

// againParticipants keeps the participants of the last call, see again, and the
// prints of both lists that they were made of.
type againParticipants struct {
	list, infos jsonscan.Print
	value       []Participant
}

// writtenLists are both lists of a call in the document.
type writtenLists struct{ list, infos writtenList }

// writtenList is a list of participants in the document. The zero value is one
// that is not there.
type writtenList struct {
	at    jsonscan.Scanner // before it
	print jsonscan.Print
	same  bool // as in the call before; it was skipped
}

// participantList reads a list into *raw, unless it is the last one again.
func (d *decoder) participantList(l *writtenList, raw *[]rawParticipant, last jsonscan.Print) {
	clear(*raw)
	*raw = (*raw)[:0]
	d.Kind() // steps over space
	l.at, l.print = d.Scanner, jsonscan.Print{}
	if l.same = d.SkipSame(last); l.same {
		l.print = last
		return
	}
	*raw = d.rawParticipants(*raw)
	if d.Err() == nil {
		l.print = d.Print(l.at.Pos())
	}
}

// putParticipants makes the participants of a call, read-only, of both lists.
func (d *decoder) putParticipants() []Participant {
	last := &d.last().participants
	list, infos := &d.written.list, &d.written.infos
	if list.print == last.list && infos.print == last.infos && last.value != nil {
		return last.value
	}
	after := d.Scanner
	if list.same {
		d.Scanner = list.at
		d.participants = d.rawParticipants(d.participants)
	}
	if infos.same {
		d.Scanner = infos.at
		d.infos = d.rawParticipants(d.infos)
	}
	d.Scanner = after
	d.mergeParticipants()
	made := make([]Participant, len(d.participants))
	for i := range made {
		d.putParticipant(&made[i], &d.participants[i])
	}
	d.made = againParticipants{}
	if d.Err() == nil && list.print.Len() <= maxAgain && infos.print.Len() <= maxAgain {
		d.made = againParticipants{list.print, infos.print, made}
	}
	return made
}

func (d *decoder) resetParticipants() {
	clear(d.participants)
	clear(d.infos)
	d.participants, d.infos = d.participants[:0], d.infos[:0]
	d.written = writtenLists{}
}

// mergeParticipants completes the participants by what older servers send
// beside them, in the same order.
func (d *decoder) mergeParticipants() {
	for i, info := range d.infos {
		if i == len(d.participants) {
			d.participants = append(d.participants, info)
			continue
		}
		p := &d.participants[i]
		for _, f := range []struct {
			to   *[]byte
			from []byte
		}{
			{&p.phoneNumber, info.phoneNumber}, {&p.digits, info.digits}, {&p.formatted, info.formatted},
			{&p.e164, info.e164}, {&p.local, info.local}, {&p.location, info.location},
		} {
			if len(*f.to) == 0 {
				*f.to = f.from
			}
		}
		if !p.country.present {
			p.country = info.country
		}
	}
}

func (d *decoder) putParticipant(p *Participant, raw *rawParticipant) {
	d.put(&p.FormattedPhoneNumber, raw.formatted)
	d.put(&p.PhoneNumber, raw.phoneNumber)
	d.put(&p.Digits, raw.digits)
	d.put(&p.E164Number, raw.e164)
	d.put(&p.LocalPhoneNumber, raw.local)
	d.put(&p.Location, raw.location)
	p.Country = d.putCountry(raw.country)
}

func (d *decoder) putCountry(raw rawCountry) *Country {
	if !raw.present {
		return nil
	}
	c := &Country{}
	d.put(&c.Name, raw.name)
	d.put(&c.Code, raw.code)
	d.put(&c.CallingCode, raw.callingCode)
	return c
}
