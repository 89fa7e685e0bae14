package slack

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"supportbot/integrations"
)

func TestReads(t *testing.T) {
	tests := []struct {
		name   string
		kind   string
		method string
		answer string
		want   string
	}{
		{
			"a person by display name", "slack.read_person", "users.info",
			`{"ok":true,"user":{"id":"U1","name":"alice","real_name":"Alice A","locale":"ja-JP","tz":"Asia/Tokyo","profile":{"display_name":"ありす","real_name":"Alice A"}}}`,
			`{"id":"U1","name":"ありす","locale":"ja-JP","zone":"Asia/Tokyo","bot":false,"deleted":false,"stranger":false}`,
		},
		{
			"a person without display name", "slack.read_person", "users.info",
			`{"ok":true,"user":{"id":"U1","name":"alice","deleted":true,"is_stranger":true,"profile":{"display_name":"","real_name":"Alice A"}}}`,
			`{"id":"U1","name":"Alice A","locale":"","bot":false,"deleted":true,"stranger":true}`,
		},
		{
			"Slackbot, which Slack does not call a bot", "slack.read_person", "users.info",
			`{"ok":true,"user":{"id":"USLACKBOT","name":"slackbot","tz":"America/Los_Angeles","is_bot":false}}`,
			`{"id":"USLACKBOT","name":"slackbot","locale":"","bot":true,"deleted":false,"stranger":false}`,
		},
		{
			"a public channel", "slack.read_channel", "conversations.info",
			`{"ok":true,"channel":{"id":"C1","name":"data","is_channel":true,"is_member":true}}`,
			`{"id":"C1","name":"data","private":false,"im":false,"ext_shared":false,"archived":false,"member":true}`,
		},
		{
			"a private channel that another company shares", "slack.read_channel", "conversations.info",
			`{"ok":true,"channel":{"id":"C1","name":"data","is_private":true,"is_ext_shared":true,"is_archived":true}}`,
			`{"id":"C1","name":"data","private":true,"im":false,"ext_shared":true,"archived":true,"member":false}`,
		},
		{
			"a direct message is private", "slack.read_channel", "conversations.info",
			`{"ok":true,"channel":{"id":"D1","is_im":true}}`,
			`{"id":"D1","name":"","private":true,"im":true,"ext_shared":false,"archived":false,"member":false}`,
		},
		{
			"user groups, one switched off", "slack.read_groups", "usergroups.list",
			`{"ok":true,"usergroups":[{"id":"S1","handle":"support","name":"Support","users":["U1"],"date_delete":0},{"id":"S2","handle":"old","name":"Old","date_delete":1764000000}]}`,
			`[{"id":"S1","handle":"support","name":"Support","members":["U1"],"disabled":false},{"id":"S2","handle":"old","name":"Old","members":null,"disabled":true}]`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, c := newFake(t, map[string]http.HandlerFunc{tt.method: says(tt.answer)})
			got, err := kind(t, c, tt.kind).Perform(t.Context(), integrations.Call{Body: body(t, Read{ID: "X1"})})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("result differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadsAskForWhatTheyShow(t *testing.T) {
	f, c := newFake(t, map[string]http.HandlerFunc{
		"users.info":      says(`{"ok":true,"user":{"id":"U1"}}`),
		"usergroups.list": says(`{"ok":true,"usergroups":[]}`),
	})
	if _, err := c.Person(t.Context(), "U1"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Groups(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []map[string]string{
		{"user": "U1", "include_locale": "true"},
		{"include_users": "true", "include_disabled": "true"},
	}
	if diff := cmp.Diff(want, []map[string]string{f.requests[0].form, f.requests[1].form}); diff != "" {
		t.Errorf("forms differ (-want +got):\n%s", diff)
	}
}

func TestWhatIsOlderIsLookedForInTheChannel(t *testing.T) {
	for _, test := range []struct {
		name, messages string
		want           bool
	}{
		{"a message", `{"type":"message","ts":"1.0","user":"U1","text":"x"}`, true},
		{"a notice", `{"type":"message","subtype":"channel_join","ts":"1.0"}`, true},
		{"what is left of deleted messages", `{"type":"message","subtype":"tombstone","ts":"1.0"}`, false},
		{"both", `{"type":"message","subtype":"tombstone","ts":"1.1"},{"type":"message","ts":"1.0"}`, true},
		{"nothing", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, c := newFake(t, map[string]http.HandlerFunc{"conversations.history": says(`{"ok":true,"messages":[` + test.messages + `]}`)})
			got, err := c.ShowsBefore(t.Context(), "C1", "2.0")
			if err != nil || got != test.want {
				t.Errorf("got %v, %v", got, err)
			}
			want := map[string]string{"channel": "C1", "latest": "2.0", "limit": "999"} // what is at latest itself is not in
			if diff := cmp.Diff(want, f.requests[0].form); diff != "" {
				t.Errorf("asked for something else (-want +got):\n%s", diff)
			}
		})
	}
	_, c := newFake(t, map[string]http.HandlerFunc{"conversations.history": says(`{"ok":false,"error":"not_in_channel"}`)})
	if _, err := c.ShowsBefore(t.Context(), "C1", "2.0"); err == nil {
		t.Error("a refusal is no answer")
	}
}
