// Package voice controls telephone calls through Genesys Web Services (GWS,
// REST v2): it submits operations such as Reject, and tells what became of
// them.
//
// A request to GWS only submits an operation. Its outcome comes later as a
// notification, sometimes before the answer to the request, sometimes never,
// and without anything that says which request it belongs to. This package
// pairs the two. A method such as [Client.Reject] listens before it sends, waits
// for the [CallStateChangeMessage] that shows the effect, and returns it:
//
//	client, err := voice.Connect(ctx, voice.Config{
//		BaseURL: "https://gws.example.com",
//		Auth:    voice.BasicAuth("agent5001", password),
//	})
//	...
//	msg, err := client.Reject(ctx, callID) // msg.Call.State is voice.StateReleased
//
// # Accepted and settled
//
// These two words mean the same everywhere. An operation is accepted when the
// server has answered its request with statusCode 0, and settled when a message
// shows its effect. Every operation ends in one of four ways:
//
//   - settled: the method returns the message;
//   - refused: an [*APIError], and the contact centre is unchanged;
//   - failed after it was accepted: a [*FailedError];
//   - unknown: an [*UnconfirmedError], with what was last seen of the call.
//
// It does so no later than [Config.OperationTimeout] after it was accepted: if no
// message has told by then, the agent's calls or devices decide, which are read
// shortly before.
//
// Nothing is reported as done or failed that is not known to be. [SafeToRetry]
// tells whether an operation can be repeated without doing it twice.
// [Client.Start] gives acceptance and outcome apart, and sends what this package
// has no method for.
//
// # Events
//
// [Client.Subscribe] gives everything that happens to the agent's calls and
// devices as a stream, whoever caused it. The same messages settle operations:
// when a method returns, its message is already in every subscription. Each
// message shows the whole call, never a part of it, and a [Call] is a snapshot
// that does not change.
//
// A stream says where it has a hole: [Reconnected] when the notification session
// was lost, [Lagged] when its reader was too slow. After a gap the client reads
// the agent's calls and devices back and announces what has changed by messages
// that are marked Synthetic.
//
// # One client for one agent
//
// A [Client] is one agent's session; its methods may be called from several
// goroutines. A process may hold thousands.
//
// # Many agents
//
// Ten thousand idle agents in one process need about 450 MB, and half as much
// again for garbage while a few thousand events a second come in, if the garbage
// collector is set as it is by default ("go run ./internal/bench -fleet" in this
// module's repository tries it). They need this:
//
//   - One transport for all, made by [NewTransport], and an http.Client of its
//     own for each agent, so that cookies stay apart.
//   - File descriptors: one for the poll of every agent, and one for every
//     operation under way at the same time. Go raises the soft limit to the hard
//     one by itself; "ulimit -Hn" shows that. To one address and port of a server
//     or proxy a machine has some 28,000 local ports to connect from.
//   - Logins at a pace that the contact centre bears. Connect is some eight
//     requests: call it from a few dozen goroutines, not from ten thousand. After
//     an outage the clients pace themselves: each waits for a random time, and
//     longer after each failure, so that they come back over half a minute.
//   - Subscriptions that are read or closed, and as few as possible: one without
//     a filter for each agent is cheaper than one for each call.
//   - With https, 12 kB more for each connection, or what its longest response
//     takes.
//
// Package voicetest has a simulator of GWS for tests and examples.
package voice
