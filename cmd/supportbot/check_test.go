package main

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"supportbot/integrations/sandbox"
	"supportbot/store"
)

// A house is all that check looks at: by default, everything is in order.
type house struct {
	slack  *sandbox.Slack
	github *sandbox.GitHub
	dir    string
	api    string // address of Slack
	hub    string // address of GitHub
	lines  string // more of the settings file
	ops    string // id of the ops channel
	listen string // address of health and metrics
	env    map[string]string
}

func newHouse(t *testing.T, options sandbox.GitHubOptions) *house {
	t.Helper()
	slack := sandbox.NewSlack(sandbox.SlackOptions{Scopes: neededScopes()})
	t.Cleanup(slack.Close)
	github := sandbox.NewGitHub(options)
	t.Cleanup(github.Close)
	var members []string
	for _, name := range []string{"Aiko", "Ben", "Chloé"} {
		members = append(members, slack.AddPerson(sandbox.Person{ID: "U0" + strings.ToUpper(name[:3]), Name: name}).ID)
	}
	slack.AddGroup(sandbox.Group{ID: "S0SUPPORT", Handle: "support", Members: members})
	slack.AddGroup(sandbox.Group{ID: "S0EMPTY", Handle: "nobody"})
	slack.AddChannel(sandbox.Channel{ID: "C0OPS", Name: "ops", Members: []string{slack.BotUserID()}})
	return &house{
		slack: slack, github: github, dir: t.TempDir(), api: slack.URL(), hub: github.URL(), ops: "C0OPS", listen: "127.0.0.1:0",
		env: map[string]string{
			"SLACK_APP_TOKEN": slack.AppToken(), "SLACK_BOT_TOKEN": slack.BotToken(), "GITHUB_TOKEN": github.Token(),
		},
	}
}

func neededScopes() []string {
	var scopes []string
	for _, a := range asks(needs()) {
		scopes = append(scopes, a.scope)
	}
	return scopes
}

// check runs the command and returns its exit status and its output, with what changes from run to run named.
func (h *house) check(t *testing.T) (int, string) {
	t.Helper()
	file := filepath.Join(h.dir, "supportbot.yml")
	settings := fmt.Sprintf("slack:\n  api_url: %s\n  support_group: S0SUPPORT\n  ops_channel: %s\ngithub:\n  base_url: %s\n  repository: acme/analytics-support\nstore:\n  path: %s\nhttp:\n  listen: %s\n%s",
		h.api, h.ops, h.hub, filepath.Join(h.dir, "supportbot.db"), h.listen, h.lines)
	if h.ops == "" {
		settings = strings.Replace(settings, "  ops_channel: \n", "", 1)
	}
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := command(t, func(name string) string { return h.env[name] }, "check", "--config", file)
	if stderr != "" {
		t.Errorf("on stderr: %s", stderr)
	}
	for name, secret := range h.env {
		if strings.HasSuffix(name, "TOKEN") && strings.Contains(stdout, secret) {
			t.Errorf("%s is shown:\n%s", name, stdout)
		}
	}
	return code, strings.NewReplacer(h.api, "SLACK", h.slack.URL(), "SLACK", h.hub, "GITHUB", h.github.URL(), "GITHUB", h.dir, "DIR").Replace(stdout)
}

func TestCheckOfAHouseInOrder(t *testing.T) {
	code, out := newHouse(t, sandbox.GitHubOptions{CanPush: true}).check(t)
	if code != exitOK {
		t.Errorf("exit status %d", code)
	}
	golden(t, "testdata/check/in-order.golden", out)
}

func TestCheckSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*testing.T, *house)
		code   int
		want   []string // lines that must be there
	}{
		{"a scope is missing", func(_ *testing.T, h *house) {
			h.slack.SetScopes("channels:history", "channels:read", "chat:write", "users:read")
		}, exitFailed, []string{
			"✗ scope usergroups:read is missing; it is needed to name groups",
			"Add it under OAuth & Permissions",
			"✗ support group S0SUPPORT: missing_scope (needs usergroups:read)",
		}},
		{"a scope is granted that nobody uses", func(_ *testing.T, h *house) {
			h.slack.SetScopes(append(neededScopes(), "reactions:read")...)
		}, exitOK, []string{"· scopes granted but not used: reactions:read"}},
		{"names can't be read", func(_ *testing.T, h *house) {
			h.slack.SetScopes("channels:history", "channels:read", "chat:write", "usergroups:read")
		}, exitFailed, []string{"✗ scope users:read is missing", "✓ support group S0SUPPORT: @support, 3 members: U0AIK, U0BEN, U0CHL"}},
		{"the bot is not where members of the group are", func(_ *testing.T, h *house) {
			h.slack.AddChannel(sandbox.Channel{ID: "C0LATE", Name: "late", Members: []string{"U0BEN"}})
			h.slack.AddChannel(sandbox.Channel{ID: "C0PARTNER", Name: "partner", ExtShared: true, Members: []string{"U0BEN"}})
			h.lines = "mode: observe\n"
		}, exitOK, []string{"! channels: members of the group are there, but the bot is not and hears nobody: #late\n", "Invite it there, /invite"}},
		{"the bot will join where members of the group are", func(_ *testing.T, h *house) {
			h.slack.AddChannel(sandbox.Channel{ID: "C0LATE", Name: "late", Members: []string{"U0BEN"}})
		}, exitOK, []string{"· channels: the bot will join, when it runs, #late"}},
		{"the tokens were revoked", func(_ *testing.T, h *house) { h.slack.Revoke() }, exitFailed, []string{
			"✗ app token: token_revoked", "✗ bot token: token_revoked", "Copy the token or key again from where it was made",
		}},
		{"a wrong bot token", func(_ *testing.T, h *house) { h.env["SLACK_BOT_TOKEN"] = fakeBot }, exitFailed, []string{"✗ bot token: invalid_auth"}},
		{"Slack is not there", func(_ *testing.T, h *house) { h.slack.Close() }, exitFailed, []string{
			"✗ bot token: no answer (dial tcp", "Is the address in the settings right, and may this machine reach it (proxy, firewall)?",
		}},
		{"the group is another", func(_ *testing.T, h *house) {
			h.lines = ""
			h.slack.AddGroup(sandbox.Group{ID: "S0OTHER", Handle: "other"})
			h.api = withAnswer(t, h.slack.URL(), "usergroups.list", `{"ok":true,"usergroups":[{"id":"S0OTHER","handle":"other"},{"id":"S0GONE","handle":"gone","date_delete":1}]}`)
		}, exitFailed, []string{"✗ support group S0SUPPORT: there is none with this id", "Put one of these into slack.support_group: S0OTHER (@other)."}},
		{"the group is switched off", func(t *testing.T, h *house) {
			h.api = withAnswer(t, h.slack.URL(), "usergroups.list", `{"ok":true,"usergroups":[{"id":"S0SUPPORT","handle":"support","date_delete":1}]}`)
		}, exitFailed, []string{"✗ support group S0SUPPORT: @support is switched off"}},
		{"the group is empty", func(_ *testing.T, h *house) {
			h.slack.AddGroup(sandbox.Group{ID: "S0SUPPORT", Handle: "support"})
		}, exitOK, []string{"! support group S0SUPPORT: @support has no members"}},
		{"a large group with a name that steers the terminal", func(_ *testing.T, h *house) {
			var members []string
			for i := range 12 {
				members = append(members, h.slack.AddPerson(sandbox.Person{Name: fmt.Sprintf("p%d\x1b[31m", i), Deleted: i == 1}).ID)
			}
			h.slack.AddGroup(sandbox.Group{ID: "S0SUPPORT", Handle: "support", Members: members})
		}, exitOK, []string{"@support, 12 members: p0�[31m, p1�[31m (deactivated), p2�[31m", "p9�[31m, and 2 more"}},
		{"no ops channel", func(_ *testing.T, h *house) { h.ops = "" }, exitOK, []string{"· ops channel: none set, so alarms go to the log only"}},
		{"an ops channel that is not there", func(_ *testing.T, h *house) { h.ops = "C0NOWHERE" }, exitFailed, []string{"✗ ops channel C0NOWHERE: there is none with this id that the bot can see"}},
		{"the bot is not in the ops channel", func(_ *testing.T, h *house) {
			h.slack.AddChannel(sandbox.Channel{ID: "C0OPS", Name: "ops"})
		}, exitFailed, []string{"✗ ops channel C0OPS: the bot is not in #ops", "Invite it there"}},
		{"the ops channel is archived", func(_ *testing.T, h *house) {
			h.slack.AddChannel(sandbox.Channel{ID: "C0OPS", Name: "ops", Archived: true})
		}, exitFailed, []string{"✗ ops channel C0OPS: #ops is archived"}},
		{"another company reads the alarms", func(_ *testing.T, h *house) {
			h.slack.AddChannel(sandbox.Channel{ID: "C0OPS", Name: "ops", ExtShared: true, Members: []string{h.slack.BotUserID()}})
		}, exitOK, []string{"! ops channel C0OPS: #ops is shared with another company"}},
		{"a server that knows no user groups", func(t *testing.T, h *house) {
			h.api = withAnswer(t, h.slack.URL(), "usergroups.list", `{"ok":false,"error":"unknown_method"}`)
		}, exitOK, []string{"! support group S0SUPPORT: can't be checked, since this server doesn't know the method; what rests on it won't work"}},
		{"a server that knows no people", func(t *testing.T, h *house) {
			h.api = withAnswer(t, h.slack.URL(), "users.info", `{"ok":false,"error":"unknown_method"}`)
		}, exitOK, []string{"! names: this server doesn't know users.info", "Ready, with 1 warning"}},
		{"a server that doesn't say who the bot is", func(t *testing.T, h *house) {
			h.api = withAnswer(t, h.slack.URL(), "auth.test", `{"ok":false,"error":"unknown_method"}`)
		}, exitFailed, []string{"✗ bot token: this server doesn't know the method, and the bot can't run without it"}},
		{"a server without sockets", func(t *testing.T, h *house) {
			h.api = withAnswer(t, h.slack.URL(), "apps.connections.open", `{"ok":false,"error":"unknown_method"}`)
		}, exitFailed, []string{"✗ app token: this server doesn't know the method"}},
		{"a server that doesn't say which scopes it gave", func(t *testing.T, h *house) {
			h.api = withAnswer(t, h.slack.URL(), "auth.test", `{"ok":true,"user_id":"U0SANDBOT","url":"https://acme.slack.com/"}`)
		}, exitOK, []string{"! scopes: this server doesn't say which the bot token has"}},
		{"Slack wants fewer calls", func(_ *testing.T, h *house) {
			h.slack.Faults.Add(sandbox.Fault{Kind: sandbox.Limited, On: "usergroups.list", Delay: 30 * time.Second})
		}, exitOK, []string{"! support group S0SUPPORT: can't be checked now", "Try again in 30s."}},
		{"an app token without its scope", func(t *testing.T, h *house) {
			h.api = withAnswer(t, h.slack.URL(), "apps.connections.open", `{"ok":false,"error":"missing_scope","needed":"connections:write"}`)
		}, exitFailed, []string{"✗ app token: lacks the scope connections:write"}},

		{"GitHub's token was revoked", func(_ *testing.T, h *house) { h.github.Revoke() }, exitFailed, []string{
			"✗ account: 401 (Bad credentials)", "Copy the token or key again",
		}},
		{"GitHub is not there", func(_ *testing.T, h *house) { h.github.Close() }, exitFailed, []string{"✗ account: no answer", "may this machine reach it"}},
		{"GitHub is down", func(_ *testing.T, h *house) {
			h.github.Faults.Add(sandbox.Fault{Kind: sandbox.Fail, On: "get user", Status: 502})
		}, exitFailed, []string{"✗ account: 502"}},
		{"no such repository", func(_ *testing.T, h *house) { h.github.RemoveRepository() }, exitFailed, []string{
			"✗ repository acme/analytics-support: there is none that this account can see",
		}},
		{"the repository has another name now", func(_ *testing.T, h *house) { h.github.Rename("help-desk") }, exitOK, []string{
			"! repository acme/analytics-support: it is called acme/help-desk now", "Change github.repository.", "✓ the account may write issues and set labels",
		}},
		{"the repository is archived", func(_ *testing.T, h *house) { h.github.Archive() }, exitFailed, []string{"✗ repository acme/analytics-support: it is archived"}},
		{"the repository has no issues", func(_ *testing.T, h *house) { h.github.DisableIssues() }, exitFailed, []string{
			"✗ repository acme/analytics-support: its issues are switched off", "Switch them on",
		}},
		{"no right to push", func(_ *testing.T, h *house) { h.github.DropPush() }, exitOK, []string{
			"! the account may write issues, but not set labels: GitHub leaves them out", "Give it the role Write",
		}},
		{"the address of GitHub is wrong", func(_ *testing.T, h *house) { h.hub += "nowhere/" }, exitFailed, []string{"✗ account: 404", "Is the address in the settings right?", "For GitHub Enterprise github.base_url is https://host/api/v3/."}},
		{"the address of GitHub is that of web pages", func(t *testing.T, h *house) {
			h.hub = withAnswer(t, h.hub, "user", "<!DOCTYPE html>")
		}, exitFailed, []string{
			"✗ account: the address answered with something that is not GitHub's API\n", "For GitHub Enterprise github.base_url is https://host/api/v3/.",
		}},
		{"a GitHub App", func(t *testing.T, h *house) { h.useApp(t) }, exitOK, []string{
			"✓ clock: agrees with GitHub's", "✓ account: support-app[bot]", "✓ repository acme/analytics-support", "✓ the App may write issues and set labels",
		}},
		{"a GitHub App at GitHub Enterprise", func(t *testing.T, h *house) { h.useApp(t); h.hub += "api/v3/" }, exitOK, []string{"✓ the App may write issues and set labels"}},
		{"another installation of the App", func(t *testing.T, h *house) {
			h.useApp(t)
			h.hub = withAnswer(t, h.hub, "installation", `{"id":7,"permissions":{"issues":"write"}}`)
		}, exitFailed, []string{"✗ GITHUB_APP_INSTALLATION_ID is 27182818, but at this repository the App's installation is 7"}},
		{"an App that may only read", func(t *testing.T, h *house) {
			h.useApp(t)
			h.hub = withAnswer(t, h.hub, "installation", `{"id":27182818,"permissions":{"issues":"read"}}`)
		}, exitFailed, []string{"✗ the App may not write issues", "Give it the repository permission Issues"}},
		{"an App whose key was revoked", func(t *testing.T, h *house) { h.useApp(t); h.github.Revoke() }, exitFailed, []string{"✗ account: 401"}},
		{"a clock that is fast", func(t *testing.T, h *house) {
			h.useApp(t)
			h.hub = withDate(t, h.hub, time.Now().Add(-time.Hour))
		}, exitFailed, []string{"✗ clock: this machine is 1h0m", "ahead of GitHub, which will refuse the App", "Set the clock"}},
		{"a clock that is slow", func(t *testing.T, h *house) {
			h.useApp(t)
			h.hub = withDate(t, h.hub, time.Now().Add(time.Minute))
		}, exitOK, []string{"! clock: this machine is ", "behind GitHub; the App works until 30s ahead or 1m30s behind"}},
		{"a clock that is very slow", func(t *testing.T, h *house) {
			h.useApp(t)
			h.hub = withDate(t, h.hub, time.Now().Add(time.Hour))
		}, exitFailed, []string{"✗ clock: this machine is ", "behind GitHub, which will refuse the App"}},
		{"a fine-grained token", func(_ *testing.T, h *house) {
			h.env["GITHUB_TOKEN"] = "github" + "_pat_" + "fake"
			h.hub = withToken(t, h.hub, h.github.Token())
		}, exitOK, []string{"· a fine-grained token also needs the permission Issues"}},

		{"no secrets", func(_ *testing.T, h *house) { h.env = nil }, exitFailed, []string{
			"✗ SLACK_APP_TOKEN is not set", "✗ SLACK_BOT_TOKEN is not set", "✗ GitHub needs either GITHUB_TOKEN or an app",
			"· bot: not checked without SLACK_BOT_TOKEN",
		}},
		{"settings with mistakes, and no secrets", func(_ *testing.T, h *house) {
			h.env, h.lines = nil, "limts:\n"
		}, exitFailed, []string{`supportbot.yml:12:1: "limts" is not a setting; did you mean limits?`, "✗ SLACK_APP_TOKEN is not set", "Not ready: 4 things to mend (✗), 0 warnings (!)."}},
		{"everything observes", func(_ *testing.T, h *house) { h.lines = "mode: observe\n" }, exitOK, []string{"· mode is observe: the bot reads and stores, and writes nothing"}},
		{"all but support observes", func(_ *testing.T, h *house) { h.lines = "mode: observe\nsupport:\n  mode: live\n" }, exitOK, []string{"· mode is observe, but live for support"}},

		{"another program listens where health is to be served", func(t *testing.T, h *house) { h.occupy(t) }, exitFailed, []string{
			"✗ http.listen: another program listens at 127.0.0.1:", "; choose another port",
		}},
		{"perhaps the running bot listens there", func(t *testing.T, h *house) {
			h.occupy(t)
			h.runOnDatabase(t)
		}, exitOK, []string{"! http.listen: 127.0.0.1:", " is in use, perhaps by the running bot"}},
		{"no address of this machine", func(_ *testing.T, h *house) { h.listen = "192.0.2.7:8080" }, exitFailed, []string{
			"✗ http.listen: 192.0.2.7:8080 is no address of this machine",
		}},

		{"the database is in use", func(t *testing.T, h *house) { h.runOnDatabase(t) }, exitOK, []string{"· a supportbot is running on it"}},
		{"the database is there, of an earlier run", func(t *testing.T, h *house) {
			db, err := store.Open(filepath.Join(h.dir, "supportbot.db"), time.Now)
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}, exitOK, []string{"✓ can be opened"}},
		{"the database is open to others", func(t *testing.T, h *house) {
			path := filepath.Join(h.dir, "supportbot.db")
			db, err := store.Open(path, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(db.Close(), os.Chmod(path, 0o644)); err != nil {
				t.Fatal(err)
			}
		}, exitOK, []string{"! others on this machine may read it", "chmod 600 "}},
		{"the database is none", func(t *testing.T, h *house) {
			if err := os.WriteFile(filepath.Join(h.dir, "supportbot.db"), []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, exitFailed, []string{"✗ can't be opened: ", "put a backup in its place"}},
		{"the database is a folder", func(t *testing.T, h *house) {
			if err := os.Mkdir(filepath.Join(h.dir, "supportbot.db"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, exitFailed, []string{"✗ can't be opened: ", "Set store.path to the name of a file."}},
		{"the database is of a newer supportbot", func(t *testing.T, h *house) {
			databaseOf(t, filepath.Join(h.dir, "supportbot.db"), 99)
		}, exitFailed, []string{"✗ can't be used: the database has schema 99", "Use the newer supportbot"}},
		{"the database is of an older supportbot", func(t *testing.T, h *house) {
			databaseOf(t, filepath.Join(h.dir, "supportbot.db"), 1)
		}, exitOK, []string{"✓ can be opened", "· the database has schema 1", "the next run brings it up to date"}},
		{"the database is empty", func(t *testing.T, h *house) {
			databaseOf(t, filepath.Join(h.dir, "supportbot.db"), 0)
		}, exitOK, []string{"· there is nothing in the database yet; the first run fills it"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHouse(t, sandbox.GitHubOptions{CanPush: true})
			test.change(t, h)
			code, out := h.check(t)
			if code != test.code {
				t.Errorf("exit status %d, want %d", code, test.code)
			}
			for _, want := range test.want {
				if !strings.Contains(out, want) {
					t.Errorf("lacks %q", want)
				}
			}
			if t.Failed() {
				t.Log(out)
			}
		})
	}
}

func TestCheckWarnsOfTokensThatGoOverTheNetworkInClear(t *testing.T) {
	for _, test := range []struct {
		name, api string
		want      bool
	}{
		{"http to another machine", "http://slack.example.com/api/", true},
		{"https to another machine", "https://slack.example.com/api/", false},
		{"http to this machine", "http://127.0.0.1:1/api/", false},
		{"http to this machine by name", "http://localhost/api/", false},
		{"http to this machine by its IPv6 address", "http://[::1]:1/api/", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "s.yml")
			settings := "slack: {api_url: \"" + test.api + "\", support_group: S0SUPPORT}\ngithub: {repository: a/b}\n"
			if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			r := &report{w: &out}
			if _, ok := r.settings(file); !ok {
				t.Fatal(out.String())
			}
			if got := strings.Contains(out.String(), "! slack.api_url is http"); got != test.want {
				t.Errorf("warned: %v, want %v\n%s", got, test.want, &out)
			}
		})
	}
}

func TestCheckWarnsOfAPublicRepository(t *testing.T) {
	code, out := newHouse(t, sandbox.GitHubOptions{CanPush: true, Public: true}).check(t)
	if code != exitOK || !strings.Contains(out, "! repository acme/analytics-support: it is public") {
		t.Errorf("exit status %d\n%s", code, out)
	}
}

// databaseOf makes a database at path that says it has this version of the schema, and nothing else.
func databaseOf(t *testing.T, path string, version int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(fmt.Sprintf("CREATE TABLE a (b); PRAGMA user_version = %d", version))
	if err := errors.Join(err, db.Close(), os.Chmod(path, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// runOnDatabase holds the database as a running bot does.
func (h *house) runOnDatabase(t *testing.T) {
	t.Helper()
	db, err := store.Open(filepath.Join(h.dir, "supportbot.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
}

// occupy listens where health and metrics are to be served.
func (h *house) occupy(t *testing.T) {
	t.Helper()
	taken, err := net.Listen("tcp", h.listen)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	h.listen = taken.Addr().String()
}

// useApp gives the house a GitHub App in place of the token.
func (h *house) useApp(t *testing.T) {
	t.Helper()
	key, err := h.github.WritePrivateKey(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	delete(h.env, "GITHUB_TOKEN")
	h.env["GITHUB_APP_ID"] = strconv.FormatInt(h.github.AppID(), 10)
	h.env["GITHUB_APP_INSTALLATION_ID"] = strconv.FormatInt(h.github.InstallationID(), 10)
	h.env["GITHUB_APP_PRIVATE_KEY"] = key
}

// between returns the address of a server that hands requests to the one at address, by way of handle.
func between(t *testing.T, address string, handle func(w http.ResponseWriter, r *http.Request, pass http.Handler)) string {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: target.Scheme, Host: target.Host})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(w, r, proxy) }))
	t.Cleanup(server.Close)
	return server.URL + target.Path
}

// withAnswer answers what ends in /last itself.
func withAnswer(t *testing.T, address, last, answer string) string {
	return between(t, address, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/"+last) {
			_, _ = io.WriteString(w, answer)
			return
		}
		pass.ServeHTTP(w, r)
	})
}

// withDate dates what is asked without a token.
func withDate(t *testing.T, address string, date time.Time) string {
	return between(t, address, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if r.Header.Get("Authorization") == "" {
			w.Header().Set("Date", date.UTC().Format(http.TimeFormat))
			return
		}
		pass.ServeHTTP(w, r)
	})
}

// withToken takes any token for the given one.
func withToken(t *testing.T, address, token string) string {
	return between(t, address, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		r.Header.Set("Authorization", "Bearer "+token)
		pass.ServeHTTP(w, r)
	})
}
