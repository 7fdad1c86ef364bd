// Package cometdtest is a Bayeux server inside the process, for testing
// programs that use CometD, as [net/http/httptest] is for programs that use
// HTTP. It imports no testing package, so that simulators and runnable examples
// can stand on it too.
//
//	srv := cometdtest.NewServer(cometdtest.Options{})
//	defer srv.Close()
//	// point the client at srv.URL(), then:
//	srv.Publish("/news", map[string]any{"title": "hello"})
//
// # What it imitates
//
// The server follows the wire behaviour of deployed servers rather than the
// text of the standard: which replies carry advice, what shares a response with
// what, when a connect is held and what ends it, when a session expires. A
// [Preset] picks the server: the reference implementation in its versions,
// Genesys Web Services, Faye, Salesforce, the Node.js server. [Options] change
// single points. Both transports are there, long-polling and WebSocket, and the
// acknowledged-messages extension.
//
// The application behind the server is made of hooks: OnHandshake knows who the
// client is, Policy says what it may do, OnPublish hears what it publishes.
// Events come from [Server.Publish] and its relatives; [Server.Batch] makes
// several of them leave in one response. A [Session] can be looked at, made to
// expire, disconnected, or have its connection cut.
//
// # Faults
//
// [Server.On] makes the next request that a [Match] describes suffer faults:
//
//	srv.On(cometdtest.Match{Channel: cometdtest.MetaConnect, Nth: 2}, cometdtest.Drop())
//
// What can go wrong:
//
//   - in time: [Delay], [DelayReply], [Silence], [Swallow], [Chunks]
//   - with the connection: [DropBefore], [Drop], [Truncate], [CloseSocket]
//   - instead of an answer: [Status], [Body], [Handle], [Refuse]
//   - to the session: [Forget], [NoCookie], [ExpireCookie]
//   - to a held connect: [HoldFor], [AnswerAtOnce]
//   - in the reply: [EditReply], [Set], [Without], [Advice], [NumericID],
//     [NoReply], [Object], [Duplicate]
//   - around the reply: [EventBefore], [EventAfter], [RawBefore], [RawAfter],
//     [ReplyFirst], [ReplyLast], [Header], [Gzip]
//   - on a WebSocket: [TextFrame], [BinaryFrame], and for upgrades, matched by
//     Match.Upgrade, [Status], [StripUpgrade], [Mute]
//
// Faults that are not about one request are methods: [Server.Restart],
// [Server.Pause], [Session.Expire], [Session.Disconnect], [Session.Cut],
// [Session.CloseSocket], [Session.SendFrame], [Server.PublishRaw].
//
// # Looking back
//
// [Server.Requests] is the complete record of what clients sent and what they
// got, with times and connections; [Server.Frames] is what went out on
// WebSockets. Long load tests switch it off with Options.RecordLimit.
//
// # Virtual time
//
// With Options.InMemory the server works in a bubble of package testing/synctest:
// it listens inside the process, all its times are those of package time, to the
// nanosecond, and after [Server.Close] nothing of it is left. [Server.Client]
// makes HTTP clients that reach it.
//
// # Scale
//
// One server carries thousands of sessions. To reach one of them use
// [Session.Publish], which does not look at the others; [Server.Publish] costs
// as much as there are subscribers.
package cometdtest
