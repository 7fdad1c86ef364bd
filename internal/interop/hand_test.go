//go:build unix

package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/cometd/cometdtest"
)

// subject is a server that a dialogue is played to: theirs, or ours imitating it.
type subject interface {
	url() string
	publish(channel string, first, count int)
	disconnectAll()
	forgetAll()
}

// imitation is cometdtest behind the same controls.
type imitation struct{ *cometdtest.Server }

func (i imitation) url() string { return i.URL() }
func (i imitation) publish(channel string, first, count int) {
	for n := range count {
		i.Publish(channel, map[string]int{"n": first + n})
	}
}
func (i imitation) disconnectAll() {
	for _, s := range i.Sessions() {
		s.Disconnect()
	}
}
func (i imitation) forgetAll() {
	for _, s := range i.Sessions() {
		s.Expire()
	}
}

// TestFaithful_dialogues plays dialogues to a server of other people and to the
// preset that imitates it: all that is heard must be the same.
func TestFaithful_dialogues(t *testing.T) {
	for _, row := range []struct {
		name    string
		program func(testing.TB) program
		preset  cometdtest.Preset
		ack     bool
		polling bool // and nothing else
	}{
		{"cometd9", func(t testing.TB) program { return javaProgram(t, "cometd9") }, cometdtest.Reference, false, false},
		{"cometd9 ack", func(t testing.TB) program { return javaProgram(t, "cometd9") }, cometdtest.Reference, true, false},
		{"cometd31", func(t testing.TB) program { return javaProgram(t, "cometd31") }, cometdtest.Reference31, false, false},
		{"cometd31 ack", func(t testing.TB) program { return javaProgram(t, "cometd31") }, cometdtest.Reference31, true, false},
		{"node", func(t testing.TB) program { return nodeProgram(t, "cometd-server") }, cometdtest.Node, false, true},
		{"node ack", func(t testing.TB) program { return nodeProgram(t, "cometd-server") }, cometdtest.Node, true, true},
		{"faye", func(t testing.TB) program { return nodeProgram(t, "faye-server") }, cometdtest.Faye, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			theirs := startServer(t, row.program(t), fmt.Sprintf("ack=%v", row.ack))
			ours := cometdtest.NewServer(cometdtest.Options{
				Preset: row.preset, Ack: row.ack, Timeout: holdTime, MaxInterval: maxInterval,
				Policy: func(_ *cometdtest.Session, action cometdtest.Action, channel string) *cometdtest.Refusal {
					if action != cometdtest.Create && strings.HasPrefix(channel, "/forbidden") {
						return &cometdtest.Refusal{}
					}
					return nil
				},
			})
			defer ours.Close()
			for name, dialogue := range dialogues {
				t.Run(name, func(t *testing.T) {
					if row.polling && strings.HasPrefix(name, "websocket") {
						t.Skip("it has no WebSocket")
					}
					if slices.Contains(excepted[row.preset], name) {
						t.Skip("a way of its own, which no client meets")
					}
					// What is heard depends on real time: a machine that
					// pauses for a second gets another try.
					for try := range 3 {
						got := make(chan string)
						go func() { got <- play(t, imitation{ours}, row.preset, row.ack, dialogue) }()
						theirs, ours := play(t, theirs, row.preset, row.ack, dialogue), <-got
						if theirs == ours || try == 2 {
							assert.Equal(t, theirs, ours)
							break
						}
					}
				})
			}
		})
	}
}

// hand is a client driven by hand that notes what it gets.
type hand struct {
	t      *testing.T
	s      subject
	preset cometdtest.Preset
	ack    bool
	http   *http.Client
	socket *websocket.Conn
	frames chan string // that have arrived on the socket
	id     string
	notes  []string
}

func play(t *testing.T, s subject, preset cometdtest.Preset, ack bool, dialogue func(*hand)) string {
	jar, _ := cookiejar.New(nil)
	h := &hand{t: t, s: s, preset: preset, ack: ack,
		http: &http.Client{Jar: jar, Transport: &http.Transport{}, Timeout: 5 * time.Second}}
	defer h.http.CloseIdleConnections()
	dialogue(h)
	h.hangUp()
	return strings.Join(h.notes, "\n")
}

func (h *hand) note(format string, args ...any) {
	h.notes = append(h.notes, fmt.Sprintf(format, args...))
}

var cookieValue = regexp.MustCompile(`^(BAYEUX_BROWSER)=[^;]*(.*)`)

// ask posts a body and returns what came, made comparable.
func (h *hand) ask(body string) string {
	return h.send(http.MethodPost, body)
}

func (h *hand) send(method, body string) string {
	request, err := http.NewRequest(method, h.s.url(), strings.NewReader(strings.ReplaceAll(body, "CLIENT", h.id)))
	require.NoError(h.t, err)
	request.Header.Set("Content-Type", "application/json;charset=UTF-8")
	start := time.Now()
	response, err := h.http.Do(request)
	if err != nil {
		return "connection cut"
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return "response cut"
	}
	took := "at once"
	if time.Since(start) > holdTime*9/10 {
		took = "held"
	}
	text := fmt.Sprint(response.StatusCode)
	if response.StatusCode == http.StatusOK {
		text += " " + response.Header.Get("Content-Type") + " " + h.comparable(string(answer))
	}
	for _, c := range response.Header.Values("Set-Cookie") {
		text += "\n\tSet-Cookie " + cookieValue.ReplaceAllString(c, "$1=VALUE$2")
	}
	return took + " " + text
}

// comparable sorts the fields of messages and replaces clientIds.
func (h *hand) comparable(body string) string {
	var messages []map[string]any
	if err := json.Unmarshal([]byte(body), &messages); err != nil {
		return "not an array of messages: " + body
	}
	text := ""
	for _, m := range messages {
		if h.preset == cometdtest.Node && len(messages) > 1 {
			delete(m, "advice") // which it repeats beside events only sometimes
		}
		if id, ok := m["clientId"].(string); ok && len(id) > 10 {
			h.id = id
			m["clientId"] = "CLIENT"
		}
		if types, ok := m["supportedConnectionTypes"].([]any); ok {
			m["supportedConnectionTypes"] = len(types) > 0
		}
		b, err := json.Marshal(m)
		require.NoError(h.t, err)
		text += "\n\t" + strings.ReplaceAll(string(b), h.id, "CLIENT")
	}
	return text
}

// dial opens a WebSocket in place of the one that was open.
func (h *hand) dial() {
	h.hangUp()
	client := *h.http
	client.Timeout = 0
	conn, _, err := websocket.Dial(context.Background(), h.s.url(), &websocket.DialOptions{HTTPClient: &client})
	if err != nil {
		h.t.Errorf("dial: %v", err)
		return
	}
	frames := make(chan string, 1000)
	h.socket, h.frames = conn, frames
	go func() {
		defer close(frames)
		for {
			_, frame, err := conn.Read(context.Background())
			if err != nil {
				frames <- fmt.Sprint("closed ", int(websocket.CloseStatus(err)))
				return
			}
			frames <- string(frame)
		}
	}()
}

func (h *hand) hangUp() {
	if h.socket != nil {
		_ = h.socket.CloseNow()
		for range h.frames {
			// Nobody is interested any more.
		}
		h.socket = nil
	}
}

// tell sends a frame that is answered, and notes what comes.
func (h *hand) tell(frame string) {
	h.write(frame)
	h.await(1)
	h.listen(holdTime / 4)
}

// tellQuietly sends a frame that need not be answered, and notes what comes.
func (h *hand) tellQuietly(frame string) {
	h.write(frame)
	h.listen(holdTime / 4)
}

func (h *hand) write(frame string) {
	h.note("%s", frame)
	_ = h.socket.Write(context.Background(), websocket.MessageText, []byte(strings.ReplaceAll(frame, "CLIENT", h.id)))
}

// tellInAnyOrder is tell where the frames come in any order.
func (h *hand) tellInAnyOrder(frame string) {
	h.note("%s", frame)
	h.inAnyOrder(func() {
		h.write(frame)
		h.await(1)
		h.listen(holdTime / 4)
	})
}

// inAnyOrder sorts what f notes.
func (h *hand) inAnyOrder(f func()) {
	start := len(h.notes)
	f()
	slices.Sort(h.notes[start:])
}

// listen notes the frames that come until it has been quiet for the time.
func (h *hand) listen(quiet time.Duration) {
	for {
		select {
		case frame, ok := <-h.frames:
			if !ok {
				return
			}
			h.heard(frame)
		case <-time.After(quiet):
			return
		}
	}
}

// await notes the next n frames.
func (h *hand) await(n int) {
	limit := time.After(2 * holdTime) // some frames never come
	for range n {
		select {
		case frame, ok := <-h.frames:
			if !ok {
				return
			}
			h.heard(frame)
		case <-limit:
			h.note("<- nothing")
			return
		}
	}
}

func (h *hand) heard(frame string) {
	if !strings.HasPrefix(frame, "closed") {
		frame = h.comparable(frame)
	}
	h.note("<- %s", frame)
}

// do notes the answer to a body.
func (h *hand) do(body string) { h.note("%s\n-> %s", body, h.ask(body)) }

// while posts a body, lets act happen while it is held, and notes the answer.
func (h *hand) while(body string, act func()) {
	answer := make(chan string, 1)
	go func() { answer <- h.ask(body) }()
	time.Sleep(holdTime / 4)
	act()
	h.note("%s (held)\n-> %s", body, <-answer)
}
