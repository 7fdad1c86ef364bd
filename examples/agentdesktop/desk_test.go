package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func TestPage_showsAQueueCallWithCallerQueueAndData(t *testing.T) {
	d := newDesktop(t, voicetest.Options{})
	p := d.agent(t, "5001")
	before := time.Now().Add(-time.Second).UnixMilli()
	id := d.sim.Ring(voicetest.Call{To: "5001", Queue: "9000", From: "9165550104",
		UserData: map[string]any{"CustomerName": "<b>Maria</b>", "Nested": map[string]any{"a": "b"}}})
	call := p.awaitCall(id, "Ringing")
	assert.Equal(t, "<b>Maria</b>", call.Name, "as text; the page never reads it as HTML")
	assert.NotContains(t, string(p.topics["calls"]), "<b>", "not even on the wire")
	assert.Equal(t, "(916) 555-0104", call.Number)
	assert.Equal(t, "9000", call.Queue)
	assert.True(t, call.Incoming)
	assert.Equal(t, map[string]any{"a": "b"}, call.Call.UserData["Nested"])
	assert.Greater(t, call.Began, before)

	direct := d.sim.Ring(voicetest.Call{To: "5002", From: "5001"})
	other := d.agent(t, "5002")
	call = other.awaitCall(direct, "Ringing")
	assert.Empty(t, call.Queue, "a direct call has none")
	assert.NotContains(t, call.Operations, "Reject")
}

func TestPage_knowsColleaguesByName(t *testing.T) {
	d := newDesktop(t, voicetest.Options{})
	p, _ := d.agent(t, "5001"), d.agent(t, "5002")
	await(p, "team", func(team []member) bool { return len(team) == 2 })
	p.confirm(deviceURL(d, "5001", "Dial"), form{Number: "5002"})
	call := p.awaitCall("", "Dialing")
	assert.Equal(t, "Ben Brook", call.Name)
	assert.Equal(t, "5002", call.Number)
}

// A page that comes late, or twice, sees the same as one that was there.
func TestPage_openedAgainShowsEverything(t *testing.T) {
	d := newDesktop(t, voicetest.Options{})
	p := d.agent(t, "5001")
	id := d.sim.Establish(voicetest.Call{To: "5001", Queue: "9000"})
	p.confirm(callURL(id, "Hold"), nil)
	again := &page{t: t, url: p.url, client: p.client, csrf: p.csrf, topics: noTopics()}
	again.awaitCall(id, "Held")
	for _, topic := range []string{"clock", "agent", "history", "link", "team"} {
		await(again, topic, func(json.RawMessage) bool { return true })
	}
	await(again, "activity", func(all []entry) bool { return len(all) == 1 })
}

func TestHistory_tellsHowCallsEnded(t *testing.T) {
	type steps func(d *desktop, p *page, id string)
	op := func(name string, body any) steps {
		return func(_ *desktop, p *page, id string) { p.confirm(callURL(id, name), body) }
	}
	answer := op("Answer", nil)
	for name, test := range map[string]struct {
		steps  []steps
		how    string
		talked bool
	}{
		"rejected":    {[]steps{op("Reject", nil)}, "Sent back to the queue", false},
		"hung up":     {[]steps{answer, op("Hangup", nil)}, "Hung up by me", true},
		"transferred": {[]steps{answer, op("SingleStepTransfer", form{Number: "5002"})}, "Transferred by me", true},
		"customer":    {[]steps{answer, func(d *desktop, _ *page, id string) { d.sim.HangupCustomer(id) }}, "Ended by the other side or at a phone", true},
		"missed":      {[]steps{func(d *desktop, _ *page, id string) { d.sim.HangupCustomer(id) }}, "Not answered", false},
		"two-step": {[]steps{answer, op("InitiateTransfer", form{Number: "5002"}), func(d *desktop, p *page, id string) {
			p.confirm(callURL(id, "CompleteTransfer"), nil)
		}}, "Transferred by me", true},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesktop(t, voicetest.Options{})
			p := d.agent(t, "5001")
			id := d.sim.Ring(voicetest.Call{To: "5001", Queue: "9000", UserData: map[string]any{"CustomerName": "Maria"}})
			p.awaitCall(id, "Ringing")
			for _, step := range test.steps {
				step(d, p, id)
			}
			r := p.awaitRecord(func(r shownRecord) bool { return r.CallID == id && r.How == test.how })
			assert.Equal(t, "Maria", r.Name)
			assert.Equal(t, "9000", r.Queue)
			assert.True(t, r.Incoming)
			assert.Equal(t, test.talked, r.Answered > 0)
			assert.NotZero(t, r.Ended)
		})
	}
}

func TestHistory_isBounded(t *testing.T) {
	d := newDesktop(t, voicetest.Options{})
	p := d.agent(t, "5001")
	for range keptCalls + 3 {
		id := d.sim.Ring(voicetest.Call{To: "5001"})
		d.sim.HangupCustomer(id)
	}
	await(p, "history", func(all []record) bool { return len(all) == keptCalls && all[0].ID >= keptCalls+3 })
}

func TestLink_lostAndRestored(t *testing.T) {
	bubbled(t, func(*config) {}, func(t *testing.T, a *app, sim *voicetest.Server) {
		sess := enter(t, a, "agent5001")
		id := sim.Establish(voicetest.Call{To: "5001"})
		time.Sleep(time.Second)
		shown := func() link {
			sess.desk.mu.Lock()
			defer sess.desk.mu.Unlock()
			return sess.desk.link
		}
		require.Equal(t, linkUp, shown().State)
		require.Zero(t, shown().Lost)

		sim.Restart(20 * time.Second)
		time.Sleep(time.Second)
		require.Equal(t, linkLost, shown().State, "told within a second")
		sim.HangupCustomer(id)
		time.Sleep(50 * time.Second)
		l := shown()
		assert.Equal(t, linkUp, l.State)
		assert.True(t, l.Gap, "something may have been missed")
		assert.InDelta(t, 20*time.Second, time.Duration(l.Lost)*time.Millisecond, float64(25*time.Second))
		assert.GreaterOrEqual(t, l.Lost, int64(19000))
		assert.False(t, sess.desk.busy(), "and was read again")
	})
}

func TestLink_tellsOfASwitchOutage(t *testing.T) {
	d := newDesktop(t, voicetest.Options{})
	p := d.agent(t, "5001")
	id := d.sim.Establish(voicetest.Call{To: "5001"})
	p.awaitCall(id, "Established")
	d.sim.Outage()
	await(p, "link", func(l link) bool { return l.Voice == "down" })
	status, answer := p.post(callURL(id, "Hold"), nil)
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Equal(t, unsent, answer["outcome"])
	await(p, "agent", func(a agentView) bool { return a.State.Label == "Phone not available" })
	d.sim.Restore()
	await(p, "link", func(l link) bool { return l.Voice == "" })
	await(p, "agent", func(a agentView) bool { return a.State.Label == "Ready" })
}

func TestTeam_showsCallsToSupervisorsOnly(t *testing.T) {
	d := newDesktop(t, voicetest.Options{})
	p, colleague, boss := d.agent(t, "5001"), d.agent(t, "5002"), d.agent(t, "5009")
	id := d.sim.Establish(voicetest.Call{To: "5001", Queue: "9000", UserData: map[string]any{"CustomerName": "Maria"}})
	p.awaitCall(id, "Established")
	find := func(team []member, dn string) *member {
		for i := range team {
			if team[i].DN == dn {
				return &team[i]
			}
		}
		return nil
	}
	team := await(boss, "team", func(team []member) bool { m := find(team, "5001"); return m != nil && m.Busy && len(team) == 4 })
	ada := find(team, "5001")
	assert.Equal(t, "Ada Adams", ada.Name)
	assert.Equal(t, d.sim.Agent("5001").DeviceID(), ada.Device)
	require.Len(t, ada.Calls, 1)
	assert.Equal(t, memberCall{With: "Maria", State: voice.StateEstablished, Queue: "9000", Began: ada.Calls[0].Began}, ada.Calls[0])
	team = await(colleague, "team", func(team []member) bool { m := find(team, "5001"); return m != nil && m.Busy })
	assert.Empty(t, find(team, "5001").Calls)
	assert.NotContains(t, string(colleague.topics["team"]), "Maria")

	cleo := find(team, "5003")
	assert.Nil(t, cleo, "who does not work here is for supervisors, too")
	cleo = find(await(boss, "team", func([]member) bool { return true }), "5003")
	assert.Equal(t, "Cleo Clark", cleo.Name)
	assert.Equal(t, "Ready", cleo.State.Label)
	assert.Zero(t, cleo.Since, "since when is not known")
	boss.confirm(deviceURL(d, "5009", "ListenIn"), form{Target: cleo.Device})

	_, _ = p.post("/api/logout", map[string]any{"anyway": true})
	await(boss, "team", func(team []member) bool { return find(team, "5001").Since == 0 })
}

func TestTeam_withoutADirectoryIsThoseWhoWorkHere(t *testing.T) {
	d := newDesktop(t, voicetest.Options{Features: []string{"api-voice", "api-supervisor-monitoring"}})
	d.agent(t, "5001")
	boss := d.agent(t, "5009")
	await(boss, "team", func(team []member) bool { return len(team) == 2 })
}

func TestTeam_showsASupervisorWhatHeHears(t *testing.T) {
	for _, release := range []voicetest.Release{voicetest.Release852, voicetest.Release85202} {
		d := newDesktop(t, voicetest.Options{Release: release})
		boss := d.agent(t, "5009")
		for _, mode := range []string{"BargeIn", "ListenIn", "Coach"} {
			boss.confirm(deviceURL(d, "5009", mode), form{Target: d.sim.Agent("5001").DeviceID()})
			id := d.sim.Establish(voicetest.Call{To: "5001", Queue: "9000"})
			call := boss.awaitCall(id, "Established")
			assert.Equal(t, mode, call.Monitoring)
			assert.Equal(t, mode == "BargeIn", contains(call.Operations, "MuteMonitoredUser"), mode)
			d.sim.HangupCustomer(id)
			d.sim.Agent("5001").Hangup(id)
			boss.awaitNoCalls()
		}
	}
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

func TestBoard_tellsTheNewestOnly(t *testing.T) {
	b := newBoard()
	b.post("a", 1)
	news, seen, changed, ended := b.since(0)
	require.Len(t, news, 1)
	assert.Empty(t, ended)
	for i := range 100 {
		b.post("a", i)
		b.post("b", i)
	}
	select {
	case <-changed:
	default:
		t.Fatal("a reader is not woken")
	}
	news, seen, _, _ = b.since(seen)
	require.Len(t, news, 2, "a slow reader gets one value of each topic")
	for _, p := range news {
		assert.Equal(t, "99", string(p.data), p.topic)
	}
	_, _, changed, _ = b.since(seen)
	b.post("a", 99)
	select {
	case <-changed:
		t.Fatal("what is the same is no news")
	default:
	}
	b.end("over")
	b.end("twice")
	_, _, _, ended = b.since(seen)
	assert.Equal(t, "over", ended)
}

// A page that is open keeps the session alive, and the line between.
func TestStream_beats(t *testing.T) {
	bubbled(t, func(c *config) { c.idle = time.Hour }, func(t *testing.T, a *app, _ *voicetest.Server) {
		sess := enter(t, a, "agent5001")
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/api/events", nil)
		require.NoError(t, err)
		id := a.sessions.adopt(sess)
		request.AddCookie(&http.Cookie{Name: cookieName, Value: id})
		w := &streamed{header: http.Header{}}
		left := make(chan struct{})
		go func() {
			defer close(left)
			a.ServeHTTP(w, request)
		}()
		time.Sleep(5 * time.Hour)
		synctest.Wait()
		assert.True(t, known(a, id), "open for hours without a click")
		assert.Greater(t, strings.Count(w.text(), "event: clock\n"), 5*60*4, "every 15 seconds")
		a.sessions.close(sess, "signed out")
		<-left
		assert.Contains(t, w.text(), "event: end\ndata: {\"reason\":\"signed out\"}\n\n")
	})
}
