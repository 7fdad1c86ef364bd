package server

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
)

// conn is one connection of a client.
type conn struct {
	net.Conn
	r    *bufio.Reader
	body []byte
	head []byte
}

// request is what is used of a request. body is valid until the next.
type request struct {
	post  bool
	path  string // without /api/v2 and query
	agent int    // number in the user name of the Basic credentials
	wsKey string // of a WebSocket upgrade
	body  []byte
}

var errTooLong = errors.New("request is too long")

func (c *conn) read() (request, error) {
	var req request
	line, err := c.line()
	if err != nil {
		return req, err
	}
	req.post = bytes.HasPrefix(line, []byte("POST "))
	_, target, _ := bytes.Cut(line, []byte(" "))
	target, _, _ = bytes.Cut(target, []byte(" "))
	target, _, _ = bytes.Cut(target, []byte("?"))
	req.path = strings.TrimPrefix(string(target), "/api/v2")
	length := 0
	for {
		line, err := c.line()
		if err != nil {
			return req, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch string(name) {
		case "Content-Length":
			if length, err = strconv.Atoi(string(value)); err != nil {
				return req, err
			}
		case "Authorization":
			req.agent = agentNumber(value)
		case "Sec-Websocket-Key": // as net/http writes it
			req.wsKey = string(value)
		}
	}
	if length < 0 || length > 1<<20 {
		return req, errTooLong
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	req.body = c.body[:length]
	_, err = io.ReadFull(c.r, req.body)
	return req, err
}

func (c *conn) line() ([]byte, error) {
	line, err := c.r.ReadSlice('\n')
	return bytes.TrimRight(line, "\r\n"), err
}

// agentNumber reads the digits at the end of the user name.
func agentNumber(authorization []byte) int {
	var plain [96]byte
	encoded := bytes.TrimPrefix(authorization, []byte("Basic "))
	if base64.StdEncoding.DecodedLen(len(encoded)) > len(plain) {
		return 0
	}
	n, _ := base64.StdEncoding.Decode(plain[:], encoded)
	user, _, _ := bytes.Cut(plain[:n], []byte(":"))
	number := 0
	for _, c := range user {
		if c >= '0' && c <= '9' {
			number = number*10 + int(c-'0')
		}
	}
	return number % maxAgents
}

const okHead = "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\n"

// answer sends the parts as one body.
func (c *conn) answer(cookie string, parts ...[]byte) error {
	length := 0
	for _, p := range parts {
		length += len(p)
	}
	h := append(c.head[:0], okHead...)
	if cookie != "" {
		h = append(h, "Set-Cookie: "...)
		h = append(h, cookie...)
		h = append(h, "\r\n"...)
	}
	h = append(h, "Content-Length: "...)
	h = strconv.AppendInt(h, int64(length), 10)
	h = append(h, "\r\n\r\n"...)
	if length < 8<<10 {
		for _, p := range parts {
			h = append(h, p...)
		}
		c.head = h
		_, err := c.Write(h)
		return err
	}
	c.head = h
	all := append(net.Buffers{h}, parts...)
	_, err := all.WriteTo(c.Conn)
	return err
}
