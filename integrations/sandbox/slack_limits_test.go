package sandbox

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

// slackLimits are the scope of each method, and how many calls a minute its tier allows: 1, 20, 50 or 100. 0 is no tier.
// "*:" stands for channels:, groups:, im: or mpim:, as the channel is, or as the types of channels are that are asked for.
// Sources: https://docs.slack.dev/reference/methods, and of the tiers metadata/web-api/rate_limit_tiers.json of
// github.com/slackapi/java-slack-sdk; chat.postMessage's "several hundred" in a workspace are 300 here.
var slackLimits = map[string]struct {
	scope     string
	perMinute int
}{
	"apps.connections.open": {"", 1}, // of the app's token
	"auth.teams.list":       {"", 20},
	"auth.test":             {"", 0},
	"bots.info":             {"users:read", 50},
	"chat.delete":           {"chat:write", 50},
	"chat.getPermalink":     {"", 0},
	"chat.postEphemeral":    {"chat:write", 100},
	"chat.postMessage":      {"chat:write", 300},
	"chat.update":           {"chat:write", 50},
	"conversations.history": {"*:history", 50},
	"conversations.info":    {"*:read", 50},
	"conversations.join":    {"channels:join", 50},
	"conversations.list":    {"*:read", 20},
	"conversations.members": {"*:read", 100},
	"conversations.open":    {"im:write", 50},
	"conversations.replies": {"*:history", 50},
	"files.info":            {"files:read", 100},
	"reactions.add":         {"reactions:write", 50},
	"reactions.remove":      {"reactions:write", 20},
	"usergroups.list":       {"usergroups:read", 20},
	"usergroups.users.list": {"usergroups:read", 20},
	"users.conversations":   {"*:read", 20},
	"users.info":            {"users:read", 100},
	"users.list":            {"users:read", 20},
	"users.lookupByEmail":   {"users:read.email", 50},
	"views.open":            {"", 100},
	"views.push":            {"", 100},
	"views.update":          {"", 100},
}

func TestTheLimitsOfEachMethodAreWrittenDown(t *testing.T) {
	for method := range slackMethods() {
		if _, ok := slackLimits[method]; !ok {
			t.Errorf("%s is not in the table of this test", method)
		}
	}
}

// ask calls a method without a network.
func (s *Slack) ask(method string, args url.Values) (status int, answer, retryAfter string) {
	token := s.BotToken()
	if method == "apps.connections.open" {
		token = s.AppToken()
	}
	r := httptest.NewRequest(http.MethodPost, "/api/"+method, strings.NewReader(args.Encode()))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", form)
	w := httptest.NewRecorder()
	s.serveAPI(w, r)
	return w.Code, w.Body.String(), w.Header().Get("Retry-After")
}

func TestEachMethodIsLimitedByItsTier(t *testing.T) {
	for method, limit := range slackLimits {
		t.Run(method, func(t *testing.T) {
			s, clock := aWorkspace(t, SlackOptions{})
			limited := func() bool { status, _, _ := s.ask(method, nil); return status == http.StatusTooManyRequests }
			calls, free := limit.perMinute, 0
			switch limit.perMinute {
			case 0:
				calls = 1000
			case 1:
				calls = 20 // apps open their sockets in quick succession; the figure is ours
			}
			for free < calls && !limited() {
				free++
			}
			if free < calls {
				t.Fatalf("call %d of %d is refused", free+1, calls)
			}
			if limit.perMinute == 0 {
				return
			}
			every := time.Minute / time.Duration(limit.perMinute)
			seconds := strconv.Itoa((60 + limit.perMinute - 1) / limit.perMinute)
			if status, answer, wait := s.ask(method, nil); status != 429 || wait != seconds || !strings.Contains(answer, `"ratelimited"`) {
				t.Errorf("call %d: %d, Retry-After %q, want %s s: %s", calls+1, status, wait, seconds, answer)
			}
			for other := range slackLimits {
				if status, _, _ := s.ask(other, nil); other != method && status != http.StatusOK {
					t.Errorf("%s is limited too", other)
				}
			}
			clock.Advance(every - 10*time.Millisecond)
			if !limited() {
				t.Errorf("it has room again before %s", every)
			}
			clock.Advance(10 * time.Millisecond)
			if limited() {
				t.Errorf("it has no room after %s", every)
			}
		})
	}
}

func TestEachMethodNeedsItsScope(t *testing.T) {
	channels := []struct{ id, types, scopes string }{
		{"CGENERAL", "public_channel", "channels"}, {"CSECRET", "private_channel", "groups"},
		{"DALICE", "im", "im"}, {"GTALK", "mpim", "mpim"},
	}
	for method, limit := range slackLimits {
		for _, in := range channels {
			kind, ofChannels := strings.CutPrefix(limit.scope, "*:")
			needed := limit.scope
			if ofChannels {
				needed = in.scopes + ":" + kind
			}
			t.Run(method+" in a "+in.types, func(t *testing.T) {
				s, _ := aWorkspace(t, SlackOptions{})
				s.AddChannel(Channel{ID: "DALICE", IM: true, Members: []string{s.BotUserID(), "UALICE"}})
				s.AddChannel(Channel{ID: "GTALK", Name: "talk", MPIM: true, Members: []string{s.BotUserID(), "UALICE", "UBOB"}})
				refused := func() bool {
					_, answer, _ := s.ask(method, url.Values{"channel": {in.id}, "types": {in.types}})
					return strings.Contains(answer, `"missing_scope"`)
				}
				all := slices.DeleteFunc(slices.Collect(maps.Keys(allScopes())), func(scope string) bool { return scope == needed })
				s.SetScopes(all...)
				if got := refused(); got != (needed != "") {
					t.Errorf("without %q it is refused: %t", needed, got)
				}
				s.SetScopes(needed)
				if refused() {
					t.Errorf("with %q alone it is refused", needed)
				}
			})
		}
	}
}

func TestPostsInOneChannelAreLimitedToOneASecondWithAShortBurst(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{})
	c := aClient(s)
	post := func(channel string) error {
		_, _, err := c.PostMessage(channel, slack.MsgOptionText("x", false))
		return err
	}
	for range 5 { // Slack gives no figure; this one is ours
		if err := post("CGENERAL"); err != nil {
			t.Fatal(err)
		}
	}
	var limited *slack.RateLimitedError
	if err := post("CGENERAL"); !errors.As(err, &limited) || limited.RetryAfter != time.Second {
		t.Fatalf("the post after the burst: %v", err)
	}
	if err := post("UALICE"); err != nil {
		t.Errorf("another channel has a limit of its own: %v", err)
	}
	clock.Advance(990 * time.Millisecond)
	if err := post("CGENERAL"); !errors.As(err, &limited) {
		t.Errorf("before a second has passed: %v", err)
	}
	clock.Advance(10 * time.Millisecond)
	if err := post("CGENERAL"); err != nil {
		t.Errorf("after a second: %v", err)
	}
}

func TestUnlimitedSlackHasNoLimits(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{Unlimited: true})
	c := aClient(s)
	for range 15 {
		if _, _, err := c.PostMessage("CGENERAL", slack.MsgOptionText("hello", false)); err != nil {
			t.Fatal(err)
		}
	}
}
