package cometd

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestScan_stepsOverBrokenMessages(t *testing.T) {
	for body, want := range map[string]string{
		`[{"channel":"/a"},{"channel":"/x"x},{"channel":"/b"},{"y":},{"channel":"/c"}]`: "/a /b /c",
		`[{"channel":"/x","data":"` + "\n" + `,{]"},{"channel":"/b"}]`:                  "/b",
		`[x, {"channel":"/b"}]`:                                "/b",
		`[{"channel":"/a"},{"channel":"/x","d":"\"},{"},{`:     "/a /x",
		`[{"channel":"/a"}{"channel":"/b"}]`:                   "/a",
		`[{"channel":"/a"}`:                                    "/a",
		`[{"channel":"/a"},5,{"channel":""},{"channel":"/b"}]`: "/a /b",
		`[{"channel":"/a"}] x`:                                 "/a",
	} {
		var got []string
		n, err := scan([]byte(body), &scanned{}, func(m *message) { got = append(got, string(m.channel)) })
		assert.Error(t, err, body)
		assert.Equal(t, want, strings.Join(got, " "), body)
		assert.Len(t, got, n)
	}
}

func TestScan_brokenBodiesCostLittle(t *testing.T) {
	for _, unit := range []string{"{x},", "[", "{", `"`, ",", `{"channel":"/a"},x`, "[{},"} {
		body := append([]byte("["), bytes.Repeat([]byte(unit), 4<<20/len(unit))...)
		start := time.Now()
		_, err := scan(body, &scanned{}, func(*message) {})
		assert.Error(t, err)
		assert.Less(t, time.Since(start), 5*time.Second, unit)
	}
}

func TestScan_parts(t *testing.T) {
	body := []byte(` [ {"channel" : "/\u0061" , "data" : {"x":1} ,"id":12,"ext":[] } ] `)
	var kept *Message
	n, err := scan(bytes.TrimSpace(body), &scanned{}, func(m *message) {
		e := m.event(string(m.channel))
		assert.Equal(t, `/a {"x":1} [] 12`, fmt.Sprintf("%s %s %s %s", e.Channel, e.Data, e.Ext, m.id))
		assert.Equal(t, `{"channel" : "/\u0061" , "data" : {"x":1} ,"id":12,"ext":[] }`, string(e.Raw))
		kept = e
	})
	clear(body)
	assert.Equal(t, `{"x":1}`, string(kept.Data), "a copy")
	assert.NoError(t, err)
	assert.Equal(t, 1, n)
}
