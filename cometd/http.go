package cometd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
)

// maxRedirects is how many redirections of one request are followed.
const maxRedirects = 5

// do posts body to u with cookies and redirections, as http.Client does, which
// keeps a copy of every header while a request is under way and reads the URL
// each time. header becomes that of the request.
func (c *Client) do(ctx context.Context, u *url.URL, header http.Header, body []byte) (*http.Response, error) {
	own := header["Cookie"]
	for hops := 0; ; hops++ {
		if hops > 0 {
			header = header.Clone() // the one before may still be read
		}
		req := c.newRequest(ctx, u, header, body, own)
		resp, err := c.roundTripper().RoundTrip(req)
		if err != nil {
			return nil, err
		}
		to, err := c.redirected(u, resp, hops == maxRedirects)
		if err != nil || to == nil {
			return resp, err
		}
		u = to
	}
}

func (c *Client) roundTripper() http.RoundTripper {
	if c.http.Transport == nil {
		return http.DefaultTransport
	}
	return c.http.Transport
}

func (c *Client) jar() *cookieJar { return c.http.Jar.(*cookieJar) }

func (c *Client) newRequest(ctx context.Context, u *url.URL, header http.Header, body []byte, cookies []string) *http.Request {
	rewound := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	reader, _ := rewound()
	req := (&http.Request{ // http.NewRequest would parse a URL and make a header
		Method: http.MethodPost, URL: u, Host: u.Host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: reader, ContentLength: int64(len(body)), GetBody: rewound,
	}).WithContext(ctx)
	if u.User != nil && req.Header.Get("Authorization") == "" {
		password, _ := u.User.Password()
		req.SetBasicAuth(u.User.Username(), password)
	}
	c.jar().addTo(req, cookies)
	return req
}

// redirected takes the cookies of a response and returns where to go from
// there, if that is to be followed and this is not the last time.
func (c *Client) redirected(from *url.URL, resp *http.Response, last bool) (to *url.URL, err error) {
	if resp == nil || resp.Body == nil {
		return nil, errors.New("transport returned no response")
	}
	if len(resp.Header["Set-Cookie"]) > 0 {
		c.jar().SetCookies(from, resp.Cookies())
	}
	if to = redirection(from, resp); to == nil || last {
		return nil, nil
	}
	_, _ = io.CopyN(io.Discard, resp.Body, 2<<10) // so that the connection can be used again
	_ = resp.Body.Close()
	return to, nil
}

// redirection returns where resp says that the request has to be repeated, if
// that is to be followed: it keeps method and body, and stays with the server.
// What is not followed is a response like any other.
func redirection(from *url.URL, resp *http.Response) *url.URL {
	if resp.StatusCode != http.StatusTemporaryRedirect && resp.StatusCode != http.StatusPermanentRedirect {
		return nil
	}
	to, err := from.Parse(resp.Header.Get("Location"))
	if err != nil || resp.Header.Get("Location") == "" || to.Scheme != from.Scheme || to.Host != from.Host {
		return nil
	}
	if to.User == nil {
		to.User = from.User
	}
	return to
}
