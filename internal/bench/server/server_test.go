package server

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/internal/floor"
)

func listen(t *testing.T, o Options) (*Server, floor.Options) {
	t.Helper()
	s, err := Listen(o)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s, floor.Options{BaseURL: s.URL(), Client: &http.Client{Timeout: 20 * time.Second}, User: "agent00007", Password: "secret"}
}

func TestFountain_deliversByBothTransports(t *testing.T) {
	s, o := listen(t, Options{Events: 10, Calls: 20})
	a, err := floor.Login(t.Context(), o)
	require.NoError(t, err)
	socket, err := floor.LoginSocket(t.Context(), floor.Options{BaseURL: o.BaseURL, Client: http.DefaultClient, User: "agent00008"})
	require.NoError(t, err)
	defer socket.Close()
	s.Flow()
	for name, poll := range map[string]func(context.Context, func([]byte)) error{"long-polling": a.Poll, "WebSocket": socket.Poll} {
		t.Run(name, func(t *testing.T) {
			seen := map[string]bool{}
			for range 2 {
				require.NoError(t, poll(t.Context(), func(event []byte) {
					require.True(t, json.Valid(event))
					seen[callID(event)] = true
				}))
			}
			assert.Len(t, seen, 20)
		})
	}
}

func callID(event []byte) string {
	_, rest, _ := bytes.Cut(event, []byte(`"id":"`))
	return string(rest[:32])
}

func TestOperation_comesBackAsEvent(t *testing.T) {
	_, o := listen(t, Options{Calls: 3})
	a, err := floor.Login(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, a.Post(t.Context(), "/me/calls/"+CallID(7, 2), []byte(`{"operationName":"Hold"}`)))
	var events []string
	require.NoError(t, a.Poll(t.Context(), func(event []byte) { events = append(events, string(event)) }))
	require.Len(t, events, 1)
	assert.Equal(t, CallID(7, 2), callID([]byte(events[0])))
	assert.Contains(t, events[0], `"state":"Held"`)
	assert.Contains(t, events[0], `"phoneNumber":"00007"`)

	resp, err := o.Client.Get(o.BaseURL + "/api/v2/me/calls?fields=*")
	require.NoError(t, err)
	defer resp.Body.Close()
	var list struct{ Calls []struct{ ID string } }
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&list))
	assert.Len(t, list.Calls, 3)
}
