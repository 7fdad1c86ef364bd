package cookies

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestJar_doesWhatThatOfTheStandardLibraryDoes plays random responses and
// requests to both.
func TestJar_doesWhatThatOfTheStandardLibraryDoes(t *testing.T) {
	pick := func(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }
	sent := 0
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			ours := &Jar{}
			theirs, err := cookiejar.New(nil)
			require.NoError(t, err)
			for range 40 {
				u := &url.URL{
					Scheme: pick(r, "http", "https", "https", "ws"),
					Host:   pick(r, "gws.example.com", "GWS.example.com:8080", "example.com", "a.gws.example.com.", "other.org", "10.0.0.1:80", "[::1]:80", "localhost"),
					Path:   pick(r, "", "/", "/api/v2/me", "/api/v2/", "/api/v2", "/api/v2x/me", "/a", "relative"),
				}
				var set []*http.Cookie
				for range r.IntN(3) {
					line := pick(r, "A", "B", "C") + "=" + pick(r, "1", "2", `"quoted"`, "", "a=b")
					line += pick(r, "", "", "", "; Path=/", "; Path=/api", "; Path=/api/v2/", "; Path=api")
					line += pick(r, "", "", "", "; Domain=example.com", "; Domain=.GWS.example.com", "; Domain=.", "; Domain=10.0.0.1", "; Domain=other.org", "; Domain=ample.com", "; Domain=..example.com")
					line += pick(r, "", "", "", "; Secure", "; Max-Age=0", "; Max-Age=5", "; Max-Age=100", "; Expires="+time.Now().Add(10*time.Second).UTC().Format(http.TimeFormat))
					c, err := http.ParseSetCookie(line)
					require.NoError(t, err)
					set = append(set, c)
				}
				theirs.SetCookies(u, set)
				ours.SetCookies(u, set)
				time.Sleep(time.Duration(r.IntN(4000)) * time.Millisecond)
				u.Path = pick(r, u.Path, "/api/v2/me", "/")
				u.Scheme = pick(r, "http", "https")
				want, got := fmt.Sprint(theirs.Cookies(u)), fmt.Sprint(ours.Cookies(u))
				if want != got {
					// The order of cookies that are equally good is a matter of taste.
					assert.ElementsMatch(t, texts(theirs.Cookies(u)), texts(ours.Cookies(u)), "seed %d: %s", seed, u)
				}
				sent += len(ours.Cookies(u))
			}
		})
	}
	assert.Greater(t, sent, 1000)
}

func texts(all []*http.Cookie) (list []string) {
	for _, c := range all {
		list = append(list, (&http.Cookie{Name: c.Name, Value: c.Value, Quoted: c.Quoted}).String())
	}
	return list
}

func TestJar_longerPathsAndOlderCookiesFirst(t *testing.T) {
	j := &Jar{}
	u := &url.URL{Scheme: "http", Host: "gws.example.com", Path: "/api/v2/me"}
	j.SetCookies(u, []*http.Cookie{{Name: "a", Path: "/"}, {Name: "b", Path: "/api"}, {Name: "c", Path: "/"}, {Name: "d", Path: "/api/v2"}})
	j.SetCookies(u, []*http.Cookie{{Name: "a", Value: "new", Path: "/"}})
	assert.Equal(t, []string{"d=", "b=", "a=new", "c="}, texts(j.Cookies(u)))
}
