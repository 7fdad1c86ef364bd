package cometd

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzBody reads Bayeux bodies. What encoding/json takes for a list of objects
// with channels must be read completely, and every part must be what it says.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`[]`, `[{"channel":"/a","data":1}]`, `{"channel":"/a","data":null,"id":7}`,
		`[{"id":"1","channel":"/meta/handshake","successful":true,"clientId":"c","supportedConnectionTypes":["long-polling"],"advice":{"reconnect":"retry"},"ext":{"ack":true},"x-messages":3}]`,
		`[{"channel":"/a","data":{"b":[1,{"c":"\u00fc"}]}},{"channel":"/meta/connect","id":"2","successful":false,"error":"402::x"}]`,
		`[{"channel":"/a","data":"` + "\n" + `"},{"channel":"/b","data":2}]`, `/*[{"channel":"/a"}]*/`,
		`[{"channel":"/a"}{"channel":"/b"}]`, `[{"channel":"/a"},]`, `[1,null,"x",{"channel":""}]`, "", "<html>", `[[[[`,
		`[{"channel":"/a","data":}, {"channel":"/b","data":"}{\""}, x, {"channel":"/c"}]`, `[{"subscription":["/a"],"channel":7}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got []message
		var raws []string
		n, err := scan(bytes.TrimSpace(slices.Clone(body)), &scanned{}, func(m *message) {
			got = append(got, *m)
			raws = append(raws, string(m.raw))
			e := m.event(string(m.channel))
			if e.Data != nil {
				assert.True(t, json.Valid(e.Data))
			}
		})
		require.Len(t, got, n)
		for i, m := range got {
			var want map[string]json.RawMessage
			require.NoError(t, json.Unmarshal([]byte(raws[i]), &want), raws[i])
			assert.NotEmpty(t, m.channel)
			for name, p := range map[string]part{"data": m.data, "ext": m.ext, "advice": m.advice} {
				raw, ok := want[name]
				if !strings.Contains(raws[i], `\`) && count(raws[i], `"`+name+`"`) <= 1 {
					assert.Equal(t, ok, !p.missing(), "%s in %s", name, raws[i])
					assert.Equal(t, string(raw), string(p.of([]byte(raws[i]))))
				}
			}
		}
		var reference []map[string]json.RawMessage
		if json.Unmarshal(body, &reference) != nil || reference == nil || bytes.Contains(body, []byte("\\")) {
			return
		}
		valid := 0
		for _, m := range reference {
			var channel string
			if m != nil && json.Unmarshal(m["channel"], &channel) == nil && channel != "" {
				valid++
			}
		}
		if valid == len(reference) {
			assert.NoError(t, err)
			assert.Equal(t, valid, n)
		}
	})
}

// FuzzAdvice reads advice of any form: no time is negative or absurd.
func FuzzAdvice(f *testing.F) {
	for _, seed := range []string{
		`{"reconnect":"retry","interval":0,"timeout":30000}`, `{"interval":-1}`, `{"interval":"12.5"}`, `{"interval":1e400,"timeout":-1e400}`,
		`{"long-polling":{"interval":5,"long-polling":{"interval":6}}}`, `{"multiple-clients":true,"hosts":["a"]}`, `"none"`, `null`, `[`, `{"reconnect":null,"timeout":"NaN","maxInterval":"Inf"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		a := parseAdvice(raw, LongPolling)
		for _, d := range []duration{a.interval, a.timeout, a.maxInterval} {
			assert.GreaterOrEqual(t, d.d, time.Duration(0))
			assert.LessOrEqual(t, d.d, maxAdvice)
			if !d.set {
				assert.Zero(t, d.d)
			}
		}
		if !json.Valid(raw) {
			assert.Equal(t, advice{}, a)
		}
		parseAck(raw)
	})
}

// FuzzPatterns compares the patterns of a channel with a plain definition.
func FuzzPatterns(f *testing.F) {
	for _, seed := range []string{"/a", "/a/b/c", "/", "//", "", "a/b", "/a//b", "/ü/*/**"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, channel string) {
		name, err := checkChannel(channel)
		if err == nil {
			again, err := checkChannel(name)
			assert.NoError(t, err)
			assert.Equal(t, name, again)
			assert.Equal(t, strings.HasSuffix(name, "/*") || strings.HasSuffix(name, "/**"), isPattern(name))
		}
		var got []string
		patterns([]byte(channel), nil, func(p []byte) bool { got = append(got, string(p)); return true })
		if err != nil {
			return
		}
		segments := strings.Split(name[1:], "/")
		var want []string
		for i := len(segments) - 1; i >= 0; i-- {
			prefix := "/" + strings.Join(segments[:i], "/")
			prefix = strings.TrimSuffix(prefix, "/")
			if i == len(segments)-1 {
				want = append(want, prefix+"/*")
			}
			want = append(want, prefix+"/**")
		}
		if name == channel {
			assert.Equal(t, want, got)
		}
	})
}

// FuzzNext feeds sequences of inputs: no panic, only allowed transitions, and
// no way back from the end.
func FuzzNext(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 1, 1, 0, 0, 3, 0, 0, 0, 5, 1, 1, 0})
	f.Add([]byte{0, 0, 0, 0, 2, 0, 0, 0, 2, 4, 0, 255, 1, 1, 0, 0, 3, 0, 0, 0, 10, 0, 2, 9})
	f.Add([]byte{0, 0, 0, 0, 1, 1, 0, 0, 12, 0, 0, 0, 13, 0, 0, 0, 15, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte("00001B1x")) // Retry-After: longer than any pause
	f.Fuzz(func(t *testing.T, program []byte) {
		s := state{minBackoff: 500 * ms, maxBackoff: 30 * sec}
		var now time.Duration
		for len(program) >= 4 {
			flags := program[1]
			wait := time.Duration(binary.LittleEndian.Uint16(program[2:4])) * ms
			now += wait
			in := input{
				kind: inputKind(program[0] % byte(inputKinds)), now: now,
				ok: flags&1 != 0, unknown: flags&2 != 0, refreshed: flags&4 != 0, permanent: flags&8 != 0,
				fatal: flags&16 != 0, otherway: flags&32 != 0, unreadable: flags&64 != 0, quick: flags&128 != 0,
				advice: advice{reconnect: reconnect(program[2] % 5), multiple: program[3]&1 != 0, never: program[3]&2 != 0,
					interval: duration{wait, program[3]&4 != 0}, timeout: duration{wait, program[3]&8 != 0}, maxInterval: duration{wait, program[3]&16 != 0}},
			}
			if program[3]&32 != 0 {
				in.retryAfter = wait
			}
			got, act := next(s, in)
			assertAllowed(t, s, got, act)
			assert.LessOrEqual(t, act.delay, maxAdvice)
			assert.LessOrEqual(t, act.spread, max(30*sec, in.retryAfter))
			again, same := next(s, in)
			assert.Equal(t, got, again, "next is a function")
			assert.Equal(t, act, same)
			s = got
			program = program[4:]
		}
	})
}

// FuzzError splits error texts.
func FuzzError(f *testing.F) {
	for _, seed := range []string{"402::unknown client", "", ":", "::", "403:a,b:c:d", "abc", "-12::x", "+12::y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var e Error
		e.parse(text)
		assert.GreaterOrEqual(t, e.Code, 0)
		assert.Less(t, e.Code, 1000)
		if e.Code == 0 && !strings.HasPrefix(text, "000:") {
			assert.Equal(t, text, e.Message)
		}
		assert.True(t, strings.HasPrefix(e.Error(), "cometd: "))
	})
}
