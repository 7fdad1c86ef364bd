package cometdtest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

// post sends a body of Bayeux messages, as a client would.
func post(client *http.Client, url, body string) string {
	res, err := client.Post(url, "application/json;charset=UTF-8", strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(res.Body)
	return string(answer)
}

// open opens a session by hand, subscribes it and returns its clientId.
func open(srv *cometdtest.Server, client *http.Client, channel string) string {
	post(client, srv.URL(), `[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]}]`)
	id := srv.Sessions()[0].ID
	post(client, srv.URL(), `[{"channel":"/meta/subscribe","clientId":"`+id+`","subscription":"`+channel+`"}]`)
	post(client, srv.URL(), `[{"channel":"/meta/connect","clientId":"`+id+`","connectionType":"long-polling"}]`)
	return id
}

// A server, a client driven by hand, and an event.
func Example() {
	srv := cometdtest.NewServer(cometdtest.Options{})
	defer srv.Close()
	client := srv.Client()
	id := open(srv, client, "/news/*")

	time.AfterFunc(10*time.Millisecond, func() { srv.Publish("/news/today", "hello") })
	fmt.Println(post(client, srv.URL(), `[{"channel":"/meta/connect","clientId":"`+id+`","connectionType":"long-polling"}]`))
	// Output:
	// [{"channel":"/news/today","data":"hello"},{"channel":"/meta/connect","successful":true}]
}

// The next connect finds that its session is gone; the one after it is answered
// with a proxy's error page.
func ExampleServer_On() {
	srv := cometdtest.NewServer(cometdtest.Options{Preset: cometdtest.GWS})
	defer srv.Close()
	client := srv.Client()
	id := open(srv, client, "/v2/me/calls")
	connect := `[{"channel":"/meta/connect","clientId":"` + id + `","connectionType":"long-polling"}]`

	srv.On(cometdtest.Match{Channel: cometdtest.MetaConnect}, cometdtest.Forget())
	srv.On(cometdtest.Match{Channel: cometdtest.MetaConnect}, cometdtest.Status(502, nil, "<h1>Bad Gateway</h1>"))
	fmt.Println(post(client, srv.URL(), connect))
	fmt.Println(post(client, srv.URL(), connect))
	// Output:
	// [{"advice":{"interval":0,"reconnect":"handshake"},"channel":"/meta/connect","error":"402::Unknown client","successful":false}]
	// <h1>Bad Gateway</h1>
}

// Users with events of their own: the handshake knows who it is, and one user
// is reached without looking at the others.
func ExampleSession_Publish() {
	users := map[string]*cometdtest.Session{} // guard it with a mutex in earnest
	srv := cometdtest.NewServer(cometdtest.Options{
		OnHandshake: func(r *http.Request, s *cometdtest.Session) error {
			user, _, ok := r.BasicAuth()
			if !ok {
				return &cometdtest.Refusal{Text: "401::who_are_you"}
			}
			s.Value = user
			users[user] = s
			return nil
		},
	})
	defer srv.Close()
	client := srv.Client()
	url := strings.Replace(srv.URL(), "http://", "http://anna:secret@", 1)

	fmt.Println(post(client, srv.URL(), `[{"channel":"/meta/handshake","version":"1.0"}]`))
	post(client, url, `[{"channel":"/meta/handshake","version":"1.0"}]`)
	anna := users["anna"]
	fmt.Println(anna.Publish("/v2/me/calls", 1))
	post(client, url, `[{"channel":"/meta/subscribe","clientId":"`+anna.ID+`","subscription":"/v2/me/*"}]`)
	fmt.Println(anna.Publish("/v2/me/calls", 2))
	fmt.Println(post(client, url, `[{"channel":"/meta/connect","clientId":"`+anna.ID+`","connectionType":"long-polling"}]`))
	// Output:
	// [{"advice":{"reconnect":"none"},"channel":"/meta/handshake","error":"401::who_are_you","successful":false}]
	// false
	// true
	// [{"channel":"/v2/me/calls","data":2},{"channel":"/meta/connect","successful":true}]
}

// The server as a part of a larger one.
func ExampleNewHandler() {
	bayeux := cometdtest.NewHandler(cometdtest.Options{Preset: cometdtest.GWS})
	defer bayeux.Close()
	mux := http.NewServeMux()
	mux.Handle("/api/v2/notifications", bayeux)
	mux.Handle("/api/v2/notifications/", bayeux) // clients may append /connect and so on
}

// What the client did, afterwards.
func ExampleServer_Requests() {
	srv := cometdtest.NewServer(cometdtest.Options{})
	defer srv.Close()
	open(srv, srv.Client(), "/news")
	for _, r := range srv.Requests() {
		fmt.Println(r.Method, r.Path, r.Messages[0].Channel, r.Status)
	}
	// Output:
	// POST /cometd /meta/handshake 200
	// POST /cometd /meta/subscribe 200
	// POST /cometd /meta/connect 200
}
