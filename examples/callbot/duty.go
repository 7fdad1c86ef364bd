package main

import (
	"context"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

// seeToDuty has somebody look whether the agent is ready.
func (b *bot) seeToDuty() {
	select {
	case b.duty <- struct{}{}:
	default:
	}
}

// stayReady makes the agent ready whenever it is not: after a call, or when the
// switch has taken it off for a call that it did not answer. It never does so
// more often than once a second.
func (b *bot) stayReady(ctx context.Context, client *voice.Client) {
	for {
		select {
		case <-b.duty:
		case <-ctx.Done():
			return
		case <-client.Done():
			return
		}
		if err := b.makeReady(ctx, client); err != nil {
			b.report.note(err)
			b.seeToDuty() // again, after the pause
		}
		if pause(ctx, client, time.Second) != nil {
			return
		}
	}
}

func (b *bot) makeReady(ctx context.Context, client *voice.Client) error {
	devices, err := client.Devices(ctx)
	if err != nil {
		return err
	}
	for _, device := range devices {
		switch {
		case device.State == voice.DeviceInactive:
			continue // an event tells when it is back
		case device.UserState != nil && device.UserState.State == voice.UserReady:
			continue
		case device.UserState == nil || device.UserState.State == voice.UserLoggedOut:
			if err := client.StartContactCenterSession(ctx, voice.Session{}); err != nil {
				return err
			}
		}
		if _, err := client.Ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// signOff keeps further calls away.
func (b *bot) signOff(client *voice.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := client.NotReady(ctx); err != nil {
		b.report.note(err)
	}
}
