package voicetest_test

import (
	"context"
	"fmt"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func Example() {
	sim := voicetest.NewServer(voicetest.Options{})
	defer sim.Close()
	ctx := context.Background()
	client, err := voice.Connect(ctx, voice.Config{
		BaseURL: sim.URL(),
		Auth:    voice.BasicAuth("agent5001", "secret"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	id := sim.Ring(voicetest.Call{From: "4155550142", Queue: "9000"})
	msg, err := client.Reject(ctx, id)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("agent5001:", msg.Call.State)
	fmt.Println("agent5002:", sim.Calls("agent5002")[0].State)
	// Output:
	// agent5001: Released
	// agent5002: Ringing
}

func ExampleServer_On() {
	sim := voicetest.NewServer(voicetest.Options{})
	defer sim.Close()
	ctx := context.Background()
	client, err := voice.Connect(ctx, voice.Config{BaseURL: sim.URL(), Auth: voice.BasicAuth("agent5001", "secret")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	id := sim.Establish(voicetest.Call{})
	sim.On(voice.OpHold, voicetest.FailLater(0, 93, "Invalid state"), voicetest.NamingCall())
	_, err = client.Hold(ctx, id)
	fmt.Println(err != nil, sim.Calls("agent5001")[0].State)
	_, err = client.Hold(ctx, id) // the fault was for one request
	fmt.Println(err, sim.Calls("agent5001")[0].State)
	// Output:
	// true Established
	// <nil> Held
}
