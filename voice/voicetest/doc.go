// Package voicetest simulates Genesys Web Services inside the process, for
// tests of programs that use package voice, as net/http/httptest is for
// programs that use net/http. It imports no testing package, so that examples
// and tools can stand on it too, and speaks to clients in any language.
//
// A test lets a call ring, does what it is about, and looks at what came of
// it:
//
//	sim := voicetest.NewServer(voicetest.Options{})
//	defer sim.Close()
//	client, err := voice.Connect(ctx, voice.Config{
//		BaseURL:    sim.URL(),
//		Auth:       voice.BasicAuth("agent5001", "secret"),
//		HTTPClient: sim.Client(),
//	})
//	// …
//	id := sim.Ring(voicetest.Call{From: "4155550142", Queue: "9000"})
//	sim.On(voice.OpReject, voicetest.EventFirst(3*time.Second)) // the next Reject only
//	msg, err := client.Reject(ctx, id)
//
// With Options.InMemory it needs no socket and works in a testing/synctest
// bubble, where three seconds cost nothing and are exact.
//
// # The contact centre
//
// Without Options.Agents there are agent5001, agent5002, agent5003 and
// supervisor5009, each with the password "secret" and the DN in the name. They
// are logged in and ready from the start, so that calls can ring at once; the
// queue 9000 serves the three agents. A short number that nobody has is
// invalid; one of seven digits or more is outside and rings until
// [Server.AnswerOutside].
//
// The switch behind the API is complete: every operation of the Voice API,
// what the other agents on a call see of it, queues that offer a rejected call
// to the next one who is ready, transfers, conferences and supervisors.
// [Server.Calls] and [Server.Devices] tell what it knows, and [Server.Agent]
// is a hand on an agent's phone.
//
// A message tells everything that changes: where only the capabilities of a
// call change, because the party who was consulted has answered or gone, a
// StatusChange with the same state brings the new ones.
//
// # Faults
//
// [Server.On] makes the next request with an operation go wrong, or late, in
// one of the many ways of the field; [Server.OnRead] does the same with reads.
// [Server.Outage], [Server.Restart], [Server.DropSession] and their like hit
// everything at once, and the faults of the CometD side are those of
// [Server.CometD]. Without any of them the response comes first and the
// messages right behind it.
//
// Where the reference is silent the simulator does what the options say;
// nothing that it does beyond the reference is a promise about real servers.
package voicetest
