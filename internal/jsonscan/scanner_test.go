package jsonscan

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestScanner_readsAnObject(t *testing.T) {
	s := New([]byte(` { "channel" : "/a\/b" , "id":"7","ok":true,"n":-12.0,"skip":{"a":[1,{"b":null}]},
		"list":[1,"two",[3],null],"raw": [ 1 , 2 ] ,"last":false } `))
	var (
		channel, id string
		ok, last    bool
		lastOK      bool
		n           int64
		kinds       []Kind
		raw         []byte
		keys        []string
	)
	require.True(t, s.Object())
	for s.NextKey() {
		keys = append(keys, string(s.Key()))
		switch string(s.Key()) {
		case "channel":
			channel, _ = s.Str()
		case "id":
			id, _ = s.Str()
		case "ok":
			ok, _ = s.Bool()
		case "n":
			n, _ = s.Int()
		case "list":
			require.True(t, s.Array())
			for s.NextElem() {
				kinds = append(kinds, s.Kind())
			}
		case "raw":
			raw = s.Raw()
		case "last":
			last, lastOK = s.Bool()
		}
	}
	require.NoError(t, s.End())
	assert.Equal(t, []string{"channel", "id", "ok", "n", "skip", "list", "raw", "last"}, keys)
	assert.Equal(t, "/a/b", channel)
	assert.Equal(t, "7", id)
	assert.True(t, ok)
	assert.False(t, last)
	assert.True(t, lastOK)
	assert.EqualValues(t, -12, n)
	assert.Equal(t, []Kind{Number, String, Array, Null}, kinds)
	assert.Equal(t, "[ 1 , 2 ]", string(raw))
}

func TestScanner_wrongTypeCostsOneValue(t *testing.T) {
	s := New([]byte(`[{"a":[1]}, 5, "text", null, true, [2]]`))
	require.True(t, s.Array())
	require.True(t, s.NextElem())
	_, ok := s.Str()
	assert.False(t, ok, "object as string")
	require.True(t, s.NextElem())
	assert.False(t, s.Object(), "number as object")
	require.True(t, s.NextElem())
	_, ok = s.Int()
	assert.False(t, ok, "string as number")
	require.True(t, s.NextElem())
	assert.False(t, s.Array(), "null as array")
	require.True(t, s.NextElem())
	_, ok = s.Text()
	assert.False(t, ok, "bool as text")
	require.True(t, s.NextElem())
	_, ok = s.Bool()
	assert.False(t, ok, "array as bool")
	assert.False(t, s.NextElem())
	assert.NoError(t, s.End())
}

func TestScanner_textIsAPartOfTheData(t *testing.T) {
	data := []byte(`["plain","grün","\u00e9\n\ud83d\ude00"]`)
	s := New(data)
	require.True(t, s.Array())
	var got []string
	n := testing.AllocsPerRun(10, func() {
		s := New(data[:16])
		s.Array()
		for s.NextElem() {
			s.Text()
		}
	})
	assert.Zero(t, n, "nothing to unescape, nothing to allocate")
	for s.NextElem() {
		v, ok := s.Text()
		require.True(t, ok)
		got = append(got, string(v))
	}
	require.NoError(t, s.End())
	assert.Equal(t, []string{"plain", "grün", "é\n😀"}, got)
}

func TestErrors_tellThePlace(t *testing.T) {
	tests := []struct{ in, want string }{
		{``, "invalid JSON: unexpected end where a value should go on, at offset 0"},
		{`{"a":1`, `invalid JSON: unexpected end behind a value, at offset 6, behind key "a"`},
		{`{"a" 1}`, `invalid JSON: invalid character '1' behind a key, at offset 5, behind key "a"`},
		{`{"a":1,}`, `invalid JSON: invalid character '}' where a key should begin, at offset 7, behind key "a"`},
		{`{"a":1]`, `invalid JSON: invalid character ']' behind a value, at offset 6, behind key "a"`},
		{`{"a":tru}`, `invalid JSON: invalid character '}' where a value should go on, at offset 8, behind key "a"`},
		{`{"a":01}`, `invalid JSON: invalid character '1' behind a value, at offset 6, behind key "a"`},
		{"{\"a\":\"x\ny\"}", `invalid JSON: invalid character '\n' in a string, at offset 7, behind key "a"`},
		{`{"a":"\x"}`, `invalid JSON: invalid character '\\' in a string, not an escape, at offset 6, behind key "a"`},
		{`{"a":"se`, `invalid JSON: unexpected end in a string, at offset 8, behind key "a"`},
		{`{} x`, `invalid JSON: invalid character 'x' behind the end, at offset 3`},
		{`<html>`, `invalid JSON: invalid character '<' where a value should go on, at offset 0`},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			_, err := Any([]byte(tt.in))
			assert.EqualError(t, err, tt.want)
			syntax, ok := errors.AsType[*SyntaxError](err)
			require.True(t, ok)
			assert.LessOrEqual(t, syntax.Offset, len(tt.in))
			assert.Error(t, Valid([]byte(tt.in)), "skipping finds it too")
		})
	}
}

func TestErrors_tellTheKeyInWhatIsSkipped(t *testing.T) {
	err := Valid([]byte(`{"data":{"call":{"id":"x","deviceUri":"a` + "\n" + `b"}}}`))
	assert.EqualError(t, err, `invalid JSON: invalid character '\n' in a string, at offset 40, behind key "deviceUri"`)
}

func TestErrors_areSticky(t *testing.T) {
	s := New([]byte(`{"a":x,"b":1}`))
	require.True(t, s.Object())
	require.True(t, s.NextKey())
	assert.Nil(t, s.Raw())
	first := s.Err()
	require.Error(t, first)
	assert.Equal(t, 5, s.Pos())
	assert.False(t, s.NextKey())
	assert.False(t, s.NextElem())
	assert.False(t, s.Object())
	assert.False(t, s.Array())
	assert.Equal(t, Invalid, s.Kind())
	assert.Nil(t, s.Any())
	_, ok := s.Bool()
	assert.False(t, ok)
	_, ok = s.Number()
	assert.False(t, ok)
	assert.Equal(t, first, s.End())
}

func TestDepth_isLimited(t *testing.T) {
	nested := func(n int, open, end string) []byte {
		return []byte(strings.Repeat(open, n) + "1" + strings.Repeat(end, n))
	}
	for _, k := range []struct {
		open, end string
		levels    int
	}{{"[", "]", MaxDepth}, {`{"a":`, "}", MaxDepth}, {`[{"a":`, "}]", MaxDepth / 2}} {
		ok, deep := nested(k.levels, k.open, k.end), nested(k.levels+1, k.open, k.end)
		assert.NoError(t, Valid(ok))
		assert.ErrorContains(t, Valid(deep), "nested too deeply")
		_, err := Any(ok)
		assert.NoError(t, err)
		_, err = Any(deep)
		assert.ErrorContains(t, err, "nested too deeply")
	}

	// Entering by hand and skipping count together.
	s := New(nested(MaxDepth+1, "[", "]"))
	for range 10 {
		require.True(t, s.Array())
		require.True(t, s.NextElem())
	}
	s.Skip()
	assert.ErrorContains(t, s.Err(), "nested too deeply")
	assert.Error(t, Valid([]byte(strings.Repeat("[", 10_000_000))))
}

func TestNumber_keepsItsDigits(t *testing.T) {
	tests := []struct {
		in   string
		want any
	}{
		{"0", 0.0}, {"1", 1.0}, {"63", 63.0}, {"64", 64.0}, {"-7", -7.0}, {"672", 672.0},
		{"1769554688150", 1769554688150.0},
		{"0.1", 0.1}, {"1e3", 1000.0}, {"1.50", 1.5}, {"1E-2", 0.01}, {"0e999", 0.0},
		{"9007199254740992", 9007199254740992.0},
		{"9007199254740993", json.Number("9007199254740993")},
		{"12345678901234567890", json.Number("12345678901234567890")},
		{"100000000000000000000000", 1e23},
		{"0.1000000000000000055511151231257827", json.Number("0.1000000000000000055511151231257827")},
		{"1e400", json.Number("1e400")}, {"1e-400", json.Number("1e-400")},
		{"1e99999999999999999999", json.Number("1e99999999999999999999")},
	}
	for _, tt := range tests {
		got, err := Any([]byte(tt.in))
		assert.NoError(t, err)
		assert.Equal(t, tt.want, got, tt.in)
	}
}

func TestInt_acceptsEveryWayToWriteAnInteger(t *testing.T) {
	for in, want := range map[string]int64{
		"5": 5, "-5": -5, "5.0": 5, "5e0": 5, "0": 0, "9223372036854775807": 9223372036854775807,
		"-9223372036854775808": -9223372036854775808, "1.769554688150e12": 1769554688150,
	} {
		s := New([]byte(in))
		got, ok := s.Int()
		assert.True(t, ok, in)
		assert.Equal(t, want, got, in)
	}
	for _, in := range []string{"5.5", "9223372036854775808", "1e300", `"5"`, "null", "1e400"} {
		s := New([]byte(in))
		_, ok := s.Int()
		assert.False(t, ok, in)
		assert.NoError(t, s.End(), in)
	}
}

func TestTable_returnsTheSameString(t *testing.T) {
	var table Table
	uri := []byte("http://gws.example.test:8080/api/v2/devices/5d2f0c1e-7a44-4b39-9c55-1f0be2a6d701")
	assert.Equal(t, string(uri), table.String(uri))
	assert.Zero(t, testing.AllocsPerRun(100, func() { table.String(uri) }))
	assert.Empty(t, table.String(nil))
	long := []byte(strings.Repeat("x", maxIntern+1))
	assert.Equal(t, string(long), table.String(long))
	for i := range 10 * tableSize { // a flood changes nothing but speed
		text := []byte(strings.Repeat("k", i%50) + string(rune('a'+i%26)))
		require.Equal(t, string(text), table.String(text))
	}
}

func TestSkipSame(t *testing.T) {
	for _, r := range []struct {
		doc, value string
		same       bool
	}{
		{`{"k": {"a":1} ,"z":2}`, `{"a":1}`, true},
		{`{"k":{"a":1},"z":2}`, `{"a":12}`, false},
		{`{"k":{"a":12},"z":2}`, `{"a":1}`, false},
		{`{"k":[],"z":2}`, ``, false},
		{`{"k":{"a":`, `{"a":1}`, false},
	} {
		s := New([]byte(r.doc))
		require.True(t, s.Object())
		require.True(t, s.NextKey())
		value := New([]byte(r.value))
		value.Skip()
		assert.Equal(t, r.same, s.SkipSame(value.Print(0)), r.doc)
		if r.same {
			require.True(t, s.NextKey())
			assert.Equal(t, "z", string(s.Key()))
			require.False(t, s.NextKey())
			require.NoError(t, s.End())
		}
	}
}
