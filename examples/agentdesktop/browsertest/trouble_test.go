package browsertest

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

// outcomes lets operations go wrong in every way, and compares how that looks.
func outcomes(a *window) {
	a.simulate("ring")
	a.press("Answer")
	a.sees(".call.Established")
	look := func(kind string) string {
		return eval[string](a, `(() => {
			const e = document.querySelector(".call > .outcome");
			const s = getComputedStyle(e);
			return [s.backgroundColor, s.borderTopStyle, s.borderTopColor, e.querySelector("use").getAttribute("href"), e.querySelector("b").innerText.split(":")[0]].join(" ");
		})()`)
	}
	seen := map[string]string{}
	for _, test := range [][3]string{
		{"fail", "failed", "Failed: Mute"}, {"refuse", "refused", "Refused: Mute"}, {"silence", "unknown", "Unknown: Mute"},
	} {
		a.simulate(test[0])
		a.press("MuteCall")
		a.sees(".call > .outcome."+test[1], test[2])
		a.checkReadable(test[1])
		a.shot("16-" + test[1])
		for kind, other := range seen {
			assert.NotEqual(a.t, other, look(test[1]), "%s looks like %s", test[1], kind)
		}
		seen[test[1]] = look(test[1])
	}
	a.sees(`#activity-list [data-outcome="failed"]`, "Switch error 93")
	a.sees(`#activity-list [data-outcome="refused"]`, "not valid in the current state")
	a.sees(`#activity-list [data-outcome="unknown"]`, "Look at the call before you try again")
	a.click(".call > .outcome button")
	a.seesNot(".call > .outcome")
	a.simulate("hangup")
	a.seesNot(".call")
}

func outage(a *window) {
	a.simulate("ring")
	a.press("Answer")
	a.sees(".call.Established")
	a.simulate("outage")
	a.sees("#banner[data-link=voice]", "The telephone switch is not available")
	a.press("Hold")
	a.sees(".call > .outcome.unsent", "Not sent: Hold")
	a.checkReadable("outage")
	a.shot("17-outage")
	a.seesNot("#banner")
	a.press("Hold")
	a.sees(".call.Held")
	a.simulate("hangup")
	a.seesNot(".call")
	a.simulate("cut")
	a.sees("#banner[data-link=gws]")
	a.sees("#banner[data-link=restored]")
}

func keyboard(a *window) {
	a.click("#help-open")
	a.sees("#help", "New call")
	a.checkReadable("shortcuts")
	a.shot("18-shortcuts")
	a.click("#help button", "Close")
	a.seesNot("#help")
	a.key("n")
	a.state("Not ready")
	a.key("w")
	a.state("After-call work")
	a.key("r")
	a.state("Ready")
	a.key("d")
	a.until("the field has the focus", `document.activeElement.id === "dial-number"`)
	a.key("n")
	a.until("in a field a key is a character", `document.activeElement.value === "n"`)
	a.key("\b")
	eval[bool](a, `(document.activeElement.blur(), true)`)

	a.simulate("ring")
	a.sees(".call.Ringing")
	a.key("a")
	a.sees(".call.Established")
	for _, step := range [][2]string{{"h", ".call.Held"}, {"h", ".call.Established"}} {
		a.key(step[0])
		a.sees(step[1])
	}
	a.key("m")
	a.sees(".chips", "Muted")
	a.key("m")
	a.seesNot(".chips .badge", "Muted")
	a.key("p")
	a.sees(".chips", "Recording")
	for _, step := range [][2]string{{"k", "Keypad"}, {"t", "Transfer"}, {"c", "Conference"}, {"u", "Attached data"}, {"o", "Result of the call"}} {
		a.key(step[0])
		a.sees(".panel h3", step[1])
		a.key("\x1b")
		a.seesNot(".panel")
	}
	a.simulate("colleague")
	a.sees(".call.Ringing")
	a.key("2")
	a.until("the second call is chosen", `document.activeElement.classList.contains("Established")`)
	a.key("e")
	a.seesNot(".call.Established")
	a.key("?")
	a.sees("#help")
	a.click("#help-on")
	a.click("#help button", "Close")
	a.key("a")
	a.key("n")
	a.sees(".call.Ringing")
	a.click("#help-open")
	a.click("#help-on")
	a.key("\x1b")
	a.seesNot("#help")
	a.key("a")
	a.sees(".call.Established")
	a.state("Ready")
	a.press("Hangup")
	a.seesNot(".call")
}

func signOut(a *window) {
	a.click("#theme")
	a.checkReadable("other colours")
	a.shot("19-other-colours")
	a.simulate("ring")
	a.press("Answer")
	a.sees(".call.Established")
	a.click("#logout")
	a.sees("#toasts", "You are still on a call")
	a.click("#toasts button")
	a.seesNot("#toasts .outcome")
	a.click("#logout", "Sign out anyway")
	a.sees("#login-form")
	a.checkReadable("signed out")
}

// What is wrong with a form is said beside the field, and nothing is lost.
func TestBadInput(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	url := start(t, "-quiet")
	a := b.window("ada", 1440, 1000)
	a.open(url)
	a.sees("#login-form")
	login := `#login-form [type="submit"]`
	a.click(login)
	a.complaint("#login-user", "Enter your user name.", "")
	a.fill("#login-user", "ada")
	a.click(login)
	a.complaint("#login-password", "Enter your password.", "")
	a.fill("#login-password", "guess")
	a.click(login)
	a.complaint("#login-password", "do not belong together", "guess")
	a.shot("20-login-refused")
	a.fill("#login-password", "secret")
	a.click("#login-form summary")
	eval[bool](a, `(document.getElementById("login-begin").value = "Ready", true)`)
	a.click(login)
	a.state("Ready")
	a.until("the password is not kept on the page", `document.getElementById("login-password").value === ""`)

	a.click(`[data-submit="Dial"]`)
	a.complaint("#dial-number", "Enter a number.", "")
	a.fill("#dial-number", "Ben, please")
	a.click(`[data-submit="Dial"]`)
	a.complaint("#dial-number", "“Ben, please” is not a number", "Ben, please")
	a.fill("#dial-number", "4711")
	a.until("the message goes when one types", `!document.querySelector("#dial .field-error")`)
	a.click(`[data-submit="Dial"]`)
	a.sees("#dial .outcome.failed", "Switch error 71")
	a.until("nothing is lost", `document.getElementById("dial-number").value === "4711"`)
	a.click("#device-now summary")
	a.click(`[data-submit="ForwardCallsOn"]`)
	a.complaint("#device-now input", "Enter a number.", "")
	a.fill("#device-now input", "home")
	a.click(`[data-submit="ForwardCallsOn"]`)
	a.complaint("#device-now input", "is not a number", "home")

	a.simulate("ring")
	a.press("Answer")
	a.sees(".call.Established")
	for _, test := range [][3]string{
		{"transfer", "InitiateTransfer", "number"}, {"transfer", "SingleStepTransfer", "number"},
		{"conference", "InitiateConference", "number"}, {"conference", "SingleStepConference", "number"},
	} {
		a.press(test[0])
		a.send(test[1])
		a.complaint(".panel input", "Enter a number.", "")
		a.fill(".panel input", "the boss")
		a.send(test[1])
		a.complaint(".panel input", "is not a number", "the boss")
		a.click(".panel .close")
		a.seesNot(".panel")
	}
	a.press("result")
	a.send("SetCallDisposition")
	a.complaint(".panel input", "Enter or choose a result.", "")
	a.press("data")
	a.send("UpdateUserData")
	a.complaint(`.panel [name="key"]`, "Enter a name", "")
	a.fill(`.panel [name="key"]`, "Topic")
	a.send("AttachUserData")
	a.complaint(`.panel [name="value"]`, "Enter a value.", "")
	require.Equal(t, "Topic", eval[string](a, `document.querySelector('.panel [name="key"]').value`))
	a.press("keypad")
	a.send("SendDtmf")
	a.complaint(".panel input", "Enter the digits to send.", "")
	a.fill(".panel input", "12ab4")
	a.send("SendDtmf")
	a.complaint(".panel input", "not “ab”", "12ab4")
	a.checkReadable("bad digits")
	a.shot("21-bad-digits")

	// The call goes while the form is open: it says so beside the field and
	// keeps what was typed.
	a.simulate("hangup")
	a.sees(".call.ended", "Ended")
	a.beside(".panel input", "The call has ended. What you typed stays here", "12ab4")
	a.checkReadable("ended")
	a.shot("22-ended")
	a.click(".panel .close")
	a.seesNot(".call")

	// The same on a page that is behind, and does not know yet.
	a.simulate("ring")
	a.click(`[data-state="Ready"]`)
	a.press("Answer")
	a.sees(".call.Established")
	a.press("keypad")
	a.fill(".panel input", "123")
	eval[bool](a, `import("/stream.js").then((m) => (m.stop(), true))`)
	a.simulate("hangup")
	a.send("SendDtmf")
	a.complaint(".panel input", "This call has ended, so nothing can be done with it any more.", "123")
	a.shot("23-gone")
}

// What no button waits for is shown all the same.
func TestAside(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	sim := voicetest.NewServer(voicetest.Options{Agents: []voicetest.Agent{{UserName: "ada", DN: "5001"}}})
	t.Cleanup(sim.Close)
	w := b.window("ada", 1200, 800)
	w.open(start(t, "-url", sim.URL()))
	w.fill("#login-user", "ada")
	w.fill("#login-password", "secret")
	w.click("#login-form summary")
	w.fill("#login-place", "Nowhere")
	w.click(`#login-form [type="submit"]`)
	w.sees("#toasts .outcome.refused", "Place 'Nowhere' not found")
	sim.InjectMessage("ada", "/v2/me/calls", `{"messageType":"ErrorMessage","errorCode":71,"errorMessage":"Invalid Called DN"}`)
	w.sees("#toasts .outcome.notice", "Invalid Called DN. Switch error 71.")
	w.checkReadable("toasts")
	w.shot("26-toasts")
	w.click("#toasts .outcome.refused button")
	w.seesNot("#toasts .outcome.refused")
}

// The page follows the computer's colours until the agent chooses.
func TestDarkColours(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	url := start(t, "-quiet", "-timeout", "1500ms")
	a := b.window("ada", 1440, 900)
	_, err := chromedp.Call(a.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
	require.NoError(t, err)
	a.open(url)
	a.sees("#login-form")
	a.until("it is dark", `document.documentElement.dataset.theme === "dark"`)
	a.checkReadable("login, dark")
	a.signInAs(url, "ada")
	a.simulate("ring")
	a.sees(".call.Ringing")
	a.checkReadable("ringing, dark")
	a.shot("23-dark-ringing")
	a.press("Answer")
	a.press("transfer")
	a.sees(".panel")
	a.checkReadable("talking, dark")
	a.shot("24-dark-talking")
	for _, kind := range [][2]string{{"refuse", "refused"}, {"fail", "failed"}, {"silence", "unknown"}, {"outage", "unsent"}} {
		a.simulate(kind[0])
		if kind[0] == "outage" {
			a.sees("#banner[data-link=voice]")
		}
		a.press("Hold")
		a.sees(".call > .outcome." + kind[1])
		a.send("InitiateTransfer")
		a.complaint(".panel input", "Enter a number.", "")
		a.checkReadable(kind[1] + ", dark")
		a.shot("24-dark-" + kind[1])
	}
}
