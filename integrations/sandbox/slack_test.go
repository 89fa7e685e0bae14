package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
)

var slackStart = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)

// aWorkspace is a stand-in on a still clock, with Alice (who is in #general with the bot), Bob (who isn't),
// the user group @support, and the channels #general, #elsewhere (without the bot) and the private #secret.
func aWorkspace(t *testing.T, o SlackOptions) (*Slack, *Clock) {
	t.Helper()
	clock := NewClock(slackStart)
	o.Clock = clock
	s := NewSlack(o)
	t.Cleanup(s.Close)
	s.AddPerson(Person{ID: "UALICE", Name: "alice", DisplayName: "Alice", Locale: "ja-JP"})
	s.AddPerson(Person{ID: "UBOB", Name: "bob"})
	s.AddGroup(Group{ID: "SSUPPORT", Handle: "support", Members: []string{"UBOB"}})
	s.AddChannel(Channel{ID: "CGENERAL", Name: "general", Members: []string{s.BotUserID(), "UALICE"}})
	s.AddChannel(Channel{ID: "CELSE", Name: "elsewhere", Members: []string{"UALICE"}})
	s.AddChannel(Channel{ID: "CSECRET", Name: "secret", Private: true, Members: []string{"UALICE"}})
	return s, clock
}

func aClient(s *Slack) *slack.Client {
	return slack.New(s.BotToken(), slack.OptionAppLevelToken(s.AppToken()), slack.OptionAPIURL(s.URL()))
}

// slackCode is Slack's name of a client's error.
func slackCode(err error) string {
	var refused slack.SlackErrorResponse
	if errors.As(err, &refused) {
		return refused.Err
	}
	if err != nil {
		return "unexpected: " + err.Error()
	}
	return ""
}

// callSlack calls a method by hand.
func callSlack(t *testing.T, r *http.Request) (map[string]any, *http.Response) {
	t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var body map[string]any
	if err := json.Unmarshal(text, &body); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return body, res
}

func slackRequest(t *testing.T, s *Slack, method, contentType, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.URL()+method, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

const form = "application/x-www-form-urlencoded"

func TestArgumentsComeAsFormJSONOrQuery(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	fields := url.Values{"channel": {"CGENERAL"}, "text": {"hello"}, "token": {s.BotToken()}}
	asJSON := slackRequest(t, s, "chat.postMessage", "application/json; charset=utf-8", `{"channel":"CGENERAL","text":"hello"}`)
	asJSON.Header.Set("Authorization", "Bearer "+s.BotToken())
	for name, r := range map[string]*http.Request{
		"a form with the token in it":       slackRequest(t, s, "chat.postMessage", form, fields.Encode()),
		"a query with the token in it":      slackRequest(t, s, "chat.postMessage?"+fields.Encode(), "", ""),
		"JSON with the token in the header": asJSON,
	} {
		t.Run(name, func(t *testing.T) {
			body, res := callSlack(t, r)
			if body["ok"] != true || body["channel"] != "CGENERAL" {
				t.Errorf("answer %v", body)
			}
			if got := res.Header.Get("X-OAuth-Scopes"); !strings.Contains(got, "chat:write") {
				t.Errorf("X-OAuth-Scopes is %q", got)
			}
		})
	}
}

func TestATokenInAJSONBodyDoesNotCount(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	body, _ := callSlack(t, slackRequest(t, s, "auth.test", "application/json", `{"token":"`+s.BotToken()+`"}`))
	want := map[string]any{
		"ok": false, "error": "not_authed", "warning": "missing_charset",
		"response_metadata": map[string]any{"warnings": []any{"missing_charset"}},
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
}

func TestTokensAreChecked(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	tests := map[string]struct{ method, header, argument, want string }{
		"no token":                            {"auth.test", "", "", "not_authed"},
		"an unknown token":                    {"auth.test", "xoxb-other", "", "invalid_auth"},
		"the app's token for the bot":         {"auth.test", s.AppToken(), "", "not_allowed_token_type"},
		"the bot's token for a socket":        {"apps.connections.open", s.BotToken(), "", "not_allowed_token_type"},
		"the app's token as an argument":      {"apps.connections.open", "", s.AppToken(), "not_authed"},
		"a method that Slack does not have":   {"chat.shout", s.BotToken(), "", "unknown_method"},
		"the right token for an honest call":  {"auth.test", s.BotToken(), "", ""},
		"the right token as a form's field":   {"auth.test", "", s.BotToken(), ""},
		"the app's token in a socket request": {"apps.connections.open", s.AppToken(), "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := slackRequest(t, s, test.method, form, url.Values{"token": {test.argument}}.Encode())
			if test.header != "" {
				r.Header.Set("Authorization", "Bearer "+test.header)
			}
			body, _ := callSlack(t, r)
			if got, _ := body["error"].(string); got != test.want {
				t.Errorf("error %q, want %q", got, test.want)
			}
		})
	}
	t.Run("after the tokens were revoked", func(t *testing.T) {
		s.Revoke()
		_, err := aClient(s).AuthTest()
		if slackCode(err) != "token_revoked" {
			t.Errorf("error %v", err)
		}
	})
}

func TestAServerMayNotKnowAMethod(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{Without: []string{"usergroups.list"}})
	if _, err := aClient(s).GetUserGroups(); slackCode(err) != "unknown_method" {
		t.Errorf("error %v", err)
	}
}

func TestMissingScopeNamesWhatIsNeededAndWhatIsThere(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{Scopes: []string{"users:read", "chat:write"}})
	_, err := aClient(s).GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: "CGENERAL"})
	var refused slack.SlackErrorResponse
	if !errors.As(err, &refused) || refused.Err != "missing_scope" {
		t.Fatalf("error %v", err)
	}
	if refused.Needed != "channels:history" || refused.Provided != "chat:write,users:read" {
		t.Errorf("needed %q, provided %q", refused.Needed, refused.Provided)
	}
	_, err = aClient(s).GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: "CSECRET"})
	if !errors.As(err, &refused) || refused.Needed != "groups:history" {
		t.Errorf("for a private channel: %v, needed %q", err, refused.Needed)
	}
}

func TestSlackCallsAreRememberedWithoutTheToken(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	if _, _, err := aClient(s).PostMessage("CGENERAL", slack.MsgOptionText("hello", false)); err != nil {
		t.Fatal(err)
	}
	calls := s.Calls()
	if len(calls) != 1 || calls[0].Method != "chat.postMessage" || calls[0].Args["text"] != "hello" || calls[0].Status != 200 {
		t.Fatalf("calls %+v", calls)
	}
	if text, _ := json.Marshal(calls); strings.Contains(string(text), s.BotToken()) {
		t.Error("the token is in the calls")
	}
}

func TestFaultsOfPosting(t *testing.T) {
	tests := map[string]struct {
		fault     Fault
		after     time.Duration
		wantError string
		wantPosts int
	}{
		"a refused connection does nothing":              {Fault{Kind: Refuse}, 0, "EOF", 0},
		"a 500 does nothing":                             {Fault{Kind: Fail}, 0, "500", 0},
		"a 429 does nothing":                             {Fault{Kind: Limited, Delay: 1500 * time.Millisecond}, 0, "retry after 2s", 0},
		"a lost answer comes after the write":            {Fault{Kind: LoseAnswer}, 0, "EOF", 1},
		"a late write is not there when the call breaks": {Fault{Kind: LandLate, Delay: 5 * time.Second}, 4 * time.Second, "EOF", 0},
		"a late write lands in the end":                  {Fault{Kind: LandLate, Delay: 5 * time.Second}, 5 * time.Second, "EOF", 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, clock := aWorkspace(t, SlackOptions{})
			test.fault.On, test.fault.Times = "chat.postMessage", 1
			s.Faults.Add(test.fault)
			_, _, err := aClient(s).PostMessage("CGENERAL", slack.MsgOptionText("hello", false))
			if err == nil || !strings.Contains(err.Error(), test.wantError) {
				t.Errorf("error %v, want %q", err, test.wantError)
			}
			clock.Advance(test.after)
			if got := len(s.History("CGENERAL")); got != test.wantPosts {
				t.Errorf("%d messages, want %d", got, test.wantPosts)
			}
			if met := s.Faults.Met()["chat.postMessage/"+string(test.fault.Kind)]; met != 1 {
				t.Errorf("met %d times", met)
			}
		})
	}
}

func TestOnPostIsToldBeforeTheAnswer(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	told := make(chan Message, 2)
	s.OnPost = func(m Message) { told <- m }
	c := aClient(s)
	_, ts, err := c.PostMessage("CGENERAL", slack.MsgOptionText("one", false))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := c.UpdateMessage("CGENERAL", ts, slack.MsgOptionText("two", false)); err != nil {
		t.Fatal(err)
	}
	if len(told) != 2 {
		t.Fatalf("told of %d messages", len(told))
	}
	one, two := <-told, <-told
	if one.Text != "one" || two.Text != "two" || two.TS != ts || two.Channel != "CGENERAL" {
		t.Errorf("told %+v and %+v", one, two)
	}
}

// soon is a context for what must happen without waiting.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// until waits for what other goroutines are about to do.
func until(t *testing.T, done func() bool) {
	t.Helper()
	for ctx := soon(t); !done(); runtime.Gosched() {
		if ctx.Err() != nil {
			t.Fatal("it did not happen")
		}
	}
}

// replaceTS puts the ts of a message into a call.
func replaceTS(call, ts string) string { return strings.ReplaceAll(call, "$ts", ts) }

func TestBodiesThatAreNoArguments(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	tests := map[string]struct{ contentType, body, want string }{
		"half a JSON object":     {"application/json", `{"channel":`, "invalid_json"},
		"a JSON list":            {"application/json", `["channel"]`, "invalid_json"},
		"a form that is escaped": {form, "channel=%zz", "invalid_form_data"},
		"a form that is endless": {form, "text=" + strings.Repeat("x", maxArgs), "invalid_form_data"},
		"a form in no parts":     {"multipart/form-data", "x", "invalid_form_data"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := slackRequest(t, s, "chat.postMessage", test.contentType, test.body)
			r.Header.Set("Authorization", "Bearer "+s.BotToken())
			if body, _ := callSlack(t, r); body["error"] != test.want {
				t.Errorf("answer %v, want %q", body, test.want)
			}
		})
	}
}
