package cometdtest

import "net/http"

type socketPlan struct{}

type socket struct {
	gone    chan struct{}
	opened  *Session
	session *Session
}

func (k *socket) sendEvents([]event) {}

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	http.Error(w, "no WebSocket", 400)
}

func (k *socket) send([]byte) {}
