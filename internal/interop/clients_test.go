//go:build unix

package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

const channel = "/interop/events"

// clients are programs that other people's clients run in, against the presets
// of our server that imitate what they are used to.
var clients = []struct {
	name, program, transport string
	ack                      bool
	options                  cometdtest.Options
}{
	{"cometd", "cometd-client", "long-polling", false, cometdtest.Options{}},
	{"cometd", "cometd-client", "websocket", false, cometdtest.Options{}},
	{"cometd", "cometd-client", "websocket", true, cometdtest.Options{Ack: true}},
	{"cometd", "cometd-client", "long-polling", true, cometdtest.Options{Ack: true}},
	{"cometd on 3.1", "cometd-client", "long-polling", false, cometdtest.Options{Preset: cometdtest.Reference31}},
	{"cometd on 2.9", "cometd-client", "long-polling", false, cometdtest.Options{Preset: cometdtest.Reference29}},
	{"cometd on GWS", "cometd-client", "long-polling", false, cometdtest.Options{Preset: cometdtest.GWS}},
	{"cometd on node", "cometd-client", "long-polling", true, cometdtest.Options{Preset: cometdtest.Node, Ack: true}},
	{"faye", "faye-client", "long-polling", false, cometdtest.Options{Preset: cometdtest.Faye}},
	{"faye", "faye-client", "websocket", false, cometdtest.Options{Preset: cometdtest.Faye}},
	{"faye on CometD", "faye-client", "long-polling", false, cometdtest.Options{}},
}

// TestClients lets each client live through all that can happen to a session.
func TestClients(t *testing.T) {
	for _, c := range clients {
		t.Run(fmt.Sprintf("%s/%s/ack=%v", c.name, c.transport, c.ack), func(t *testing.T) {
			t.Parallel()
			program := nodeProgram(t, c.program)
			options := c.options
			options.Timeout = holdTime
			sim := cometdtest.NewServer(options)
			defer sim.Close()
			t.Cleanup(func() {
				if t.Failed() {
					logRequests(t, sim)
				}
			})
			client := startClient(t, program, "url="+sim.URL(), "channel="+channel, "transport="+c.transport, fmt.Sprintf("ack=%v", c.ack))

			client.expect("handshake", true)
			client.expect("subscribe", true)
			require.Len(t, sim.Sessions(), 1)
			assert.Equal(t, []string{channel}, sim.Sessions()[0].Subscriptions())
			n := 0
			publish := func(count int) {
				t.Helper()
				for range count {
					n++
					sim.Publish(channel, map[string]int{"n": n})
				}
				client.receive(n-count+1, n)
			}
			publish(1000)
			publish(1)

			// Its own publish is acknowledged and comes back.
			n++
			client.do("publish", fmt.Sprintf(`"channel":%q,"data":{"n":%d}`, channel, n))
			client.expect("publish", true)
			client.receive(n, n)

			// Its session is gone: 402, a new handshake, a new subscription.
			gone := sim.Sessions()[0]
			gone.Expire()
			client.expect("handshake", true)
			client.expect("subscribe", true)
			require.Len(t, sim.Sessions(), 1)
			assert.NotEqual(t, gone.ID, sim.Sessions()[0].ID)
			publish(10)

			if c.ack {
				// The response after the next one is lost on the way with its
				// event, which comes again.
				lost := sim.On(cometdtest.Match{Channel: "/meta/connect"}, cometdtest.Drop())
				publish(1)
				publish(1)
				assert.Equal(t, 1, lost.Fired())
				publish(10)
			}

			// The server restarts.
			sim.Restart(100 * time.Millisecond)
			client.expect("handshake", true)
			client.expect("subscribe", true)
			publish(10)

			client.do("disconnect", "")
			client.expect("disconnect", true)
			eventually(t, "the session's end", func() bool { return len(sim.Sessions()) == 0 })
			assert.Empty(t, client.messages, "messages that nobody published")
		})
	}
}

// report is what a client program says.
type report struct {
	What       string
	Successful bool
	Error      string
	Channel    string
	Data       struct{ N int }
}

// client is a running client program.
type client struct {
	*process
	messages []report // events that nobody has asked for yet
}

func startClient(t testing.TB, p program, args ...string) *client {
	t.Helper()
	return &client{process: start(t, p, args...)}
}

// do has the client do something; more are further members of the JSON object.
func (c *client) do(what, more string) {
	c.t.Helper()
	if more != "" {
		more = "," + more
	}
	_, err := io.WriteString(c.stdin, fmt.Sprintf("{\"what\":%q%s}\n", what, more))
	require.NoError(c.t, err)
}

// expect waits until the client says what, other than about messages.
func (c *client) expect(what string, successful bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		switch r := c.next(ctx); {
		case r.What == "message":
			c.messages = append(c.messages, r)
		case r.What == what:
			require.Equal(c.t, successful, r.Successful, "%s: %s", what, r.Error)
			return
		}
	}
}

// receive waits for the events first to last, in this order and none other.
func (c *client) receive(first, last int) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for n := first; n <= last; n++ {
		for len(c.messages) == 0 {
			switch r := c.next(ctx); r.What {
			case "message":
				c.messages = append(c.messages, r)
			case "handshake":
				require.FailNow(c.t, "the session was lost", r.Error)
			}
		}
		require.Equal(c.t, n, c.messages[0].Data.N)
		c.messages = c.messages[1:]
	}
}

func (c *client) next(ctx context.Context) report {
	c.t.Helper()
	line := c.line(ctx)
	var r report
	require.NoError(c.t, json.Unmarshal([]byte(line), &r), line)
	return r
}

// logRequests shows the end of the record of our server.
func logRequests(t testing.TB, sim *cometdtest.Server) {
	requests := sim.Requests()
	for _, r := range requests[max(0, len(requests)-20):] {
		t.Logf("%s #%d\n  → %.500s\n  ← %d after %v %.500s", r.Transport, r.Number, r.Body, r.Status, r.Answered.Sub(r.Time), r.Response)
	}
}
