package browsertest

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// network is between the page and the desktop. Streams of events that it cuts
// stay open and carry nothing any more, as when a router has forgotten them.
type network struct {
	*httptest.Server
	mu      sync.Mutex
	streams []*stream
}

type stream struct {
	http.ResponseWriter
	dead atomic.Bool
}

func (s *stream) Write(p []byte) (int, error) {
	if s.dead.Load() {
		return len(p), nil
	}
	return s.ResponseWriter.Write(p)
}

func (s *stream) Flush() {
	if !s.dead.Load() {
		_ = http.NewResponseController(s.ResponseWriter).Flush()
	}
}

func newNetwork(t *testing.T, to string) *network {
	t.Helper()
	target, err := url.Parse(to)
	require.NoError(t, err)
	n := &network{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // which is what the page's Origin names
	}}
	n.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/events" {
			s := &stream{ResponseWriter: w}
			n.mu.Lock()
			n.streams = append(n.streams, s)
			n.mu.Unlock()
			w = s
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		n.CloseClientConnections()
		n.Close()
	})
	return n
}

func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.streams {
		s.dead.Store(true)
	}
}

func (n *network) opened() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.streams)
}

// hurry lets what the page does every few seconds happen all the time, and counts
// it; later is how much later it is for the page.
const hurry = `(() => {
	const [now, every] = [Date.now, setInterval];
	[window.later, window.looks] = [0, 0];
	Date.now = () => now() + later;
	window.setInterval = (f, ms) => ms < 5000 ? every(f, ms) : every(() => (looks++, f()), 20);
})()`

// A stream that has died without a word is opened again.
func TestSilence(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	n := newNetwork(t, start(t, "-quiet"))
	a := b.window("ada", 1440, 900)
	_, err := chromedp.Call(a.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: hurry})
	require.NoError(t, err)
	a.signInAs(n.URL, "ada")
	require.Equal(t, 1, n.opened())

	n.cut()
	a.simulate("ring")
	after := func(ms string) {
		eval[bool](a, `(window.later = `+ms+`, window.looks = 0, true)`)
		a.until("the page has looked", `looks > 3`)
	}
	after("20000")
	assert.Equal(t, 1, n.opened(), "nothing may have happened for so long")
	a.seesNot(".call")
	after("46000")
	a.sees(".call.Ringing")
	a.seesNot("#link.lost")
	after("46000")
	assert.Equal(t, 2, n.opened(), "it is heard again")
	a.press("Answer")
	a.sees(".call.Established")
}
