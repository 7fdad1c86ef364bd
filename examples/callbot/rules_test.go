package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice"
)

func TestChoose_firstRuleThatFits(t *testing.T) {
	rules, err := readRules("")
	require.NoError(t, err)
	from := func(number, dnis string, data map[string]any) *voice.Call {
		return &voice.Call{ANI: number, DNIS: dnis, UserData: data}
	}
	for name, call := range map[string]*voice.Call{
		"blocked caller": from("4155550166", "9002", map[string]any{"Segment": "Blocked", "Topic": "invoice"}),
		"invoice":        from("4155550101", "9002", map[string]any{"Segment": "Gold", "Topic": "invoice 4711"}),
		"gold customer":  from("4155550101", "9000", map[string]any{"Segment": "Gold", "Topic": "invoice"}),
		"Seattle":        from("2065550105", "9001", nil),
		"anybody else":   from("", "9001", map[string]any{"Segment": 3.0}),
	} {
		r, found := choose(rules, call)
		assert.True(t, found)
		assert.Equal(t, name, r.Name)
	}
	_, found := choose(rules[:1], from("1", "2", nil))
	assert.False(t, found, "no rule fits")
}

func TestCaller_ofCallWithoutANI(t *testing.T) {
	assert.Equal(t, "7002", caller(&voice.Call{Participants: []voice.Participant{{PhoneNumber: "7002"}}}))
	assert.Empty(t, caller(&voice.Call{}))
}

func TestParseRules_tellsWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		`{"rules": []}`:                         "there are none",
		"":                                      "line 1: the file ends too early",
		"{\"rules\": [\n":                       "line 2: the file ends too early",
		"{\"rules\": [\n{\"name\": \"a\",}\n]}": "line 2: invalid character '}' looking for beginning of object key string",
		`{"rules": 5}`:                          "line 1: rules: there is a JSON number that does not belong there",
		"{\"rules\": [],\n\n\"rule\": []}":      `json: unknown field "rule"`,
		"{\"rules\": [{\"name\": \"a\"}]}\n{}":  "line 2: something follows the rules",
		`{"rules": [{"reject": true}]}`:         `line 1: rule 1 "": name is missing`,
		"{\"rules\": [{\"name\": \"a\"},\n{\"name\": \"b\", \"reject\": true, \"transfer\": \"5002\"}]}": `line 2: rule 2 "b": reject excludes everything else`,
		`{"rules": [{"name": "a", "transfer": "desk"}]}`:                                                 `rule 1 "a": transfer: "desk" is not a number`,
		`{"rules": [{"name": "a", "talk": "-1s"}]}`:                                                      `rule 1 "a": talk is negative`,
		`{"rules": [{"name": "a", "talk": "soon"}]}`:                                                     `rule 1 "a": talk: "soon" is not a duration, such as "1.5s"`,
		"{\"rules\": [\n{\"name\": \"a\",\n\"talk\": 5}]}":                                               `line 3: rule 1 "a": talk: there is a JSON number that does not belong there`,
		`{"rules": [{"name": "a", "when": {"caller": "[1"}}]}`:                                           `rule 1 "a": when.caller: "[1" is not a pattern`,
		`{"rules": [{"name": "a", "when": {"data": {"K": "[1"}}}]}`:                                      `rule 1 "a": when.data.K: "[1" is not a pattern`,
		"{\"rules\": [{\"name\": \"a\",\n\"when\": {\"data\": {\"K\": 1}}}]}":                            `line 2: rule 1 "a": when.data`,
		`{"rules": [{"name": "a", "forward": "5002"}]}`:                                                  `rule 1 "a": json: unknown field "forward"`,
		`{"rules": [{"name": "a"}, 7]}`:                                                                  `rule 2 "": `,
	} {
		_, err := parseRules([]byte(text))
		assert.ErrorContains(t, err, want)
	}
}

func TestReadRules_ofFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules.json")
	_, err := readRules(file)
	assert.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(file, []byte(`{"rules": [{"name": "all"}]}`), 0o600))
	rules, err := readRules(file)
	require.NoError(t, err)
	assert.Equal(t, "all", rules[0].Name)
	require.NoError(t, os.WriteFile(file, []byte(`{}`), 0o600))
	_, err = readRules(file)
	assert.EqualError(t, err, "rules "+file+": there are none")
}
