package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	slackgo "github.com/slack-go/slack"
	"golang.org/x/tools/txtar"

	"supportbot/integrations/slack"
)

func printedManifest(t *testing.T) []byte {
	t.Helper()
	var out, problems bytes.Buffer
	if code := run(t.Context(), []string{"manifest"}, nil, &out, &problems, environ()); code != exitOK {
		t.Fatalf("exit status %d: %s", code, &problems)
	}
	return out.Bytes()
}

func TestManifestFileIsWhatTheCommandPrints(t *testing.T) {
	golden(t, "../../manifest.yml", string(printedManifest(t)))
}

// slack-go's type knows the manifest's keys; those of a newer Slack would be unknown to it.
func TestManifestHasNoKeyThatSlackDoesNotKnow(t *testing.T) {
	var m slackgo.Manifest
	if err := yaml.UnmarshalWithOptions(printedManifest(t), &m, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if !m.Settings.SocketModeEnabled || !m.Settings.Interactivity.IsEnabled || m.Settings.TokenRotationEnabled || m.Settings.OrgDeployEnabled {
		t.Errorf("settings are %+v", m.Settings)
	}
	tabs := m.Features.AppHome
	if !tabs.MessagesTabEnabled || tabs.HomeTabEnabled {
		t.Errorf("app home is %+v", tabs)
	}
	if listens := slices.Contains(m.Settings.EventSubscriptions.BotEvents, "message.im"); listens == tabs.MessagesTabReadOnlyEnabled {
		t.Errorf("the bot hears direct messages: %t, people may write none: %t", listens, tabs.MessagesTabReadOnlyEnabled)
	}
}

// manifestLimits are how long texts and lists of a manifest may be. Source: schemas/manifest.schema.2.0.0.json of
// github.com/slackapi/manifest-schema, commit c50cfa8.
var manifestLimits = map[string]int{"name": 35, "description": 140, "display_name": 80, "scopes": 255, "events": 100}

func TestManifestKeepsTheLimitsOfSlack(t *testing.T) {
	var m slackgo.Manifest
	if err := yaml.Unmarshal(printedManifest(t), &m); err != nil {
		t.Fatal(err)
	}
	for what, length := range map[string]int{
		"name":         len([]rune(m.Display.Name)),
		"description":  len([]rune(m.Display.Description)),
		"display_name": len([]rune(m.Features.BotUser.DisplayName)),
		"scopes":       len(m.OAuthConfig.Scopes.Bot),
		"events":       len(m.Settings.EventSubscriptions.BotEvents),
	} {
		if length == 0 || length > manifestLimits[what] {
			t.Errorf("%s: %d, want 1 to %d", what, length, manifestLimits[what])
		}
	}
}

// The scope that each event needs. Source: https://docs.slack.dev/reference/events.
var eventScopes = map[string]string{
	"message.channels":        "channels:history",
	"message.groups":          "groups:history",
	"message.im":              "im:history",
	"message.mpim":            "mpim:history",
	"channel_rename":          "channels:read",
	"channel_archive":         "channels:read",
	"channel_created":         "channels:read",
	"channel_id_changed":      "channels:read",
	"channel_unarchive":       "channels:read",
	"member_joined_channel":   "channels:read", // of private channels groups:read
	"group_archive":           "groups:read",
	"group_unarchive":         "groups:read",
	"group_rename":            "groups:read",
	"user_change":             "users:read",
	"subteam_updated":         "usergroups:read",
	"subteam_members_changed": "usergroups:read",
}

func TestManifestAsksForEachScopeAndEventOnceAndForTheScopeOfEachEvent(t *testing.T) {
	var m slackgo.Manifest
	if err := yaml.Unmarshal(printedManifest(t), &m); err != nil {
		t.Fatal(err)
	}
	var wantScopes, wantEvents []string
	for _, n := range needs() {
		if n.Why == "" {
			t.Errorf("%s: nobody says what it is for", n.Scope)
		}
		wantScopes = append(wantScopes, n.Scope)
		wantEvents = append(wantEvents, n.Events...)
	}
	once := func(list []string) []string { slices.Sort(list); return slices.Compact(list) }
	gotScopes, gotEvents := m.OAuthConfig.Scopes.Bot, m.Settings.EventSubscriptions.BotEvents
	for _, event := range gotEvents {
		if !slices.Contains(gotScopes, eventScopes[event]) {
			t.Errorf("%s comes only with the scope %q", event, eventScopes[event])
		}
	}
	slices.Sort(gotEvents)
	if diff := cmp.Diff(once(wantScopes), gotScopes); diff != "" {
		t.Errorf("scopes, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(once(wantEvents), gotEvents); diff != "" {
		t.Errorf("events, -want +got:\n%s", diff)
	}
}

// uses names for each scope of the manifest a scenario in which people would see that it is missing.
var uses = map[string]string{
	"channels:history": "a-mention-becomes-an-issue",
	"channels:join":    "the-bot-joins-public-channels",
	"channels:read":    "a-mention-while-the-bot-is-stopped-is-found",
	"chat:write":       "a-mention-becomes-an-issue",
	"files:read":       "a-log-is-shown-folded-and-redacted",
	"groups:history":   "private-talk-is-published-by-its-author",
	"groups:read":      "private-talk-that-is-found-late-stays-in-slack",
	"im:history":       "a-direct-message-is-a-request",
	"im:read":          "private-talk-that-is-found-late-stays-in-slack",
	"mpim:history":     "a-group-message-is-private-talk",
	"mpim:read":        "a-group-message-that-is-found-late-is-private-talk",
	"usergroups:read":  "not-a-request-is-for-the-team-only",
	"users:read":       "a-mention-in-japanese-is-answered-in-japanese",
}

func TestEachScopeOfTheManifestIsNeeded(t *testing.T) {
	for _, scope := range scopes() {
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile("../../handlers/support/testdata/" + uses[scope] + ".txtar")
			if err != nil {
				t.Fatalf("uses has no scenario for it: %v", err)
			}
			if seen, err := playWithout(t, archive, scope); err == nil && seen == getFile(archive, "want") {
				t.Errorf("without it, %s ends as well", uses[scope])
			}
		})
	}
}

func TestNeedsOfSeveralPartsAreMergedByScope(t *testing.T) {
	got := asks([]slack.Need{
		{Scope: "users:read", Why: "name people"},
		{Scope: "chat:write", Events: []string{"a"}, Why: "answer"},
		{Scope: "users:read", Events: []string{"user_change", "a"}, Why: "know their language"},
		{Scope: "users:read", Events: []string{"user_change"}, Why: "name people"},
	})
	want := []ask{
		{scope: "chat:write", events: []string{"a"}, whys: []string{"answer"}},
		{scope: "users:read", events: []string{"user_change"}, whys: []string{"name people", "know their language"}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(ask{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// patterns compiles the schema's patterns. Go can't read two of them, for domains that our manifest doesn't
// have; should it have some, no value will do, so that it shows.
func patterns(pattern string) (jsonschema.Regexp, error) {
	if strings.HasPrefix(pattern, "^(?!") {
		return regexp.MustCompile(`[^\s\S]`), nil
	}
	return regexp.Compile(pattern)
}

// The schema is Slack's own; testdata/manifest-schema/README.md says where it is from.
func TestManifestIsValidByTheSchemaOfSlack(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.UseRegexpEngine(patterns)
	schema, err := compiler.Compile("testdata/manifest-schema/manifest.schema.2.0.0.json")
	if err != nil {
		t.Fatal(err)
	}
	valid := func(manifest []byte) error {
		asJSON, err := yaml.YAMLToJSON(manifest)
		if err != nil {
			t.Fatal(err)
		}
		var value any
		if err := json.Unmarshal(asJSON, &value); err != nil {
			t.Fatal(err)
		}
		return schema.Validate(value)
	}
	printed := printedManifest(t)
	if err := valid(printed); err != nil {
		t.Error(err)
	}
	for _, change := range [][2]string{{"socket_mode_enabled", "socket_mode"}, {"name: Support Bot", "name: " + strings.Repeat("x", 36)}, {"- chat:write", "- [chat:write]"}} {
		if valid(bytes.Replace(printed, []byte(change[0]), []byte(change[1]), 1)) == nil {
			t.Errorf("%q in place of %q is taken as valid, so this test tests nothing", change[1], change[0])
		}
	}
}
