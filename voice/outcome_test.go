package voice_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func TestReject_inEveryOrder(t *testing.T) {
	for name, r := range map[string]struct {
		fault voicetest.Fault
		took  time.Duration
	}{
		"event before the response": {voicetest.EventFirst(3 * time.Second), 3 * time.Second},
		"event with the response":   {nil, 0},
		"event after the response":  {voicetest.ResponseFirst(2 * time.Second), 2 * time.Second},
		"slow response":             {voicetest.Slow(4 * time.Second), 4 * time.Second},
		"event twice":               {voicetest.Duplicate(time.Second), 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				client := connect(t, sim)
				id := queueCall(t, sim, client)
				sub := client.Subscribe(voice.ForCall(id))
				if r.fault != nil {
					sim.On(voice.OpReject, r.fault)
				}
				start := time.Now()
				msg, err := client.Reject(t.Context(), id)
				require.NoError(t, err)
				assert.Equal(t, r.took, time.Since(start))
				assert.Equal(t, voice.StateReleased, msg.Call.State)
				assert.Equal(t, id, msg.Call.ID)
				assert.Equal(t, "9000", msg.Call.DNIS)
				assert.Empty(t, msg.Call.Capabilities)
				assert.False(t, msg.Synthetic)
				assert.NotNil(t, msg.Raw)
				assert.Same(t, msg, next(t, sub), "the message is in every subscription when the method returns")
				assert.Equal(t, 1, posts(sim, voice.OpReject))
			})
		})
	}
}

func TestReject_eventNeverComes(t *testing.T) {
	t.Run("and it did happen", func(t *testing.T) {
		bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
			client := connect(t, sim)
			id := queueCall(t, sim, client)
			sub := client.Subscribe(voice.ForCall(id))
			sim.On(voice.OpReject, voicetest.LostEvent())
			start := time.Now()
			msg, err := client.Reject(t.Context(), id)
			require.NoError(t, err)
			assert.Equal(t, 10*time.Second, time.Since(start))
			assert.Equal(t, voice.StateReleased, msg.Call.State)
			assert.True(t, msg.Synthetic)
			assert.Same(t, msg, next(t, sub))
		})
	})
	t.Run("and it did not happen", func(t *testing.T) {
		bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
			client := connect(t, sim, func(c *voice.Config) { c.OperationTimeout = 7 * time.Second })
			id := queueCall(t, sim, client)
			sim.On(voice.OpReject, voicetest.Silence())
			sim.ClearRequests()
			start := time.Now()
			_, err := client.Reject(t.Context(), id)
			e, ok := errors.AsType[*voice.UnconfirmedError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, 7*time.Second, time.Since(start))
			assert.True(t, e.Accepted)
			assert.Equal(t, voice.StateRinging, e.Call.State)
			assert.ErrorIs(t, err, voice.ErrOutcomeTimeout)
			assert.False(t, voice.SafeToRetry(err))
			reads := 0
			for _, r := range sim.Requests() {
				if r.Path == "/me/calls?fields=*" {
					reads++
				}
			}
			assert.Equal(t, 1, reads, "one read decides")
			assert.Equal(t, 1, posts(sim, voice.OpReject))
		})
	})
	t.Run("nor can the calls be read", func(t *testing.T) {
		bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
			client := connect(t, sim)
			id := queueCall(t, sim, client)
			sim.On(voice.OpReject, voicetest.LostEvent())
			sim.OnRead("/me/calls", voicetest.Answer(500, "text/html", "<html>"))
			_, err := client.Reject(t.Context(), id)
			e, ok := errors.AsType[*voice.UnconfirmedError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, voice.StateRinging, e.Call.State)
			assert.ErrorIs(t, err, voice.ErrOutcomeTimeout)
			assert.ErrorContains(t, err, "HTTP 500", "the reason is told")
		})
	})
}

func TestRefusal_returnsAtOnce(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := sim.Ring(voicetest.Call{From: "7002", To: "5001"}) // dialled directly
		call := awaitState(t, client, id, voice.StateRinging)
		assert.False(t, call.Can(voice.OpReject))
		start := time.Now()
		_, err := client.Reject(t.Context(), id)
		e, ok := errors.AsType[*voice.APIError](err)
		require.True(t, ok, "%v", err)
		assert.Zero(t, time.Since(start))
		assert.Equal(t, voice.CodeInvalidState, e.Code)
		assert.Equal(t, 400, e.HTTPStatus)
		assert.Equal(t, voice.OpReject, e.Operation)
		assert.True(t, voice.SafeToRetry(err))
		assert.Equal(t, 1, posts(sim, voice.OpReject))

		call, err = client.Call(t.Context(), id)
		require.NoError(t, err)
		assert.Equal(t, voice.StateRinging, call.State)
	})
}

func TestBrokenConnection_isNeverARefusal(t *testing.T) {
	for name, r := range map[string]struct {
		faults  []voicetest.Fault
		settled bool
	}{
		"executed, event comes":      {[]voicetest.Fault{voicetest.CutAfter()}, true},
		"executed, event lost":       {[]voicetest.Fault{voicetest.CutAfter(), voicetest.LostEvent()}, true},
		"not executed":               {[]voicetest.Fault{voicetest.CutBefore()}, false},
		"executed, answered in HTML": {[]voicetest.Fault{voicetest.AnswerAfter(200, "text/html", "<html>")}, true},
		"not executed, HTML":         {[]voicetest.Fault{voicetest.Answer(200, "text/html", "<html>")}, false},
		"not executed, empty":        {[]voicetest.Fault{voicetest.Answer(200, "application/json", "")}, false},
		"executed, truncated":        {[]voicetest.Fault{voicetest.Truncate(7)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				client := connect(t, sim)
				id := queueCall(t, sim, client)
				sim.On(voice.OpReject, r.faults...)
				msg, err := client.Reject(t.Context(), id)
				assert.Equal(t, 1, posts(sim, voice.OpReject), "a POST is never sent twice")
				if r.settled {
					require.NoError(t, err)
					assert.Equal(t, voice.StateReleased, msg.Call.State)
					return
				}
				e, ok := errors.AsType[*voice.UnconfirmedError](err)
				require.True(t, ok, "%v", err)
				assert.False(t, e.Accepted)
				assert.Equal(t, voice.StateRinging, e.Call.State)
				assert.Error(t, e.Err)
				assert.False(t, voice.SafeToRetry(err))
			})
		})
	}
}

func TestFailLater(t *testing.T) {
	for name, r := range map[string][]voicetest.Fault{
		"on the calls topic":   {voicetest.FailLater(time.Second, 93, "Invalid state")},
		"naming the call":      {voicetest.FailLater(time.Second, 93, "Invalid state"), voicetest.NamingCall()},
		"on the devices topic": {voicetest.FailLater(time.Second, 93, "Invalid state"), voicetest.OnTopic("/v2/me/devices")},
		"before the response":  {voicetest.FailLater(0, 93, "Invalid state"), voicetest.Slow(time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				client := connect(t, sim)
				id := established(t, sim, client)
				sub := client.Subscribe()
				sim.On(voice.OpHold, r...)
				start := time.Now()
				_, err := client.Hold(t.Context(), id)
				e, ok := errors.AsType[*voice.FailedError](err)
				require.True(t, ok, "%v", err)
				assert.Equal(t, time.Second, time.Since(start))
				assert.Equal(t, 93, e.Code)
				assert.Equal(t, "Invalid state", e.Message)
				assert.Equal(t, voice.StateEstablished, e.Call.State)
				_, ok = next(t, sub).(*voice.ErrorMessage)
				assert.True(t, ok, "it is an event too")
			})
		})
	}
}

func TestErrorMessage_isNotAttributedByGuess(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		one, two := established(t, sim, client), ""
		_, err := client.Hold(t.Context(), one)
		require.NoError(t, err)
		two = established(t, sim, client)
		sub := client.Subscribe()

		// Two operations pending on one device: nobody can tell.
		sim.On(voice.OpHold, voicetest.Silence())
		sim.On(voice.OpRetrieve, voicetest.FailLater(time.Second, 93, "Invalid state"))
		results := make(chan error, 2)
		go func() { _, err := client.Hold(t.Context(), two); results <- err }()
		go func() { _, err := client.Retrieve(t.Context(), one); results <- err }()
		for range 2 {
			err := <-results
			_, ok := errors.AsType[*voice.UnconfirmedError](err)
			assert.True(t, ok, "%v", err)
		}
		msg, ok := next(t, sub).(*voice.ErrorMessage)
		require.True(t, ok)
		assert.Empty(t, msg.Operation)
	})
}

func TestErrorMessage_thatRepeatsARefusalFailsNobody(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := established(t, sim, client)
		devices, err := client.Devices(t.Context())
		require.NoError(t, err)
		sim.On(voice.OpMuteCall, voicetest.Refuse(voice.CodeInternalError, "Device '5001' is not registered."))
		_, err = client.MuteCall(t.Context(), id)
		require.Error(t, err)

		sim.On(voice.OpHold, voicetest.ResponseFirst(time.Second))
		result := make(chan error, 1)
		go func() { _, err := client.Hold(t.Context(), id); result <- err }()
		synctest.Wait()
		sim.InjectMessage("5001", "/v2/me/devices", `{"messageType":"ErrorMessage","deviceUri":"`+devices[0].URI+`","devicePath":"`+devices[0].Path+`"}`)
		assert.NoError(t, <-result, "the message was about the refusal just before")
	})
}

func TestReleased_settlesEverythingOnTheCall(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := established(t, sim, client)
		sim.On(voice.OpHold, voicetest.Silence())
		sim.On(voice.OpSendDTMF, voicetest.Silence())
		sim.On(voice.OpHangup, voicetest.Silence())
		type result struct {
			msg *voice.CallStateChangeMessage
			err error
		}
		hold, dtmf, hangup := make(chan result, 1), make(chan result, 1), make(chan result, 1)
		go func() { m, err := client.Hold(t.Context(), id); hold <- result{m, err} }()
		go func() { m, err := client.SendDTMF(t.Context(), id, "1"); dtmf <- result{m, err} }()
		go func() { m, err := client.Hangup(t.Context(), id); hangup <- result{m, err} }()
		synctest.Wait()
		start := time.Now()
		sim.HangupCustomer(id)
		for _, c := range []chan result{hold, dtmf} {
			r := <-c
			e, ok := errors.AsType[*voice.FailedError](r.err)
			require.True(t, ok, "%v", r.err)
			assert.ErrorIs(t, e, voice.ErrCallReleased)
			assert.Equal(t, voice.StateReleased, e.Call.State)
		}
		r := <-hangup
		require.NoError(t, r.err)
		assert.Equal(t, voice.StateReleased, r.msg.Call.State)
		assert.Zero(t, time.Since(start), "nothing sits out its timeout for a call that is gone")
	})
}

func TestTwoOperations_eachGetsItsOwnOutcome(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		one := established(t, sim, client)
		two := queueCall(t, sim, client)
		sim.On(voice.OpHold, voicetest.ResponseFirst(2*time.Second))
		sim.On(voice.OpReject, voicetest.ResponseFirst(time.Second))
		type result struct {
			msg  *voice.CallStateChangeMessage
			err  error
			took time.Duration
		}
		start := time.Now()
		run := func(op func(context.Context, string) (*voice.CallStateChangeMessage, error), id string) chan result {
			c := make(chan result, 1)
			go func() {
				msg, err := op(t.Context(), id)
				c <- result{msg, err, time.Since(start)}
			}()
			return c
		}
		hold, reject := run(client.Hold, one), run(client.Reject, two)
		h, r := <-hold, <-reject
		require.NoError(t, h.err)
		require.NoError(t, r.err)
		assert.Equal(t, one, h.msg.Call.ID)
		assert.Equal(t, voice.StateHeld, h.msg.Call.State)
		assert.Equal(t, 2*time.Second, h.took)
		assert.Equal(t, two, r.msg.Call.ID)
		assert.Equal(t, voice.StateReleased, r.msg.Call.State)
		assert.Equal(t, time.Second, r.took)

		// Two on the same call, of which the second is done first.
		sim.On(voice.OpRetrieve, voicetest.ResponseFirst(2*time.Second))
		sim.On(voice.OpUpdateUserData, voicetest.ResponseFirst(time.Second))
		retrieve := run(client.Retrieve, one)
		update := run(func(ctx context.Context, id string) (*voice.CallStateChangeMessage, error) {
			return client.UpdateUserData(ctx, id, map[string]any{"k": "v"})
		}, one)
		u, v := <-update, <-retrieve
		require.NoError(t, u.err)
		require.NoError(t, v.err)
		assert.Equal(t, "v", u.msg.Call.UserData["k"])
		assert.Equal(t, voice.AttachedDataChanged, u.msg.NotificationType)
		assert.Equal(t, voice.StateEstablished, v.msg.Call.State)
	})
}

func TestTwoSendDTMF_shareNoMessage(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := established(t, sim, client)
		sim.On(voice.OpSendDTMF, voicetest.ResponseFirst(time.Second))
		sim.On(voice.OpSendDTMF, voicetest.ResponseFirst(2*time.Second))
		start := time.Now()
		took := make(chan time.Duration, 2)
		for range 2 {
			go func() {
				_, err := client.SendDTMF(t.Context(), id, "1")
				assert.NoError(t, err)
				took <- time.Since(start)
			}()
		}
		assert.Equal(t, time.Second, <-took)
		assert.Equal(t, 2*time.Second, <-took)
	})
}

func TestContext_endsTheWaitAtOnce(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := queueCall(t, sim, client)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := client.Reject(ctx, id) // before the POST
		_, ok := errors.AsType[*voice.NotSentError](err)
		assert.True(t, ok, "%v", err)
		assert.ErrorIs(t, err, context.Canceled)
		assert.True(t, voice.SafeToRetry(err))
		assert.Zero(t, posts(sim, voice.OpReject))

		sim.On(voice.OpReject, voicetest.Slow(5*time.Second), voicetest.Silence())
		ctx, cancel = context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		_, err = client.Reject(ctx, id) // during the POST
		e, ok := errors.AsType[*voice.UnconfirmedError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, 2*time.Second, time.Since(start))
		assert.False(t, e.Accepted)
		assert.Equal(t, voice.StateRinging, e.Call.State)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.False(t, voice.SafeToRetry(err))

		sim.On(voice.OpReject, voicetest.Silence())
		ctx, cancel = context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start = time.Now()
		_, err = client.Reject(ctx, id) // after the POST
		e, ok = errors.AsType[*voice.UnconfirmedError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, 2*time.Second, time.Since(start))
		assert.True(t, e.Accepted)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestClose_endsWhatIsPending(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := queueCall(t, sim, client)
		sub := client.Subscribe()
		sim.On(voice.OpReject, voicetest.Silence())
		result := make(chan error, 1)
		go func() { _, err := client.Reject(t.Context(), id); result <- err }()
		synctest.Wait()
		start := time.Now()
		require.NoError(t, client.Close())
		require.NoError(t, client.Close())
		assert.Zero(t, time.Since(start))
		err := <-result
		e, ok := errors.AsType[*voice.UnconfirmedError](err)
		require.True(t, ok, "%v", err)
		assert.True(t, e.Accepted)
		assert.ErrorIs(t, err, voice.ErrClosed)

		<-client.Done()
		assert.ErrorIs(t, client.Err(), voice.ErrClosed)
		_, err = sub.Next(t.Context())
		assert.ErrorIs(t, err, voice.ErrClosed)
		_, err = client.Subscribe().Next(t.Context())
		assert.ErrorIs(t, err, voice.ErrClosed)
		_, err = client.Reject(t.Context(), id)
		assert.ErrorIs(t, err, voice.ErrClosed)
		assert.True(t, voice.SafeToRetry(err))
		_, err = client.Calls(t.Context())
		assert.ErrorIs(t, err, voice.ErrClosed)
	})
}

func TestGatewayError_leavesTheOutcomeOpen(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := queueCall(t, sim, client)
		for _, status := range []int{408, 500, 502, 503, 504} {
			sim.On(voice.OpReject, voicetest.Answer(status, "text/html", "<html>gave up</html>"))
			start := time.Now()
			_, err := client.Reject(t.Context(), id)
			assert.Zero(t, time.Since(start))
			e, ok := errors.AsType[*voice.APIError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, status, e.HTTPStatus)
			unknown, ok := errors.AsType[*voice.UnconfirmedError](err)
			require.True(t, ok, "it may have been sent on: %v", err)
			assert.Equal(t, voice.StateRinging, unknown.Call.State)
			assert.False(t, voice.SafeToRetry(err))
		}
		for _, status := range []int{400, 404, 429} {
			sim.On(voice.OpReject, voicetest.Answer(status, "text/html", "<html>no</html>"))
			_, err := client.Reject(t.Context(), id)
			_, ok := errors.AsType[*voice.UnconfirmedError](err)
			assert.False(t, ok, "%v", err)
			assert.True(t, voice.SafeToRetry(err))
		}
	})
}

func TestGatewayError_afterTheMessage(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		client := connect(t, sim)
		id := queueCall(t, sim, client)
		sim.On(voice.OpReject, voicetest.EventFirst(2*time.Second), voicetest.AnswerAfter(504, "text/html", "<html>gave up</html>"))
		msg, err := client.Reject(t.Context(), id)
		require.NoError(t, err, "the message had come")
		assert.Equal(t, voice.StateReleased, msg.Call.State)
	})
}

func TestErrors_text(t *testing.T) {
	refused := func(code voice.StatusCode, status int, message string) *voice.APIError {
		return &voice.APIError{Operation: voice.OpHold, CallID: "C", HTTPStatus: status, Code: code, Message: message}
	}
	for want, err := range map[string]error{
		"voice: Hold C: no (status 2, HTTP 400)":                             refused(2, 400, "no"),
		"voice: Hold C: not valid in the current state (status 2, HTTP 200)": refused(2, 200, ""),
		"voice: Hold C: status 42 (status 42, HTTP 200)":                     refused(42, 200, ""),
		"voice: Hold C: empty body (HTTP 502)":                               refused(0, 502, "empty body"),
		"voice: Hold C: refused (HTTP 400)":                                  refused(0, 400, ""),
		"voice: Hold C: sent, outcome unknown: empty body (HTTP 502)":        &voice.UnconfirmedError{Operation: voice.OpHold, CallID: "C", Err: refused(0, 502, "empty body")},
		"voice: StartContactCenterSession: partial success: voice failed: internal error (status 4)": &voice.PartialError{
			Operation: voice.OpStartContactCenterSession, Results: []voice.ChannelResult{{Channel: "voice", Code: voice.CodeInternalError}},
		},
	} {
		assert.EqualError(t, err, want)
	}
}

func TestNever_unreadable(t *testing.T) {
	for name, answer := range map[string]voicetest.Fault{
		"refused":    voicetest.Answer(200, "application/json", `{"statusCode":6,"statusMessage":"no"}`),
		"no list":    voicetest.Answer(200, "application/json", `{"statusCode":0,"uris":[]}`),
		"not a list": voicetest.Answer(200, "application/json", `{"statusCode":0,"calls":null}`),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
				client := connect(t, sim)
				id := queueCall(t, sim, client)
				sim.On(voice.OpReject, voicetest.Silence())
				sim.OnRead("/me/calls", voicetest.Times(2, answer))
				_, err := client.Reject(t.Context(), id)
				unknown, ok := errors.AsType[*voice.UnconfirmedError](err)
				require.True(t, ok, "%v", err)
				assert.Equal(t, voice.StateRinging, unknown.Call.State, "nothing was proven")
				assert.ErrorIs(t, err, voice.ErrOutcomeTimeout)
				_, refused := errors.AsType[*voice.APIError](err)
				assert.False(t, refused, "it is the read that was refused, not the operation")

				_, err = client.Calls(t.Context())
				assert.ErrorContains(t, err, "voice: ")
			})
		})
	}
}
