package cometd

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

func TestHTTP_requestForm(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		dial(t, srv)
		settle()
		for _, r := range srv.Requests() {
			assert.Equal(t, http.MethodPost, r.Method)
			assert.Equal(t, []string{"application/json;charset=UTF-8"}, r.Header["Content-Type"])
			assert.Equal(t, byte('['), r.Body[0])
		}
	})
}

func TestHTTP_cookiesOfTheHandshakeGoWithAllRequests(t *testing.T) {
	for _, transport := range []Transport{LongPolling, WebSocket} {
		bubble(t, cometdtest.Options{WebSocket: true}, func(t *testing.T, srv *cometdtest.Server) {
			srv.On(cometdtest.Match{Channel: metaConnect, Transport: "long-polling"}, cometdtest.Header("Set-Cookie", "node=n1; Path=/"))
			srv.On(cometdtest.Match{Upgrade: true}, cometdtest.Header("Set-Cookie", "node=n1; Path=/"))
			c := dial(t, srv, func(o *Options) { o.Transports = []Transport{transport} })
			subscribe(t, c, "/foo")
			settle()
			if transport == WebSocket {
				srv.Sessions()[0].Cut()
				after(time.Second)
				var upgrades []cometdtest.Request
				for _, r := range srv.Requests() {
					if r.Upgrade {
						upgrades = append(upgrades, r)
					}
				}
				require.Len(t, upgrades, 2)
				assert.Contains(t, strings.Join(upgrades[1].Header["Cookie"], ";"), "node=n1")
				return
			}
			require.NoError(t, c.Publish(t.Context(), "/foo", 1))
			for _, r := range srv.Requests()[1:] {
				assert.Contains(t, strings.Join(r.Header["Cookie"], ";"), "BAYEUX_BROWSER=")
			}
			assert.Contains(t, srv.RequestsFor("/foo")[0].Header.Get("Cookie"), "node=n1")
		})
	}
}

func TestHTTP_cookiesExpireAndHavePaths(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Channel: metaHandshake}, cometdtest.Header("Set-Cookie", "short=1; Max-Age=10"),
			cometdtest.Header("Set-Cookie", "elsewhere=1; Path=/other"), cometdtest.Header("Set-Cookie", "long=1"))
		dial(t, srv)
		after(65 * time.Second)
		list := srv.RequestsFor(metaConnect)
		assert.Contains(t, list[0].Header.Get("Cookie"), "short=1")
		last := list[len(list)-1].Header.Get("Cookie")
		assert.NotContains(t, last, "short=1")
		assert.Contains(t, last, "long=1")
		assert.NotContains(t, last, "elsewhere")
	})
}

func TestHTTP_cookiesOfFailuresAreKept(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		srv.On(cometdtest.Match{Channel: metaHandshake}, cometdtest.Status(503, http.Header{"Set-Cookie": {"gate=open"}}, ""))
		srv.On(cometdtest.Match{Channel: metaHandshake}, cometdtest.Refuse("403::later", map[string]any{"reconnect": "retry"}), cometdtest.Header("Set-Cookie", "second=2"))
		dial(t, srv)
		list := srv.RequestsFor(metaHandshake)
		assert.Contains(t, list[1].Header.Get("Cookie"), "gate=open")
		assert.Contains(t, list[2].Header.Get("Cookie"), "second=2")
	})
}

func TestHTTP_twoClientsShareTheJarButNotTheBrowser(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		jar, _ := cookiejar.New(nil)
		u, _ := url.Parse(srv.URL())
		jar.SetCookies(u, []*http.Cookie{{Name: "login", Value: "rest", Path: "/"}, {Name: "BAYEUX_BROWSER", Value: "foreign", Path: "/"}})
		shared := srv.Client()
		shared.Jar = jar
		var all []*Client
		for range 2 {
			all = append(all, dial(t, srv, func(o *Options) { o.HTTPClient = shared }))
		}
		srv.On(cometdtest.Match{Channel: "/foo"}, cometdtest.Header("Set-Cookie", "fromcometd=1; Path=/"))
		require.NoError(t, all[0].Publish(t.Context(), "/foo", 1))
		settle()
		browsers := map[string]int{}
		for _, r := range srv.Requests() {
			for _, cookie := range (&http.Request{Header: r.Header}).Cookies() {
				if cookie.Name == browserCookie {
					browsers[cookie.Value]++
				}
			}
			assert.Contains(t, r.Header.Get("Cookie"), "login=rest")
		}
		assert.Len(t, browsers, 2)
		assert.NotContains(t, browsers, "foreign")
		var names []string
		for _, cookie := range jar.Cookies(u) {
			names = append(names, cookie.Name+"="+cookie.Value)
		}
		assert.ElementsMatch(t, []string{"login=rest", "BAYEUX_BROWSER=foreign", "fromcometd=1"}, names)
		for _, c := range all {
			assert.Equal(t, Connected, c.State())
		}
		after(2 * time.Minute)
		for _, r := range srv.Requests() {
			assert.NotContains(t, string(r.Response), "multiple-clients")
		}
		assert.Nil(t, shared.CheckRedirect, "the caller's client is not modified")
		assert.Equal(t, http.CookieJar(jar), shared.Jar)
	})
}

func TestHTTP_headersAreEvaluatedEachTime(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		var mu sync.Mutex
		n := 0
		c := dial(t, srv, func(o *Options) {
			o.Header = func(context.Context) (http.Header, error) {
				mu.Lock()
				defer mu.Unlock()
				n++
				return http.Header{"X-Csrf": {fmt.Sprint(n)}, "content-type": {"text/evil"}}, nil
			}
		})
		subscribe(t, c, "/foo")
		settle()
		seen := map[string]bool{}
		for _, r := range srv.Requests() {
			seen[r.Header.Get("X-Csrf")] = true
			assert.Equal(t, "application/json;charset=UTF-8", r.Header.Get("Content-Type"))
		}
		assert.Len(t, seen, len(srv.Requests()))
		assert.NotContains(t, seen, "")
	})
}

func TestHTTP_connectionsAreReused(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		for range 50 {
			require.NoError(t, c.Publish(t.Context(), "/foo", 1))
			nextData(t, sub)
			srv.Publish("/foo", 2)
			nextData(t, sub)
			settle()
		}
		conns := map[int]bool{}
		for _, r := range srv.Requests()[10:] { // one too many may be opened before the first is free
			conns[r.Connection] = true
		}
		assert.LessOrEqual(t, len(conns), 2)
	})
}

func TestHTTP_atMostTwoRequestsAndTheOthersInOrder(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		srv.ClearRecord()
		srv.On(cometdtest.Match{Times: -1, Func: func(r cometdtest.Request) bool { return !r.Has(metaConnect) }}, cometdtest.Delay(100*ms))
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() { assert.NoError(t, c.Publish(t.Context(), fmt.Sprintf("/%d", i), 1)) })
			settle()
		}
		wg.Wait()
		assert.Equal(t, []string{"/0", "/1 /2 /3 /4 /5"}, wire(srv))
		list := srv.Requests()
		assert.False(t, list[1].Time.Before(list[0].Answered))
	})
}

func TestHTTP_manyMessagesAreSplitIntoBodies(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		srv.ClearRecord()
		srv.On(cometdtest.Match{Channel: "/0"}, cometdtest.Delay(time.Second))
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				assert.NoError(t, c.Publish(t.Context(), fmt.Sprintf("/%d", i), strings.Repeat("x", 20<<10)))
			})
			settle()
		}
		wg.Wait()
		assert.Equal(t, []string{"/0", "/1 /2", "/3 /4", "/5 /6", "/7"}, wire(srv))
	})
}

func TestHTTP_tooManyMessagesWait(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		settle()
		srv.On(cometdtest.Match{Channel: "/0"}, cometdtest.Silence())
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = c.Publish(ctx, "/0", 1) })
		settle()
		for range maxHeld {
			wg.Go(func() { _ = c.Publish(ctx, "/1", 1) })
		}
		settle()
		assert.ErrorIs(t, c.Publish(ctx, "/2", 1), errOverflow)
		cancel()
		wg.Wait()
	})
}

func TestHTTP_compressedAndChunkedResponses(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv)
		sub := subscribe(t, c, "/foo")
		srv.On(cometdtest.Match{Channel: "/a"}, cometdtest.Gzip(), cometdtest.EventBefore("/foo", strings.Repeat("z", 5000)))
		require.NoError(t, c.Publish(t.Context(), "/a", 1))
		assert.Len(t, nextData(t, sub), 5002)
		srv.On(cometdtest.Match{Channel: "/b"}, cometdtest.Chunks(7, 10*ms), cometdtest.EventBefore("/foo", "piecemeal"))
		require.NoError(t, c.Publish(t.Context(), "/b", 1))
		assert.Equal(t, `"piecemeal"`, nextData(t, sub))
	})
}

func TestHTTP_pathSuffix(t *testing.T) {
	for _, test := range []struct {
		add  string
		on   bool
		want []string
	}{
		{"", false, []string{"", "", "", "", ""}},
		{"", true, []string{"/handshake", "", "/connect", "/connect", "/disconnect"}},
		{"/", true, []string{"/handshake", "", "/connect", "/connect", "/disconnect"}},
		{"?x=1", true, []string{"", "", "", "", ""}},
	} {
		bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
			base, _ := url.Parse(srv.URL())
			c, err := Dial(t.Context(), srv.URL()+test.add, &Options{HTTPClient: srv.Client(), PathSuffix: test.on})
			require.NoError(t, err)
			settle()
			subscribe(t, c, "/foo")
			settle()
			_ = c.Close()
			want := map[string]string{"handshake": test.want[0], "subscribe": test.want[1], "connect": test.want[2], "disconnect": test.want[4]}
			for _, r := range srv.Requests() {
				kind := strings.TrimPrefix(r.Messages[0].Channel, "/meta/")
				got := strings.TrimPrefix(r.Path, base.Path)
				if kind == "subscribe" {
					got = strings.TrimSuffix(got, "/")
				}
				assert.Equal(t, want[kind], got, kind)
			}
		})
	}
}

func TestHTTP_redirects(t *testing.T) {
	bubble(t, cometdtest.Options{}, func(t *testing.T, srv *cometdtest.Server) {
		c := dial(t, srv, func(o *Options) {
			o.Header = func(context.Context) (http.Header, error) { return http.Header{"Authorization": {"Bearer x"}}, nil }
		})
		settle()
		for _, status := range []int{307, 308} {
			srv.ClearRecord()
			srv.On(cometdtest.Match{Channel: "/foo"}, cometdtest.Status(status, http.Header{"Location": {"/cometd/there?x=1"}}, ""))
			require.NoError(t, c.Publish(t.Context(), "/foo", status))
			list := srv.Requests()
			require.Len(t, list, 2)
			assert.Equal(t, list[0].Body, list[1].Body)
			assert.Equal(t, "POST", list[1].Method)
			assert.Contains(t, list[1].Header.Get("Cookie"), browserCookie)
			assert.Equal(t, "Bearer x", list[1].Header.Get("Authorization"))
		}
		for _, test := range []struct {
			status   int
			location string
		}{
			{301, "/cometd/there"}, {302, "/cometd/there"}, {303, "/cometd/there"},
			{307, "http://evil.example/cometd?token=secret"}, {308, "https://" + strings.TrimPrefix(srv.URL(), "http://")},
		} {
			srv.ClearRecord()
			srv.On(cometdtest.Match{Channel: "/foo"}, cometdtest.Status(test.status, http.Header{"Location": {test.location}}, ""))
			err := c.Publish(t.Context(), "/foo", 1)
			assert.Equal(t, test.status, asE(t, err).HTTPStatus)
			target, _, _ := strings.Cut(test.location, "?")
			assert.Contains(t, err.Error(), target)
			assert.NotContains(t, err.Error(), "secret")
			assert.Len(t, srv.Requests(), 1)
		}
		srv.ClearRecord()
		srv.On(cometdtest.Match{Channel: "/foo", Times: -1}, cometdtest.Status(307, http.Header{"Location": {"/cometd/again"}}, ""))
		assert.Error(t, c.Publish(t.Context(), "/foo", 1))
		assert.Len(t, srv.Requests(), 6, "five are followed")
	})
}

func TestHTTP_privateTransportOverTCP(t *testing.T) {
	srv := cometdtest.NewServer(cometdtest.Options{})
	defer srv.Close()
	c, err := Dial(t.Context(), srv.URL(), nil)
	require.NoError(t, err)
	sub := subscribe(t, c, "/foo")
	srv.Publish("/foo", 1)
	assert.Equal(t, "1", nextData(t, sub))
	require.NoError(t, c.Close())
	assert.Empty(t, srv.Sessions())
}

func TestHTTP_nothingSecretIsLogged(t *testing.T) {
	for _, transport := range []Transport{LongPolling, WebSocket} {
		bubble(t, cometdtest.Options{WebSocket: true}, func(t *testing.T, srv *cometdtest.Server) {
			var log journal
			c := dial(t, srv, func(o *Options) {
				o.Logger = log.logger()
				o.Transports = []Transport{transport}
				o.Header = func(context.Context) (http.Header, error) {
					return http.Header{"Authorization": {"Bearer topsecret"}}, nil
				}
				o.Handshake = func(context.Context) (map[string]any, error) {
					return map[string]any{"ext": map[string]any{"password": "topsecret"}}, nil
				}
			})
			sub := subscribe(t, c, "/foo")
			settle()
			ids := []string{srv.Sessions()[0].ID}
			srv.Publish("/foo", "topsecret")
			srv.PublishRaw(nil, `{"channel":"/foo","data":"topsecret`+"\n"+`"}`)
			srv.On(cometdtest.Match{Channel: "/x"}, cometdtest.Refuse("401:"+ids[0]+":Unknown client", nil))
			_ = c.Publish(t.Context(), "/x", "topsecret")
			after(time.Second)
			srv.Sessions()[0].Expire()
			after(time.Minute)
			ids = append(ids, srv.Sessions()[0].ID)
			srv.Sessions()[0].Cut()
			after(time.Minute)
			srv.Restart(5 * time.Second)
			after(time.Minute)
			_ = sub.Close()
			_ = c.Close()
			text := log.String()
			assert.NotContains(t, text, "topsecret")
			for _, id := range ids {
				assert.NotContains(t, text, id)
			}
			assert.NotContains(t, strings.ToLower(text), "cookie")
			assert.Contains(t, text, "session lost")
		})
	}
}

func TestHTTP_urlWithCredentialsIsNotShown(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }))
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*ms)
	defer cancel()
	var log journal
	_, err := Dial(ctx, strings.Replace(srv.URL, "http://", "http://user:topsecret@", 1)+"?key=topsecret", &Options{Logger: log.logger()})
	require.Error(t, err)
	assert.NotContains(t, err.Error()+log.String(), "topsecret")
}
