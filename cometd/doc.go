// Package cometd is a client of the Bayeux protocol, spoken by CometD, Faye and
// other servers that push messages to their clients.
//
//	client, err := cometd.Dial(ctx, "https://example.com/cometd", nil)
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//	sub, err := client.Subscribe(ctx, "/news/*")
//	if err != nil {
//		return err
//	}
//	for event, err := range sub.All(ctx) {
//		if err != nil {
//			return err
//		}
//		switch event := event.(type) {
//		case *cometd.Message:
//			fmt.Printf("%s: %s\n", event.Channel, event.Data)
//		case *cometd.Reconnected, *cometd.Lagged:
//			// messages may be missing here
//		}
//	}
//
// # Session
//
// [Dial] makes a session, and the [Client] keeps it alive: it repeats what
// failed, with growing pauses, obeys the advice of the server, and makes a new
// session with the same subscriptions when the server has lost the old one. It
// ends only when it is closed or the server orders it to stay away.
//
// # Gaps
//
// A message that the server has sent can get lost in two ways, and both are
// visible in the stream, in the place where the message would have been: a
// [Reconnected] stands where the session or its connection was interrupted, a
// [Lagged] where the reader was too slow. If the server supports acknowledged
// messages, what was lost with a connection is sent again, and the Reconnected
// says so.
//
// A reader never holds up the session as long as there is room in its buffer.
// When the buffer is full the session waits for a moment, with acknowledged
// messages up to half of the time for which the server keeps a silent session,
// and then drops the newest messages.
package cometd
