package voice_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// plainOperation is an operation as a program would write it that knows the
// reference and not this package's methods.
func plainOperation(t *testing.T, op voice.OperationName, p played) voice.Operation {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", string(op), "request.json"))
	require.NoError(t, err)
	params := map[string]any{}
	require.NoError(t, json.Unmarshal(raw, &params))
	delete(params, "operationName")
	o := voice.Operation{Name: op}
	if len(params) > 0 {
		o.Params = params
	}
	switch parts := strings.Split(strings.TrimPrefix(p.path, "/me/"), "/"); parts[0] {
	case "calls":
		o.CallID = parts[1]
	case "devices":
		o.DeviceID = parts[1]
	case "channels":
		if op == "Lunch" {
			o.Path = p.path
		}
	}
	return o
}

// TestStart_withParametersOfItsOwn submits every operation with plain
// parameters: it is settled by the same messages as its method, and by no other.
func TestStart_withParametersOfItsOwn(t *testing.T) {
	everyOperation(t, func(t *testing.T, s *scripted, c *voice.Client, p played, own []note) {
		op := voice.OperationName(t.Name()[strings.LastIndex(t.Name(), "/")+1:])
		if op == voice.OpEndContactCenterSession {
			t.SkipNow()
		}
		pending, err := c.Start(t.Context(), plainOperation(t, op, p))
		require.NoError(t, err)
		sent := s.sent()
		require.Len(t, sent, 1)
		assert.Equal(t, p.path, sent[0].Path)
		if p.onlyOK || op == "Lunch" { // no rule: acceptance is the outcome
			_, err := pending.Wait(t.Context())
			require.NoError(t, err)
			return
		}
		for _, n := range p.before(own) {
			s.publish(n.as("StatusChange"))
			settle()
			s.publish(n.as("AttachedDataChanged"))
			settle()
		}
		select {
		case <-pending.Done():
			t.Fatal("settled by a message that does not show it")
		default:
		}
		for _, n := range own {
			s.publish(n)
		}
		settle()
		out, err := pending.Wait(t.Context())
		require.NoError(t, err)
		p.check(t, result{out.Call, out.Consult, out.Device}, own)
	})
}

func TestStart_whatThePackageDoesNotKnow(t *testing.T) {
	script(t, func(t *testing.T, s *scripted) {
		own := samples(t, "Hold")
		s.list(own[0].with(map[string]any{"state": "Established"}))
		s.list(samples(t, "Ready")...)
		c := s.connect()

		p, err := c.Start(t.Context(), voice.Operation{Name: "Teleport", CallID: call01, Params: map[string]any{"to": "Mars"}})
		require.NoError(t, err)
		out, err := p.Wait(t.Context())
		require.NoError(t, err, "accepted is the outcome")
		assert.Equal(t, &voice.Outcome{}, out)
		assert.JSONEq(t, `{"operationName":"Teleport","to":"Mars"}`, string(s.sent()[0].Body))
		assert.Equal(t, "Teleport", string(p.Operation().Name))

		p, err = c.Start(t.Context(), voice.Operation{Name: "Park", CallID: call01, Until: func(ev voice.Event) bool {
			msg, ok := ev.(*voice.CallStateChangeMessage)
			return ok && msg.Call.State == "Parked"
		}})
		require.NoError(t, err)
		s.publish(own[0])
		settle()
		parked := own[0].with(map[string]any{"state": "Parked"})
		s.publish(parked)
		out, err = p.Wait(t.Context())
		require.NoError(t, err)
		sameAs(t, parked, out.Call.Raw)
		assert.Same(t, out.Call, out.Event)

		p, err = c.Start(t.Context(), voice.Operation{Name: "Park", CallID: call01, Until: func(voice.Event) bool { return false }})
		require.NoError(t, err)
		s.publish(own[0].with(map[string]any{"state": "Released"}))
		_, err = p.Wait(t.Context())
		requireFailed(t, err, voice.ErrCallReleased)

		p, err = c.Start(t.Context(), voice.Operation{Name: "Wink", DeviceID: device1, Until: func(ev voice.Event) bool {
			_, ok := ev.(*voice.UnknownMessage)
			return ok
		}})
		require.NoError(t, err)
		s.publish(note{"/v2/me/devices", []byte(`{"messageType":"WinkMessage"}`)})
		out, err = p.Wait(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "WinkMessage", out.Event.(*voice.UnknownMessage).Type)

		_, err = c.Start(t.Context(), voice.Operation{Name: "Wink", Path: "/me/channels/voice"})
		require.NoError(t, err)
		_, err = c.Start(t.Context(), voice.Operation{Name: "Wink"})
		require.NoError(t, err)
		var paths []string
		for _, p := range s.sent()[3:] {
			paths = append(paths, p.Path)
		}
		assert.Equal(t, []string{"/me/devices/" + device1, "/me/channels/voice", "/me"}, paths)
	})
}

func TestPending_canBeWaitedForAgain(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := established(t, sim, client)
		sim.On(voice.OpHold, voicetest.ResponseFirst(3*second))
		p, err := client.Start(t.Context(), voice.Operation{Name: voice.OpHold, CallID: id})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), second)
		defer cancel()
		_, err = p.Wait(ctx)
		requireUnconfirmed(t, err, true, context.DeadlineExceeded)
		out, err := p.Wait(t.Context())
		require.NoError(t, err)
		again, err := p.Wait(ctx) // known, whatever ctx is
		require.NoError(t, err)
		assert.Equal(t, out, again)
		<-p.Done()
	})
}

// Whatever the server does, whoever cancels or closes does not wait.
func TestCancelAndClose_returnAtOnce(t *testing.T) {
	for name, hang := range map[string]func(w http.ResponseWriter, p scriptedPost){
		"the request is not answered": func(_ http.ResponseWriter, p scriptedPost) { p.wait(time.Hour) },
		"the outcome does not come":   nil,
	} {
		t.Run(name, func(t *testing.T) {
			everyOperation(t, func(t *testing.T, s *scripted, c *voice.Client, p played, own []note) {
				if p.onlyOK && hang == nil {
					t.SkipNow()
				}
				s.answerWith(hang)
				ctx, cancel := context.WithCancel(t.Context())
				results := make(chan error, 2)
				go func() { _, err := p.run(ctx, c); results <- err }()
				time.Sleep(second)
				start := time.Now()
				cancel()
				requireUnconfirmed(t, <-results, hang == nil, context.Canceled)
				assert.Zero(t, time.Since(start))
				if c.Err() != nil {
					return // the end of the session ends the client
				}

				ctx, cancel = context.WithTimeout(t.Context(), 5*second)
				defer cancel()
				go func() { _, err := p.run(ctx, c); results <- err }()
				time.Sleep(second)
				start = time.Now()
				require.NoError(t, c.Close())
				err := <-results
				assert.ErrorIs(t, err, voice.ErrClosed)
				assert.Zero(t, time.Since(start))
				waiting, subscriptions := c.Waiting()
				assert.Zero(t, waiting)
				assert.Zero(t, subscriptions)
				synctest.Wait()
			})
		})
	}
}
