package browsertest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Two agents, two windows, one customer: the call is rejected at one agent,
// answered by the other, who asks the first and hands it over; the customer
// hangs up. Then GWS goes away for a while.
func TestTwoAgents(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	url := start(t, "-quiet")
	a, c := b.window("ada", 1440, 900), b.window("ben", 1440, 900)
	a.open(url)
	a.sees("#login-form")
	a.checkReadable("login")
	a.shot("01-login")
	a.signInAs(url, "ada")
	c.signInAs(url, "ben")
	a.sees("#no-calls", "You are ready")
	a.checkReadable("idle")
	a.shot("02-idle")

	// A queue call rings at Ada, who sends it back.
	a.simulate("ring")
	a.sees(".call.Ringing", "Maria Ortiz")
	a.sees(".call.Ringing", "Queue 9000")
	a.sees(".call.Ringing .attached", "Invoice question")
	a.until("said aloud", `document.getElementById("announce-now").textContent.includes("Call from Maria Ortiz, queue 9000")`)
	a.until("in the title", `document.title.includes("ringing")`)
	a.checkReadable("ringing")
	a.shot("03-ringing")
	a.press("Reject")
	a.seesNot(".call")
	a.sees("#history-list", "Sent back to the queue")

	// It rings at Ben, who answers it.
	c.sees(".call.Ringing", "Maria Ortiz")
	c.key("a")
	c.sees(".call.Established", "Talking")
	before := c.text(".call .clock")
	c.until("the timer ticks", `document.querySelector(".call .clock").textContent !== "`+before+`"`)
	c.sees("#activity-list", "You are talking.")
	c.checkReadable("talking")
	c.shot("04-talking")

	// He asks Ada.
	c.key("t")
	c.sees(".panel", "Transfer to")
	c.fill(".panel input", "5001")
	c.shot("05-transfer")
	c.send("InitiateTransfer")
	c.sees(".call.Held", "On hold")
	c.sees(".call.consult", "Consultation: Ada Adams")
	a.sees(".call.Ringing", "Ben Brook")
	a.key("a")
	c.sees(".call.consult.Established")
	c.checkReadable("consultation")
	c.shot("06-consultation")

	// And hands the customer over.
	c.press("CompleteTransfer")
	c.seesNot(".call")
	c.sees("#history-list", "Transferred by me")
	a.sees(".call.Established", "Maria Ortiz")
	a.shot("07-transferred")

	a.simulate("hangup")
	a.seesNot(".call")
	a.sees("#history-list", "Ended by the other side or at a phone")
	a.checkReadable("history")
	a.shot("08-history")

	// GWS goes away and comes back; both see it, and what happened meanwhile.
	a.simulate("ring")
	a.sees(".call.Ringing")
	a.key("a")
	a.sees(".call.Established")
	a.simulate("cut")
	for _, w := range []*window{a, c} {
		w.sees("#banner[data-link=gws]", "The connection to GWS is lost")
		w.sees("#link.lost", "Connection lost")
	}
	a.checkReadable("lost")
	a.shot("09-lost")
	a.sees(".call.Established")
	for _, w := range []*window{a, c} {
		w.sees("#banner[data-link=restored]", "Connected again")
		w.seesNot("#link.lost")
	}
	a.checkReadable("restored")
	a.shot("10-restored")
	a.sees(".call.Established")
	a.press("Hangup")
	a.seesNot(".call")

	// The page is only a view: loaded again, it shows the same.
	records := eval[int](a, `document.querySelectorAll("#history-list > li").length`)
	assert.Equal(t, 3, records)
	a.open(url)
	a.until("the history again", `document.querySelectorAll("#history-list > li").length === 3`)
}

// The desktop's own server goes away, and comes back knowing nobody.
func TestServerRestarts(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	var w *window
	var url string
	t.Run("while it runs", func(t *testing.T) {
		url = start(t, "-quiet") // until the end of the sub-test
		w = b.window("ada", 1200, 800)
		w.signInAs(url, "ada")
	})
	w.sees("#login .form-error", "The desktop's server was stopped.")
	w.size(390, 700)
	w.click(`.people [data-user="ada"]`)
	w.sees("#login .form-error", "The desktop's server cannot be reached.")
	w.until("on a phone it is in sight", `document.querySelector("#login .form-error").getBoundingClientRect().bottom <= innerHeight`)
	w.size(1200, 800)
	start(t, "-quiet", "-addr", strings.TrimPrefix(url, "http://"))
	w.click(`.people [data-user="ada"]`) // without loading the page again
	w.sees("#top-state", "Ready")
	w.simulate("ring")
	w.press("Answer")
	w.sees(".call.Established")
}
