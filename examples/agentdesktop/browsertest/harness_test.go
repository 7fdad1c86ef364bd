package browsertest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// patience is how long something may take to show on the page.
const patience = 20 * time.Second

// program is the built desktop.
var program string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "agentdesktop")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "agentdesktop")
		build := exec.Command("go", "build", "-o", program, ".")
		build.Dir = ".."
		build.Stdout, build.Stderr = os.Stderr, os.Stderr
		if err := build.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "the desktop does not build:", err)
			return 1
		}
		defer func() {
			if running.stop != nil {
				running.stop()
			}
		}()
		return m.Run()
	}())
}

// chromium returns the path of the browser, or skips the test.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	if os.Getenv("BROWSER") == "required" {
		t.Fatal("BROWSER=required, but there is no chromium in the PATH")
	}
	t.Skip("no chromium in the PATH (Debian: apt-get install chromium)")
	return ""
}

// start runs the desktop on a free port and returns its address.
func start(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	cmd.Env = append(os.Environ(), "GWS_URL=", "GWS_USER=")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	logs := &strings.Builder{}
	cmd.Stderr = logs
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case err := <-ended:
			require.NoError(t, err, "the desktop ends cleanly: %s", logs)
		case <-time.After(15 * time.Second):
			_ = cmd.Process.Kill()
			t.Error("the desktop does not end")
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url := regexp.MustCompile(`http://\S+`).FindString(lines.Text()); url != "" && strings.HasPrefix(lines.Text(), "agent desktop") {
			go func() {
				for lines.Scan() { // so that the desktop never waits for a reader
				}
			}()
			return url
		}
	}
	t.Fatalf("the desktop does not tell its address: %s", logs)
	return ""
}

// browser is the running Chromium, for one test.
type browser struct {
	t   *testing.T
	ctx context.Context
}

// running is the one Chromium of all tests; a window of it knows nothing of the
// others.
var running struct {
	sync.Once
	ctx  context.Context
	stop func()
	err  error
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	path := chromium(t)
	running.Do(func() {
		options := append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
			chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
			chromedp.Flag("disable-sync", true), chromedp.Flag("lang", "en-US"), chromedp.WSURLReadTimeout(time.Minute))
		alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, cancel := chromedp.NewContext(alloc)
		running.ctx, running.stop = ctx, func() { cancel(); stop() }
		running.err = chromedp.Do(ctx)
	})
	require.NoError(t, running.err, "the browser starts")
	return &browser{t, running.ctx}
}

// window is one window with cookies of its own, as of another person.
type window struct {
	t    *testing.T
	ctx  context.Context
	name string

	mu       sync.Mutex
	problems []string // what the browser complained of
}

func (b *browser) window(name string, width, height int64) *window {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	b.t.Cleanup(cancel)
	w := &window{t: b.t, ctx: ctx, name: name}
	require.NoError(b.t, chromedp.Do(ctx))
	require.NoError(b.t, chromedp.Listen(ctx, func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			w.problem("exception: " + ev.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			if ev.Entry.Level == log.EntryLevelError {
				w.problem(ev.Entry.Text + " " + ev.Entry.URL)
			}
		}
	}))
	w.size(width, height)
	b.t.Cleanup(w.checkProblems)
	return w
}

func (w *window) problem(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.problems = append(w.problems, text)
}

// checkProblems fails the test for errors of scripts, of the content security
// policy, and for files that are missing. Answers with an error status are what
// operations that fail look like.
func (w *window) checkProblems() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.problems {
		if !strings.Contains(p, "/api/") {
			w.t.Errorf("%s: the browser complains: %s", w.name, p)
		}
	}
}

func (w *window) size(width, height int64) {
	w.t.Helper()
	require.NoError(w.t, chromedp.Do(w.ctx, chromedp.EmulateViewport(width, height)))
}

func (w *window) open(url string) {
	w.t.Helper()
	w.do(chromedp.Navigate(url))
}

func (w *window) do(actions ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	require.NoError(w.t, chromedp.Do(ctx, actions...), w.name)
}

// eval returns the value of a JavaScript expression.
func eval[T any](w *window, expression string) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(w.t, err, "%s: %s", w.name, expression)
	return value
}

// until waits for a JavaScript expression to be true.
func (w *window) until(what, expression string) {
	w.t.Helper()
	ok := eval[bool](w, fmt.Sprintf(`new Promise((done) => {
		const end = Date.now() + %d;
		const look = () => {
			let v = false;
			try { v = Boolean(%s); } catch {}
			if (v || Date.now() > end) done(v); else setTimeout(look, 40);
		};
		look();
	})`, patience.Milliseconds()*3/4, expression))
	if !ok {
		w.shot("failed")
		require.Failf(w.t, "not seen", "%s: %s (%s)\n%s", w.name, what, expression, eval[string](w, `document.body.innerText`))
	}
}

// element is a JavaScript expression for the visible element that a selector,
// and optionally its text, names.
func element(selector, text string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(%q)].find((e) => e.checkVisibility() && (%q === "" || e.innerText.replace(/\s+/g, " ").includes(%q)))`, selector, text, text)
}

// click presses something as a person does: where it is, if nothing covers it. If
// it has moved away before the finger came down, it is pressed again.
func (w *window) click(selector string, text ...string) {
	w.t.Helper()
	for range 5 {
		w.hit(selector, strings.Join(text, ""))
		at := eval[[]float64](w, `(window.reached = false, document.addEventListener("click", (e) => (window.reached = target.contains(e.target)), { capture: true, once: true }), found)`)
		w.do(chromedp.MouseClickXY(at[0], at[1]))
		if eval[bool](w, `window.reached !== false`) {
			return
		}
	}
	require.Fail(w.t, "never pressed", "%s: %s %s", w.name, selector, text)
}

// hit waits until something can be pressed: it is there, nothing covers it, and
// it does not move. It leaves the element as target, and its middle as found.
func (w *window) hit(selector, text string) {
	w.t.Helper()
	eval[bool](w, `(window.found = [], true)`)
	w.until("something to click: "+selector+" "+text, fmt.Sprintf(`(() => {
		const e = %s;
		if (!e || e.getAttribute("aria-disabled") === "true") return false;
		const out = (b) => b.top < 70 || b.bottom > innerHeight - 70;
		if (out(e.getBoundingClientRect())) e.scrollIntoView({ block: "center" });
		const b = e.getBoundingClientRect();
		const x = b.left + b.width / 2, y = b.top + b.height / 2;
		const top = document.elementFromPoint(x, y);
		if (!top || !(e === top || e.contains(top))) return false;
		const still = found[0] === x && found[1] === y;
		[window.target, window.found] = [e, [x, y]];
		return still;
	})()`, element(selector, text)))
}

// fill puts text into a field, in place of what is there.
func (w *window) fill(selector, text string) {
	w.t.Helper()
	w.hit(selector, "")
	eval[bool](w, fmt.Sprintf(`(() => { const e = %s; e.focus(); e.select(); return document.activeElement === e; })()`, element(selector, "")))
	if text == "" {
		w.key("\b")
		return
	}
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
	require.NoError(w.t, err)
}

// key presses keys. A key and its character are one event, as at a keyboard: a
// page that takes the key does not get the character.
func (w *window) key(keys string) {
	w.t.Helper()
	for _, r := range keys {
		events := kb.Encode(r)
		if len(events) == 3 { // down, character, up
			events[0].Text, events[0].UnmodifiedText = events[1].Text, events[1].UnmodifiedText
			events = slices.Delete(events, 1, 2)
		}
		for _, p := range events {
			ctx, cancel := context.WithTimeout(w.ctx, patience)
			_, err := chromedp.Call(ctx, input.DispatchKeyEvent, *p)
			cancel()
			require.NoError(w.t, err)
		}
	}
}

// sees waits for a visible element, which may have to have a text.
func (w *window) sees(selector string, text ...string) {
	w.t.Helper()
	t := strings.Join(text, "")
	w.until("seen: "+selector+" "+t, element(selector, t))
}

func (w *window) seesNot(selector string, text ...string) {
	w.t.Helper()
	t := strings.Join(text, "")
	w.until("not seen: "+selector+" "+t, "!"+element(selector, t))
}

func (w *window) text(selector string) string {
	w.t.Helper()
	return eval[string](w, fmt.Sprintf(`(%s?.innerText ?? "")`, element(selector, "")))
}

// shot writes a picture of the window, if pictures are wanted.
func (w *window) shot(name string) {
	w.t.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	require.NoError(w.t, os.MkdirAll(dir, 0o755))
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	require.NoError(w.t, err)
	require.NoError(w.t, os.WriteFile(filepath.Join(dir, w.name+"-"+name+".png"), png, 0o644))
}
