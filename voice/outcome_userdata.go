package voice

import (
	"encoding/json"
	"fmt"
)

// The conditions of operations on user data. Every message shows the whole of a
// call's user data, but only AttachedDataChanged says that it is new; servers
// that do not name the kind of a message are believed.

func dataChanged(msg *CallStateChangeMessage) bool {
	return msg.Call.State != StateReleased &&
		(msg.NotificationType == AttachedDataChanged || msg.NotificationType == "")
}

func showsUserData(p *Pending, msg *CallStateChangeMessage) bool {
	params, _ := p.params.(userDataParams)
	if !dataChanged(msg) || len(params.plain) == 0 {
		return false
	}
	for key, want := range params.plain {
		if got, ok := msg.Call.UserData[key]; !ok || !shows(got, want) {
			return false
		}
	}
	return true
}

func lacksUserDataKey(p *Pending, msg *CallStateChangeMessage) bool {
	params, _ := p.params.(keyParams)
	_, has := msg.Call.UserData[params.Key]
	return dataChanged(msg) && params.Key != "" && !has
}

func lacksUserData(_ *Pending, msg *CallStateChangeMessage) bool {
	return dataChanged(msg) && len(msg.Call.UserData) == 0
}

// showsDisposition settles SetCallDisposition. For a call that has ended there
// is no message, so acceptance is the outcome.
func showsDisposition(p *Pending, msg *CallStateChangeMessage) bool {
	if msg.Call.State == StateReleased {
		return true
	}
	params, _ := p.params.(dispositionParams)
	if !dataChanged(msg) || params.Disposition == "" {
		return false
	}
	if params.Key != "" {
		got, ok := msg.Call.UserData[params.Key]
		return ok && shows(got, params.Disposition)
	}
	for _, got := range msg.Call.UserData { // under the key that the server is configured with
		if shows(got, params.Disposition) {
			return true
		}
	}
	return false
}

// shows tells whether got, a value of a message, is want, the value that was
// sent. The switch may hand back a number or a boolean as a string.
func shows(got, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok || len(got) != len(want) {
			return false
		}
		for key := range want {
			if value, ok := got[key]; !ok || !shows(value, want[key]) {
				return false
			}
		}
		return true
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			return false
		}
		for i := range want {
			if !shows(got[i], want[i]) {
				return false
			}
		}
		return true
	}
	switch got.(type) {
	case map[string]any, []any:
		return false
	}
	return scalar(got) == scalar(want)
}

func scalar(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case float64:
		text, _ := json.Marshal(v)
		return string(text)
	}
	return fmt.Sprint(v)
}
