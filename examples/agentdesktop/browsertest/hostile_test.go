package browsertest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// What callers and their data are called is text: it runs nothing, breaks no
// layout, and turns round no text beside it.
func TestHostileData(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	sim := voicetest.NewServer(voicetest.Options{})
	t.Cleanup(sim.Close)
	url := start(t, "-url", sim.URL())
	w := b.window("hostile", 1440, 900)
	w.signInWith(url, "agent5001")
	attack := `<img src=x onerror="window.hacked=1">`
	name := attack + " مها العلي"
	id := sim.Ring(voicetest.Call{To: "5001", Queue: "9000", From: `"><script>window.hacked=2</script>`, UserData: map[string]any{
		"CustomerName":                     name,
		`<script>window.hacked=3</script>`: `</dd><script>window.hacked=4</script>`,
		"__proto__":                        map[string]any{"polluted": "yes"},
		"constructor":                      "' onmouseover=window.hacked=5 '",
		"Long":                             strings.Repeat("x", 4000),
		strings.Repeat("key", 200):         strings.Repeat("long words ", 300),
		"ملاحظة":                           "العميل غاضب (123)",
		"Empty":                            "",
		"Number":                           12.5,
		"Nothing":                          nil,
		"List":                             []any{"a", map[string]any{"b": true}},
	}})
	w.sees(".call.Ringing h2", name)
	for _, text := range []string{
		`<script>window.hacked=3</script> </dd><script>window.hacked=4</script>`, `__proto__ {"polluted":"yes"}`,
		`constructor ' onmouseover=window.hacked=5 '`, "ملاحظة العميل غاضب (123)", "Number 12.5", "Nothing null", `List ["a",{"b":true}]`,
	} {
		w.sees(".call .attached", text)
	}
	sizes := func(name string) {
		for _, size := range [][2]int64{{1000, 800}, {320, 700}, {1440, 900}} {
			w.size(size[0], size[1])
			w.checkReadable(name)
			w.shot(name)
		}
	}
	sizes("27-hostile-ringing")
	w.press("Answer")
	w.press("data")
	w.sees(".pairs", "ملاحظة")
	sizes("27-hostile-data")
	w.click(".pairs button[value='__proto__']")
	w.seesNot(".call .attached", "__proto__")
	sim.HangupCustomer(id)
	w.seesNot(".call")
	w.sees("#history-list", name)
	sizes("28-hostile-history")
	assert.True(t, eval[bool](w, `window.hacked === undefined && {}.polluted === undefined`), "nothing was run")
}
