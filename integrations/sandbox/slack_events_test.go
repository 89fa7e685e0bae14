package sandbox

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"golang.org/x/tools/txtar"
)

var updateSlack = flag.Bool("update-slack", false, "rewrite testdata/slack_events.txtar")

// recordAll runs do and returns the payloads of the events that it causes, in order.
func recordAll(s *Slack, do func()) []json.RawMessage {
	s.HoldNext(1000)
	do()
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []json.RawMessage
	for _, d := range s.held {
		all = append(all, d.payload)
	}
	s.held = nil
	return all
}

func TestEventsHaveSlacksShapes(t *testing.T) {
	const c, alice = "CGENERAL", "UALICE"
	var root, reply string
	acts := []struct {
		name string
		do   func(*Slack)
	}{
		{"message_mention", func(s *Slack) { root = s.Post(Post{Channel: c, User: alice, Text: "@support it *fails*"}) }},
		{"message_reply", func(s *Slack) { reply = s.Post(Post{Channel: c, User: alice, Text: "please", ThreadTS: root}) }},
		{"message_thread_broadcast", func(s *Slack) {
			s.Post(Post{Channel: c, User: alice, Text: "all!", ThreadTS: root, Broadcast: true})
		}},
		{"message_bot", func(s *Slack) {
			_, _, err := aClient(s).PostMessage(c, slack.MsgOptionText("received", false), slack.MsgOptionTS(root))
			if err != nil {
				t.Error(err)
			}
		}},
		{"message_bot_message", func(s *Slack) {
			s.Post(Post{Channel: c, BotID: "BFORM", Username: "Form", Subtype: "bot_message", Text: "<!subteam^SSUPPORT> a form"})
		}},
		{"message_me", func(s *Slack) { s.Post(Post{Channel: c, User: alice, Subtype: "me_message", Text: "waves"}) }},
		{"message_file_share", func(s *Slack) {
			s.Post(Post{Channel: c, User: alice, Text: "log", Files: []File{{ID: "F1", Name: "a.log", Title: "a.log",
				Mimetype: "text/plain", Filetype: "text", Mode: "snippet", Size: 12, URLPrivate: "https://files.example.com/a.log"}}})
		}},
		{"message_forward", func(s *Slack) {
			s.Post(Post{Channel: c, User: alice, Forwards: []Ref{{c, root}}})
		}},
		{"message_changed_file_deleted", func(s *Slack) {
			s.DeleteFile("F1")
		}},
		{"message_changed_edit", func(s *Slack) { s.Edit(c, reply, "please @support") }},
		{"message_changed_unfurl", func(s *Slack) { s.Unfurl(c, reply) }},
		{"message_deleted", func(s *Slack) { s.Delete(c, reply) }},
		{"message_changed_tombstone", func(s *Slack) { s.Delete(c, root) }},
		{"member_joined_channel", func(s *Slack) { s.Join(c, "UBOB") }},
		{"member_left_channel", func(s *Slack) { s.Leave(c, "UBOB") }},
		{"reaction_added", func(s *Slack) {
			root = s.Post(Post{Channel: c, User: alice, Text: "@supportbot hi"})
			s.React(alice, c, root, "eyes")
		}},
		{"reaction_removed", func(s *Slack) { s.Unreact(alice, c, root, "eyes") }},
		{"channel_rename", func(s *Slack) { s.RenameChannel(c, "all") }},
		{"channel_archive", func(s *Slack) { s.ArchiveChannel(c, alice) }},
		{"user_change", func(s *Slack) { s.ChangePerson(Person{ID: "UBOB", Name: "bob", Deleted: true}) }},
		{"subteam", func(s *Slack) { s.ChangeGroup(Group{ID: "SSUPPORT", Handle: "support", Members: []string{alice}}) }},
		{"message_im", func(s *Slack) { s.Post(Post{Channel: s.DM(alice), User: alice, Text: "hello"}) }},
		{"message_ext_shared", func(s *Slack) {
			s.AddPerson(Person{ID: "UFOREIGN", Name: "foreign", External: true})
			s.AddChannel(Channel{ID: "CSHARED", Name: "shared", ExtShared: true, Members: []string{s.BotUserID()}})
			s.Post(Post{Channel: "CSHARED", User: "UFOREIGN", Text: "hi"})
		}},
		{"tokens_revoked", func(s *Slack) { s.Revoke() }},
	}
	s, clock := aWorkspace(t, SlackOptions{Unlimited: true})
	got := &txtar.Archive{Comment: []byte("Payloads of events_api envelopes, by what caused them. Rewritten with: go test -update-slack\n")}
	for _, act := range acts {
		clock.Advance(1500 * time.Millisecond)
		for _, payload := range recordAll(s, func() { act.do(s) }) {
			if _, err := slackevents.ParseEvent(payload, slackevents.OptionNoVerifyToken()); err != nil {
				t.Errorf("%s: slack-go can't read it: %v", act.name, err)
			}
			var shown bytes.Buffer
			if err := json.Indent(&shown, payload, "", "  "); err != nil {
				t.Fatal(err)
			}
			shown.WriteByte('\n')
			got.Files = append(got.Files, txtar.File{Name: act.name, Data: shown.Bytes()})
		}
	}
	golden(t, filepath.Join("testdata", "slack_events.txtar"), txtar.Format(got))
}

// golden compares got with a file, which -update-slack rewrites.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *updateSlack {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestWhichEventsTheAppHears(t *testing.T) {
	post := func(channel, text string) func(*Slack) {
		return func(s *Slack) { s.Post(Post{Channel: channel, User: "UALICE", Text: text}) }
	}
	tests := map[string]struct {
		options SlackOptions
		do      func(*Slack)
		want    []string
	}{
		"a channel that the bot is in":          {SlackOptions{}, post("CGENERAL", "x"), []string{"message"}},
		"a group mention raises no app_mention": {SlackOptions{}, post("CGENERAL", "@support x"), []string{"message"}},
		"a mention of the bot raises two events": {
			SlackOptions{}, post("CGENERAL", "@supportbot x"), []string{"message", "app_mention"}},
		"a channel that the bot isn't in": {SlackOptions{}, post("CELSE", "@supportbot x"), nil},
		"an event that isn't subscribed":  {SlackOptions{Events: []string{"message.im"}}, post("CGENERAL", "x"), nil},
		"app_mention, not subscribed": {
			SlackOptions{Events: []string{"message.channels"}}, post("CGENERAL", "@supportbot x"), []string{"message"}},
		"an event that the scopes don't cover": {SlackOptions{Scopes: []string{"groups:history"}}, post("CGENERAL", "x"), nil},
		"the bot's own posts": {SlackOptions{}, func(s *Slack) {
			_, _, _ = aClient(s).PostMessage("CGENERAL", slack.MsgOptionText("x", false))
		}, []string{"message"}},
		"the bot's own updates": {SlackOptions{Events: []string{"message.groups"}}, func(s *Slack) {
			s.Join("CSECRET", s.BotUserID())
		}, []string{"message channel_join"}},
		"a change of a group's name alone": {SlackOptions{}, func(s *Slack) {
			s.ChangeGroup(Group{ID: "SSUPPORT", Handle: "help", Members: []string{"UBOB"}})
		}, []string{"subteam_updated"}},
		"nothing once the tokens are revoked": {SlackOptions{}, func(s *Slack) {
			s.Revoke()
			s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "x"})
		}, []string{"tokens_revoked"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, _ := aWorkspace(t, test.options)
			var got []string
			for _, payload := range recordAll(s, func() { test.do(s) }) {
				var w struct {
					Event struct{ Type, Subtype string } `json:"event"`
				}
				if err := json.Unmarshal(payload, &w); err != nil {
					t.Fatal(err)
				}
				kind := w.Event.Type
				if w.Event.Subtype != "" {
					kind += " " + w.Event.Subtype
				}
				got = append(got, kind)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTwoEditsInOneSecondShareEditedTS(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{})
	ts := s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "one"})
	s.Edit("CGENERAL", ts, "two")
	first := s.Thread("CGENERAL", ts)[0]
	clock.Advance(400 * time.Millisecond)
	s.Edit("CGENERAL", ts, "three")
	second := s.Thread("CGENERAL", ts)[0]
	if first.Edited.TS != second.Edited.TS || second.Edited.TS != "1795482000.000000" || second.Text != "three" {
		t.Errorf("%+v, %+v", first.Edited, second.Edited)
	}
}

func TestMessagesOfOneMomentHaveDifferentTS(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	seen := map[string]bool{}
	for range 1000 {
		seen[s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "x"})] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d different", len(seen))
	}
}

func TestAnyEventCanBeEmitted(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	got := recordAll(s, func() { s.Emit("CGENERAL", json.RawMessage(`{"type":"hologram_shown"}`)) })
	if len(got) != 1 || !bytes.Contains(got[0], []byte(`"event":{"type":"hologram_shown"}`)) {
		t.Errorf("got %s", got)
	}
}
