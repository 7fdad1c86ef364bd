package browsertest

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// signInWith signs in at a desktop whose contact centre is the test's own.
func (w *window) signInWith(url, user string) {
	w.t.Helper()
	w.open(url)
	w.fill("#login-user", user)
	w.fill("#login-password", "secret")
	w.key("\r")
	w.state("Not ready")
}

// keep remembers elements by name, and from then on which elements are taken
// out of the page, be it to come back at once.
func (w *window) keep(selectors map[string]string) {
	w.t.Helper()
	eval[bool](w, `(window.kept = {}, window.taken = new Set(), window.watch?.disconnect(), window.watch = new MutationObserver((records) => {
		for (const r of records) for (const n of r.removedNodes) for (const [name, e] of Object.entries(kept)) if (n.contains(e)) taken.add(name);
	}), watch.observe(document.getElementById("desk"), { childList: true, subtree: true }), true)`)
	for name, selector := range selectors {
		require.True(w.t, eval[bool](w, fmt.Sprintf(`Boolean(kept[%q] = %s)`, name, element(selector, ""))), selector)
	}
}

// kept fails if an element was taken out since keep, or has lost the focus.
func (w *window) kept(when, focus string) {
	w.t.Helper()
	assert.Empty(w.t, eval[[]string](w, `[...taken]`), "taken out of the page: %s", when)
	assert.True(w.t, eval[bool](w, fmt.Sprintf(`document.activeElement === kept[%q]`, focus)), "%s has the focus: %s", focus, when)
}

// What happens to a call, and to the calls beside it, changes its card and
// replaces nothing of it: not the button that somebody is about to press, and
// not the field that somebody is typing into.
func TestUpdatesInPlace(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	sim := voicetest.NewServer(voicetest.Options{Recording: true})
	t.Cleanup(sim.Close)
	url := start(t, "-url", sim.URL())
	w, other := b.window("agent5001", 1440, 900), b.window("agent5001-again", 1440, 900)
	w.signInWith(url, "agent5001")
	other.signInWith(url, "agent5001") // the same agent at a second screen
	phone := sim.Agent("agent5001")

	customer := sim.Establish(voicetest.Call{To: "5001", From: "4155550142", UserData: map[string]any{"CustomerName": "Tom Becker"}})
	w.sees(".call.Established", "Tom Becker")
	w.press("transfer")
	w.fill(".panel input", "5003")
	caret := `(() => { const e = document.activeElement; return [e.value, e.selectionStart, e.selectionEnd].join(" "); })()`
	eval[bool](w, `(document.activeElement.setSelectionRange(1, 3), true)`)
	w.keep(map[string]string{
		"card": ".call.Established", "form": ".panel form", "field": ".panel input", "send": `.panel [data-submit="InitiateTransfer"]`,
		"data": `.actions [data-panel="data"]`, "result": `.actions [data-panel="result"]`,
	})
	var colleague string
	for _, step := range []struct {
		what       string
		do         func()
		sees, text string
	}{
		{"data is attached", func() { require.True(t, sim.AttachData(customer, map[string]any{"Note": "VIP"})) }, ".attached", "Note VIP"},
		{"held at the phone", func() { require.True(t, phone.Hold(customer)) }, ".call.Held", "Tom Becker"},
		{"a colleague calls", func() { colleague = sim.Ring(voicetest.Call{To: "5001", From: "5002"}) }, ".call.Ringing", "5002"},
		{"answered at the phone", func() { require.True(t, phone.Answer(colleague)) }, ".call.Established", "5002"},
		{"the colleague hangs up", func() { require.True(t, sim.Agent("agent5002").Hangup(colleague)) }, "#calls-count", "1"},
		{"retrieved at the phone", func() { require.True(t, phone.Retrieve(customer)) }, ".call.Established", "Tom Becker"},
		{"the connection is cut", func() { sim.DropSession("agent5001") }, "#banner[data-link=restored]", "Connected again"},
	} {
		step.do()
		w.sees(step.sees, step.text)
		w.kept(step.what, "field")
		assert.Equal(t, "5003 1 3", eval[string](w, caret), step.what)
	}

	// A button keeps the focus while those before it come and go.
	w.click(".panel .close")
	w.offers("Hold")
	eval[bool](w, `(document.querySelector('.actions [data-panel="result"]').focus(), true)`)
	w.keep(map[string]string{"button": `.actions [data-panel="result"]`})
	require.True(t, phone.Hold(customer))
	w.offers("Retrieve")
	w.kept("held", "button")
	require.True(t, phone.Retrieve(customer))
	w.offers("Hold")
	w.kept("retrieved", "button")

	// If it goes itself, the one that stands there instead has the focus.
	eval[bool](w, `(document.querySelector('.actions [data-op="Hold"]').focus(), true)`)
	require.True(t, phone.Hold(customer))
	w.until("the focus is on Retrieve", `document.activeElement.dataset.op === "Retrieve"`)
	require.True(t, phone.Retrieve(customer))
	w.until("the focus is on Hold", `document.activeElement.dataset.op === "Hold"`)

	// A call rings while the mouse button is down: the click still counts.
	w.hit(`.actions [data-op="Hangup"]`, "")
	at := eval[[]float64](w, `window.found`)
	mouse := func(kind input.DispatchMouseEventType) {
		t.Helper()
		_, err := chromedp.Call(w.ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{
			Type: kind, X: at[0], Y: at[1], Button: input.MouseButtonLeft, ClickCount: 1})
		require.NoError(t, err)
	}
	mouse(input.DispatchMouseEventTypeMousePressed)
	colleague = sim.Ring(voicetest.Call{To: "5001", From: "5002"})
	other.sees(".call.Ringing", "5002")
	mouse(input.DispatchMouseEventTypeMouseReleased)
	w.seesNot(".call.Established")
	assert.False(t, sim.Alive(customer), "hung up")
	w.sees(".call.Ringing", "5002")
	require.True(t, sim.Agent("agent5002").Hangup(colleague))
	w.seesNot(".call")
}
