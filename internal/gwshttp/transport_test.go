package gwshttp

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func newTransport(t *testing.T, base http.RoundTripper) *Transport {
	t.Helper()
	server, err := url.Parse("https://gws.example.com")
	require.NoError(t, err)
	return New(base, server, "https://desk.example.com", func(r *http.Request) error {
		r.Header.Set("Authorization", "Basic c2VjcmV0")
		return nil
	})
}

func answer(header http.Header) *http.Response {
	return &http.Response{StatusCode: 200, Header: header, Body: io.NopCloser(strings.NewReader(""))}
}

func TestCredentials_goToTheServerOnly(t *testing.T) {
	for rawURL, want := range map[string]bool{
		"https://gws.example.com/api/v2/me":              true,
		"https://GWS.example.com/api/v2/notifications":   true,
		"http://gws.example.com/api/v2/me":               false,
		"https://gws.example.com:8443/api/v2/me":         false,
		"https://gws.example.com.evil.example/api/v2/me": false,
	} {
		var got *http.Request
		tr := newTransport(t, roundTripper(func(r *http.Request) (*http.Response, error) {
			got = r
			return answer(nil), nil
		}))
		tr.csrf, tr.token = "X-Csrf-Token", []string{"t1"}
		req := httptest.NewRequest("GET", rawURL, nil)
		_, err := tr.RoundTrip(req)
		require.NoError(t, err)
		assert.Equal(t, want, got.Header.Get("Authorization") != "", rawURL)
		assert.Equal(t, want, got.Header.Get("X-CSRF-TOKEN") != "", rawURL)
		assert.Equal(t, want, got.Header.Get("Origin") != "", rawURL)
	}
}

func TestCSRF_isLearntFromEveryResponse(t *testing.T) {
	next := http.Header{}
	var sent string
	tr := newTransport(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		sent = r.Header.Get("X-Gws-Token")
		return answer(next), nil
	}))
	do := func() {
		_, err := tr.RoundTrip(httptest.NewRequest("POST", "https://gws.example.com/api/v2/me", nil))
		require.NoError(t, err)
	}
	next.Set("X-CSRF-HEADER", "x-gws-token")
	next.Set("X-Gws-Token", "one")
	do()
	assert.Empty(t, sent)
	do()
	assert.Equal(t, "one", sent)
	next.Set("X-Gws-Token", "two")
	do()
	next = http.Header{}
	do()
	assert.Equal(t, "two", sent, "a response without the header changes nothing")
	do()
	assert.Equal(t, "two", sent)
	tr.Forget()
	do()
	assert.Empty(t, sent)
}

func TestCSRF_cannotReplaceOtherHeaders(t *testing.T) {
	for _, name := range []string{"Authorization", "cookie", "Host", "Content-Length", "Transfer-Encoding", "Origin", "Proxy-Authorization", "Sec-Fetch-Site", "bad name", ""} {
		h := http.Header{}
		h.Set("X-CSRF-HEADER", name)
		if name != "" {
			h[http.CanonicalHeaderKey(name)] = []string{"evil"}
		}
		tr := newTransport(t, roundTripper(func(r *http.Request) (*http.Response, error) { return answer(h), nil }))
		_, err := tr.RoundTrip(httptest.NewRequest("GET", "https://gws.example.com/", nil))
		require.NoError(t, err)
		got, _, _ := tr.csrfToken()
		assert.Empty(t, got, name)
	}
}

func TestAuthorize_errorSendsNothing(t *testing.T) {
	tr := newTransport(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		t.Error("sent")
		return nil, errors.New("sent")
	}))
	tr.authorize = func(*http.Request) error { return errors.New("no token") }
	_, err := tr.RoundTrip(httptest.NewRequest("GET", "https://gws.example.com/", nil))
	assert.EqualError(t, err, "credentials: no token")
}

func TestSent_becomesTrueWhenTheBodyIsRead(t *testing.T) {
	for name, r := range map[string]struct {
		read bool
		body string
		want bool
	}{
		"body read":     {read: true, body: "x", want: true},
		"body not read": {body: "x"},
		"no body":       {},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newTransport(t, roundTripper(func(req *http.Request) (*http.Response, error) {
				if r.read {
					_, _ = io.ReadAll(req.Body)
				}
				return nil, errors.New("broken")
			}))
			var sent Sent
			var body io.Reader
			if r.body != "" {
				body = strings.NewReader(r.body)
			}
			req, err := http.NewRequestWithContext(sent.Watch(t.Context()), "POST", "https://gws.example.com/", body)
			require.NoError(t, err)
			_, err = tr.RoundTrip(req)
			require.Error(t, err)
			assert.Equal(t, r.want, sent.Load())
		})
	}
}

func TestSent_overTheNetwork(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		panic(http.ErrAbortHandler)
	}))
	defer srv.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	for rawURL, want := range map[string]bool{srv.URL: true, gone.URL: false} {
		base := &http.Transport{}
		defer base.CloseIdleConnections()
		server, err := url.Parse(rawURL)
		require.NoError(t, err)
		var sent Sent
		req, err := http.NewRequestWithContext(sent.Watch(t.Context()), "POST", rawURL, strings.NewReader("x"))
		require.NoError(t, err)
		_, err = New(base, server, "", nil).RoundTrip(req)
		require.Error(t, err)
		assert.Equal(t, want, sent.Load(), rawURL)
	}
}

// Two requests that both find the session lost are given a session each; the
// token that came with one does not fit the other.
func TestSessions_tellWhetherTheTokenFits(t *testing.T) {
	var next http.Header
	inner := func(*http.Request) (*http.Response, error) { return answer(next), nil }
	tr := newTransport(t, roundTripper(func(r *http.Request) (*http.Response, error) { return inner(r) }))
	do := func(h http.Header) {
		next = h
		_, err := tr.RoundTrip(httptest.NewRequest("GET", "https://gws.example.com/api/v2/me", nil))
		require.NoError(t, err)
	}
	fits := func() bool { _, fits := tr.Sessions(); return fits }
	opened := http.Header{"Set-Cookie": {"JSESSIONID=1.node1; Path=/"}}
	token := http.Header{"X-Csrf-Header": {"X-T"}, "X-T": {"one"}}
	assert.True(t, fits(), "no token, nothing to fit")
	do(opened)
	do(token)
	assert.True(t, fits())
	do(http.Header{"Set-Cookie": {"AWSALB=x"}})
	assert.True(t, fits(), "the cookie of a balancer")
	before, _ := tr.Sessions()
	do(opened)
	assert.False(t, fits(), "another session")
	after, _ := tr.Sessions()
	assert.Greater(t, after, before)

	plain := inner
	inner = func(r *http.Request) (*http.Response, error) {
		inner = plain
		do(opened) // comes while the token of the session before is on its way
		next = token
		return plain(r)
	}
	do(nil)
	assert.False(t, fits())
	do(token)
	assert.True(t, fits())
}
