package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gwsvoice/gws-go/voice"
)

const loginTimeout = 20 * time.Second

// welcome is what the page knows before anything else.
type welcome struct {
	CSRF         string   `json:"csrf"`
	SignedIn     bool     `json:"signedIn"`
	Server       string   `json:"server"` // address of GWS; "" if it is simulated
	User         string   `json:"user"`   // for the login form
	People       []person `json:"people"` // of the simulation
	Dispositions []string `json:"dispositions"`
}

func (a *app) welcome(id string, signedIn bool) welcome {
	w := welcome{CSRF: a.sessions.token(id), SignedIn: signedIn, User: a.user, People: []person{}, Dispositions: a.look.dispositions}
	if a.sim != nil {
		w.People = a.sim.people()
	} else {
		w.Server = a.url
	}
	return w
}

func (a *app) getSession(w http.ResponseWriter, r *http.Request) {
	id := visitor(r)
	if id == "" {
		id = a.sessions.welcome(w)
	}
	answer(w, http.StatusOK, a.welcome(id, a.sessions.find(r) != nil))
}

func (a *app) postLogin(w http.ResponseWriter, r *http.Request) {
	var in struct {
		User     string `json:"user"`
		Password string `json:"password"`
		Place    string `json:"place"`
		Begin    string `json:"begin"`
	}
	if !read(w, r, &in) {
		return
	}
	in.User, in.Place = strings.TrimSpace(in.User), strings.TrimSpace(in.Place)
	switch {
	case in.User == "":
		answer(w, http.StatusUnprocessableEntity, problem{"invalid", "Enter your user name.", "user"})
		return
	case strings.Contains(in.User, ":"):
		answer(w, http.StatusUnprocessableEntity, problem{"invalid", "A user name has no colon in it.", "user"})
		return
	case in.Password == "":
		answer(w, http.StatusUnprocessableEntity, problem{"invalid", "Enter your password.", "password"})
		return
	case in.Begin != "" && in.Begin != string(voice.OpReady) && in.Begin != string(voice.OpNotReady):
		answer(w, http.StatusUnprocessableEntity, problem{"invalid", "Choose one of the states.", "begin"})
		return
	}
	if wait := a.guard.wait(in.User); wait > 0 {
		answer(w, http.StatusTooManyRequests, problem{"wait", fmt.Sprintf("Too many failed attempts. Try again in %d seconds.", int(wait.Seconds())+1), ""})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), loginTimeout)
	defer cancel()
	d, err := a.work(ctx, in.User, in.Password, in.Place, voice.OperationName(in.Begin))
	if err != nil {
		status, p := loginProblem(err)
		if status == http.StatusUnauthorized {
			a.guard.failed(in.User)
		}
		a.log.Info("sign in failed", "user", in.User, "err", err)
		answer(w, status, p)
		return
	}
	a.guard.succeeded(in.User)
	if old := a.sessions.find(r); old != nil {
		a.sessions.close(old, "replaced")
	}
	id := a.sessions.welcome(w)
	sess := a.sessions.open(id, d)
	d.onEnd(func(reason string) { a.sessions.close(sess, reason) })
	answer(w, http.StatusOK, a.welcome(id, true))
}

// loginProblem puts a failed login into words.
func loginProblem(err error) (int, problem) {
	if e, ok := errors.AsType[*voice.APIError](err); ok {
		switch {
		case e.Code == voice.CodePasswordChangeRequired:
			return http.StatusForbidden, problem{"password", "GWS wants you to change your password first.", ""}
		case e.Code == voice.CodeNotAuthenticated, e.HTTPStatus == http.StatusUnauthorized:
			return http.StatusUnauthorized, problem{"credentials", "This user name and password do not belong together.", "password"}
		}
		return http.StatusBadGateway, problem{"refused", joinSentences("GWS refused the login: "+e.Message, fmt.Sprintf("Code %d, HTTP %d", e.Code, e.HTTPStatus)), ""}
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, problem{"slow", "GWS does not answer. Please try again later.", ""}
	case errors.Is(err, voice.ErrNotConnected):
		return http.StatusServiceUnavailable, problem{"unreachable", "GWS cannot be reached. Please try again later.", ""}
	}
	return http.StatusBadGateway, problem{"failed", "The login failed: " + err.Error(), ""}
}

func (a *app) postLogout(w http.ResponseWriter, r *http.Request, sess *session) {
	var in struct {
		Anyway bool `json:"anyway"` // also in the middle of a call
	}
	if !read(w, r, &in) {
		return
	}
	if sess.desk.busy() && !in.Anyway {
		answer(w, http.StatusConflict, problem{Error: "busy", Message: "You are still on a call. If you sign out now, the call goes on at your phone."})
		return
	}
	a.sessions.close(sess, "signed out")
	answer(w, http.StatusOK, a.welcome(a.sessions.welcome(w), false))
}

func (a *app) postCall(w http.ResponseWriter, r *http.Request, sess *session) {
	a.operate(w, r, sess, callOperations, r.PathValue("call"))
}

func (a *app) postDevice(w http.ResponseWriter, r *http.Request, sess *session) {
	a.operate(w, r, sess, deviceOperations, r.PathValue("device"))
}

// operate does what a button or form asks for, and answers with its outcome.
func (a *app) operate(w http.ResponseWriter, r *http.Request, sess *session, table map[voice.OperationName]operation, id string) {
	name := voice.OperationName(r.PathValue("operation"))
	op, known := table[name]
	if !known {
		answer(w, http.StatusNotFound, problem{Error: "operation", Message: "There is no such operation."})
		return
	}
	var f form
	if !read(w, r, &f) {
		return
	}
	err := op.run(r.Context(), sess.desk, id, &f)
	callID := ""
	if r.PathValue("call") != "" {
		callID = id
		sess.desk.settled(id, name == voice.OpSetCallDisposition && err == nil, f.Value)
	}
	a.finish(w, sess, judge(name, op.name, callID, op.done, err))
}

func (a *app) postState(w http.ResponseWriter, r *http.Request, sess *session) {
	if read(w, r, &struct{}{}) {
		a.finish(w, sess, sess.desk.setState(r.Context(), r.PathValue("operation")))
	}
}

// finish answers with an outcome, and lists it on the page unless it is only
// about how the form was filled in.
func (a *app) finish(w http.ResponseWriter, sess *session, o outcome) {
	if o.Kind != invalid {
		sess.desk.note(o)
	}
	answer(w, o.httpStatus(), o)
}

func (a *app) postDemo(w http.ResponseWriter, r *http.Request, sess *session) {
	if !read(w, r, &struct{}{}) {
		return
	}
	message, known := a.sim.act(r.PathValue("action"), sess.desk.client.User().UserName)
	if !known {
		answer(w, http.StatusNotFound, problem{Error: "action", Message: "There is no such action."})
		return
	}
	answer(w, http.StatusOK, outcome{Kind: notice, Title: "Simulation", Message: message, At: millis(now())})
}
