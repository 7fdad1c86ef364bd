package browsertest

import (
	"fmt"

	"github.com/stretchr/testify/assert"
)

// signInAs opens the page and becomes one of the people of the simulation.
func (w *window) signInAs(url, user string) {
	w.t.Helper()
	w.open(url)
	w.watchClicks()
	w.click(`.people [data-user="` + user + `"]`)
	w.sees("#top-state", "Ready")
}

// simulate presses a button of the simulation card.
func (w *window) simulate(action string) {
	w.t.Helper()
	w.click(`[data-demo="` + action + `"]`)
	w.sees("#demo .outcome")
}

// state waits for the agent's state and for a call in a state.
func (w *window) state(label string) {
	w.t.Helper()
	w.sees("#agent-now", label)
}

// press presses a button of a call by its operation or panel.
func (w *window) press(name string) {
	w.t.Helper()
	w.click(fmt.Sprintf(`.call:not(.ended) .actions [data-op=%q], .call:not(.ended) .actions [data-panel=%q]`, name, name))
}

// offers waits until the calls have a button, or have it no more.
func (w *window) offers(name string) {
	w.t.Helper()
	w.sees(fmt.Sprintf(`.call .actions [data-op=%q]`, name))
}

// send submits the open panel.
func (w *window) send(operation string) {
	w.t.Helper()
	w.click(fmt.Sprintf(`.panel [data-submit=%q]`, operation))
}

// complaint waits for a message beside a field, to which it takes the agent.
func (w *window) complaint(selector, message, value string) {
	w.t.Helper()
	w.beside(selector, message, value)
	assert.True(w.t, eval[bool](w, "document.activeElement === "+element(selector, "")), "the field has the focus")
}

// beside waits for a message beside a field, and checks that a screen reader
// finds it and that what was typed is still there.
func (w *window) beside(selector, message, value string) {
	w.t.Helper()
	w.until("beside "+selector+": "+message, fmt.Sprintf(`(() => {
		const e = %s;
		const error = e.closest(".field").querySelector(".field-error");
		return e.getAttribute("aria-invalid") === "true" && e.getAttribute("aria-describedby").split(" ").includes(error.id) && error.innerText.includes(%q);
	})()`, element(selector, ""), message))
	assert.Equal(w.t, value, eval[string](w, element(selector, "")+".value"), "nothing is lost")
}

// watchClicks notes which buttons there are and which of them are pressed, by
// what they do.
func (w *window) watchClicks() {
	w.t.Helper()
	eval[bool](w, `(() => {
		const name = (b) => {
			for (const k of ["op", "panel", "submit", "state", "device", "demo", "tab", "digit"]) if (b.dataset[k]) return k + " " + b.dataset[k];
			if (b.id) return "id " + b.id;
			if (b.closest(".parties")) return "op RemoveParticipantFromConference";
			if (b.closest(".pairs")) return "op DeleteUserDataPair";
			if (b.closest(".people")) return "a person";
			if (b.closest(".toasts")) return "close a toast";
			if (b.closest(".outcome")) return "close an outcome";
			if (b.dataset.result) return "a result";
			return (b.closest("dialog, section, #no-calls, form")?.id || b.closest("[class]").className) + ": " + (b.textContent || b.ariaLabel);
		};
		window.seen = new Set();
		window.pressed = new Set();
		setInterval(() => document.querySelectorAll("button").forEach((b) => b.checkVisibility() && seen.add(name(b))), 100);
		document.addEventListener("click", (e) => {
			const b = e.target.closest("button");
			if (b) pressed.add(name(b));
		}, true);
		return true;
	})()`)
}

// allButtons lists what can be pressed on the page: what its own table has, and
// what has been seen on it.
func (w *window) allButtons() []string {
	w.t.Helper()
	return eval[[]string](w, `import("/buttons.js").then((m) => m.buttons.flatMap((b) => (b.panel ? ["panel " + b.panel] : ["op " + b.op])).concat([...seen]))`)
}

// checkAllPressed fails for every button that no window has pressed.
func checkAllPressed(windows ...*window) {
	t := windows[0].t
	t.Helper()
	all, pressed := map[string]bool{}, map[string]bool{}
	for _, w := range windows {
		for _, name := range w.allButtons() {
			all[name] = true
		}
		for _, name := range eval[[]string](w, `[...pressed]`) {
			pressed[name] = true
		}
	}
	assert.Greater(t, len(all), 80, "they have been seen")
	for name := range all {
		assert.True(t, pressed[name], "nobody has pressed the button %q", name)
	}
}

// checkReadable fails for text with too little contrast, for controls without a
// name, and for a page that is wider than the window.
func (w *window) checkReadable(where string) {
	w.t.Helper()
	assert.Empty(w.t, eval[[]string](w, `(() => {
		const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return c.startsWith("color(") ? [m[0]*255, m[1]*255, m[2]*255, m[3] ?? 1] : [m[0], m[1], m[2], m[3] ?? 1]; };
		const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
		const background = (e) => {
			const layers = [];
			for (; e; e = e.parentElement) {
				const c = parse(getComputedStyle(e).backgroundColor);
				if (c[3] > 0) layers.push(c);
				if (c[3] === 1) break;
			}
			return layers.reverse().reduce((under, c) => over(c, under), [255, 255, 255, 1]);
		};
		const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
		const bad = [];
		for (const e of document.querySelectorAll("body *")) {
			if (!e.checkVisibility({ checkOpacity: true }) || e.closest(".unseen, [aria-busy], [aria-hidden=true], option, datalist, .skip")) continue;
			const own = [...e.childNodes].filter((n) => n.nodeType === 3 && n.data.trim()).map((n) => n.data.trim()).join(" ");
			if (!own) continue;
			const style = getComputedStyle(e);
			const under = background(e);
			const text = parse(style.color);
			text[3] *= Number(style.opacity);
			const [a, b] = [light(over(text, under)), light(under)].sort((x, y) => y - x);
			const ratio = (a + 0.05) / (b + 0.05);
			const size = parseFloat(style.fontSize);
			const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
			if (ratio < (large ? 3 : 4.5)) bad.push(own + ": " + ratio.toFixed(2) + " " + style.color + " on " + under.map(Math.round));
		}
		for (const e of document.querySelectorAll("button, input, select, summary, a")) {
			if (!e.checkVisibility()) continue;
			const name = e.getAttribute("aria-label") || e.labels?.[0]?.innerText || e.innerText;
			if (!name?.trim()) bad.push("no name: " + e.outerHTML);
			const box = e.getBoundingClientRect();
			if (e.matches("button") && (box.width < 24 || box.height < 24)) bad.push("too small to hit: " + e.outerHTML);
		}
		for (const e of document.querySelectorAll(".card, .columns > *, .list")) {
			if (e.checkVisibility() && e.scrollWidth > e.clientWidth + 1) bad.push("wider than its place: " + e.className + " " + e.id);
		}
		if (document.documentElement.scrollWidth > innerWidth + 1) bad.push("wider than the window: " + document.documentElement.scrollWidth);
		return bad;
	})()`), where)
}
