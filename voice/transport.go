package voice

import (
	"crypto/tls"
	"math"
	"net"
	"net/http"
	"time"
)

// NewTransport returns a transport that any number of clients can share, each
// by an [http.Client] of its own, since each agent needs cookies of its own:
//
//	shared := voice.NewTransport()
//	for _, agent := range agents {
//		client, err := voice.Connect(ctx, voice.Config{
//			BaseURL:    url,
//			Auth:       voice.BasicAuth(agent.User, agent.Password),
//			HTTPClient: &http.Client{Transport: shared},
//		})
//		...
//	}
//
// Every agent keeps one connection busy with the poll that the server holds.
// Operations use others, which all agents have in common. Unlike
// [http.DefaultTransport], this one keeps all connections that two polls may
// follow each other on, for a little less than the 30 seconds after which GWS
// closes them; it resumes TLS sessions, has small buffers, asks for no
// compression, which costs more than it saves on messages as small as these,
// and speaks HTTP/1.1 only, since HTTP/2 would put the polls of all agents on
// one connection.
// [http.ProxyFromEnvironment] applies. Change what you like before the first
// use; a limit on connections (MaxConnsPerHost) must leave room for a poll of
// every agent.
//
// See "Many agents" in the package documentation for the rest of what ten
// thousand agents in a process need.
func NewTransport() *http.Transport {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(0)},
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		MaxIdleConnsPerHost:   math.MaxInt,
		IdleConnTimeout:       idleConnTimeout,
		ReadBufferSize:        1 << 10,
		WriteBufferSize:       1 << 10,
		DisableCompression:    true,
		Protocols:             new(http.Protocols),
	}
	t.Protocols.SetHTTP1(true)
	return t
}

// idleConnTimeout is how long a connection without a request is kept: GWS
// closes those that were idle for 30 seconds.
const idleConnTimeout = 25 * time.Second
