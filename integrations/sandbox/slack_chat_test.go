package sandbox

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"
)

func TestWhereTheBotMayPost(t *testing.T) {
	tests := map[string]struct {
		channel string
		options SlackOptions
		want    string
	}{
		"in a channel that it is in":                         {"CGENERAL", SlackOptions{}, ""},
		"to a person, which opens their direct messages":     {"UALICE", SlackOptions{}, ""},
		"in a public channel that it isn't in":               {"CELSE", SlackOptions{}, "not_in_channel"},
		"in a public channel that it isn't in, with a scope": {"CELSE", SlackOptions{Scopes: []string{"chat:write", "chat:write.public"}}, ""},
		"in a private channel that it isn't in":              {"CSECRET", SlackOptions{}, "channel_not_found"},
		"in a channel that there isn't":                      {"CNOWHERE", SlackOptions{}, "channel_not_found"},
		"by a channel's name":                                {"general", SlackOptions{}, "channel_not_found"},
		"in an archived channel":                             {"CARCHIVED", SlackOptions{}, "is_archived"},
		"to itself":                                          {slackBotUser, SlackOptions{}, "cannot_dm_bot"},
		"to a person, without a messages tab":                {"UALICE", SlackOptions{NoMessagesTab: true}, "messages_tab_disabled"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, _ := aWorkspace(t, test.options)
			s.AddChannel(Channel{ID: "CARCHIVED", Archived: true, Members: []string{s.BotUserID()}})
			_, ts, err := aClient(s).PostMessage(test.channel, slack.MsgOptionText("hello", false))
			if slackCode(err) != test.want {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if err == nil && test.channel == "UALICE" && s.DMs("UALICE")[0].TS != ts {
				t.Error("not in the direct messages")
			}
		})
	}
}

func TestWhatTheBotMayPost(t *testing.T) {
	tests := map[string]struct{ args, want string }{
		"nothing":                          {"", "no_text"},
		"metadata that isn't JSON":         {"&text=x&metadata=%7B", "invalid_metadata_format"},
		"metadata without a type":          {"&text=x&metadata=%7B%22event_payload%22:%7B%7D%7D", "invalid_metadata_format"},
		"metadata that is too large":       {"&text=x&metadata=" + strings.Repeat("x", maxMetadata+1), "metadata_too_large"},
		"a thread that isn't a time":       {"&text=x&thread_ts=yesterday", "invalid_thread_ts"},
		"attachments that aren't JSON":     {"&text=x&attachments=%7B", "invalid_attachments"},
		"a reply to a message that's gone": {"&text=x&thread_ts=1.000001", ""},
	}
	s, _ := aWorkspace(t, SlackOptions{})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			body, _ := callSlack(t, slackRequest(t, s, "chat.postMessage", form, "token="+s.BotToken()+"&channel=CGENERAL"+test.args))
			if got, _ := body["error"].(string); got != test.want {
				t.Errorf("answer %v, want %q", body, test.want)
			}
		})
	}
}

func TestALongPostIsCutAndALongUpdateRefused(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	c := aClient(s)
	_, ts, err := c.PostMessage("CGENERAL", slack.MsgOptionText(strings.Repeat("あ", 40_001), false))
	if err != nil {
		t.Fatal(err)
	}
	if n := utf8.RuneCountInString(s.Thread("CGENERAL", ts)[0].Text); n != 40_000 {
		t.Errorf("%d characters", n)
	}
	if _, _, _, err = c.UpdateMessage("CGENERAL", ts, slack.MsgOptionText(strings.Repeat("あ", 4_001), false)); slackCode(err) != "msg_too_long" {
		t.Errorf("update: %v", err)
	}
}

func TestTheBotsMessageIsMarkedAsItsOwn(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	_, ts, err := aClient(s).PostMessage("CGENERAL", slack.MsgOptionText("hello", false))
	if err != nil {
		t.Fatal(err)
	}
	m := s.History("CGENERAL")[0]
	if m.TS != ts || m.User != s.BotUserID() || m.BotID != s.BotID() || m.AppID == "" || m.BotProfile == nil || m.Subtype != "" {
		t.Errorf("message %+v", m)
	}
}

func TestUpdatesOfMessages(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	c := aClient(s)
	theirs := s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "mine"})
	if _, _, _, err := c.UpdateMessage("CGENERAL", theirs, slack.MsgOptionText("x", false)); slackCode(err) != "cant_update_message" {
		t.Errorf("somebody else's: %v", err)
	}
	if _, _, _, err := c.UpdateMessage("CGENERAL", "1.000001", slack.MsgOptionText("x", false)); slackCode(err) != "message_not_found" {
		t.Errorf("none: %v", err)
	}
	divider := slack.MsgOptionBlocks(slack.NewDividerBlock())
	metadata := slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "ticket", EventPayload: map[string]any{"id": "1"}})
	_, ts, err := c.PostMessage("CGENERAL", slack.MsgOptionText("one", false), divider, metadata)
	if err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		name                     string
		options                  []slack.MsgOption
		blocks, metadata, edited bool
	}{
		{"with blocks there is no mark of an edit, and metadata is kept", []slack.MsgOption{divider}, true, true, false},
		{"text alone takes the blocks away", []slack.MsgOption{slack.MsgOptionText("two", false)}, false, true, true},
	}
	for _, step := range steps {
		if _, _, _, err := c.UpdateMessage("CGENERAL", ts, step.options...); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		m := s.Thread("CGENERAL", ts)[0]
		if (m.Blocks != nil) != step.blocks || (m.Metadata != nil) != step.metadata || (m.Edited != nil) != step.edited {
			t.Errorf("%s: %+v", step.name, m)
		}
	}
	body, _ := callSlack(t, slackRequest(t, s, "chat.update", form, "token="+s.BotToken()+"&channel=CGENERAL&text=x&metadata=%7B%7D&ts="+ts))
	if m := s.Thread("CGENERAL", ts)[0]; body["ok"] != true || m.Metadata != nil {
		t.Errorf("empty metadata takes it away: %v, %+v", body, m.Metadata)
	}
}

func TestThreadsCountTheirReplies(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{})
	c := aClient(s)
	root := s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "help"})
	clock.Advance(time.Second)
	_, reply, err := c.PostMessage("CGENERAL", slack.MsgOptionText("hello", false), slack.MsgOptionTS(root))
	if err != nil {
		t.Fatal(err)
	}
	thread := s.Thread("CGENERAL", root)
	if len(thread) != 2 || thread[0].ReplyCount != 1 || thread[0].LatestReply != reply || thread[0].ThreadTS != root {
		t.Errorf("parent %+v", thread)
	}
	if r := thread[1]; r.ThreadTS != root || r.ParentUserID != "UALICE" {
		t.Errorf("reply %+v", r)
	}
	if _, nested, err := c.PostMessage("CGENERAL", slack.MsgOptionText("x", false), slack.MsgOptionTS(reply)); err != nil ||
		s.Thread("CGENERAL", root)[2].TS != nested {
		t.Errorf("a reply to a reply belongs to the same parent: %v", err)
	}
	if _, _, err := c.DeleteMessage("CGENERAL", reply); err != nil || s.Thread("CGENERAL", root)[0].ReplyCount != 1 {
		t.Errorf("a deleted reply doesn't count: %v", err)
	}
	if _, _, err := c.DeleteMessage("CGENERAL", root); slackCode(err) != "cant_delete_message" {
		t.Errorf("deleting somebody else's: %v", err)
	}
}

func TestEphemeralMessagesMayReachNobody(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	c := aClient(s)
	s.AddPerson(Person{ID: "UAWAY", Name: "away", Away: true})
	s.Join("CGENERAL", "UAWAY")
	lonely := s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "no replies yet"})
	tests := map[string]struct {
		user, thread, want string
		shown              int
	}{
		"a member who is there":           {"UALICE", "", "", 1},
		"a member who is away":            {"UAWAY", "", "", 0},
		"somebody who isn't a member":     {"UBOB", "", "user_not_in_channel", 0},
		"in a thread that isn't one yet":  {"UALICE", lonely, "", 0},
		"in a thread that there never is": {"UALICE", "1.000001", "", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := len(s.Ephemerals(test.user))
			_, err := c.PostEphemeral("CGENERAL", test.user, slack.MsgOptionText("psst", false), slack.MsgOptionTS(test.thread))
			if slackCode(err) != test.want {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if got := len(s.Ephemerals(test.user)) - before; got != test.shown {
				t.Errorf("shown %d, want %d", got, test.shown)
			}
		})
	}
	ts := s.Ephemerals("UALICE")[0].TS
	if _, _, _, err := c.UpdateMessage("CGENERAL", ts, slack.MsgOptionText("x", false)); slackCode(err) != "message_not_found" {
		t.Errorf("an ephemeral message can't be updated: %v", err)
	}
}

func TestPermalinksOfMessagesAndReplies(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	root := s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "help"})
	reply := s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "please", ThreadTS: root})
	for ts, want := range map[string]string{
		root:  "https://acme.slack.com/archives/CGENERAL/p1795482000000000",
		reply: "https://acme.slack.com/archives/CGENERAL/p1795482000000001?thread_ts=1795482000.000000&cid=CGENERAL",
	} {
		got, err := aClient(s).GetPermalink(&slack.PermalinkParameters{Channel: "CGENERAL", Ts: ts})
		if err != nil || got != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
}

func TestReactionsAreThereOnce(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	c := aClient(s)
	item := slack.NewRefToMessage("CGENERAL", s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "help"}))
	s.React("UALICE", "CGENERAL", item.Timestamp, "eyes")
	for i, step := range []struct {
		do   func(string, slack.ItemRef) error
		want string
	}{{c.AddReaction, ""}, {c.AddReaction, "already_reacted"}, {c.RemoveReaction, ""}, {c.RemoveReaction, "no_reaction"}} {
		if err := step.do("eyes", item); slackCode(err) != step.want {
			t.Errorf("step %d: %v, want %q", i, err, step.want)
		}
	}
	if got := s.Thread("CGENERAL", item.Timestamp)[0].Reactions; len(got) != 1 || got[0].Users[0] != "UALICE" {
		t.Errorf("reactions %+v", got)
	}
}

func BenchmarkPostMessage(b *testing.B) {
	s := NewSlack(SlackOptions{Unlimited: true, Forget: true})
	defer s.Close()
	s.AddChannel(Channel{ID: "CGENERAL", Name: "general", Members: []string{s.BotUserID()}})
	c := aClient(s)
	for b.Loop() {
		if _, _, err := c.PostMessage("CGENERAL", slack.MsgOptionText("received", false)); err != nil {
			b.Fatal(err)
		}
	}
}

func TestHistoryIsWrittenAtItsTimeAndInOrder(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	early := slackStart.Add(-48 * time.Hour)
	first := s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "first", At: early})
	second := s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "second", At: early.Add(-time.Hour)})
	now := s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "now"})
	if first != formatTS(early.UnixMicro()) || second <= first || now != formatTS(slackStart.UnixMicro()) {
		t.Errorf("first %s, second %s, now %s", first, second, now)
	}
}
