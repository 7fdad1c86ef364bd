package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// params are the parameters of a request: a form, or a JSON object.
type params struct {
	values map[string]any
	used   map[string]bool
}

// statusError is an error with its HTTP status.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

func bad(format string, args ...any) error {
	return &statusError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return &statusError{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

const maxBody = 1 << 20

func readParams(w http.ResponseWriter, r *http.Request) (*params, error) {
	p := &params{map[string]any{}, map[string]bool{}}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, bad("the body cannot be read: %v", err)
	}
	add := func(form url.Values) {
		for name, values := range form {
			key, isData := strings.CutPrefix(name, "data.")
			switch {
			case isData:
				data, _ := p.values["data"].(map[string]any)
				if data == nil {
					data = map[string]any{}
				}
				data[key] = values[0]
				p.values["data"] = data
			case len(values) == 1:
				p.values[name] = values[0]
			default:
				list := make([]any, len(values))
				for i, v := range values {
					list[i] = v
				}
				p.values[name] = list
			}
		}
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if text := strings.TrimSpace(string(body)); strings.HasPrefix(text, "{") || kind == "application/json" {
		if err := json.Unmarshal(body, &p.values); err != nil {
			return nil, bad("the body is not a JSON object: %v", err)
		}
	} else {
		form, err := url.ParseQuery(text)
		if err != nil {
			return nil, bad("the body is neither a JSON object nor a form: %v", err)
		}
		add(form)
	}
	add(r.URL.Query())
	return p, nil
}

// text returns a parameter, "" if it is not there.
func (p *params) text(name string) (string, error) {
	p.used[name] = true
	switch v := p.values[name].(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	return "", bad("%s: it is not a text", name)
}

// list returns a parameter that may be given several times.
func (p *params) list(name string) ([]string, error) {
	p.used[name] = true
	values, several := p.values[name].([]any)
	if !several {
		one, err := p.text(name)
		if one == "" {
			return nil, err
		}
		return []string{one}, err
	}
	var texts []string
	for _, v := range values {
		text, ok := v.(string)
		if !ok {
			return nil, bad("%s: one of them is not a text", name)
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func (p *params) number(name string) (int, error) {
	text, err := p.text(name)
	if err != nil || text == "" {
		return 0, err
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, bad("%s: %q is not a whole number", name, text)
	}
	return n, nil
}

func (p *params) flag(name string) (bool, error) {
	text, err := p.text(name)
	if err != nil || text == "" {
		return false, err
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, bad("%s: %q is neither true nor false", name, text)
	}
	return b, nil
}

func (p *params) duration(name string) (time.Duration, error) {
	text, err := p.text(name)
	if err != nil || text == "" {
		return 0, err
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, bad("%s: %q is not a duration such as 1.5s", name, text)
	}
	return d, nil
}

func (p *params) object(name string) (map[string]any, error) {
	p.used[name] = true
	switch v := p.values[name].(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return v, nil
	}
	return nil, bad("%s: it is not an object; in a form write %s.KEY=VALUE", name, name)
}

// rest returns an error if there is a parameter that nobody has asked for.
func (p *params) rest() error {
	for name := range p.values {
		if !p.used[name] {
			return bad("there is no parameter %q here", name)
		}
	}
	return nil
}

// required is text of a parameter that must be there.
func (p *params) required(name string) (string, error) {
	text, err := p.text(name)
	if err == nil && text == "" {
		err = bad("%s is missing", name)
	}
	return text, err
}

func statusOf(err error) int {
	if e, ok := errors.AsType[*statusError](err); ok {
		return e.status
	}
	return http.StatusInternalServerError
}
