package cometd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

func TestHandshake_isTheFirstMessageAndAlone(t *testing.T) {
	bubble(t, cometdtest.Options{WebSocket: true}, func(t *testing.T, srv *cometdtest.Server) {
		dial(t, srv, func(o *Options) { o.Transports = []Transport{LongPolling, WebSocket} })
		first := srv.Requests()[0]
		require.Len(t, first.Messages, 1)
		var m map[string]any
		require.NoError(t, json.Unmarshal(first.Messages[0].Raw, &m))
		assert.Equal(t, "/meta/handshake", m["channel"])
		assert.Equal(t, "1.0", m["version"])
		assert.Equal(t, "1", m["id"])
		assert.Equal(t, []any{"long-polling", "websocket"}, m["supportedConnectionTypes"])
		assert.NotContains(t, m, "clientId")
		assert.NotContains(t, m, "advice")
	})
}

func TestHandshake_fieldsOfTheApplicationAreMergedEachTime(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		token := 0
		dial(t, srv, func(o *Options) {
			o.Handshake = func(context.Context) (map[string]any, error) {
				token++
				return map[string]any{
					"id": "x", "channel": "/evil", "version": "9", "clientId": "mine",
					"supportedConnectionTypes": []string{"telepathy"},
					"ext":                      map[string]any{"authentication": map[string]int{"token": token}},
					"custom":                   true,
				}, nil
			}
		})
		settle()
		srv.On(cometdtest.Match{Channel: metaConnect}, cometdtest.Forget())
		after(time.Minute)
		list := srv.RequestsFor(metaHandshake)
		require.Len(t, list, 2)
		for i, r := range list {
			m := r.Messages[0]
			assert.Equal(t, metaHandshake, m.Channel)
			assert.Empty(t, m.ClientID)
			assert.NotEqual(t, "x", m.ID)
			assert.JSONEq(t, `{"token":`+string(rune('1'+i))+`}`, string(m.ExtField("authentication")))
			assert.JSONEq(t, `true`, string(m.ExtField("ack")))
			var all map[string]any
			require.NoError(t, json.Unmarshal(m.Raw, &all))
			assert.Equal(t, true, all["custom"])
			assert.Equal(t, "1.0", all["version"])
			assert.Equal(t, []any{"long-polling"}, all["supportedConnectionTypes"])
		}
	})
}

func TestHandshake_hookErrorEndsDial(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		errNo := errors.New("no token")
		_, err := tryDial(t.Context(), srv, func(o *Options) {
			o.Handshake = func(context.Context) (map[string]any, error) { return nil, errNo }
		})
		assert.ErrorIs(t, err, errNo)
		assert.Empty(t, srv.Requests())
	})
}

func TestHandshake_laterRequestsCarryTheLatestClientID(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		settle()
		old := srv.Sessions()[0]
		old.Expire()
		_, ok := nextEvent(t, sub).(*Reconnected)
		require.True(t, ok)
		settle()
		srv.ClearRecord()
		require.NoError(t, c.Publish(t.Context(), "/foo", 1))
		settle()
		now := srv.Sessions()[0]
		require.NotEqual(t, old.ID, now.ID)
		for _, r := range srv.Requests() {
			for _, m := range r.Messages {
				assert.Equal(t, now.ID, m.ClientID)
			}
		}
	})
}

func TestHandshake_replyWithoutAdviceLeadsToConnect(t *testing.T) {
	bubble(t, cometdtest.Options{Preset: cometdtest.Reference29}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Channel: metaHandshake}, cometdtest.Without("advice"))
		c := dial(t, srv)
		settle()
		assert.Equal(t, Connected, c.State())
		assert.Equal(t, []string{"handshake", "connect", "connect"}, wire(srv))
	})
}

func TestHandshake_refusedWithNoneEndsDialAtOnce(t *testing.T) {
	o := cometdtest.Options{OnHandshake: func(*http.Request, *cometdtest.Session) error {
		return &cometdtest.Refusal{Text: "403::handshake_denied", Ext: map[string]any{"why": "you"}}
	}}
	bubble(t, o, func(t *testing.T, srv *cometdtest.Server) {
		start := time.Now()
		_, err := tryDial(t.Context(), srv)
		e, ok := errors.AsType[*Error](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, 403, e.Code)
		assert.Equal(t, "handshake_denied", e.Message)
		assert.Equal(t, "cometd: /meta/handshake: 403::handshake_denied", err.Error())
		assert.JSONEq(t, `{"why":"you"}`, string(e.Ext))
		assert.Contains(t, string(e.Raw), `"successful":false`)
		assert.Zero(t, time.Since(start))
		after(time.Hour)
		assert.Len(t, srv.Requests(), 1)
	})
}

func TestHandshake_refusedOtherwiseIsRetriedWithBackoff(t *testing.T) {
	for _, advice := range []map[string]any{{"reconnect": "handshake"}, {"reconnect": "retry", "interval": 0}, {"reconnect": "perhaps"}, {}} {
		bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
			srv.On(cometdtest.Match{Channel: metaHandshake, Times: 4}, cometdtest.Refuse("403::later", advice))
			start := time.Now()
			dial(t, srv)
			assert.Equal(t, []time.Duration{0, 0, 500 * time.Millisecond, 1500 * time.Millisecond, 3500 * time.Millisecond},
				times(srv, metaHandshake, start))
		})
	}
}

func TestHandshake_intervalOfARefusalIsObeyed(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Channel: metaHandshake, Times: 2}, cometdtest.Refuse("403::later", map[string]any{"reconnect": "handshake", "interval": 7000}))
		start := time.Now()
		dial(t, srv)
		assert.Equal(t, []time.Duration{0, 7 * time.Second, 14500 * time.Millisecond}, times(srv, metaHandshake, start))
	})
}

func TestHandshake_failingTransportIsRetried(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		var log journal
		srv.On(cometdtest.Match{Channel: metaHandshake, Times: 3}, cometdtest.Status(503, nil, ""))
		start := time.Now()
		c := dial(t, srv, func(o *Options) { o.Logger = log.logger() })
		assert.Equal(t, 1500*time.Millisecond, time.Since(start))
		assert.Len(t, srv.RequestsFor(metaHandshake), 4)
		settle()
		assert.Equal(t, Connected, c.State())
		assert.Equal(t, 3, count(log.String(), "handshake failed"))
		assert.Equal(t, 1, count(log.String(), "msg=connected"))
	})
}

func TestDial_endsWithItsContextAndTellsTheLastFailure(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Times: -1}, cometdtest.Status(503, nil, ""))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		_, err := tryDial(ctx, srv)
		assert.Equal(t, 5*time.Second, time.Since(start))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.Contains(t, err.Error(), "HTTP 503")
	})
}

func TestDial_hangingServer(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Times: -1}, cometdtest.Silence())
		ctx, cancel := context.WithCancel(t.Context())
		go func() { time.Sleep(3 * time.Second); cancel() }()
		start := time.Now()
		_, err := tryDial(ctx, srv)
		assert.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestDial_failsAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		header http.Header
	}{
		"unauthorized": {status: 401}, "forbidden": {status: 403}, "not found": {status: 404},
		"redirect": {status: 302, header: http.Header{"Location": {"https://elsewhere.example/x?token=secret"}}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
				srv.On(cometdtest.Match{Times: -1}, cometdtest.Status(test.status, test.header, "<html>"))
				start := time.Now()
				_, err := tryDial(t.Context(), srv)
				e, ok := errors.AsType[*Error](err)
				require.True(t, ok, "%v", err)
				assert.Equal(t, test.status, e.HTTPStatus)
				assert.Zero(t, time.Since(start))
				assert.Len(t, srv.Requests(), 1)
				assert.NotContains(t, err.Error(), "secret")
				if test.header != nil {
					assert.Contains(t, err.Error(), "https://elsewhere.example/x")
				}
			})
		})
	}
}

func TestDial_connectionRefusedFailsAtOnce(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		srv.Restart(time.Minute)
		start := time.Now()
		_, err := tryDial(t.Context(), srv)
		assert.ErrorIs(t, err, syscall.ECONNREFUSED)
		assert.Zero(t, time.Since(start))
	})
}

func TestDial_badURL(t *testing.T) {
	for _, u := range []string{"", "x", "ftp://x/", "http://", "http://u:secret@h:port/", "://"} {
		_, err := Dial(t.Context(), u, nil)
		require.Error(t, err, u)
		assert.NotContains(t, err.Error(), "secret")
	}
	_, err := Dial(t.Context(), "http://127.0.0.1/", &Options{Transports: []Transport{"callback-polling"}})
	assert.ErrorContains(t, err, "callback-polling")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Dial(ctx, "http://127.0.0.1/", nil)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestHandshake_duplicateReplyIsIgnored(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		srv.Sessions()[0].DeliverRaw(`{"channel":"/meta/handshake","id":"1","successful":true,"clientId":"other"}`)
		settle()
		assert.Equal(t, Connected, c.State())
		require.NoError(t, c.Publish(t.Context(), "/foo", 1))
		assert.Len(t, srv.RequestsFor(metaHandshake), 1)
	})
}

func TestHandshake_noCommonTransport(t *testing.T) {
	bubble(t, cometdtest.Options{Transports: []string{"telepathy"}}, func(t *testing.T, srv *cometdtest.Server) {
		_, err := tryDial(t.Context(), srv)
		e, ok := errors.AsType[*Error](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, 405, e.Code)
		assert.Equal(t, "no_transport", e.Message)
		after(time.Hour)
		assert.Len(t, srv.Requests(), 1)
	})
}

func TestHandshake_announcedEventsComeBeforeTheFirstConnect(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Channel: metaHandshake}, cometdtest.Set("x-messages", 2), cometdtest.EventAfter("/a", 1), cometdtest.EventAfter("/a", 2))
		start := time.Now()
		dial(t, srv)
		settle()
		assert.Equal(t, []time.Duration{0, 0}, times(srv, metaConnect, start))
	})
}

func TestHandshake_announcedEventsAreNotWaitedForForEver(t *testing.T) {
	bubble(t, cometdtest.Options{MaxInterval: time.Minute}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Channel: metaHandshake}, cometdtest.Set("x-messages", 3), cometdtest.EventAfter("/a", 1))
		start := time.Now()
		dial(t, srv, func(o *Options) { o.MaxNetworkDelay = 4 * time.Second })
		after(5 * time.Second)
		assert.Equal(t, 4*time.Second, times(srv, metaConnect, start)[0])
	})
}

func TestHandshake_messageWithoutChannelInTheResponse(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Channel: metaHandshake}, cometdtest.RawBefore(`{"successful":true}`))
		c := dial(t, srv)
		settle()
		assert.Equal(t, Connected, c.State())
		_ = c.Close()
		srv.On(cometdtest.Match{Channel: metaHandshake}, cometdtest.Body(`[{"successful":true}]`))
		start := time.Now()
		dial(t, srv)
		assert.Zero(t, time.Since(start), "the second attempt comes at once")
	})
}

func TestCredentials_refreshedOnceInDial(t *testing.T) {
	for _, works := range []bool{true, false} {
		bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
			asked := 0
			token := ""
			srv.On(cometdtest.Match{Times: -1, Func: func(r cometdtest.Request) bool { return r.Header.Get("Authorization") != "Bearer new" }},
				cometdtest.Status(401, nil, ""))
			c, err := tryDial(t.Context(), srv, func(o *Options) {
				o.Header = func(context.Context) (http.Header, error) {
					return http.Header{"Authorization": {"Bearer " + token}}, nil
				}
				o.RefreshCredentials = func(_ context.Context, cause error) error {
					asked++
					e, _ := errors.AsType[*Error](cause)
					assert.Equal(t, 401, e.HTTPStatus)
					if works {
						token = "new"
					}
					return nil
				}
			})
			assert.Equal(t, 1, asked)
			if !works {
				require.Error(t, err)
				assert.Len(t, srv.Requests(), 2)
				return
			}
			require.NoError(t, err)
			_ = c.Close()
		})
	}
}

func TestCredentials_refreshOverridesNone(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Channel: metaHandshake}, cometdtest.Refuse("401::Authentication invalid", map[string]any{"reconnect": "none"}))
		asked := 0
		c := dial(t, srv, func(o *Options) {
			o.RefreshCredentials = func(context.Context, error) error { asked++; return nil }
		})
		sub := subscribe(t, c, "/foo")
		after(time.Minute)
		srv.On(cometdtest.Match{Channel: metaConnect}, cometdtest.Refuse("403::forbidden", map[string]any{"reconnect": "none"}))
		require.IsType(t, &Reconnected{}, nextEvent(t, sub))
		settle()
		assert.Equal(t, 2, asked)
		assert.Equal(t, Connected, c.State())
	})
}

func TestCredentials_stopEndsTheClient(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, func(o *Options) {
			o.RefreshCredentials = func(context.Context, error) error { return errors.Join(ErrStop, errors.New("wrong password")) }
		})
		settle()
		srv.On(cometdtest.Match{Channel: metaConnect}, cometdtest.Status(401, nil, ""))
		<-c.Done()
		assert.ErrorIs(t, c.Err(), ErrStop)
		assert.ErrorContains(t, c.Err(), "wrong password")
	})
}

func TestCredentials_stopMayWrapTheRefusal(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, func(o *Options) {
			o.RefreshCredentials = func(_ context.Context, cause error) error { return fmt.Errorf("%w: %w", ErrStop, cause) }
		})
		settle()
		srv.On(cometdtest.Match{Channel: metaConnect}, cometdtest.Status(403, nil, `{"statusCode":5}`))
		<-c.Done()
		assert.ErrorIs(t, c.Err(), ErrStop)
		assert.NotErrorIs(t, c.Err(), ErrClosed)
		assert.JSONEq(t, `{"statusCode":5}`, string(asE(t, c.Err()).Raw), "what the server said")
		assert.NotContains(t, c.Err().Error(), "statusCode")
	})
}

func TestCredentials_onceForTwoRequestsRefusedTogether(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		asked := 0
		c := dial(t, srv, func(o *Options) {
			o.RefreshCredentials = func(context.Context, error) error { time.Sleep(time.Second); asked++; return nil }
		})
		settle()
		srv.On(cometdtest.Match{Channel: metaConnect}, cometdtest.Delay(time.Second), cometdtest.Status(403, nil, ""))
		after(30 * time.Second) // the next connect is under way
		srv.On(cometdtest.Match{Channel: "/foo"}, cometdtest.Delay(time.Second), cometdtest.Status(403, nil, ""))
		require.Error(t, c.Publish(t.Context(), "/foo", 1))
		after(5 * time.Second)
		assert.Equal(t, 1, asked)
		assert.Equal(t, Connected, c.State())
	})
}

func TestHandshake_listenersHearOfItBeforeTheConnect(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		meta := subscribe(t, c, "/meta/handshake", "/meta/connect")
		settle()
		queued := 0
		srv.On(cometdtest.Match{Channel: metaConnect, Func: func(r cometdtest.Request) bool {
			queued = meta.queue.Len()
			return false
		}})
		srv.Sessions()[0].Expire()
		after(time.Second)
		var order []string
		for meta.queue.Len() > 0 {
			if m, ok := nextEvent(t, meta).(*Message); ok {
				order = append(order, m.Channel)
			}
		}
		i := slices.Index(order, metaHandshake)
		require.GreaterOrEqual(t, i, 0)
		assert.Equal(t, []string{metaHandshake, metaConnect}, order[i:])
		assert.Positive(t, queued)
	})
}
