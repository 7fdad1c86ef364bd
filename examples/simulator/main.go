// Command simulator is a simulated Genesys Web Services on a TCP port, to
// develop and test clients of its Voice API in any language without a licensed
// system. What happens in it is told by a control API of plain HTTP on a second
// port.
//
//	go run ./examples/simulator                  # agents 5001 to 5003, supervisor 5009
//	go run ./examples/simulator -lively          # and customers who call by themselves
//	go run ./examples/simulator -config file     # what the file says
//
// Users are agent5001 and so on, with the password "secret". A client logs in
// as with a real server:
//
//	curl -u agent5001:secret 'http://127.0.0.1:8090/api/v2/me?subresources=*'
//
// # Control
//
// Parameters are sent as a form, as below, or as one JSON object with the same
// names. Answers are JSON; a wrong parameter is answered with status 400 and
// {"error": …}, a call that is not there with 404.
//
//	# look
//	curl 127.0.0.1:8091/agents
//	curl 127.0.0.1:8091/calls
//	curl 127.0.0.1:8091/requests
//
//	# a call comes to a queue, which offers it to an agent who is ready
//	curl -d queue=9000 -d from=4155550142 -d data.Name=Lopez 127.0.0.1:8091/calls
//	# a call from a queue rings at an agent; without queue it is a direct call
//	curl -d to=5001 -d queue=9000 127.0.0.1:8091/calls
//	# a conversation
//	curl -d to=5001 -d answered=true 127.0.0.1:8091/calls
//	# a record of an outbound campaign is offered, and withdrawn
//	curl -d to=5001 -d from=4155550142 127.0.0.1:8091/previews
//	curl -X DELETE 127.0.0.1:8091/previews/ID
//
//	# what the outside party does: hang up; answer or refuse what an agent dialled
//	curl -X POST 127.0.0.1:8091/calls/ID/hangup
//	curl -X POST 127.0.0.1:8091/calls/ID/answer
//	curl -X POST 127.0.0.1:8091/calls/ID/refuse
//	# what the routing does
//	curl -d data.Segment=Gold 127.0.0.1:8091/calls/ID/data
//
//	# what an agent does on the telephone
//	curl -d call=ID 127.0.0.1:8091/agents/5001/answer    # hangup, hold, retrieve
//	curl -d number=5002 127.0.0.1:8091/agents/5001/dial
//	curl -d operation=NotReady 127.0.0.1:8091/agents/5001/state
//
//	# the next Reject is accepted and fails 3 s later
//	curl -d operation=Reject -d fault=FailLater -d after=3s -d code=93 127.0.0.1:8091/faults
//	# of the next two operations of agent 5001 the notification comes first
//	curl -d agent=5001 -d fault=EventFirst -d after=1s -d times=2 127.0.0.1:8091/faults
//	# the next read of the calls gets HTML
//	curl -d read=/me/calls -d fault=Answer -d status=200 -d type=text/html -d body='<html>' 127.0.0.1:8091/faults
//	# which there are, which happened; take one back
//	curl 127.0.0.1:8091/faults
//	curl -X DELETE 127.0.0.1:8091/faults/1
//
//	# what happens to an agent's sessions and device
//	curl -X POST 127.0.0.1:8091/agents/5001/drop-session    # CometD; expire-login, rotate-csrf
//	curl -X POST 127.0.0.1:8091/agents/5001/unregister      # and register
//	curl -d token=NEW 127.0.0.1:8091/agents/5001/token
//
//	# what happens to all: the voice service fails and is restored; the server
//	# goes down for a while and forgets its sessions
//	curl -X POST 127.0.0.1:8091/outage
//	curl -X POST 127.0.0.1:8091/restore
//	curl -d down=10s 127.0.0.1:8091/restart
//
// The faults are those of package voicetest by name. Where they need them,
// after (a duration), code, text, status, type, body, topic, name, value and n
// are their parameters; fault may be given several times, for one request that
// suffers them all.
//
// # Configuration
//
// A file given with -config holds a JSON object. Every part of it may be left
// out; flags win over it.
//
//	{
//	  "listen": "127.0.0.1:8090",
//	  "control": "127.0.0.1:8091",
//	  "agents": [
//	    {"dn": "5001", "userName": "alice", "password": "wonder", "recording": true},
//	    {"dn": "5009", "userName": "sam", "supervisor": true}
//	  ],
//	  "queues": ["9000", "9001"],
//	  "calls": [{"queue": "9000", "to": "5001", "from": "4155550142", "data": {"Name": "Lopez"}}],
//	  "release": "8.5.202",
//	  "csrf": true,
//	  "latency": "50ms",
//	  "ringTimeout": "20s",
//	  "wrapUp": "10s",
//	  "outsideAnswer": "3s",
//	  "sessionTTL": "30m",
//	  "webSocket": true,
//	  "ack": true
//	}
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gwsvoice/gws-go/examples/internal/lively"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "simulator:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, out io.Writer) error {
	c, err := parse(args)
	if err != nil {
		return err
	}
	sim, err := voicetest.Listen(c.options())
	if err != nil {
		return err
	}
	defer sim.Close()
	listener, err := net.Listen("tcp", c.Control)
	if err != nil {
		return err
	}
	api := newControl(sim, c)
	for i, call := range c.Calls {
		if _, err := api.ring(call); err != nil {
			return fmt.Errorf("calls[%d]: %w", i, err)
		}
	}
	if c.Lively {
		_, stop := lively.Traffic{Every: 6 * time.Second, Colleagues: c.colleagues()}.Start(sim)
		defer stop()
	}
	server := &http.Server{Handler: api, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Fprintf(out, "GWS      %s\ncontrol  http://%s  (GET / tells how)\n", sim.URL(), listener.Addr())
	fmt.Fprintf(out, "agents   %s\n", c.describeAgents())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	_ = server.Close()
	<-failed // http.ErrServerClosed
	return nil
}
