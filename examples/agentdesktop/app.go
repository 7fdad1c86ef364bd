package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"mime"
	"net/http"
	"sync"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

//go:embed static
var static embed.FS

type config struct {
	url      string // of GWS
	user     string // for the login form
	idle     time.Duration
	lifetime time.Duration
	timeout  time.Duration
	secure   bool
	look     look
	sim      *simulation  // nil: a real contact centre
	gws      *http.Client // shared by all agents, each with cookies of its own; nil: one that suits many
	log      *slog.Logger
}

// app is the backend of the page: an http.Handler.
type app struct {
	config
	handler  http.Handler
	sessions *sessions
	floor    *floor
	guard    *guard
	stop     context.CancelFunc // ends what is under watch
	watch    sync.WaitGroup
}

func newApp(cfg config) *app {
	if cfg.gws == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, 10_000 // two per agent, and all to one host
		transport.IdleConnTimeout = 25 * time.Second                      // GWS closes idle connections after 30
		cfg.gws = &http.Client{Transport: transport}
	}
	a := &app{
		config:   cfg,
		sessions: newSessions(cfg.idle, cfg.lifetime, cfg.secure),
		floor:    newFloor(),
		guard:    newGuard(),
	}
	ctx, stop := context.WithCancel(context.Background())
	a.stop = stop
	a.watch.Go(func() { a.floor.watchLinks(ctx) })
	a.watch.Go(func() { a.floor.watchDirectory(ctx) })

	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	mux := http.NewServeMux()
	mux.Handle("GET /", http.FileServerFS(files))
	mux.HandleFunc("GET /api/session", a.getSession)
	mux.HandleFunc("GET /api/events", a.getEvents)
	mux.HandleFunc("POST /api/login", a.guarded(a.postLogin))
	mux.HandleFunc("POST /api/logout", a.guarded(a.signedIn(a.postLogout)))
	mux.HandleFunc("POST /api/calls/{call}/{operation}", a.guarded(a.signedIn(a.postCall)))
	mux.HandleFunc("POST /api/devices/{device}/{operation}", a.guarded(a.signedIn(a.postDevice)))
	mux.HandleFunc("POST /api/state/{operation}", a.guarded(a.signedIn(a.postState)))
	if cfg.sim != nil {
		mux.HandleFunc("POST /api/demo/{action}", a.guarded(a.signedIn(a.postDemo)))
	}
	a.handler = http.NewCrossOriginProtection().Handler(mux)
	return a
}

// ServeHTTP adds to every answer what keeps the page from doing what it is not
// made for: it runs its own scripts only, talks to this server only, and is in
// nobody's frame.
func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
		"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	a.handler.ServeHTTP(w, r)
}

// close lets go of every agent.
func (a *app) close() {
	a.sessions.closeAll("stopped")
	a.stop()
	a.watch.Wait()
	a.floor.close()
	a.gws.CloseIdleConnections()
}

// work connects an agent to GWS and gives the agent a desk.
func (a *app) work(ctx context.Context, user, password, place string, state voice.OperationName) (*desk, error) {
	client, err := voice.Connect(ctx, voice.Config{
		BaseURL: a.url, Auth: voice.BasicAuth(user, password), HTTPClient: a.gws,
		OperationTimeout: a.timeout, Logger: a.log,
	})
	if err != nil {
		return nil, err
	}
	d := newDesk(client, a.floor, a.log, a.look)
	d.begin(ctx, place, state)
	a.floor.add(d)
	return d, nil
}

// guarded lets a request through that comes from a page of this server: it has
// the token that only such a page can read.
func (a *app) guarded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !a.sessions.validToken(visitor(r), r.Header.Get("X-CSRF-Token")) {
			answer(w, http.StatusForbidden, problem{Error: "csrf", Message: "This page is out of date. Please load it again."})
			return
		}
		if t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t != "application/json" {
			answer(w, http.StatusUnsupportedMediaType, problem{Error: "type", Message: "The request is not JSON."})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		next(w, r)
	}
}

// signedIn lets a request through that belongs to a session.
func (a *app) signedIn(next func(http.ResponseWriter, *http.Request, *session)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		sess := a.sessions.find(r)
		if sess == nil {
			answer(w, http.StatusUnauthorized, problem{Error: "session", Message: "You are not signed in any more."})
			return
		}
		next(w, r, sess)
	}
}

// problem is an answer to a request that is not an operation's outcome.
type problem struct {
	Error   string `json:"error"`
	Message string `json:"message"`
	Field   string `json:"field,omitempty"`
}

func answer(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		panic(err) // our own types
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n'))
}

// read decodes the body of a request, and answers if that is not possible. An
// empty body is an empty object.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, extra := decoder.Token(); !errors.Is(extra, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if err == nil || errors.Is(err, io.EOF) {
		return true
	}
	status := http.StatusBadRequest
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		status = http.StatusRequestEntityTooLarge
	}
	answer(w, status, problem{Error: "body", Message: "The request cannot be understood."})
	return false
}
