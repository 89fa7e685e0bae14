package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"supportbot/integrations"
	"supportbot/integrations/redact"
)

// Tokens of a shape that any careless error would show, and that no secret scanner takes for real ones.
const (
	botToken = "xoxb-" + "not-a-real-bot-token"
	appToken = "xapp-" + "not-a-real-app-token"
)

// request is a call as the test's Slack saw it.
type request struct {
	method string
	token  string
	form   map[string]string
}

// fakeSlack answers each method with what the test says, and keeps the calls.
type fakeSlack struct {
	t        *testing.T
	url      string
	answers  map[string]http.HandlerFunc
	requests []request
}

func (f *fakeSlack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	_ = r.ParseForm()
	form := map[string]string{}
	for k := range r.PostForm {
		form[k] = r.PostForm.Get(k)
	}
	token := cmp.Or(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), form["token"]) // Slack takes it from either
	delete(form, "token")
	f.requests = append(f.requests, request{method, token, form})
	answer := f.answers[method]
	if answer == nil {
		f.t.Errorf("unexpected call of %s", method)
		answer = says(`{"ok":false,"error":"unknown_method"}`)
	}
	answer(w, r)
}

func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func status(code int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

const iAm = `{"ok":true,"url":"https://acme.slack.com/","user_id":"U0BOT","bot_id":"B0BOT","team_id":"T1"}`

// redactors makes one redactor for all tests: it takes a while.
var redactors = sync.OnceValues(redact.New)

func redactor(t *testing.T) *redact.Redactor {
	t.Helper()
	r, err := redactors()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func newFake(t *testing.T, answers map[string]http.HandlerFunc) (*fakeSlack, *Client) {
	f := &fakeSlack{t: t, answers: answers}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL + "/api/"
	return f, New(Config{APIURL: f.url, BotToken: botToken, AppToken: appToken})
}

func kind(t *testing.T, c *Client, name string) integrations.Kind {
	t.Helper()
	for _, k := range c.Service(redactor(t), Options{}).Kinds {
		if k.Name == name {
			return k
		}
	}
	t.Fatalf("no kind %s", name)
	return integrations.Kind{}
}

func body(t *testing.T, payload any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestIdentity(t *testing.T) {
	f, c := newFake(t, map[string]http.HandlerFunc{
		"auth.test": status(200, iAm, "X-OAuth-Scopes", "chat:write,channels:history"),
	})
	got, err := c.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := Identity{
		UserID: "U0BOT", BotID: "B0BOT", TeamID: "T1", WorkspaceURL: "https://acme.slack.com/",
		Scopes: []string{"chat:write", "channels:history"},
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("identity differs (-want +got):\n%s", diff)
	}
	if f.requests[0].token != botToken {
		t.Errorf("called with another token than the bot's")
	}
}

func TestTestAppTokenUsesTheAppToken(t *testing.T) {
	f, c := newFake(t, map[string]http.HandlerFunc{"apps.connections.open": says(`{"ok":true,"url":"wss://x"}`)})
	if err := c.TestAppToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f.requests[0].token != appToken {
		t.Errorf("called with another token than the app's")
	}
}

func TestPermalink(t *testing.T) {
	tests := []struct{ name, ts, thread, want string }{
		{"a message in no thread", "1764000000.000100", "", "https://acme.slack.com/archives/C1/p1764000000000100"},
		{"the root of a thread", "1764000000.000100", "1764000000.000100", "https://acme.slack.com/archives/C1/p1764000000000100"},
		{"a reply", "1764000001.000200", "1764000000.000100", "https://acme.slack.com/archives/C1/p1764000001000200?thread_ts=1764000000.000100&cid=C1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Permalink("https://acme.slack.com/", "C1", tt.ts, tt.thread); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	named := func(name string) http.HandlerFunc { return says(`{"ok":false,"error":"` + name + `"}`) }
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   integrations.Failure
		code   string
		after  time.Duration
	}{
		{"a limit with its wait", status(429, "", "Retry-After", "30"), integrations.Limited, "429", 30 * time.Second},
		{"a limit without a wait", status(429, ""), integrations.Limited, "429", time.Second},
		{"a limit that ends on a date", status(429, "", "Retry-After", "Mon, 23 Nov 2026 12:00:00 GMT"), integrations.Limited, "429", time.Second},
		{"a limit of a lifetime", status(429, "", "Retry-After", "9999999999"), integrations.Limited, "429", time.Hour},
		{"a limit by name", named("ratelimited"), integrations.Limited, "ratelimited", time.Second},
		{"a limit of the workspace", named("message_limit_exceeded"), integrations.Limited, "message_limit_exceeded", time.Second},
		{"a server error", status(500, "<html>"), integrations.Unknown, "500", 0},
		{"an overloaded server", status(503, ""), integrations.Unknown, "503", 0},
		{"an internal error by name", named("internal_error"), integrations.Unknown, "internal_error", 0},
		{"a fatal error by name", named("fatal_error"), integrations.Unknown, "fatal_error", 0},
		{"an unavailable service by name", named("service_unavailable"), integrations.Unknown, "service_unavailable", 0},
		{"an answer that is not JSON", says("<html>"), integrations.Unknown, "broken answer", 0},
		{"an answer that ends in the middle", says(`{"ok":tr`), integrations.Unknown, "broken answer", 0},
		{"an answer that is cut off", status(200, `{"ok":true`, "Content-Length", "1000"), integrations.Unknown, "no answer", 0},
		{"a refusal with details of a new form", says(`{"ok":false,"error":"invalid_blocks","errors":[{"new":1}]}`), integrations.Rejected, "invalid_blocks", 0},
		{"a success of a new form", says(`{"ok":true,"channel":{"id":"C1"},"ts":"1.2"}`), integrations.Rejected, "unreadable answer", 0},
		{"an empty answer", says(""), integrations.Unknown, "broken answer", 0},
		{"an answer without ok", says("{}"), integrations.Unknown, "broken answer", 0},
		{"a success that names no message", says(`{"ok":true}`), integrations.Unknown, "broken answer", 0},
		{"a connection that breaks off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, integrations.Unknown, "no answer", 0},
		{"a wrong token", named("invalid_auth"), integrations.Locked, "invalid_auth", 0},
		{"no token", named("not_authed"), integrations.Locked, "not_authed", 0},
		{"a deactivated account", named("account_inactive"), integrations.Locked, "account_inactive", 0},
		{"a revoked token", named("token_revoked"), integrations.Locked, "token_revoked", 0},
		{"an expired token", named("token_expired"), integrations.Locked, "token_expired", 0},
		{"a redirect to somewhere else", status(302, "", "Location", "https://elsewhere.example/"), integrations.Locked, "302", 0},
		{"a gateway that refuses", status(403, ""), integrations.Locked, "403", 0},
		{"a wrong address", status(404, ""), integrations.Locked, "404", 0},
		{"a missing scope concerns its kind alone", named("missing_scope"), integrations.Rejected, "missing_scope", 0},
		{"an unknown method keeps its name", named("unknown_method"), integrations.Rejected, "unknown_method", 0},
		{"a missing channel", named("channel_not_found"), integrations.Rejected, "channel_not_found", 0},
		{"a body too long for a gateway", status(413, ""), integrations.Rejected, "413", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, c := newFake(t, map[string]http.HandlerFunc{"chat.postMessage": tt.answer})
			_, err := kind(t, c, "slack.notify").Perform(t.Context(), integrations.Call{Body: body(t, Notify{Channel: "C1"})})
			e := integrations.AsError(err)
			if e.Failure != tt.want || e.Code != tt.code || e.After != tt.after {
				t.Errorf("got %v %q after %v, want %v %q after %v", e.Failure, e.Code, e.After, tt.want, tt.code, tt.after)
			}
			noSecret(t, err)
		})
	}
}

// slack-go takes an answer without ok, and without an error's name, for a success.
func TestAnAnswerThatSaysNothingIsBroken(t *testing.T) {
	methods := []string{
		"auth.test", "apps.connections.open", "users.info", "conversations.info", "usergroups.list",
		"chat.postMessage", "chat.update", "chat.postEphemeral", "conversations.replies",
	}
	for _, said := range []string{"{}", "null", `{"ok":false}`} {
		answers := map[string]http.HandlerFunc{}
		for _, method := range methods {
			answers[method] = says(said)
		}
		_, c := newFake(t, answers)
		find := func(ctx context.Context) error {
			c.self = &Identity{UserID: "U0BOT"}
			_, _, err := c.findShown(ctx, shown(t))
			return err
		}
		calls := map[string]func(context.Context) error{
			"auth.test":             func(ctx context.Context) error { _, err := c.Identity(ctx); return err },
			"apps.connections.open": c.TestAppToken,
			"users.info":            func(ctx context.Context) error { _, err := c.Person(ctx, "U1"); return err },
			"conversations.info":    func(ctx context.Context) error { _, err := c.Channel(ctx, "C1"); return err },
			"usergroups.list":       func(ctx context.Context) error { _, err := c.Groups(ctx); return err },
			"chat.postMessage":      func(ctx context.Context) error { _, err := c.post(ctx, shown(t), Show{Channel: "C1"}); return err },
			"chat.update": func(ctx context.Context) error {
				_, err := c.update(ctx, json.RawMessage(`{"channel":"C1","ts":"1.2"}`), Show{})
				return err
			},
			"chat.postEphemeral":    func(ctx context.Context) error { return c.postEphemeral(ctx, Whisper{Channel: "C1", User: "U1"}) },
			"conversations.replies": find,
		}
		for _, method := range methods {
			e := integrations.AsError(calls[method](t.Context()))
			if e.Op != "slack: "+method || e.Code != "broken answer" || e.Failure != integrations.Unknown {
				t.Errorf("%s answered with %s: got %v", method, said, e)
			}
		}
	}
}

// noSecret checks that err shows neither token.
func noSecret(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{botToken, appToken} {
		if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), secret[5:]) {
			t.Errorf("the error shows a token: %v", err)
		}
	}
}

func TestErrorsShowNoToken(t *testing.T) {
	echo := `{"ok":false,"error":"bad token ` + botToken + `","needed":"` + appToken + `"}`
	tests := []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"a server that repeats the token as the error's name", says(echo)},
		{"a server that repeats the token as the missing scope", says(`{"ok":false,"error":"missing_scope","needed":"` + botToken + ` ` + appToken + `"}`)},
		{"a redirect whose address holds the token", status(302, "", "Location", "http://127.0.0.1:1/?t="+botToken)},
		{"a status page that repeats the token", status(500, botToken)},
		{"a broken answer that repeats the token", says(`{"ok":true,"x":` + botToken)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, c := newFake(t, map[string]http.HandlerFunc{"auth.test": tt.answer})
			_, err := c.Identity(t.Context())
			if err == nil {
				t.Fatal("no error")
			}
			noSecret(t, err)
		})
	}
	t.Run("an address that holds the token", func(t *testing.T) {
		c := New(Config{APIURL: "http://127.0.0.1:1/" + botToken, BotToken: botToken})
		_, err := c.Identity(t.Context())
		noSecret(t, err)
	})
	t.Run("an address that is none", func(t *testing.T) {
		c := New(Config{APIURL: "http://\x7f" + botToken, BotToken: botToken})
		_, err := c.Identity(t.Context())
		noSecret(t, err)
		if e := integrations.AsError(err); e.Failure != integrations.Locked || e.Code != "bad address" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a token that no header can hold", func(t *testing.T) {
		f, _ := newFake(t, nil)
		c := New(Config{APIURL: f.url, AppToken: "\x7f" + appToken})
		noSecret(t, c.TestAppToken(t.Context()))
	})
}

func TestTokensAreTrimmed(t *testing.T) {
	f, c := newFake(t, map[string]http.HandlerFunc{"auth.test": says(iAm)})
	c = New(Config{APIURL: c.apiURL, BotToken: botToken + "\n"})
	if _, err := c.Identity(t.Context()); err != nil || f.requests[0].token != botToken {
		t.Errorf("a token with the line end of its file does not work: %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	c := New(Config{APIURL: "http://" + l.Addr().String()})
	if _, err := c.Identity(t.Context()); integrations.AsError(err).Failure != integrations.Unreachable {
		t.Errorf("a refused connection is not Unreachable: %v", err)
	}
}

func TestTimeoutAfterTheRequestIsUnknown(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, c := newFake(t, map[string]http.HandlerFunc{"auth.test": func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}})
	if _, err := c.Identity(ctx); integrations.AsError(err).Failure != integrations.Unknown {
		t.Errorf("a call given up after it was sent is not Unknown: %v", err)
	}
}

func TestTimeoutBeforeTheRequestIsUnreachable(t *testing.T) {
	_, c := newFake(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Identity(ctx); integrations.AsError(err).Failure != integrations.Unreachable {
		t.Errorf("a call given up before it was sent is not Unreachable: %v", err)
	}
}

// Each kind's methods, as it calls them, need a scope; Needs must name just those.
func TestNeedsNameTheScopesThatKindsUse(t *testing.T) {
	scopeOf := map[string]string{ // https://docs.slack.dev/reference/methods/…
		"chat.postMessage": "chat:write", "chat.update": "chat:write", "chat.postEphemeral": "chat:write",
		"conversations.replies": "channels:history", "conversations.history": "channels:history",
		"conversations.info": "channels:read", "users.info": "users:read", "usergroups.list": "usergroups:read",
		"files.info": "files:read", "auth.test": "",
	}
	answers := map[string]http.HandlerFunc{}
	for method := range scopeOf {
		answers[method] = says(`{"ok":true,"channel":"C1","ts":"1.2"}`)
	}
	answers["auth.test"] = says(iAm)
	answers["users.info"] = says(`{"ok":true,"user":{"id":"U1"}}`)
	answers["conversations.info"] = says(`{"ok":true,"channel":{"id":"C1"}}`)
	answers["files.info"] = says(`{"ok":true,"file":{"id":"F1","name":"plan.pdf"}}`)
	answers["usergroups.list"] = says(`{"ok":true,"usergroups":[]}`)
	f, c := newFake(t, answers)
	for _, k := range c.Service(redactor(t), Options{}).Kinds {
		call := integrations.Call{Body: json.RawMessage(`{"channel":"C1","thread_ts":"1.1","id":"U1"}`)}
		if _, err := k.Perform(t.Context(), call); err != nil {
			t.Errorf("%s: %v", k.Name, err)
		}
		if k.Find != nil {
			if _, _, err := k.Find(t.Context(), call); err != nil {
				t.Errorf("find %s: %v", k.Name, err)
			}
		}
	}
	want, got := map[string]bool{}, map[string]bool{}
	for _, r := range f.requests {
		if scope := scopeOf[r.method]; scope != "" {
			want[scope] = true
		}
	}
	for _, n := range Needs() {
		got[n.Scope] = true
		if n.Why == "" {
			t.Errorf("%s: nobody is told why", n.Scope)
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("scopes differ (-used +asked for):\n%s", diff)
	}
}
