package jsonscan

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var seeds = []string{
	`{}`, `[]`, `null`, `true`, `false`, `0`, `-0`, `-`, `1.5e+3`, `1.`, `.5`, `+1`, `01`, `1e`, `1e+`, `""`, `"`, `"\`, `"\u`, `"\u12`,
	`"\u00e9\ud83d\ude00\ud83d\u0041\ude00\ud83d"`, `"\ud800\ud83d\ude00"`, "\"\xff\xc3\"", "\"\xc3\xa9\"", "\"12345678\xff\"", `"12345678"`, `"1234567\n"`,
	"\"1234567\x00\"", "\"12345678\x1f\"", "\"\x7f\"", `"abcdefgh\"ijklmnop\\"`,
	`{"a":1,"a":2}`, `{"a":{"b":[1,2,{"c":null}]},"d":"e"}`, `{"a":1,}`, `[1,]`, `[,1]`, `{,}`, `{"a"}`, `{"a":}`, `{1:2}`, `[1 2]`, `{"a":1 "b":2}`,
	` [ 1 , { "k" : [ ] } ] `, "\t\r\n1\n", "\v1", "1\x00", `[}`, `{]`, `[[]`, `[]]`, `nul`, `nulll`, `tru`, `truex`, "\xef\xbb\xbf{}",
	`{"\u0061":1,"a":2}`, `9007199254740993`, `1e400`, `1e-400`, `-0.0`, `100000000000000000000000`, `{"data":{"call":{"id":"X"}},"channel":"/v2/me/calls"}`,
}

// tooDeepFor tells whether the only reason for a refusal may be the depth.
func tooDeepFor(data []byte) bool {
	return bytes.Count(data, []byte("["))+bytes.Count(data, []byte("{")) > MaxDepth
}

func FuzzValid(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := Valid(data)
		if tooDeepFor(data) {
			return
		}
		require.Equal(t, json.Valid(data), err == nil, "%q: %v", data, err)
	})
}

// FuzzAny compares values, and reading with skipping.
func FuzzAny(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Any(data)
		if err == nil {
			require.NoError(t, Valid(data))
		} else {
			skipErr := Valid(data)
			require.Error(t, skipErr)
			require.Equal(t, err.(*SyntaxError).Offset, skipErr.(*SyntaxError).Offset)
			require.LessOrEqual(t, len(err.Error()), 300)
		}
		if tooDeepFor(data) {
			return
		}
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		var want any
		if !json.Valid(data) {
			require.Error(t, err)
			return
		}
		require.NoError(t, d.Decode(&want))
		require.NoError(t, err)
		requireSame(t, want, got)
	})
}

// requireSame compares a value decoded with UseNumber to ours.
func requireSame(t *testing.T, want, got any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		require.True(t, ok)
		require.Len(t, got, len(want))
		for k, v := range want {
			require.Contains(t, got, k)
			requireSame(t, v, got[k])
		}
	case []any:
		got, ok := got.([]any)
		require.True(t, ok)
		require.Len(t, got, len(want))
		for i, v := range want {
			requireSame(t, v, got[i])
		}
	case json.Number:
		f, err := strconv.ParseFloat(string(want), 64)
		switch got := got.(type) {
		case float64:
			require.NoError(t, err)
			require.Equal(t, f, got)
		case json.Number:
			require.Equal(t, want, got)
		default:
			t.Fatalf("number became %T", got)
		}
	default:
		require.Equal(t, want, got)
	}
}

// FuzzScanner calls the methods in an order that the input chooses: no panic,
// no endless loop, no position outside the data.
func FuzzScanner(f *testing.F) {
	for i, s := range seeds {
		f.Add([]byte(s), []byte{byte(i), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 3, 3, 1})
	}
	f.Fuzz(func(t *testing.T, data, calls []byte) {
		s := New(data)
		for _, c := range calls {
			switch c % 13 {
			case 0:
				s.Object()
			case 1:
				s.Array()
			case 2:
				s.NextKey()
			case 3:
				s.NextElem()
			case 4:
				s.Text()
			case 5:
				s.Bool()
			case 6:
				s.Int()
			case 7:
				s.Any()
			case 8:
				s.Raw()
			case 9:
				s.Skip()
			case 10:
				s.Kind()
			case 11:
				s.Key()
			case 12:
				_ = s.End()
			}
			require.GreaterOrEqual(t, s.Pos(), 0)
			require.LessOrEqual(t, s.Pos(), len(data))
			if err := s.Err(); err != nil {
				require.NotEmpty(t, err.Error())
			}
		}
	})
}

func TestSeeds_agreeAtEveryAlignment(t *testing.T) {
	for _, s := range seeds {
		for pad := range 17 {
			for _, in := range []string{strings.Repeat(" ", pad) + s, `["` + strings.Repeat("x", pad) + `",` + s + `]`} {
				assert.Equal(t, json.Valid([]byte(in)), Valid([]byte(in)) == nil, "%q", in)
			}
		}
	}
}
