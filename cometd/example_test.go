package cometd_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gwsvoice/gws-go/cometd"
	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

// Connect, subscribe, publish and receive.
func Example() {
	srv := cometdtest.NewServer(cometdtest.Options{}) // in your program: your server
	defer srv.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	client, err := cometd.Dial(ctx, srv.URL(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	news, err := client.Subscribe(ctx, "/news/*")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := client.Publish(ctx, "/news/sport", map[string]string{"title": "Rain stops play"}); err != nil {
		fmt.Println(err)
		return
	}
	event, err := news.Next(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	if message, ok := event.(*cometd.Message); ok {
		fmt.Printf("%s: %s\n", message.Channel, message.Data)
	}
	// Output: /news/sport: {"title":"Rain stops play"}
}

// A stream tells where messages may be missing: here the server has forgotten
// the session, and the client has made a new one with the same subscriptions.
func ExampleSubscription_All() {
	srv := cometdtest.NewServer(cometdtest.Options{})
	defer srv.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client, err := cometd.Dial(ctx, srv.URL(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	prices, err := client.Subscribe(ctx, "/prices")
	if err != nil {
		fmt.Println(err)
		return
	}

	srv.Publish("/prices", 1.25)
	for event, err := range prices.All(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		switch event := event.(type) {
		case *cometd.Message:
			fmt.Printf("price %s\n", event.Data)
			if string(event.Data) == "1.50" {
				return
			}
			srv.Sessions()[0].Expire()
		case *cometd.Reconnected:
			fmt.Println("prices may be missing here:", !event.Lossless)
			srv.PublishRaw(nil, `{"channel":"/prices","data":1.50}`)
		case *cometd.Lagged:
			fmt.Println("too slow for", event.Dropped, "prices")
		}
	}
	// Output:
	// price 1.25
	// prices may be missing here: true
	// price 1.50
}

// A refusal by the server is an *Error with its code.
func ExampleError() {
	srv := cometdtest.NewServer(cometdtest.Options{
		Policy: func(_ *cometdtest.Session, action cometdtest.Action, channel string) *cometdtest.Refusal {
			if action == cometdtest.Subscribe && channel == "/secret" {
				return &cometdtest.Refusal{Text: "403:/secret:not for you"}
			}
			return nil
		},
	})
	defer srv.Close()
	ctx := context.Background()
	client, err := cometd.Dial(ctx, srv.URL(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	_, err = client.Subscribe(ctx, "/secret")
	if refusal, ok := errors.AsType[*cometd.Error](err); ok {
		fmt.Println(refusal.Code, refusal.Message)
	}
	// Output: 403 not for you
}

// Prefer WebSocket, and fall back to long-polling where it does not get
// through.
func ExampleOptions() {
	srv := cometdtest.NewServer(cometdtest.Options{Preset: cometdtest.GWS}) // has no WebSocket
	defer srv.Close()
	ctx := context.Background()
	client, err := cometd.Dial(ctx, srv.URL(), &cometd.Options{
		Transports: []cometd.Transport{cometd.WebSocket, cometd.LongPolling},
		Handshake: func(context.Context) (map[string]any, error) { // before each handshake
			return map[string]any{"ext": map[string]any{"token": "…"}}, nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	calls, err := client.SubscribeChannels(ctx, "/v2/me/calls", "/v2/me/devices") // one stream, in order
	if err != nil {
		fmt.Println(err)
		return
	}
	srv.Publish("/v2/me/devices", "ready")
	event, err := calls.Next(ctx)
	if message, ok := event.(*cometd.Message); ok {
		fmt.Printf("%s: %s\n", message.Channel, message.Data)
	}
	fmt.Println(err)
	// Output:
	// /v2/me/devices: "ready"
	// <nil>
}
