package main

import (
	"io"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func TestPage_isServedWithAStrictPolicy(t *testing.T) {
	d := newDesktop(t, voicetest.Options{})
	for file, kind := range map[string]string{
		"/": "text/html", "/app.js": "text/javascript", "/base.css": "text/css", "/favicon.svg": "image/svg+xml", "/api/session": "application/json",
	} {
		response, err := http.Get(d.url + file)
		require.NoError(t, err)
		response.Body.Close()
		assert.Equal(t, http.StatusOK, response.StatusCode, file)
		assert.Contains(t, response.Header.Get("Content-Type"), kind, file)
		policy := response.Header.Get("Content-Security-Policy")
		assert.Contains(t, policy, "default-src 'none'", file)
		assert.NotContains(t, policy, "unsafe", file)
		assert.Contains(t, policy, "frame-ancestors 'none'", file)
		assert.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"), file)
	}
	response, err := http.Get(d.url + "/nothing")
	require.NoError(t, err)
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
	assert.NotContains(t, string(body), "<html")
}

// The page needs nothing that is not in the program: no file of somebody else,
// no script or style in the text, no HTML made from data.
func TestPage_standsAlone(t *testing.T) {
	require.NoError(t, fs.WalkDir(static, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(static, name)
		require.NoError(t, err)
		text := strings.ReplaceAll(string(raw), "http://www.w3.org/2000/svg", "")
		assert.NotRegexp(t, `https?://|//[a-z]+\.`, text, name)
		if path.Ext(name) == ".js" {
			assert.NotRegexp(t, `innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function`, text, name)
		}
		if path.Ext(name) == ".html" {
			assert.NotRegexp(t, `<script>|<style|\sstyle=|\son[a-z]+=`, text, name)
		}
		for _, m := range regexp.MustCompile(`(?:src|href)="([^"#]+)"|from "\./([^"]+)"`).FindAllStringSubmatch(text, -1) {
			_, err := fs.Stat(static, "static/"+m[1]+m[2])
			assert.NoError(t, err, "%s asks for it", name)
		}
		for _, m := range regexp.MustCompile(`(?:icon\("|icon: "|href="#i-)([a-z-]+)"`).FindAllStringSubmatch(text, -1) {
			assert.Contains(t, sprite(t), `id="i-`+m[1]+`"`, "%s draws it", name)
		}
		return nil
	}))
}

func sprite(t *testing.T) string {
	t.Helper()
	raw, err := fs.ReadFile(static, "static/index.html")
	require.NoError(t, err)
	return string(raw)
}

// Every field and every button of the page has a name for those who cannot see
// it.
func TestPage_namesItsControls(t *testing.T) {
	html := sprite(t)
	for _, m := range regexp.MustCompile(`<(?:input|select) id="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		labelled := strings.Contains(html, `for="`+m[1]+`"`) || strings.Contains(html, `<label class="check"><input id="`+m[1]+`"`)
		assert.True(t, labelled, "%s has no label", m[1])
	}
	for _, m := range regexp.MustCompile(`(?s)<button([^>]*)>(.*?)</button>`).FindAllStringSubmatch(html, -1) {
		words := strings.TrimSpace(regexp.MustCompile(`(?s)<svg.*?</svg>|<[^>]+>`).ReplaceAllString(m[2], ""))
		assert.True(t, words != "" || strings.Contains(m[1], "aria-label="), "a button without a name: %s", m[0])
	}
}
