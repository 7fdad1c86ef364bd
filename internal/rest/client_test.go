package rest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/internal/gwshttp"
)

// newClient returns a client of a server that answers by handler. login is
// called as Options.Login; nil fails.
func newClient(t *testing.T, handler http.HandlerFunc, login func() error) (*Client, *gwshttp.Transport) {
	t.Helper()
	srv := httptest.NewServer(handler)
	t.Cleanup(srv.Close)
	base, err := url.Parse(srv.URL)
	require.NoError(t, err)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	inner := &http.Transport{}
	t.Cleanup(inner.CloseIdleConnections)
	transport := gwshttp.New(inner, base, "", nil)
	var logins atomic.Uint64
	return New(Options{
		HTTPClient: &http.Client{Transport: transport, Jar: jar},
		BaseURL:    srv.URL + "/api/v2",
		Logger:     slog.New(slog.DiscardHandler),
		Login: func(context.Context, uint64) error {
			if login == nil {
				return errors.New("no login expected")
			}
			logins.Add(1)
			return login()
		},
		Logins:   logins.Load,
		Sessions: transport.Sessions,
	}), transport
}

func TestAnswers(t *testing.T) {
	type row struct {
		status       int
		body         string
		wantRefusal  *Refusal
		wantProtocol string
	}
	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	for name, r := range map[string]row{
		"accepted":                    {status: 200, body: `{"statusCode":0}`},
		"accepted, status as string":  {status: 200, body: ` {"statusCode":"0"} `},
		"refused with HTTP 200":       {status: 200, body: `{"statusCode":2,"statusMessage":"wrong state"}`, wantRefusal: &Refusal{HTTPStatus: 200, Code: 2, Message: "wrong state"}},
		"refused":                     {status: 400, body: `{"statusCode":2,"statusMessage":"wrong state"}`, wantRefusal: &Refusal{HTTPStatus: 400, Code: 2, Message: "wrong state"}},
		"refused though statusCode 0": {status: 500, body: `{"statusCode":0}`, wantRefusal: &Refusal{HTTPStatus: 500}},
		"voice service down":          {status: 503, body: `{"statusCode":4,"statusMessage":"Voice service is not available at this time"}`, wantRefusal: &Refusal{HTTPStatus: 503, Code: 4, Message: "Voice service is not available at this time"}},
		"proxy without JSON":          {status: 503, body: "", wantRefusal: &Refusal{HTTPStatus: 503, Message: "empty body"}},
		"proxy with HTML":             {status: 502, body: "<html>bad gateway", wantRefusal: &Refusal{HTTPStatus: 502, Message: `HTML instead of JSON: "<html>bad gateway"`}},
		"message of a wrong type":     {status: 400, body: `{"statusCode":1,"statusMessage":{"a":1}}`, wantRefusal: &Refusal{HTTPStatus: 400, Code: 1}},
		"HTML with 200":               {status: 200, body: "<html>login", wantProtocol: `HTML instead of JSON: "<html>login"`},
		"empty with 200":              {status: 200, body: "", wantProtocol: "empty body"},
		"truncated":                   {status: 200, body: `{"statusCode":0,"calls":[{"id":`, wantProtocol: "invalid JSON: unexpected end where a value should go on, at offset 31, behind key \"id\""},
		"no statusCode":               {status: 200, body: `{"calls":[]}`, wantProtocol: "no statusCode"},
		"statusCode is no number":     {status: 200, body: `{"statusCode":"ok"}`, wantProtocol: "statusCode is not a whole number"},
		"statusCode with a point":     {status: 200, body: `{"statusCode":2.0}`, wantRefusal: &Refusal{HTTPStatus: 200, Code: 2}},
		"statusCode with a fraction":  {status: 200, body: `{"statusCode":0.5}`, wantProtocol: "statusCode is not a whole number"},
		"array":                       {status: 200, body: `[1]`, wantProtocol: "JSON, but not an object"},
		"deeply nested":               {status: 200, body: deep, wantProtocol: "invalid JSON: nested too deeply (more than 1000 levels), at offset 5000, behind key \"a\""},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := newClient(t, func(w http.ResponseWriter, req *http.Request) {
				w.WriteHeader(r.status)
				_, _ = io.WriteString(w, r.body)
			}, nil)
			body, err := c.Post(t.Context(), "/me/calls/1", []byte(`{"operationName":"Reject"}`))
			switch {
			case r.wantRefusal != nil:
				e, ok := errors.AsType[*Refusal](err)
				require.True(t, ok, "%v", err)
				e.Body = nil
				assert.Equal(t, r.wantRefusal, e)
			case r.wantProtocol != "":
				e, ok := errors.AsType[*ProtocolError](err)
				require.True(t, ok, "%v", err)
				assert.Equal(t, r.wantProtocol, e.Reason)
			default:
				require.NoError(t, err)
				assert.Equal(t, r.body, string(body))
			}
		})
	}
}

func TestAnswer_isBounded(t *testing.T) {
	c, _ := newClient(t, func(w http.ResponseWriter, req *http.Request) {
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for range 50 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}, nil)
	_, err := c.Get(t.Context(), "/me")
	e, ok := errors.AsType[*ProtocolError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, "answer is larger than 16 MiB", e.Reason)
}

func TestRedirect_isNotFollowed(t *testing.T) {
	var visits atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { visits.Add(1) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		c, _ := newClient(t, func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, other.URL+"/login?token=s3cret", status)
		}, nil)
		for _, send := range []func() ([]byte, error){
			func() ([]byte, error) { return c.Get(t.Context(), "/me") },
			func() ([]byte, error) { return c.Post(t.Context(), "/me", []byte(`{}`)) },
		} {
			_, err := send()
			e, ok := errors.AsType[*Refusal](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, status, e.HTTPStatus)
			assert.Contains(t, e.Message, other.URL+"/login")
			assert.NotContains(t, e.Error(), "s3cret")
		}
	}
	assert.Zero(t, visits.Load())
}

func TestSessionLost_isRenewedOnce(t *testing.T) {
	for name, refuse := range map[string]func(http.ResponseWriter){
		"statusCode 20": func(w http.ResponseWriter) {
			w.WriteHeader(403)
			_, _ = io.WriteString(w, `{"statusCode":20,"statusMessage":"Access denied"}`)
		},
		"CSRF": func(w http.ResponseWriter) {
			w.WriteHeader(403)
			_, _ = io.WriteString(w, "Missing or invalid Csrf token")
		},
		"401": func(w http.ResponseWriter) { w.WriteHeader(401) },
	} {
		t.Run(name, func(t *testing.T) {
			var posts atomic.Int32
			loggedIn := false
			c, _ := newClient(t, func(w http.ResponseWriter, req *http.Request) {
				posts.Add(1)
				if !loggedIn {
					refuse(w)
					return
				}
				_, _ = io.WriteString(w, `{"statusCode":0}`)
			}, func() error { loggedIn = true; return nil })
			_, err := c.Post(t.Context(), "/me", []byte(`{}`))
			require.NoError(t, err)
			assert.EqualValues(t, 2, posts.Load())

			loggedIn = false
			c.opts.Login = func(context.Context, uint64) error { return nil } // a login that does not help
			posts.Store(0)
			_, err = c.Post(t.Context(), "/me", []byte(`{}`))
			require.Error(t, err)
			assert.EqualValues(t, 2, posts.Load(), "tried again once, not for ever")
		})
	}
}

func TestSessionLost_failedLoginIsTold(t *testing.T) {
	c, _ := newClient(t, func(w http.ResponseWriter, req *http.Request) {
		w.WriteHeader(403)
		_, _ = io.WriteString(w, `{"statusCode":20,"statusMessage":"Access denied"}`)
	}, func() error { return errors.New("wrong password") })
	_, err := c.Post(t.Context(), "/me", []byte(`{}`))
	e, ok := errors.AsType[*Refusal](err)
	require.True(t, ok)
	assert.EqualError(t, e, "Access denied (status 20, HTTP 403); login: wrong password")
}

func TestTransportError_tellsWhetherAnythingWasSent(t *testing.T) {
	c, _ := newClient(t, func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.ReadAll(req.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if assert.NoError(t, err) {
			conn.Close()
		}
	}, nil)
	_, err := c.Post(t.Context(), "/me", []byte(`{}`))
	e, ok := errors.AsType[*TransportError](err)
	require.True(t, ok, "%v", err)
	assert.True(t, e.Sent)

	c.opts.BaseURL, c.base = "http://127.0.0.1:1/api/v2", nil
	_, err = c.Post(t.Context(), "/me", []byte(`{}`))
	e, ok = errors.AsType[*TransportError](err)
	require.True(t, ok, "%v", err)
	assert.False(t, e.Sent)
	assert.NotContains(t, err.Error(), "http://", "the caller says what was being done")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Post(ctx, "/me", []byte(`{}`))
	e, ok = errors.AsType[*TransportError](err)
	require.True(t, ok, "%v", err)
	assert.False(t, e.Sent)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestURL_isWhatTheTextSays(t *testing.T) {
	for _, base := range []string{"http://gws.example.com/api/v2", "https://GWS.example.com:8443/a b/api/v2", "http://gws/%2Fx/api/v2", "http://[::1]:80/api/v2", "http://gws/api?x=1"} {
		c := New(Options{BaseURL: base, HTTPClient: &http.Client{}})
		for _, path := range []string{"/me", "/me/calls/007%2F1", "/me/calls/1-2_3.4~5", "/me?fields=*&x=a%20b", "/me/calls/a@b:c", "/me/calls/[1]", `/me/calls/"`, "/me/calls/ü"} {
			want, err := url.Parse(base + path)
			require.NoError(t, err)
			got, err := c.url(path)
			require.NoError(t, err)
			assert.Equal(t, want.String(), got.String())
			assert.Equal(t, want.RequestURI(), got.RequestURI())
			assert.Equal(t, want.Path, got.Path)
			assert.Equal(t, want.Host, got.Host)
		}
	}
	c, _ := newClient(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") }, nil)
	_, err := c.Get(t.Context(), "/%zz")
	e, ok := errors.AsType[*TransportError](err)
	require.True(t, ok, "%v", err)
	assert.False(t, e.Sent)
}

type sending func(*http.Request) (*http.Response, error)

func (f sending) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Requests are made with the same means, one after the other. What was sent must
// not change by that: net/http may still be writing it.
func TestRequests_areIndependent(t *testing.T) {
	c, _ := newClient(t, func(http.ResponseWriter, *http.Request) {}, nil)
	var sent []*http.Request
	c.transport.Base = sending(func(r *http.Request) (*http.Response, error) {
		sent = append(sent, r)
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"statusCode":0}`)), Request: r}, nil
	})
	for range 20 { // the pool forgets some under the race detector
		for _, path := range []string{"/me", "/me/calls/1"} {
			_, err := c.Post(t.Context(), path, []byte(path))
			require.NoError(t, err)
			_, err = c.Get(t.Context(), path)
			require.NoError(t, err)
		}
	}
	for i, r := range sent {
		path := []string{"/me", "/me/calls/1"}[i/2%2]
		assert.Equal(t, "/api/v2"+path, r.URL.Path)
		assert.Equal(t, c.base.Host, r.Host)
		assert.Equal(t, []string{"application/json"}, r.Header["Accept"])
		if i%2 == 0 {
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			assert.Equal(t, path, string(body))
			assert.Equal(t, contentType, r.Header["Content-Type"])
		} else {
			assert.Nil(t, r.Body)
			assert.Empty(t, r.Header["Content-Type"])
		}
		r.Header["Mark"] = []string{"x"}
		if i+1 < len(sent) {
			assert.Empty(t, sent[i+1].Header["Mark"])
		}
	}
	assert.Len(t, sent, 80)
}

func TestMarshal(t *testing.T) {
	type params struct {
		Digits string `json:"digits,omitempty"`
	}
	for _, r := range []struct {
		params any
		want   string
	}{
		{nil, `{"operationName":"SendDtmf"}`},
		{params{}, `{"operationName":"SendDtmf"}`},
		{params{"5"}, `{"operationName":"SendDtmf","digits":"5"}`},
		{(*params)(nil), `{"operationName":"SendDtmf"}`},
		{map[string]any{"digits": "5"}, `{"operationName":"SendDtmf","digits":"5"}`},
	} {
		got, err := Marshal("SendDtmf", r.params)
		require.NoError(t, err)
		assert.Equal(t, r.want, string(got))
	}
	_, err := Marshal("SendDtmf", []int{1})
	assert.Error(t, err)
	_, err = Marshal("SendDtmf", func() {})
	assert.Error(t, err)
}

// A refusal after the login is the answer, unless the server has opened another
// session for some other request meanwhile, to which the token does not belong.
func TestLogin_isRepeatedWhereTheSessionChanged(t *testing.T) {
	for _, changes := range []int{0, 1, 2, 100} {
		posts, sessions := 0, 0
		c, _ := newClient(t, func(w http.ResponseWriter, r *http.Request) {
			posts++
			if sessions < changes {
				sessions++
				w.Header().Set("Set-Cookie", "JSESSIONID=other")
			} else if posts > 1 && changes > 0 {
				_, _ = io.WriteString(w, `{"statusCode":0}`)
				return
			}
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "Missing or invalid Csrf token")
		}, func() error { return nil })
		_, err := c.Post(t.Context(), "/me", []byte("{}"))
		switch changes {
		case 0:
			assert.Equal(t, 2, posts)
			assert.Error(t, err)
		case 100:
			assert.Equal(t, 1+maxLogins, posts, "not for ever")
			assert.Error(t, err)
		default:
			assert.Equal(t, 1+changes, posts)
			assert.NoError(t, err)
		}
	}
}
