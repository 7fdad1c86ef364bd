package cookies

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLine_isAsHTTPClientWritesIt(t *testing.T) {
	jar := []*http.Cookie{
		{Name: "a", Value: "1"}, {Name: "b", Value: "two words"}, {Name: "c", Value: "quoted", Quoted: true},
		{Name: "d", Value: ""}, {Name: "e", Value: "x,y"},
	}
	for n := range len(jar) + 1 {
		for _, own := range [][]string{nil, {"o=1"}} {
			want := httptest.NewRequest("GET", "/", nil)
			for _, value := range own {
				want.Header.Add("Cookie", value)
			}
			for _, c := range jar[:n] {
				want.AddCookie(c)
			}
			got := httptest.NewRequest("GET", "/", nil)
			var l Line
			for range 2 {
				l.Set(got, own, jar[:n])
				assert.Equal(t, strings.Join(want.Header["Cookie"], "; "), strings.Join(got.Header["Cookie"], "; "))
			}
		}
	}
}

func TestLine_followsTheJar(t *testing.T) {
	var l Line
	req := httptest.NewRequest("GET", "/", nil)
	l.Set(req, nil, []*http.Cookie{{Name: "a", Value: "1"}})
	assert.Equal(t, "a=1", req.Header.Get("Cookie"))
	l.Set(req, nil, []*http.Cookie{{Name: "a", Value: "2"}})
	assert.Equal(t, "a=2", req.Header.Get("Cookie"))
	kept := &http.Cookie{Name: "a", Value: "2"}
	l.Set(req, nil, []*http.Cookie{kept})
	kept.Value = "3" // some jars write to what they have returned
	l.Set(req, nil, []*http.Cookie{kept})
	assert.Equal(t, "a=3", req.Header.Get("Cookie"))
	l.Set(req, []string{"o=1"}, []*http.Cookie{kept})
	assert.Equal(t, "o=1; a=3", req.Header.Get("Cookie"))
	l.Set(req, nil, []*http.Cookie{kept})
	assert.Equal(t, "a=3", req.Header.Get("Cookie"))
	l.Set(req, nil, nil)
	assert.Empty(t, req.Header.Values("Cookie"))
}

func TestTransport_keepsWhatTheServerSets(t *testing.T) {
	var got []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Cookie"))
		http.SetCookie(w, &http.Cookie{Name: "session", Value: r.URL.Path[1:]})
	}))
	defer srv.Close()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	c := &http.Client{Transport: &Transport{Base: http.DefaultTransport, Jar: jar}}
	for _, path := range []string{"/one", "/two", "/two"} {
		resp, err := c.Get(srv.URL + path)
		require.NoError(t, err)
		_ = resp.Body.Close()
	}
	assert.Equal(t, []string{"", "session=one", "session=two"}, got)
}
