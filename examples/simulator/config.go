package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gwsvoice/gws-go/examples/internal/lively"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// config is what the file and the flags say.
type config struct {
	Listen        string            `json:"listen"`
	Control       string            `json:"control"`
	Agents        []voicetest.Agent `json:"agents"`
	Queues        []string          `json:"queues"`
	Calls         []call            `json:"calls"`
	Lively        bool              `json:"lively"`
	Release       string            `json:"release"`
	CSRF          bool              `json:"csrf"`
	Latency       duration          `json:"latency"`
	RingTimeout   duration          `json:"ringTimeout"`
	WrapUp        duration          `json:"wrapUp"`
	OutsideAnswer duration          `json:"outsideAnswer"`
	SessionTTL    duration          `json:"sessionTTL"`
	WebSocket     bool              `json:"webSocket"`
	Ack           bool              `json:"ack"`
}

// call is a call to begin with, and the body of POST /calls.
type call struct {
	From     string         `json:"from"`
	To       string         `json:"to"`    // "": whoever the queue chooses
	Queue    string         `json:"queue"` // "": a direct call
	Data     map[string]any `json:"data"`
	Answered bool           `json:"answered"`
}

// duration is a time.Duration that JSON and flags write as "1.5s".
type duration time.Duration

func (d duration) String() string { return time.Duration(d).String() }

func (d *duration) Set(text string) error { return d.UnmarshalText([]byte(text)) }

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err == nil && parsed < 0 {
		err = errors.New("it is negative")
	}
	*d = duration(parsed)
	return err
}

var releases = map[string]voicetest.Release{
	"8.5.0":   voicetest.Release850,
	"8.5.2":   voicetest.Release852,
	"8.5.202": voicetest.Release85202,
}

// parse reads the flags, and the file that they name.
func parse(args []string) (*config, error) {
	var c config
	var file, queues string
	var agents, first int
	define := func() *flag.FlagSet {
		f := flag.NewFlagSet("simulator", flag.ContinueOnError)
		f.StringVar(&file, "config", file, "`file` with the configuration")
		f.StringVar(&c.Listen, "addr", c.Listen, "`address` of the simulated GWS")
		f.StringVar(&c.Control, "control", c.Control, "`address` of the control API")
		f.IntVar(&agents, "agents", agents, "`number` of agents; 0 means three and a supervisor")
		f.IntVar(&first, "first", 5001, "number of the first of -agents")
		f.StringVar(&queues, "queues", queues, "`numbers` of the queues, with commas")
		f.BoolVar(&c.Lively, "lively", c.Lively, "let customers call, and other agents than the first answer them")
		f.StringVar(&c.Release, "release", c.Release, "whose `shapes` to send: 8.5.0, 8.5.2 or 8.5.202")
		f.BoolVar(&c.CSRF, "csrf", c.CSRF, "demand CSRF tokens")
		f.Var(&c.Latency, "latency", "`time` that answers and messages take")
		f.Var(&c.RingTimeout, "ring-timeout", "`time` after which a call rings no longer; 0 means never")
		f.Var(&c.WrapUp, "wrap-up", "`time` of after-call work; 0 means none")
		f.Var(&c.OutsideAnswer, "outside-answer", "`time` after which outside numbers answer; 0 means when told")
		f.Var(&c.SessionTTL, "session-ttl", "`time` that a login lives without a request; 0 means 30m")
		f.BoolVar(&c.WebSocket, "websocket", c.WebSocket, "offer WebSocket for notifications")
		f.BoolVar(&c.Ack, "ack", c.Ack, "offer acknowledged notifications")
		return f
	}
	c.Listen, c.Control, c.Release = "127.0.0.1:8090", "127.0.0.1:8091", "8.5.2"
	flags := define()
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if file != "" {
		if err := c.read(file); err != nil {
			return nil, err
		}
		if err := define().Parse(args); err != nil { // flags win
			return nil, err
		}
	}
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case c.Agents != nil && len(c.Agents) == 0:
		return nil, errors.New("agents: there are none")
	case agents < 0:
		return nil, errors.New("-agents is negative")
	case agents > 0:
		c.Agents = voicetest.NumberedAgents(first, agents)
	case c.Agents == nil && c.Lively:
		c.Agents = lively.Options().Agents
	}
	if queues != "" {
		c.Queues = strings.Split(queues, ",")
	}
	if c.Lively {
		c.addQueues(lively.Options().Queues)
	}
	if _, known := releases[c.Release]; !known {
		return nil, fmt.Errorf("release %q is not one of 8.5.0, 8.5.2, 8.5.202", c.Release)
	}
	if slices.Contains(c.Queues, "") {
		return nil, errors.New("queues: one has no number")
	}
	return &c, nil
}

// addQueues adds what the customers call.
func (c *config) addQueues(numbers []string) {
	for _, number := range numbers {
		if !slices.Contains(c.Queues, number) {
			c.Queues = append(c.Queues, number)
		}
	}
}

func (c *config) read(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(c); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

func (c *config) options() voicetest.Options {
	return voicetest.Options{
		Addr:          c.Listen,
		Agents:        c.Agents,
		Queues:        c.Queues,
		Release:       releases[c.Release],
		CSRF:          c.CSRF,
		Recording:     c.Agents == nil,
		Muting:        c.Agents == nil,
		Latency:       voicetest.Latency{Response: time.Duration(c.Latency), Event: time.Duration(c.Latency), Spread: 0.5},
		RingTimeout:   time.Duration(c.RingTimeout),
		WrapUp:        time.Duration(c.WrapUp),
		OutsideAnswer: time.Duration(c.OutsideAnswer),
		SessionTTL:    time.Duration(c.SessionTTL),
		WebSocket:     c.WebSocket,
		Ack:           c.Ack,
	}
}

// all returns the agents that there are.
func (c *config) all() []voicetest.Agent {
	if c.Agents == nil {
		return voicetest.DefaultAgents()
	}
	return c.Agents
}

// colleagues are the agents whose calls are taken for them: all but the first.
func (c *config) colleagues() []string {
	var numbers []string
	for _, a := range c.all()[1:] {
		numbers = append(numbers, a.DN)
	}
	return numbers
}

func (c *config) describeAgents() string {
	all := c.all()
	var names []string
	for _, a := range all {
		if a.UserName == "" {
			a.UserName = "agent" + a.DN
		}
		names = append(names, a.UserName)
	}
	if len(names) > 8 {
		names = append(append(names[:3:3], "…"), names[len(names)-1])
	}
	return strings.Join(names, ", ")
}
