package voice_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// simulate starts a simulated contact centre and connects agent 5001 to it.
func simulate() (*voicetest.Server, *voice.Client) {
	sim := voicetest.NewServer(voicetest.Options{})
	client, err := voice.Connect(context.Background(), voice.Config{
		BaseURL: sim.URL(),
		Auth:    voice.BasicAuth("agent5001", "secret"),
	})
	if err != nil {
		panic(err)
	}
	return sim, client
}

// The main thing: an operation that returns when its effect has been seen.
func Example() {
	sim, client := simulate()
	defer sim.Close()
	defer client.Close()
	callID := sim.Ring(voicetest.Call{From: "4155550142", Queue: "9000"})

	msg, err := client.Reject(context.Background(), callID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(msg.NotificationType, msg.Call.State)
	// Output: StatusChange Released
}

func ExampleConnect() {
	sim := voicetest.NewServer(voicetest.Options{}) // in your program: your server
	defer sim.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second) // for Connect only
	defer cancel()
	client, err := voice.Connect(ctx, voice.Config{
		BaseURL: sim.URL(),
		Auth:    voice.BasicAuth("agent5001", "secret"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()

	devices, err := client.Devices(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range devices {
		fmt.Println(client.User().UserName, "at", d.PhoneNumber, "is", d.UserState.State)
	}
	// Output: agent5001 at 5001 is Ready
}

// Answer the next call that rings.
func ExampleClient_Subscribe() {
	sim, client := simulate()
	defer sim.Close()
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	events := client.Subscribe() // listening from this line on
	defer events.Close()
	sim.Ring(voicetest.Call{From: "4155550142", Queue: "9000"})

	for event, err := range events.All(ctx) {
		if err != nil {
			fmt.Println(err) // ctx ended or the client did; the loop is over
			return
		}
		message, ok := event.(*voice.CallStateChangeMessage)
		if !ok || !message.Call.Can(voice.OpAnswer) {
			continue
		}
		answered, err := client.Answer(ctx, message.Call.ID)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(answered.Call.ANI, answered.Call.State)
		break
	}
	// Output: 4155550142 Established
}

// A transfer in two steps: ask a colleague first, and then connect the caller.
func ExampleClient_CompleteTransfer() {
	sim, client := simulate()
	defer sim.Close()
	defer client.Close()
	ctx := context.Background()
	callID := sim.Establish(voicetest.Call{From: "4155550142", Queue: "9000"})

	pair, err := client.InitiateTransfer(ctx, callID, voice.Destination{PhoneNumber: "5002"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("caller:", pair.Original.Call.State, "- colleague:", pair.Consult.Call.State)

	sim.Agent("5002").Answer(pair.Consult.Call.ID)
	consult, err := client.Await(ctx, pair.Consult.Call.ID, func(call *voice.Call) bool {
		return call.State == voice.StateEstablished
	})
	if err != nil {
		fmt.Println(err) // the colleague did not answer: hang up the consultation, retrieve the caller
		return
	}
	fmt.Println("caller:", pair.Original.Call.State, "- colleague:", consult.State)

	pair, err = client.CompleteTransfer(ctx, callID, voice.Complete{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("caller:", pair.Original.Call.State, "- colleague:", pair.Consult.Call.State)
	// Output:
	// caller: Held - colleague: Dialing
	// caller: Held - colleague: Established
	// caller: Released - colleague: Released
}

// Dial, and wait for what becomes of it.
func ExampleClient_Await() {
	sim, client := simulate()
	defer sim.Close()
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second) // how long it may ring
	defer cancel()

	msg, err := client.Dial(ctx, voice.Destination{PhoneNumber: "4155550142"})
	if err != nil {
		fmt.Println(err)
		return
	}
	time.AfterFunc(10*time.Millisecond, func() { sim.AnswerOutside(msg.Call.ID) })

	call, err := client.Await(ctx, msg.Call.ID, func(call *voice.Call) bool {
		return call.State == voice.StateEstablished
	})
	switch {
	case err == nil:
		fmt.Println("answered:", call.State)
	case errors.Is(err, voice.ErrCallReleased):
		fmt.Println("busy or refused")
	default:
		fmt.Println(err)
	}
	// Output: answered: Established
}

// An operation that does not succeed was refused, or failed, or its outcome is
// not known. Each asks for something else.
func Example_errors() {
	sim, client := simulate()
	defer sim.Close()
	defer client.Close()
	callID := sim.Establish(voicetest.Call{From: "4155550142"})
	sim.On(voice.OpHold, voicetest.FailLater(0, 93, "invalid state"))
	sim.On(voice.OpHold, voicetest.Refuse(voice.CodeInvalidState, "not now"))
	sim.On(voice.OpHold, voicetest.Silence()) // accepted, and nothing happens

	for range 3 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_, err := client.Hold(ctx, callID)
		cancel()
		if refused, ok := errors.AsType[*voice.APIError](err); ok {
			fmt.Println("refused, nothing has changed:", refused.Code)
		}
		if failed, ok := errors.AsType[*voice.FailedError](err); ok {
			fmt.Println("failed:", failed.Message)
		}
		if unknown, ok := errors.AsType[*voice.UnconfirmedError](err); ok {
			fmt.Println("not known, accepted:", unknown.Accepted, "- last seen:", unknown.Call.State)
		}
		fmt.Println("  safe to repeat:", voice.SafeToRetry(err))
	}
	// Output:
	// failed: invalid state
	//   safe to repeat: false
	// refused, nothing has changed: not valid in the current state
	//   safe to repeat: true
	// not known, accepted: true - last seen: Established
	//   safe to repeat: false
}

// A backend holds a client for each of its agents. They share their
// connections, but nothing else.
func Example_manyAgents() {
	sim := voicetest.NewServer(voicetest.Options{Agents: voicetest.NumberedAgents(6001, 50)})
	defer sim.Close()
	ctx := context.Background()

	shared := voice.NewTransport()
	defer shared.CloseIdleConnections()
	clients := make(map[string]*voice.Client)
	for _, name := range sim.AgentNames() {
		client, err := voice.Connect(ctx, voice.Config{
			BaseURL:    sim.URL(),
			Auth:       voice.BasicAuth(name, "secret"),
			HTTPClient: &http.Client{Transport: shared}, // without a Jar: each agent has cookies of its own
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		defer client.Close()
		clients[name] = client
	}

	var running sync.WaitGroup
	for name, client := range clients {
		callID := sim.Ring(voicetest.Call{To: name, Queue: "9000"})
		running.Go(func() {
			if _, err := client.Answer(ctx, callID); err != nil {
				fmt.Println(name, err)
			}
		})
	}
	running.Wait()

	talking := 0
	for name := range clients {
		if sim.Calls(name)[0].State == voice.StateEstablished {
			talking++
		}
	}
	fmt.Println(talking, "agents talk")
	// Output: 50 agents talk
}

// answerOrGiveBack is the code that Example_testing tests: it needs two methods of
// Client, and says so.
func answerOrGiveBack(ctx context.Context, client interface {
	Answer(context.Context, string) (*voice.CallStateChangeMessage, error)
	Reject(context.Context, string) (*voice.CallStateChangeMessage, error)
}, callID string) string {
	if _, err := client.Answer(ctx, callID); err == nil {
		return "answered"
	}
	if _, err := client.Reject(ctx, callID); err == nil {
		return "back to the queue"
	}
	return "lost"
}

// Test your own code with package voicetest: let the simulator misbehave, and
// look what becomes of it.
func Example_testing() {
	sim, client := simulate()
	defer sim.Close()
	defer client.Close()
	ctx := context.Background()

	sim.On(voice.OpAnswer, voicetest.EventFirst(50*time.Millisecond)) // the message overtakes the response
	callID := sim.Ring(voicetest.Call{To: "5001", Queue: "9000"})
	fmt.Println(answerOrGiveBack(ctx, client, callID))
	sim.HangupCustomer(callID)

	sim.On(voice.OpAnswer, voicetest.Refuse(voice.CodeInternalError, "Device '5001' is not registered."))
	callID = sim.Ring(voicetest.Call{To: "5001", Queue: "9000"})
	fmt.Println(answerOrGiveBack(ctx, client, callID))
	fmt.Println("now it rings at:", sim.Calls("5002")[0].DNIS, len(sim.Calls("5001")))
	// Output:
	// answered
	// back to the queue
	// now it rings at: 9000 0
}

// Start tells of acceptance and outcome apart, and sends operations that this
// package has no method for.
func ExampleClient_Start() {
	sim, client := simulate()
	defer sim.Close()
	defer client.Close()
	ctx := context.Background()
	callID := sim.Establish(voicetest.Call{From: "4155550142"})

	pending, err := client.Start(ctx, voice.Operation{Name: voice.OpHold, CallID: callID})
	if err != nil {
		fmt.Println("refused:", err)
		return
	}
	fmt.Println("accepted")
	outcome, err := pending.Wait(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("settled:", outcome.Call.Call.State)
	// Output:
	// accepted
	// settled: Held
}

// An agent takes a break with one of the reasons that the contact centre has
// configured.
func ExampleClient_SetAgentState() {
	sim, client := simulate()
	defer sim.Close()
	defer client.Close()
	ctx := context.Background()

	states, err := client.AgentStates(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, state := range states {
		if state.Reason == "Lunch" {
			msg, err := client.SetAgentState(ctx, state.OperationName)
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(msg.Devices[0].UserState.State, msg.Devices[0].UserState.DisplayName)
		}
	}
	// Output: NotReady Out to Lunch
}
