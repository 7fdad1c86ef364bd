package cometd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

func asE(t *testing.T, err error) *Error {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	require.True(t, ok, "%v", err)
	return e
}

func TestRequest_completesOnceWithWhatHappened(t *testing.T) {
	for name, test := range map[string]struct {
		fault cometdtest.Fault
		check func(*testing.T, *Error)
	}{
		"refused":  {cometdtest.Refuse("403:denied_by_security_policy:publish_denied", nil), func(t *testing.T, e *Error) { assert.Equal(t, 403, e.Code) }},
		"status":   {cometdtest.Status(413, nil, "too large"), func(t *testing.T, e *Error) { assert.Equal(t, 413, e.HTTPStatus) }},
		"cut":      {cometdtest.DropBefore(), func(t *testing.T, e *Error) { assert.Error(t, e.Err) }},
		"no reply": {cometdtest.NoReply(), func(t *testing.T, e *Error) { assert.ErrorContains(t, e, "no reply") }},
		"timeout":  {cometdtest.Silence(), func(t *testing.T, e *Error) { assert.Equal(t, 406, e.Code) }},
		"part":     {cometdtest.Truncate(10), func(t *testing.T, e *Error) { assert.Error(t, e.Err) }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
				c := dial(t, srv)
				settle()
				srv.ClearRecord()
				start := time.Now()
				srv.On(cometdtest.Match{Channel: "/foo"}, test.fault)
				err := c.Publish(t.Context(), "/foo", 1)
				e := asE(t, err)
				assert.Equal(t, "/foo", e.Channel)
				test.check(t, e)
				if name == "timeout" {
					assert.Equal(t, 10*time.Second, time.Since(start))
				} else {
					assert.Zero(t, time.Since(start))
				}
				assert.Equal(t, Connected, c.State())
				assert.Len(t, srv.RequestsFor("/foo"), 1, "nothing is sent twice")
				assert.Empty(t, srv.RequestsFor(metaConnect), "the connect is not disturbed")

				srv.On(cometdtest.Match{Channel: metaSubscribe}, test.fault)
				_, err = c.Subscribe(t.Context(), "/bar")
				e = asE(t, err)
				assert.Equal(t, "/bar", e.Subscription)
				test.check(t, e)
				assert.Len(t, srv.RequestsFor(metaSubscribe), 1)
				subscribe(t, c, "/bar")
				assert.Len(t, srv.RequestsFor(metaSubscribe), 2, "a failed subscribe can be tried again")
			})
		})
	}
}

func TestRequest_completesOnceAtTheEndOfTheClient(t *testing.T) {
	for _, transport := range []Transport{LongPolling, WebSocket} {
		for name, end := range map[string]func(*testing.T, *cometdtest.Server, *Client){
			"Close":     func(t *testing.T, _ *cometdtest.Server, c *Client) { _ = c.Close() },
			"CloseNow":  func(t *testing.T, _ *cometdtest.Server, c *Client) { _ = c.CloseNow() },
			"by server": func(t *testing.T, srv *cometdtest.Server, c *Client) { srv.Sessions()[0].Disconnect(); <-c.Done() },
		} {
			t.Run(string(transport)+" "+name, func(t *testing.T) {
				bubble(t, cometdtest.Options{WebSocket: true}, func(t *testing.T, srv *cometdtest.Server) {
					c := dial(t, srv, func(o *Options) { o.Transports = []Transport{transport} })
					settle()
					srv.On(cometdtest.Match{Channel: "/a"}, cometdtest.Silence())
					var wg sync.WaitGroup
					for _, channel := range []string{"/a", "/b", "/c"} {
						wg.Go(func() { assert.Error(t, c.Publish(t.Context(), channel, 1), channel) })
						settle()
						if transport == WebSocket {
							break // nothing waits behind another
						}
					}
					wg.Go(func() {
						if transport == LongPolling {
							_, err := c.Subscribe(t.Context(), "/d")
							assert.Error(t, err)
						}
					})
					settle()
					end(t, srv, c)
					wg.Wait()
				})
			})
		}
	}
}

func TestRequest_thoseBehindAFailureFailInOrder(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		srv.ClearRecord()
		srv.On(cometdtest.Match{Channel: "/0"}, cometdtest.Delay(time.Second), cometdtest.Status(502, nil, ""))
		var mu sync.Mutex
		var order []string
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				err := c.Publish(t.Context(), fmt.Sprintf("/%d", i), 1)
				mu.Lock()
				defer mu.Unlock()
				order = append(order, asE(t, err).Channel)
				if i > 0 {
					assert.ErrorContains(t, err, "in front")
				}
			})
			settle()
		}
		wg.Wait()
		assert.Len(t, order, 4)
		assert.Len(t, srv.Requests(), 1, "nothing overtakes")
		require.NoError(t, c.Publish(t.Context(), "/later", 1))
	})
}

func TestRequest_unknownSessionIsVerifiedAtOnce(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		after(5 * time.Second)
		srv.ClearRecord()
		start := time.Now()

		// The 402 concerns this message only: the session goes on.
		srv.On(cometdtest.Match{Channel: "/foo", Times: 3}, cometdtest.Refuse("402::session_unknown", nil))
		for range 3 {
			assert.Equal(t, 402, asE(t, c.Publish(t.Context(), "/foo", 1)).Code)
			settle()
		}
		assert.Equal(t, []time.Duration{0, 0}, times(srv, metaConnect, start), "a probe and a held one")
		after(2 * time.Second)
		assert.Equal(t, []time.Duration{0, 0, time.Second, time.Second}, times(srv, metaConnect, start), "no more than one a second")
		assert.Equal(t, []bool{true, false, true, false}, probes(t, srv))
		assert.Empty(t, srv.RequestsFor(metaHandshake))
		assertOneConnect(t, srv)

		// The session is gone, and the held connect does not tell.
		for sub.queue.Len() > 0 {
			nextEvent(t, sub)
		}
		start = time.Now()
		srv.On(cometdtest.Match{Channel: "/foo"}, cometdtest.Refuse("402::Unknown client", nil))
		onConnect(srv, cometdtest.Forget())
		require.Error(t, c.Publish(t.Context(), "/foo", 1))
		require.IsType(t, &Reconnected{}, nextEvent(t, sub))
		assert.Zero(t, time.Since(start))
		assert.Len(t, srv.RequestsFor(metaHandshake), 1)
		settle()
		assert.Equal(t, Connected, c.State())
	})
}

func TestRequest_fayesMissingParameterIsNoUnknownSession(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		srv.ClearRecord()
		srv.On(cometdtest.Match{Channel: "/foo"}, cometdtest.Refuse("402:data:Missing required parameter", nil))
		require.Error(t, c.Publish(t.Context(), "/foo", 1))
		settle()
		assert.Empty(t, srv.RequestsFor(metaConnect))
	})
}

func TestRequest_handshakeAdviceRenewsTheSession(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		settle()
		srv.On(cometdtest.Match{Channel: "/x"}, cometdtest.Refuse("403::gone", map[string]any{"reconnect": "handshake"}))
		require.Error(t, c.Publish(t.Context(), "/x", 1))
		gap := nextEvent(t, sub).(*Reconnected)
		assert.ErrorContains(t, gap.Err, "handshake")
		settle()
		assert.Len(t, srv.RequestsFor(metaHandshake), 2)
		assert.Equal(t, Connected, c.State())

		srv.On(cometdtest.Match{Channel: "/x"}, cometdtest.Refuse("403::no", map[string]any{"reconnect": "none"}))
		require.Error(t, c.Publish(t.Context(), "/x", 1))
		settle()
		assert.Equal(t, Connected, c.State(), "none concerns the publish only")
	})
}

func TestRequest_connectWithoutAnswerIsAborted(t *testing.T) {
	bubble(t, cometdtest.Options{MaxInterval: time.Hour}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		srv.ClearRecord()
		start := time.Now()
		srv.Sessions()[0].Cut()
		onConnect(srv, cometdtest.Silence()) // a probe: 10s
		onConnect(srv)
		onConnect(srv, cometdtest.Silence()) // 30s + 10s
		after(55 * time.Second)
		assert.Equal(t, []time.Duration{500 * ms, 11500 * ms, 11500 * ms, 52 * time.Second, 52 * time.Second}, times(srv, metaConnect, start))
		assert.Equal(t, Connected, c.State())
	})
}

func TestRequest_responseAboveTheLimit(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, func(o *Options) { o.MaxMessageSize = 10_000 })
		sub := subscribe(t, c, "/foo")
		settle()
		srv.Publish("/foo", strings.Repeat("x", 20_000))
		gap := nextEvent(t, sub).(*Reconnected)
		assert.ErrorIs(t, gap.Err, errTooLarge)
		srv.Publish("/foo", strings.Repeat("x", 9_000))
		assert.Len(t, nextData(t, sub), 9_002)
		assert.Len(t, srv.RequestsFor(metaHandshake), 1)

		srv.On(cometdtest.Match{Channel: "/x"}, cometdtest.Header("Content-Encoding", "identity"), cometdtest.Chunks(1000, ms), cometdtest.EventBefore("/foo", strings.Repeat("y", 50_000)))
		assert.ErrorIs(t, c.Publish(t.Context(), "/x", 1), errTooLarge)
	})
}

func TestRequest_bodyThatNeverEnds(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		endless := cometdtest.Handle(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := w.Write([]byte("   ")); err != nil || r.Context().Err() != nil {
					return
				}
				_ = http.NewResponseController(w).Flush()
				time.Sleep(time.Second)
			}
		}))
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		settle()
		srv.On(cometdtest.Match{Channel: "/x"}, endless)
		start := time.Now()
		assert.Equal(t, 406, asE(t, c.Publish(t.Context(), "/x", 1)).Code)
		assert.Equal(t, 10*time.Second, time.Since(start))
		onConnect(srv, endless)
		after(2 * time.Minute)
		assert.Equal(t, Connected, c.State())
		srv.Publish("/foo", 1)
		require.IsType(t, &Reconnected{}, nextEvent(t, sub))
		for {
			if m, ok := nextEvent(t, sub).(*Message); ok {
				assert.Equal(t, "1", string(m.Data))
				break
			}
		}
	})
}

func TestRequest_messageAboveTheSendLimit(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, func(o *Options) { o.MaxSendSize = 1000 })
		settle()
		srv.ClearRecord()
		srv.On(cometdtest.Match{Channel: "/a"}, cometdtest.Delay(time.Second))
		var wg sync.WaitGroup
		for _, channel := range []string{"/a", "/b", "/large", "/c"} {
			wg.Go(func() {
				data := "x"
				if channel == "/large" {
					data = strings.Repeat("x", 2000)
				}
				err := c.Publish(t.Context(), channel, data)
				assert.Equal(t, channel == "/large", err != nil)
			})
			settle()
		}
		wg.Wait()
		assert.Equal(t, []string{"/a", "/b /c"}, wire(srv))
	})
}

func TestPublish_cancelledContext(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		settle()
		srv.ClearRecord()
		srv.On(cometdtest.Match{Channel: "/a"}, cometdtest.DelayReply(5*time.Second))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() { assert.ErrorIs(t, c.Publish(ctx, "/a", 1), context.DeadlineExceeded) })
		settle()
		wg.Go(func() { assert.ErrorIs(t, c.Publish(ctx, "/b", 1), context.DeadlineExceeded) })
		wg.Go(func() {
			_, err := c.Subscribe(ctx, "/c")
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		})
		wg.Wait()
		assert.Equal(t, time.Second, time.Since(start))
		assert.Equal(t, Connected, c.State())
		require.NoError(t, c.Publish(t.Context(), "/foo", 1))
		assert.Equal(t, "1", nextData(t, sub))
		assert.Equal(t, []string{"/a", "/foo"}, wire(srv)[:2], "what was given up before it was sent never is")
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		assert.ErrorIs(t, c.Publish(ended, "/x", 1), context.Canceled)
		_, err := c.Subscribe(ended, "/x")
		assert.ErrorIs(t, err, context.Canceled)
	})
}

func TestPublish_badArguments(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		srv.ClearRecord()
		for _, channel := range []string{"", "/", "foo", "//", "/a//b", "/a\n", "/a/*", "/a/**", "/meta/connect"} {
			assert.Error(t, c.Publish(t.Context(), channel, 1), channel)
		}
		assert.Error(t, c.Publish(t.Context(), "/a", func() {}))
		assert.Error(t, c.Publish(t.Context(), "/a", json.RawMessage("{")))
		for _, channel := range []string{"", "/", "foo", "//", "/a//b", "/a\n", "/a//"} {
			_, err := c.Subscribe(t.Context(), channel)
			assert.Error(t, err, channel)
		}
		_, err := c.SubscribeChannels(t.Context())
		assert.Error(t, err)
		assert.Empty(t, srv.Requests())
	})
}

func TestErrors_text(t *testing.T) {
	for text, e := range map[string]*Error{
		"cometd: /meta/subscribe /foo: 403::denied":          {Channel: metaSubscribe, Subscription: "/foo", Code: 403, Message: "denied"},
		"cometd: /foo: HTTP 503 Service Unavailable":         {Channel: "/foo", HTTPStatus: 503, Err: &statusError{status: 503}},
		"cometd: /foo: refused":                              {Channel: "/foo"},
		"cometd: /foo: closed":                               {Channel: "/foo", Err: ErrClosed},
		"cometd: /foo: 406::timeout: no answer in time":      {Channel: "/foo", Code: 406, Message: "timeout", Err: errTimeout},
		"cometd: /meta/connect: something":                   {Channel: metaConnect, Message: "something"},
		"cometd: /a: 401:x,y:Unknown client: {with: colons}": {Channel: "/a", Code: 401, Args: "x,y", Message: "Unknown client: {with: colons}"},
	} {
		assert.Equal(t, text, e.Error())
	}
	for text, want := range map[string]Error{
		"402::unknown client": {Code: 402, Message: "unknown client"},
		"401:abc:a:b":         {Code: 401, Args: "abc", Message: "a:b"},
		"4O2::x":              {Message: "4O2::x"},
		"402:x":               {Message: "402:x"},
		"":                    {},
	} {
		var e Error
		e.parse(text)
		assert.Equal(t, want, e)
	}
}

func TestRequest_heldMessagesFailWithTheClient(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		srv.On(cometdtest.Match{Channel: metaHandshake}, cometdtest.Delay(5*time.Second), cometdtest.Refuse("403::no more", map[string]any{"reconnect": "none"}))
		srv.Sessions()[0].Expire()
		after(time.Second)
		srv.ClearRecord()
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				err := c.Publish(t.Context(), fmt.Sprint("/", i), 1)
				assert.Equal(t, 403, asE(t, err).Code)
			})
			settle()
		}
		wg.Go(func() {
			_, err := c.Subscribe(t.Context(), "/s")
			assert.Equal(t, 403, asE(t, err).Code)
		})
		wg.Wait()
		<-c.Done()
		assert.Equal(t, 403, asE(t, c.Err()).Code)
		assert.Empty(t, srv.RequestsFor("/0"))
	})
}
