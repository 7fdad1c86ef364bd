package server

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// bayeuxMessage is a request of a client.
type bayeuxMessage struct {
	ID           string          `json:"id"`
	Channel      string          `json:"channel"`
	ClientID     string          `json:"clientId"`
	Subscription json.RawMessage `json:"subscription"`
	atOnce       bool            // a connect not to be held
}

// parse reads the connects that matter by hand and everything else decently.
func parse(body []byte) ([]bayeuxMessage, error) {
	if bytes.Contains(body, []byte(`"/meta/connect"`)) {
		return []bayeuxMessage{{
			ID:       string(member(body, "id")),
			Channel:  "/meta/connect",
			ClientID: string(member(body, "clientId")),
			atOnce:   bytes.Contains(body, []byte(`"timeout":0`)),
		}}, nil
	}
	var all []bayeuxMessage
	err := json.Unmarshal(body, &all)
	return all, err
}

// member returns a string member of the only message of a body.
func member(body []byte, name string) []byte {
	_, rest, _ := bytes.Cut(body, []byte(`"`+name+`":"`))
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return value
}

// reply answers everything but a connect.
func reply(m bayeuxMessage, clientID string, known bool) []byte {
	switch {
	case m.Channel == "/meta/handshake":
		return fmt.Appendf(nil, `[{"id":%q,"channel":"/meta/handshake","version":"1.0","minimumVersion":"1.0","clientId":%q,`+
			`"supportedConnectionTypes":["websocket","callback-polling","long-polling"],`+
			`"advice":{"reconnect":"retry","interval":0,"timeout":30000},"successful":true}]`, m.ID, clientID)
	case !known:
		return fmt.Appendf(nil, `[{"id":%q,"channel":%q,"successful":false,"error":"402::Unknown client","advice":{"reconnect":"handshake","interval":0}}]`, m.ID, m.Channel)
	case len(m.Subscription) > 0:
		return fmt.Appendf(nil, `[{"id":%q,"channel":%q,"subscription":%s,"successful":true}]`, m.ID, m.Channel, m.Subscription)
	}
	return fmt.Appendf(nil, `[{"id":%q,"channel":%q,"successful":true}]`, m.ID, m.Channel)
}

func connectReply(id string) []byte {
	return fmt.Appendf(nil, `{"id":%q,"channel":"/meta/connect","successful":true}]`, id)
}
