package sandbox

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
)

// posts posts "1" to "n" in #general, a second apart, and returns their ts.
func posts(s *Slack, clock *Clock, n int, thread string) []string {
	var all []string
	for i := range n {
		all = append(all, s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: fmt.Sprint(i + 1), ThreadTS: thread}))
		clock.Advance(time.Second)
	}
	return all
}

func texts(messages []slack.Message) []string {
	all := []string{}
	for _, m := range messages {
		all = append(all, m.Text)
	}
	return all
}

func TestHistoryIsTheNewestFirstBetweenItsEnds(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{})
	ts := posts(s, clock, 4, "")
	tests := map[string]struct {
		ask  slack.GetConversationHistoryParameters
		want []string
	}{
		"all":                     {slack.GetConversationHistoryParameters{}, []string{"4", "3", "2", "1"}},
		"after one":               {slack.GetConversationHistoryParameters{Oldest: ts[1]}, []string{"4", "3"}},
		"from one on":             {slack.GetConversationHistoryParameters{Oldest: ts[1], Inclusive: true}, []string{"4", "3", "2"}},
		"before one":              {slack.GetConversationHistoryParameters{Latest: ts[1]}, []string{"1"}},
		"one":                     {slack.GetConversationHistoryParameters{Oldest: ts[1], Latest: ts[1], Inclusive: true}, []string{"2"}},
		"a time in whole seconds": {slack.GetConversationHistoryParameters{Oldest: "1795482002"}, []string{"4"}},
		"the newest two":          {slack.GetConversationHistoryParameters{Limit: 2}, []string{"4", "3"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.ask.ChannelID = "CGENERAL"
			got, err := aClient(s).GetConversationHistory(&test.ask)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, texts(got.Messages)); diff != "" {
				t.Error(diff)
			}
			if got.HasMore != (name == "the newest two") {
				t.Errorf("has_more is %v", got.HasMore)
			}
		})
	}
}

func TestHistoryShowsParentsAndBroadcastsAlone(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{})
	root := posts(s, clock, 1, "")[0]
	replies := posts(s, clock, 2, root)
	s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "for all", ThreadTS: root, Broadcast: true})
	got, err := aClient(s).GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: "CGENERAL"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"for all", "1"}, texts(got.Messages)); diff != "" {
		t.Error(diff)
	}
	if m := got.Messages[0]; m.SubType != "thread_broadcast" || m.Root == nil || m.Root.Timestamp != root {
		t.Errorf("broadcast %+v", m.Msg)
	}
	if m := got.Messages[1]; m.ReplyCount != 3 || m.LatestReply <= replies[1] || m.ThreadTimestamp != root {
		t.Errorf("a root says where its thread is: %+v", m.Msg)
	}
}

func TestHistoryAndRepliesAreGivenInPages(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{})
	root := posts(s, clock, 1, "")[0]
	posts(s, clock, 4, root)
	posts(s, clock, 2, "")
	c := aClient(s)
	var got []string
	for cursor := ""; ; {
		page, err := c.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: "CGENERAL", Limit: 2, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, texts(page.Messages)...)
		if cursor = page.ResponseMetaData.NextCursor; cursor == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"2", "1", "1"}, got); diff != "" {
		t.Error(diff)
	}
	got = nil
	for cursor := ""; ; {
		page, more, next, err := c.GetConversationReplies(&slack.GetConversationRepliesParameters{ChannelID: "CGENERAL", Timestamp: root, Limit: 3, Cursor: cursor})
		if err != nil || page[0].Timestamp != root || more != (next != "") {
			t.Fatalf("the parent is not the first: %v, %v, more %v", page, err, more)
		}
		got = append(got, texts(page[1:])...)
		if cursor = next; cursor == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"1", "2", "3", "4"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRepliesOfWhatIsNoThread(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{})
	root := posts(s, clock, 1, "")[0]
	reply := posts(s, clock, 1, root)[0]
	lonely := posts(s, clock, 1, "")[0]
	gone := posts(s, clock, 1, "")[0]
	s.Delete("CGENERAL", gone)
	s.Delete("CGENERAL", root)
	tests := map[string]struct {
		ts, want string
		count    int
	}{
		"a message without replies":       {lonely, "", 1},
		"a reply":                         {reply, "", 1},
		"a message that was deleted":      {gone, "thread_not_found", 0},
		"a message that was never posted": {"1.000001", "thread_not_found", 0},
		"a deleted parent is a tombstone": {root, "", 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, _, _, err := aClient(s).GetConversationReplies(&slack.GetConversationRepliesParameters{ChannelID: "CGENERAL", Timestamp: test.ts})
			if slackCode(err) != test.want || len(got) != test.count {
				t.Errorf("%d messages, error %v", len(got), err)
			}
			if test.count == 2 && (got[0].SubType != "tombstone" || got[0].User != "USLACKBOT") {
				t.Errorf("parent %+v", got[0].Msg)
			}
		})
	}
}

func TestMetadataComesWholeOnlyIfAskedFor(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	c := aClient(s)
	metadata := slack.SlackMetadata{EventType: "ticket", EventPayload: map[string]any{"id": "1"}}
	if _, _, err := c.PostMessage("CGENERAL", slack.MsgOptionText("x", false), slack.MsgOptionMetadata(metadata)); err != nil {
		t.Fatal(err)
	}
	for _, all := range []bool{false, true} {
		got, err := c.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: "CGENERAL", IncludeAllMetadata: all})
		if err != nil {
			t.Fatal(err)
		}
		if m := got.Messages[0].Metadata; m.EventType != "ticket" || (m.EventPayload["id"] == "1") != all {
			t.Errorf("include_all_metadata %v: %+v", all, m)
		}
	}
}

func TestHistoryCanLag(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{})
	posts(s, clock, 3, "") // the last a second ago
	s.Faults.Add(Fault{Kind: Lag, On: "conversations.history", Delay: 2 * time.Second})
	got, err := aClient(s).GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: "CGENERAL"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"2", "1"}, texts(got.Messages)); diff != "" {
		t.Error(diff)
	}
}

func TestBadArgumentsOfReads(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	tests := map[string]struct{ call, want string }{
		"history of a channel that it isn't in":         {"conversations.history?channel=CELSE", "not_in_channel"},
		"history of a private channel that it isn't in": {"conversations.history?channel=CSECRET", "channel_not_found"},
		"a time that isn't one":                         {"conversations.history?channel=CGENERAL&oldest=x", "invalid_ts_oldest"},
		"another time that isn't one":                   {"conversations.replies?channel=CGENERAL&ts=$ts&latest=-1", "invalid_ts_latest"},
		"a limit that isn't a number":                   {"conversations.history?channel=CGENERAL&limit=x", "invalid_limit"},
		"a limit that is too big":                       {"conversations.history?channel=CGENERAL&limit=1001", "invalid_limit"},
		"a cursor of somebody else":                     {"conversations.history?channel=CGENERAL&cursor=eA==", "invalid_cursor"},
		"a type that isn't one":                         {"conversations.list?types=dm", "invalid_types"},
		"a user that isn't one":                         {"users.info?user=UNOBODY", "user_not_found"},
		"an address that nobody has":                    {"users.lookupByEmail?email=x@example.com", "users_not_found"},
		"a user group that isn't one":                   {"usergroups.users.list?usergroup=SNONE", "no_such_subteam"},
		"a bot that isn't one":                          {"bots.info?bot=BNONE", "bot_not_found"},
		"direct messages with nobody":                   {"conversations.open", "users_list_not_supplied"},
		"direct messages with who left":                 {"conversations.open?users=UGONE", "user_disabled"},
		"joining a private channel":                     {"conversations.join?channel=CSECRET", "channel_not_found"},
	}
	s.AddPerson(Person{ID: "UGONE", Name: "gone", Deleted: true})
	ts := s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "x"})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := slackRequest(t, s, replaceTS(test.call, ts), form, "token="+s.BotToken())
			if body, _ := callSlack(t, r); body["error"] != test.want {
				t.Errorf("answer %v, want %q", body, test.want)
			}
		})
	}
}

func TestJoiningAChannel(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	c := aClient(s)
	channel, warning, _, err := c.JoinConversation("CELSE")
	if err != nil || !channel.IsMember || warning != "" {
		t.Errorf("first: %+v, %q, %v", channel, warning, err)
	}
	if _, warning, _, err = c.JoinConversation("CELSE"); err != nil || warning != "already_in_channel" {
		t.Errorf("second: %q, %v", warning, err)
	}
	if got := s.History("CELSE"); len(got) != 1 || got[0].Subtype != "channel_join" {
		t.Errorf("history %+v", got)
	}
}

func TestWhatSlackSaysOfChannels(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	s.AddChannel(Channel{ID: "CSHARED", Name: "shared", ExtShared: true, Members: []string{s.BotUserID()}})
	c := aClient(s)
	shared, err := c.GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: "CSHARED", IncludeNumMembers: true})
	if err != nil || !shared.IsExtShared || shared.Name != "shared" || !shared.IsMember || shared.NumMembers != 1 || shared.IsPrivate {
		t.Errorf("shared: %+v, %v", shared, err)
	}
	if _, err := c.GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: "CSECRET"}); slackCode(err) != "channel_not_found" {
		t.Errorf("a private channel that it isn't in: %v", err)
	}
	dm, _, open, err := c.OpenConversation(&slack.OpenConversationParameters{Users: []string{"UALICE"}})
	if err != nil || open || dm.ID != s.DM("UALICE") {
		t.Errorf("direct messages: %+v, %v", dm, err)
	}
	if _, _, open, err = c.OpenConversation(&slack.OpenConversationParameters{Users: []string{"UALICE"}}); err != nil || !open {
		t.Errorf("already open: %v, %v", open, err)
	}
	im, err := c.GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: dm.ID})
	if err != nil || !im.IsIM || im.User != "UALICE" {
		t.Errorf("direct messages: %+v, %v", im, err)
	}
	list, next, err := c.GetConversations(&slack.GetConversationsParameters{Types: []string{"public_channel", "private_channel"}, Limit: 2})
	if err != nil || len(list) != 2 || next == "" {
		t.Fatalf("first page: %+v, %q, %v", list, next, err)
	}
	rest, next, err := c.GetConversations(&slack.GetConversationsParameters{Types: []string{"public_channel", "private_channel"}, Limit: 2, Cursor: next})
	if err != nil || len(rest) != 1 || next != "" {
		t.Errorf("second page, without the private channel that it isn't in: %+v, %q, %v", rest, next, err)
	}
	s.SetScopes("channels:read")
	if _, _, err = c.GetConversations(&slack.GetConversationsParameters{Types: []string{"private_channel"}}); slackCode(err) != "missing_scope" {
		t.Errorf("each type needs its scope: %v", err)
	}
}

func TestMembersAndOwnChannelsAreListed(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	s.AddChannel(Channel{ID: "CEMPTY", Name: "empty"})
	c := aClient(s)
	members, next, err := c.GetUsersInConversation(&slack.GetUsersInConversationParameters{ChannelID: "CGENERAL", Limit: 1})
	if err != nil || len(members) != 1 || next == "" {
		t.Errorf("first page: %v, %q, %v", members, next, err)
	}
	if body, _ := callSlack(t, slackRequest(t, s, "conversations.members", form, "channel=CEMPTY&token="+s.BotToken())); body["members"] == nil {
		t.Errorf("nobody is an empty list: %v", body)
	}
	own, _, err := c.GetConversationsForUser(&slack.GetConversationsForUserParameters{})
	if err != nil || len(own) != 1 || own[0].ID != "CGENERAL" {
		t.Errorf("channels of the bot: %+v, %v", own, err)
	}
}
