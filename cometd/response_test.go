package cometd

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

func TestResponse_eventsBeforeAndAfterTheReply(t *testing.T) {
	for _, order := range []cometdtest.Fault{cometdtest.ReplyFirst(), cometdtest.ReplyLast()} {
		bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
			c := dial(t, srv)
			sub := subscribe(t, c, "/foo")
			settle()
			srv.ClearRecord()
			srv.On(cometdtest.Match{Channel: metaConnect, Times: -1}, order)
			srv.Publish("/foo", 0) // releases the connect that has no order
			for i := range 3 {
				settle()
				srv.Publish("/foo", i+1)
				assert.Equal(t, fmt.Sprint(i), nextData(t, sub))
			}
			for _, r := range srv.RequestsFor(metaConnect)[1:] {
				assert.True(t, r.Response == nil || count(string(r.Response), "channel") == 2)
			}
		})
	}
}

func TestResponse_isProcessedBeforeTheNextConnect(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		settle()
		queued := -1
		srv.On(cometdtest.Match{Channel: metaConnect, Func: func(cometdtest.Request) bool {
			if queued < 0 {
				queued = sub.queue.Len()
			}
			return false
		}})
		srv.Batch(func() {
			for i := range 50 {
				srv.Publish("/foo", i)
			}
		})
		settle()
		assert.Equal(t, 50, queued)
	})
}

func TestResponse_eventsTravelWithAnyReply(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/ev")
		settle()
		srv.On(cometdtest.Match{Channel: "/foo"}, cometdtest.EventBefore("/ev", "publish"))
		srv.On(cometdtest.Match{Channel: metaSubscribe}, cometdtest.EventAfter("/ev", "subscribe"))
		srv.On(cometdtest.Match{Channel: metaUnsubscribe}, cometdtest.EventBefore("/ev", "unsubscribe"))
		srv.On(cometdtest.Match{Channel: metaDisconnect}, cometdtest.EventBefore("/ev", "disconnect"))
		require.NoError(t, c.Publish(t.Context(), "/foo", 1))
		other := subscribe(t, c, "/other")
		require.NoError(t, other.Close())
		settle()
		require.NoError(t, c.Close())
		for _, want := range []string{"publish", "subscribe", "unsubscribe", "disconnect"} {
			assert.Equal(t, `"`+want+`"`, nextData(t, sub))
		}
		_, err := sub.Next(t.Context())
		assert.ErrorIs(t, err, ErrClosed)
	})
}

func TestResponse_eventWithTheIDOfAPendingRequest(t *testing.T) {
	bubble(t, cometdtest.Options{Preset: cometdtest.Faye}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		settle()
		var id string
		srv.On(cometdtest.Match{Channel: "/foo", Func: func(r cometdtest.Request) bool { id = r.Messages[0].ID; return true }},
			cometdtest.DelayReply(5*time.Second))
		start := time.Now()
		done := make(chan error)
		go func() { done <- c.Publish(t.Context(), "/foo", "mine") }()
		settle()
		srv.Sessions()[0].DeliverRaw(`{"channel":"/foo","id":"` + id + `","data":"other"}`)
		require.NoError(t, <-done)
		assert.Equal(t, 5*time.Second, time.Since(start))
		got := []string{nextData(t, sub), nextData(t, sub)}
		assert.ElementsMatch(t, []string{`"mine"`, `"other"`}, got)
	})
}

func TestResponse_presenceOfDataMakesTheEvent(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		for _, data := range []string{`""`, `0`, `false`, `null`, `{}`} {
			srv.Publish("/foo", json.RawMessage(data))
			assert.Equal(t, data, nextData(t, sub))
			require.NoError(t, c.Publish(t.Context(), "/foo", json.RawMessage(data)))
			assert.Equal(t, data, nextData(t, sub))
		}
		nothing(t, sub)
	})
}

func TestResponse_publishReplyThatRepeatsTheData(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		service := subscribe(t, c, "/service/echo")
		srv.On(cometdtest.Match{Channel: "/foo"}, cometdtest.Set("data", "mine"))
		require.NoError(t, c.Publish(t.Context(), "/foo", "mine"))
		assert.Equal(t, `"mine"`, nextData(t, sub))
		nothing(t, sub)
		srv.On(cometdtest.Match{Channel: "/service/echo", Func: func(r cometdtest.Request) bool { return true }},
			cometdtest.EditReply(func(map[string]any) {}))
		require.NoError(t, c.Publish(t.Context(), "/service/echo", 1))
		srv.Sessions()[0].DeliverRaw(`{"channel":"/service/echo","id":"1","successful":true,"data":"result"}`)
		assert.Equal(t, `"result"`, nextData(t, service))
	})
}

func TestResponse_lenientForms(t *testing.T) {
	for name, faults := range map[string][]cometdtest.Fault{
		"numeric id": {cometdtest.NumericID()},
		"object":     {cometdtest.Object()},
		"no id":      {cometdtest.Without("id")},
		"no success": {cometdtest.Without("successful")},
		"filter":     {cometdtest.EditReply(func(map[string]any) {})},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
				for _, channel := range []string{metaHandshake, metaConnect, metaSubscribe, "/pub"} {
					srv.On(cometdtest.Match{Channel: channel}, faults...)
				}
				c := dial(t, srv)
				sub := subscribe(t, c, "/foo")
				require.NoError(t, c.Publish(t.Context(), "/pub", 1))
				srv.Publish("/foo", 2)
				assert.Equal(t, "2", nextData(t, sub))
				assert.Len(t, srv.RequestsFor(metaHandshake), 1)
			})
		})
	}
}

func TestResponse_oddSubscriptionInTheReply(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		srv.On(cometdtest.Match{Channel: metaSubscribe}, cometdtest.Set("subscription", []string{"/a"}))
		subscribe(t, c, "/a")
		srv.On(cometdtest.Match{Channel: metaSubscribe}, cometdtest.Without("subscription"))
		subscribe(t, c, "/b")
		srv.On(cometdtest.Match{Channel: metaSubscribe}, cometdtest.Without("subscription"), cometdtest.Without("id"))
		subscribe(t, c, "/c", "/d")
	})
}

func TestResponse_repliesWithoutIDMatchBySubscription(t *testing.T) {
	bubble(t, cometdtest.Options{Policy: func(_ *cometdtest.Session, a cometdtest.Action, channel string) *cometdtest.Refusal {
		if a == cometdtest.Subscribe && channel == "/b" {
			return &cometdtest.Refusal{Text: "403::no"}
		}
		return nil
	}}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		srv.On(cometdtest.Match{Channel: metaSubscribe}, cometdtest.Without("id"))
		_, err := c.SubscribeChannels(t.Context(), "/a", "/b", "/c")
		require.Error(t, err)
		assert.Equal(t, "cometd: /meta/subscribe /b: 403::no", err.Error())
	})
}

func TestResponse_unknownFieldsAndLargeNumbersSurvive(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		raw := `{"channel":"/foo","data":{"id":9007199254740993,"x":1.0},"ext":{"a":[1]},"more":true}`
		srv.Sessions()[0].DeliverRaw(raw)
		m := nextEvent(t, sub).(*Message)
		assert.Equal(t, raw, string(m.Raw))
		assert.Equal(t, `{"id":9007199254740993,"x":1.0}`, string(m.Data))
		assert.Equal(t, `{"a":[1]}`, string(m.Ext))
		assert.Equal(t, "/foo", m.Channel)
	})
}

func TestResponse_unicode(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo", "/ü/💡")
		text := "grüße 💡 \u2028 <&> \x7f"
		require.NoError(t, c.Publish(t.Context(), "/foo", text))
		var got string
		require.NoError(t, json.Unmarshal([]byte(nextData(t, sub)), &got))
		assert.Equal(t, text, got)
		srv.Publish("/foo", json.RawMessage(`"\ud83d\udca1 💡"`))
		require.NoError(t, json.Unmarshal([]byte(nextData(t, sub)), &got))
		assert.Equal(t, "💡 💡", got)
		srv.Sessions()[0].DeliverRaw(`{"channel":"/\u00fc/\ud83d\udca1","data":1}`)
		assert.Equal(t, "/ü/💡", nextEvent(t, sub).(*Message).Channel)
	})
}

func TestResponse_orderIsKept(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		n := 0
		for i := range 30 {
			srv.Batch(func() {
				for range i {
					srv.Publish("/foo", n)
					n++
				}
			})
			if i%3 == 0 {
				settle()
			}
		}
		for i := range n {
			require.Equal(t, fmt.Sprint(i), nextData(t, sub))
		}
	})
}

func TestResponse_tenThousandEventsAndALargeOne(t *testing.T) {
	for _, transport := range []Transport{LongPolling, WebSocket} {
		t.Run(string(transport), func(t *testing.T) {
			bubble(t, cometdtest.Options{WebSocket: true, MessagesPerFrame: 100}, func(t *testing.T, srv *cometdtest.Server) {
				c := dial(t, srv, func(o *Options) { o.Transports = []Transport{transport} })
				sub := subscribe(t, c, "/foo")
				settle()
				large := strings.Repeat("x", 1<<20)
				srv.Batch(func() {
					for i := range 10_000 {
						srv.Publish("/foo", i)
					}
					srv.Publish("/foo", large)
				})
				for i := range 10_000 {
					require.Equal(t, fmt.Sprint(i), nextData(t, sub))
				}
				require.Equal(t, `"`+large+`"`, nextData(t, sub))
			})
		})
	}
}

func TestResponse_brokenMessageCostsOnlyItself(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		var log journal
		c := dial(t, srv, func(o *Options) { o.Logger = log.logger() })
		sub := subscribe(t, c, "/foo")
		settle()
		srv.Batch(func() {
			srv.Publish("/foo", 1)
			srv.PublishRaw(nil, "{\"channel\":\"/foo\",\"data\":{\"secret\":\"line\nbreak\"}}")
			srv.Publish("/foo", 2)
		})
		assert.Equal(t, "1", nextData(t, sub))
		assert.Equal(t, "2", nextData(t, sub))
		gap := nextEvent(t, sub).(*Reconnected)
		assert.ErrorContains(t, gap.Err, "invalid JSON")
		assert.False(t, gap.Lossless)
		srv.Publish("/foo", 3)
		assert.Equal(t, "3", nextData(t, sub))
		assert.Contains(t, log.String(), "invalid JSON")
		assert.NotContains(t, log.String(), "break")
		assert.Len(t, srv.RequestsFor(metaHandshake), 1)
	})
}

func TestResponse_notTheMessagesOfARequest(t *testing.T) {
	for name, body := range map[string]string{
		"empty": "", "space": "  \n", "HTML": "<html>login", "truncated": `[{"channel":"/meta/connect","id":"3","succ`,
		"empty array": "[]", "number": "7", "nested": strings.Repeat("[", 5000), "null": "null", "array of numbers": "[1,2]",
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
				onConnect(srv)
				onConnect(srv, cometdtest.Body(body))
				start := time.Now()
				c := dial(t, srv)
				sub := subscribe(t, c, "/foo")
				after(time.Second)
				assert.Equal(t, []time.Duration{0, 0, 500 * ms, 500 * ms}, times(srv, metaConnect, start))
				assert.Equal(t, Connected, c.State())
				srv.On(cometdtest.Match{Channel: "/pub"}, cometdtest.Body(body))
				err := c.Publish(t.Context(), "/pub", 1)
				require.Error(t, err)
				if name == "HTML" {
					assert.Contains(t, err.Error(), "<html>login")
				}
				srv.Publish("/foo", 1)
				for {
					if m, ok := nextEvent(t, sub).(*Message); ok {
						assert.Equal(t, "1", string(m.Data))
						break
					}
				}
			})
		})
	}
}

func TestBuffers_largeOnesAreNotKept(t *testing.T) {
	for range 100 {
		large, small := make([]byte, 0, 2*keepBuffer), make([]byte, 100, 1<<10)
		putBuffer(&large)
		putBuffer(&small)
		got := buffers.Get().(*[]byte)
		assert.LessOrEqual(t, cap(*got), keepBuffer)
		assert.Empty(t, *got)
	}
}
