package cometdtest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSession_kickMessageTravelsWithTheDisconnect(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open()
		connect := p.async(`[{"id":"40","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling"}]`)
		synctest.Wait()
		sess := p.session()
		s.Batch(func() {
			sess.Deliver("/user/kick", "bye")
			sess.Disconnect()
		})
		assert.JSONEq(t, `[{"channel":"/user/kick","data":"bye"},{"channel":"/meta/disconnect","successful":true},
			{"id":"40","channel":"/meta/connect","successful":true,"advice":{"reconnect":"none"}}]`, (<-connect).body)
		assert.Equal(t, "402::session_unknown", p.connect()[0]["error"])
	})
}

func TestSession_expireEndsTheHeldConnect(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open("/foo")
		connect := p.async(held)
		synctest.Wait()
		p.session().Expire()
		assert.Equal(t, 500, (<-connect).status)
		s.Publish("/foo", 1) // nobody is subscribed any more
		assert.Empty(t, s.Sessions())
	})
}

func TestSession_endsAreTold(t *testing.T) {
	type end struct {
		id  string
		why End
	}
	var ends []end
	o := Options{OnEnd: func(sess *Session, why End) { ends = append(ends, end{sess.ID, why}) }, MaxQueue: 2}
	bubble(t, o, func(t *testing.T, s *Server) {
		want := []end{}
		next := func(why End, act func(p *peer)) {
			p := newPeer(t, s).open("/foo")
			act(p)
			synctest.Wait()
			want = append(want, end{p.id, why})
			assert.Equal(t, want, ends)
		}
		next(Disconnected, func(p *peer) { p.request("/meta/disconnect", "") })
		next(Kicked, func(p *peer) { p.session().Disconnect() })
		next(Kicked, func(p *peer) { s.Publish("/foo", 1); s.Publish("/foo", 2); s.Publish("/foo", 3) })
		next(Expired, func(p *peer) { p.session().Expire() })
		next(Expired, func(p *peer) { time.Sleep(10 * time.Second) })
		next(Restarted, func(p *peer) { s.Restart(time.Second) })
		time.Sleep(time.Second)
		synctest.Wait()
		next(Closed, func(p *peer) { s.Close() })
	})
}

func TestSession_lifeIsExtended(t *testing.T) {
	bubble(t, Options{MaxInterval: 10 * time.Second}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open()
		time.Sleep(8 * time.Second)
		p.request("/foo", `"data":1`) // any message: at least maxInterval from now
		time.Sleep(10*time.Second - 1)
		require.NotNil(t, p.session())
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		require.Nil(t, p.session())

		p = newPeer(t, s).open()
		p.wants(`[{"id":"7","channel":"/meta/connect","clientId":"CLIENT","connectionType":"long-polling","advice":{"timeout":0,"interval":60000}}]`,
			`[{"id":"7","channel":"/meta/connect","successful":true,"advice":{"reconnect":"retry","interval":60000,"timeout":30000}}]`)
		time.Sleep(70*time.Second - 1) // announced pause and maxInterval
		require.NotNil(t, p.session())
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		require.Nil(t, p.session())
	})
}

func TestSession_abortedConnect(t *testing.T) {
	for name, row := range map[string]struct {
		ignore bool
		want   string
	}{
		"noticed": {false, `[{"channel":"/foo","data":1},{"id":"7","channel":"/meta/connect","successful":true}]`},
		"ignored": {true, `[{"id":"7","channel":"/meta/connect","successful":true}]`},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Options{IgnoreAborts: row.ignore}, func(t *testing.T, s *Server) {
				p := newPeer(t, s).open("/foo")
				p.http.Timeout = time.Second
				_, _, err := p.try(held)
				require.Error(t, err)
				p.http.Timeout = 0
				synctest.Wait()
				assert.Equal(t, row.ignore, p.session().Held())
				s.Publish("/foo", 1)
				synctest.Wait()
				p.wants(held, row.want)
			})
		})
	}
}

func TestSession_cutKeepsTheSession(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open("/foo")
		connect := p.async(held)
		synctest.Wait()
		p.session().Cut()
		require.Error(t, (<-connect).err)
		s.Publish("/foo", 1)
		p.wants(held, `[{"channel":"/foo","data":1},{"id":"7","channel":"/meta/connect","successful":true}]`)
		require.True(t, s.RequestsFor(MetaConnect)[1].Aborted)
	})
}

func TestSession_multipleClients(t *testing.T) {
	const normal = `{"id":"7","channel":"/meta/connect","successful":true}`
	for name, row := range map[string]struct {
		o             Options
		during, after string
	}{
		"8": {Options{}, `{"id":"7","channel":"/meta/connect","successful":true,"advice":{"multiple-clients":true,"reconnect":"retry","interval":2000}}`, normal},
		"3.1": {Options{Preset: Reference31}, `{"id":"7","channel":"/meta/connect","successful":true,"advice":{"multiple-clients":true,"reconnect":"retry","interval":2000,"timeout":30000}}`,
			`{"id":"7","channel":"/meta/connect","successful":true,"advice":{"reconnect":"retry","interval":0,"timeout":30000}}`},
		"refused":  {Options{MultiSessionInterval: -1}, `{"id":"7","channel":"/meta/connect","successful":false,"advice":{"multiple-clients":true,"reconnect":"none"}}`, normal},
		"no limit": {Options{MaxSessionsPerBrowser: -1}, normal, normal},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, row.o, func(t *testing.T, s *Server) {
				p := newPeer(t, s).open()
				tab := newPeer(t, s)
				tab.http.Jar = p.http.Jar
				tab.open()
				first := p.async(held)
				synctest.Wait()
				tab.wants(held, `[`+row.during+`]`)
				p.request("/meta/disconnect", "")
				<-first
				tab.wants(held, `[`+row.after+`]`)
			})
		})
	}
}

// The advice comes again once when the conflict ends, not for ever.
func TestSession_adviceIsResentOnce(t *testing.T) {
	bubble(t, Options{Preset: Reference31}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open()
		tab := newPeer(t, s)
		tab.http.Jar = p.http.Jar
		tab.open()
		first := p.async(held)
		synctest.Wait()
		tab.connect()
		p.request("/meta/disconnect", "")
		<-first
		assert.Contains(t, tab.connect()[0], "advice")
		assert.NotContains(t, tab.connect()[0], "advice")
	})
}

// A connect that a fault refuses is a sign of life all the same.
func TestSession_refusedConnectsKeepItAlive(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, s *Server) {
		p := newPeer(t, s).open()
		for range 5 {
			s.On(Match{Channel: MetaConnect}, Refuse("500::try_again", nil))
			p.connect()
			time.Sleep(9 * time.Second)
		}
		assert.True(t, p.session().Alive())
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Nil(t, p.session())
	})
}
