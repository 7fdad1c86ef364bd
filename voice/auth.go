package voice

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
)

// Auth adds credentials to a request. It is asked for every request to the
// server, REST and CometD, and for no other host; several goroutines may ask
// at the same time. An error fails the request before anything is sent.
// Reference: Cross-Site Request Forgery Protection, Making a Request.
type Auth interface {
	Authorize(req *http.Request) error
}

// BasicAuth returns an Auth that sends the agent's GWS user name and password,
// encoded as UTF-8.
func BasicAuth(user, password string) Auth {
	return basicAuth{"Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}
}

type basicAuth []string // the value of the header, which nobody changes

func (a basicAuth) Authorize(req *http.Request) error {
	req.Header["Authorization"] = a
	return nil
}

// String keeps the password out of logs that print a Config.
func (basicAuth) String() string   { return "voice.BasicAuth" }
func (basicAuth) GoString() string { return "voice.BasicAuth" }

// BearerAuth returns an Auth that sends the token that token returns. The
// function is called for every request, so that a new token is used as soon as
// there is one: let it cache (golang.org/x/oauth2 does). After a refusal it is
// asked again before the client gives up.
func BearerAuth(token func(ctx context.Context) (string, error)) Auth {
	return bearerAuth{token}
}

type bearerAuth struct {
	token func(ctx context.Context) (string, error)
}

func (a bearerAuth) Authorize(req *http.Request) error {
	token, err := a.token(req.Context())
	if err != nil {
		return err
	}
	if token == "" || strings.ContainsAny(token, " \r\n") {
		return errors.New("bearer token is empty or has a space or line break in it")
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return nil
}
