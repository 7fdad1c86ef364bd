package browsertest

import (
	"os"
	"testing"
)

// The pictures of the README: readme-desktop, readme-supervisor and
// readme-phone, taken in the middle of a lively contact centre.
func TestPictures(t *testing.T) {
	t.Parallel()
	if os.Getenv("SCREENSHOTS") == "" {
		t.Skip("SCREENSHOTS names no folder")
	}
	b := newBrowser(t)
	url := start(t)
	a, s, p := b.window("readme", 1280, 800), b.window("readme", 1280, 800), b.window("readme", 390, 780)
	s.signInAs(url, "sam")
	a.signInAs(url, "ada")
	a.simulate("ring")
	a.press("Answer")
	a.sees(".call.Established")
	s.click(`#team-list li[data-dn="5001"] [data-op="BargeIn"]`)
	s.sees(".call.Established .chips", "Barged in")
	s.until("somebody else talks too", `[...document.querySelectorAll("#team-list .on-call")].filter((e) => e.innerText.includes("Talking")).length > 2`)
	portrait := func(w *window, name string) {
		eval[bool](w, `(document.querySelectorAll(".columns > *").forEach((e) => (e.scrollTop = 0)), scrollTo(0, 0), true)`)
		w.shot(name)
	}
	portrait(s, "supervisor")
	a.press("transfer")
	a.fill(".panel input", "5002")
	p.signInAs(url, "ben")
	a.send("InitiateTransfer")
	p.click(".actions .btn", "Answer")
	a.sees(".call.consult.Established")
	a.until("some time has passed", `document.querySelector(".call.consult .clock").textContent >= "0:03"`)
	portrait(a, "desktop")
	a.press("CompleteTransfer")
	p.sees(".call.Established .attached")
	p.until("some time has passed", `document.querySelector(".call .clock").textContent >= "0:05"`)
	portrait(p, "phone")
}
