package voice

import (
	"context"
	"slices"
	"time"

	"github.com/gwsvoice/gws-go/internal/backoff"
)

// outage returns ErrVoiceUnavailable while the voice service is known to be
// down; mu is held.
func (r *registry) outage() error {
	if r.voiceDown {
		return ErrVoiceUnavailable
	}
	return nil
}

// mayBeDown tells whether to ask for the voice service after a gap: it was down,
// or a device is off the switch as all are when it is.
func (r *registry) mayBeDown() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.voiceDown || slices.ContainsFunc(r.devices, func(known knownDevice) bool { return known.device.State == DeviceInactive })
}

// concernsVoice returns the state of the voice service that the agent's devices
// depend on, if ev tells.
func (r *registry) concernsVoice(ev *ServiceStateChange) (ServiceState, bool) {
	var state ServiceState
	found := false
	for _, s := range ev.Services {
		if r.isOwnVoiceService(&s) && s.State != "" {
			state, found = s.State, true
		}
	}
	return state, found
}

// isOwnVoiceService tells whether the agent's calls depend on the service: its
// id is the one that the devices name as their voice environment.
func (r *registry) isOwnVoiceService(s *Service) bool {
	named := false
	for _, known := range r.devices {
		if known.device.VoiceEnvironmentID != "" {
			named = true
			if known.device.VoiceEnvironmentID == s.ID {
				return true
			}
		}
	}
	return !named && s.Type == ServiceVoice
}

// serviceChanged takes note of a notification about services. One that could
// not be understood is a hint to ask.
func (c *Client) serviceChanged(ev *ServiceStateChange) {
	if len(ev.Services) == 0 {
		c.dispatch(ev)
		if c.enter() {
			go func() {
				defer c.leave()
				_, _ = c.askServices(c.lifetime)
			}()
		}
		return
	}
	c.applyServices(ev)
}

// applyServices makes ev take effect: operations end as unknown when the voice
// service goes, and everything is read again when it comes back, also if its
// going was not told.
func (c *Client) applyServices(ev *ServiceStateChange) {
	if c.turn.Acquire(c.lifetime, 1) != nil {
		return
	}
	r := c.registry
	r.mu.Lock()
	state, known := r.concernsVoice(ev)
	was := r.voiceDown
	if known {
		r.voiceDown = state == ServiceInactive
	}
	down := r.voiceDown
	if down && !was {
		r.outages++
	}
	outage, pending := r.outages, slices.Clone(r.pending)
	r.mu.Unlock()
	c.deliver(ev)
	if down && !was {
		c.log.Warn("voice service unavailable")
		for _, p := range pending {
			if p.rule.settles != nil {
				c.settleUnknown(p, ErrVoiceUnavailable)
				p.abort()
			}
		}
	}
	c.endTurn()
	if down && !was && c.enter() {
		go func() {
			defer c.leave()
			c.awaitVoiceService(outage, ev)
		}()
	}
	if was && !down {
		c.log.Info("voice service available again")
	}
	if known && !down && (was || !ev.Synthetic) {
		c.recoverGap()
	}
}

// voiceRefused is called when an operation was refused because the voice
// service is down. Nobody may tell when it is back, so it is asked for.
func (c *Client) voiceRefused() {
	r := c.registry
	r.mu.Lock()
	probing := r.voiceDown || r.closed != nil
	service := Service{Type: ServiceVoice, State: ServiceInactive}
	for _, known := range r.devices {
		if id := known.device.VoiceEnvironmentID; id != "" {
			service.ID = id
		}
	}
	r.mu.Unlock()
	if probing || !c.enter() {
		return
	}
	go func() {
		defer c.leave()
		c.applyServices(&ServiceStateChange{Services: []Service{service}, Synthetic: true})
	}()
}

// outagePause is the longest pause between two questions whether the voice
// service is back.
const outagePause = 30 * time.Second

// awaitVoiceService asks for the services until voice is back or a notification
// has said so: the notification may be missed. An outage that was concluded
// from a refusal may have no notification at all; where the services cannot be
// read either, one pause is all that can be done.
func (c *Client) awaitVoiceService(outage int, began *ServiceStateChange) {
	r := c.registry
	pause := backoff.Backoff{Min: outagePause / 2, Max: outagePause}
	if began.Synthetic {
		pause.Min = time.Second
	}
	for {
		select {
		case <-time.After(pause.Next()):
		case <-c.lifetime.Done():
			return
		}
		r.mu.Lock()
		over := !r.voiceDown || r.outages != outage
		r.mu.Unlock()
		if over {
			return
		}
		known, err := c.askServices(c.lifetime)
		if err == nil && known || !began.Synthetic {
			continue
		}
		services := slices.Clone(began.Services)
		for i := range services {
			services[i].State = ServiceActive // as far as can be told: the next operation will show
		}
		c.applyServices(&ServiceStateChange{Services: services, Synthetic: true})
		return
	}
}

// askServices reads the states of the services and tells whether the agent's
// voice service was among them.
func (c *Client) askServices(ctx context.Context) (known bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	body, err := c.get(ctx, "/services?fields=*")
	if err != nil {
		return false, err
	}
	services, err := decodeServices(body)
	if err != nil {
		return false, err
	}
	ev := &ServiceStateChange{Services: services, Synthetic: true}
	c.registry.mu.Lock()
	state, known := c.registry.concernsVoice(ev)
	changed := known && c.registry.voiceDown != (state == ServiceInactive)
	c.registry.mu.Unlock()
	if changed {
		c.applyServices(ev)
	}
	return known, nil
}
