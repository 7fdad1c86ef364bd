package voicetest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gwsvoice/gws-go/voice/voicetest"
)

func TestLogin(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		c := newClient(t, sim, "agent5001")
		denied := object{"statusCode": 20.0, "statusMessage": "Access denied"}
		res := c.send("GET", "/me", nil, "")
		assert.Equal(t, 403, res.status)
		assert.Equal(t, denied, res.body)
		assert.Empty(t, res.header.Get("Set-Cookie"))
		assert.Equal(t, 403, c.send("POST", "/me", object{}, "").status)
		assert.Equal(t, denied, c.send("POST", "/notifications", "[]", "").body, "Bayeux too")
		assert.Equal(t, 403, c.send("GET", "/me", nil, "nobody").status)
		assert.Equal(t, 200, c.send("GET", "/diagnostics/version", nil, "").status)

		res = c.send("GET", "/me", nil, "agent5001")
		assert.Equal(t, 200, res.status)
		assert.Regexp(t, `^JSESSIONID=node0[0-9a-f]{26}\.node1; Path=/; HttpOnly$`, res.header.Get("Set-Cookie"))
		assert.Empty(t, res.header.Get("X-CSRF-HEADER"))
		res = c.send("GET", "/me", nil, "")
		assert.Equal(t, 200, res.status, "the cookie carries the login")
		assert.Empty(t, res.header.Get("Set-Cookie"))
		assert.Equal(t, "agent5002", c.send("GET", "/me", nil, "agent5002").body["user"].(object)["userName"], "credentials win")

		sim.ExpireLogin("agent5002")
		assert.Equal(t, 403, c.send("GET", "/me", nil, "").status)
	})
}

func TestLogin_expiresWithoutRequests(t *testing.T) {
	bubble(t, voicetest.Options{SessionTTL: time.Minute}, func(t *testing.T, sim *voicetest.Server) {
		c := newClient(t, sim, "agent5001")
		c.get("/me")
		for range 3 {
			time.Sleep(50 * time.Second)
			assert.Equal(t, 200, c.send("GET", "/me", nil, "").status)
		}
		time.Sleep(time.Minute)
		assert.Equal(t, 403, c.send("GET", "/me", nil, "").status)
	})
}

func TestCSRF(t *testing.T) {
	bubble(t, voicetest.Options{CSRF: true}, func(t *testing.T, sim *voicetest.Server) {
		c := newClient(t, sim, "agent5001")
		res := c.do("GET", "/me", nil)
		assert.Equal(t, "X-CSRF-TOKEN", res.header.Get("X-CSRF-HEADER"))
		token := res.header.Get("X-CSRF-TOKEN")
		require.NotEmpty(t, token)
		assert.Equal(t, 200, c.state("NotReady").status)

		without := func(res response) {
			t.Helper()
			assert.Equal(t, 403, res.status)
			assert.Equal(t, "Missing or invalid Csrf token", res.text)
			assert.Equal(t, "text/plain", res.header.Get("Content-Type"))
		}
		c.csrf = ""
		without(c.state("Ready"))
		assert.Equal(t, "NotReady", sim.State("5001"))
		c.csrf = "wrong"
		without(c.state("Ready"))
		c.csrf = token
		sim.RotateCSRF("5001")
		without(c.state("Ready"))
		assert.NotEqual(t, token, c.do("GET", "/me", nil).header.Get("X-CSRF-TOKEN"))
		assert.Equal(t, 200, c.state("Ready").status)

		fresh := newClient(t, sim, "agent5001")
		fresh.csrf = c.csrf
		without(fresh.state("Ready")) // the right token without the cookie
		online(t, sim, "agent5002")   // Bayeux is not checked
	})
	bubble(t, voicetest.Options{CSRF: true, CSRFOnBayeux: true}, func(t *testing.T, sim *voicetest.Server) {
		c := newClient(t, sim, "agent5001")
		assert.Equal(t, 403, c.do("POST", "/notifications", "[]").status)
	})
}

func TestBalancerCookie(t *testing.T) {
	bubble(t, voicetest.Options{BalancerCookie: true}, func(t *testing.T, sim *voicetest.Server) {
		c := newClient(t, sim, "agent5001")
		assert.Len(t, c.do("GET", "/me", nil).header.Values("Set-Cookie"), 2)
		assert.Equal(t, 200, c.send("GET", "/me", nil, "").status)
		r, _ := http.NewRequest("GET", sim.URL()+"/api/v2/me", nil)
		for _, cookie := range c.http.Jar.Cookies(r.URL) {
			if cookie.Name == "JSESSIONID" {
				r.AddCookie(cookie)
			}
		}
		res, err := sim.Client().Do(r)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, 403, res.StatusCode, "another node")
	})
}

func TestBearer(t *testing.T) {
	agents := voicetest.DefaultAgents()
	agents[0].Token = "t1"
	bubble(t, voicetest.Options{Agents: agents}, func(t *testing.T, sim *voicetest.Server) {
		h := sim.Client()
		get := func(token string) int {
			r, _ := http.NewRequest("GET", sim.URL()+"/api/v2/me", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			res, err := h.Do(r)
			require.NoError(t, err)
			res.Body.Close()
			return res.StatusCode
		}
		assert.Equal(t, 200, get("t1"))
		assert.Equal(t, 403, get(""))
		sim.Agent("5001").SetToken("t2")
		assert.Equal(t, 403, get("t1"))
		assert.Equal(t, 200, get("t2"))
	})
}

func TestBayeux_belongsToTheLogin(t *testing.T) {
	bubble(t, voicetest.Options{}, func(t *testing.T, sim *voicetest.Server) {
		c := online(t, sim, "agent5001")
		assert.Equal(t, 1, sim.Sessions("5001"))
		other := newClient(t, sim, "agent5002")
		other.id = c.id
		list, _, err := other.bayeux(t.Context(), object{"channel": "/meta/connect", "connectionType": "long-polling"})
		require.NoError(t, err)
		assert.Contains(t, string(list[0]), "402::")
		assert.Equal(t, 1, sim.Sessions("5001"))

		sim.DropSession("5001")
		assert.Equal(t, 0, sim.Sessions("5001"))
		<-c.finished
		list, _, err = c.bayeux(t.Context(), object{"channel": "/meta/connect", "connectionType": "long-polling"})
		require.NoError(t, err)
		assert.Contains(t, string(list[0]), "402::")

		list, _, err = c.bayeux(t.Context(), object{"channel": "/meta/subscribe", "subscription": "/v2/users"})
		require.NoError(t, err)
		assert.Contains(t, string(list[0]), "402::")
	})
	bubble(t, voicetest.Options{BayeuxDenial: true}, func(t *testing.T, sim *voicetest.Server) {
		c := newClient(t, sim, "")
		res := c.send("POST", "/notifications", `[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]}]`, "")
		assert.Equal(t, 200, res.status)
		assert.Contains(t, res.text, "403::handshake_denied")
		assert.Contains(t, res.text, `"reconnect":"none"`)
	})
}

func TestMustChangePassword(t *testing.T) {
	agents := voicetest.DefaultAgents()
	agents[0].MustChangePassword = true
	bubble(t, voicetest.Options{Agents: agents}, func(t *testing.T, sim *voicetest.Server) {
		user := newClient(t, sim, "agent5001").get("/me")["user"].(object)
		assert.Equal(t, true, user["changePasswordOnFirstLogin"])
	})
	bubble(t, voicetest.Options{Agents: agents, RefusePasswordChange: true}, func(t *testing.T, sim *voicetest.Server) {
		res := newClient(t, sim, "agent5001").do("GET", "/me", nil)
		assert.Equal(t, 403, res.status)
		assert.Equal(t, sample(t, "rest/change-password.json"), res.body)
	})
}

func TestRequests(t *testing.T) {
	bubble(t, voicetest.Options{RecordLimit: 2}, func(t *testing.T, sim *voicetest.Server) {
		c := newClient(t, sim, "agent5001")
		c.get("/me?subresources=calls")
		c.state("NotReady")
		c.on("none", "Hold")
		all := sim.Requests()
		require.Len(t, all, 2)
		assert.Equal(t, "/me/channels/voice", all[0].Path)
		assert.JSONEq(t, `{"operationName":"NotReady"}`, string(all[0].Body))
		assert.Equal(t, "agent5001", all[0].User)
		assert.Equal(t, 200, all[0].Status)
		assert.Equal(t, "application/json; charset=UTF-8", all[0].Header.Get("Content-Type"))
		assert.Equal(t, 404, all[1].Status)
		assert.Equal(t, time.Now(), all[1].At)
		sim.ClearRequests()
		assert.Empty(t, sim.Requests())
	})
}
