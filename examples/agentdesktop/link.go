package main

import (
	"context"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// link is the connection of a desk to GWS.
type link struct {
	State string `json:"state"`           // up or lost
	Voice string `json:"voice"`           // "down" while the telephone switch is not available
	Since int64  `json:"since"`           // when State began
	Lost  int64  `json:"lost,omitempty"`  // how long it was lost before, in milliseconds
	Gap   bool   `json:"gap,omitempty"`   // something may have been missed meanwhile
	Error string `json:"error,omitempty"` // what broke it
}

const (
	linkUp   = "up"
	linkLost = "lost"
)

// checkLink notices that the connection is lost, or is back without GWS having
// forgotten the session.
func (d *desk) checkLink() {
	connected := d.client.Connected()
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case !connected && d.link.State == linkUp:
		d.link = link{State: linkLost, Voice: d.link.Voice, Since: millis(now())}
	case connected && d.link.State == linkLost:
		d.link = link{State: linkUp, Voice: d.link.Voice, Since: millis(now()), Lost: millis(now()) - d.link.Since}
	default:
		return
	}
	d.board.post("link", d.link)
}

// restored notes a gap; d.mu is held. What was missed follows as messages that
// the client has derived from a fresh read.
func (d *desk) restored(ev *voice.Reconnected) {
	lost := d.link.Lost
	switch {
	case d.link.State == linkLost:
		lost = millis(now()) - d.link.Since
	case lost == 0 || millis(now())-d.link.Since > 5000:
		lost = millis(now()) - millis(ev.Since)
	}
	d.link = link{State: linkUp, Voice: d.link.Voice, Since: millis(now()), Lost: max(lost, 1), Gap: !ev.Lossless}
	if ev.Err != nil {
		d.link.Error = ev.Err.Error()
	}
	d.board.post("link", d.link)
}

// applyServices tells whether the telephone switch is there; d.mu is held.
func (d *desk) applyServices(ev *voice.ServiceStateChange) {
	for _, s := range ev.Services {
		if s.Type != voice.ServiceVoice || s.State == "" {
			continue
		}
		d.link.Voice = ""
		if s.State == voice.ServiceInactive {
			d.link.Voice = "down"
		}
	}
	d.board.post("link", d.link)
}

// watchLinks looks at the connections of all desks now and then; looking costs
// no request.
func (f *floor) watchLinks(ctx context.Context) {
	tick := time.NewTicker(linkCheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, d := range f.all() {
				d.checkLink()
			}
		}
	}
}

const linkCheck = 300 * time.Millisecond
