package sandbox

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
)

// Slack's oddity: what its plan hides is left out of lists, which say so; a thread without anything to show is not found.
func TestWhatThePlanHidesIsLeftOutOfLists(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{})
	old := posts(s, clock, 1, "")[0]
	gone := posts(s, clock, 1, "")[0]
	reply := posts(s, clock, 1, old)[0]
	clock.Advance(time.Hour)
	s.HideBefore(clock.Now())
	answer := posts(s, clock, 1, old)[0]
	fresh := posts(s, clock, 1, "")[0]
	c := aClient(s)
	if got := historyOf(t, c); !slices.Equal(got, []string{fresh}) || !limited(s) {
		t.Errorf("history shows %v, limited is %v", got, limited(s))
	}
	if got, err := repliesTo(c, old); err != nil || !slices.Equal(got, []string{answer}) || !limited(s) {
		t.Errorf("of the old thread %v are shown, limited is %v: %v", got, limited(s), err)
	}
	for _, ts := range []string{gone, reply} {
		if got, err := repliesTo(c, ts); slackCode(err) != "thread_not_found" {
			t.Errorf("of %s %v are shown: %v", ts, got, err)
		}
	}
	if got, err := repliesTo(c, fresh); err != nil || !slices.Equal(got, []string{fresh}) || limited(s) {
		t.Errorf("of the fresh thread %v are shown, limited is %v: %v", got, limited(s), err)
	}
}

// Slack's oddity: a retention policy tells nobody what it removes.
func TestAPolicyRemovesWithoutAWord(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{})
	socket, _ := openSocket(t, s)
	hear := func(ts string) string {
		socket.ack(socket.read())
		if err := s.WaitAcked(t.Context()); err != nil {
			t.Fatal(err)
		}
		return ts
	}
	old := hear(posts(s, clock, 1, "")[0])
	reply := hear(posts(s, clock, 1, old)[0])
	gone := hear(posts(s, clock, 1, "")[0])
	clock.Advance(time.Minute)
	answer := hear(posts(s, clock, 1, old)[0])
	s.PurgeBefore("CGENERAL", clock.Now().Add(-time.Minute))
	s.Emit("", []byte(`{"type": "after"}`))
	if next := socket.read(); next.event(t).Type != "after" {
		t.Errorf("the app is told %s", next.raw)
	}
	c := aClient(s)
	if got, err := repliesTo(c, old); err != nil || !slices.Equal(got, []string{old, answer}) || limited(s) {
		t.Errorf("of the thread %v are left, and not %s: %v", got, reply, err)
	}
	if _, err := repliesTo(c, gone); slackCode(err) != "thread_not_found" {
		t.Errorf("of what had no replies: %v", err)
	}
	if root := s.Thread("CGENERAL", old)[0]; root.Subtype != "tombstone" || root.ReplyCount != 1 {
		t.Errorf("the parent is %+v", root)
	}
}

func TestALostFileLeavesNoTrace(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	files := []File{{ID: "F1", Name: "a.log", Content: []byte("a")}, {ID: "F2", Name: "b.log", Content: []byte("b")}}
	ts := s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "x", Files: files})
	s.LoseFile("F1")
	var left []string
	for _, f := range s.Thread("CGENERAL", ts)[0].Files {
		left = append(left, f.ID)
	}
	if diff := cmp.Diff([]string{"F2"}, left); diff != "" {
		t.Error(diff)
	}
	if _, _, _, err := aClient(s).GetFileInfo("F1", 0, 0); slackCode(err) != "file_deleted" {
		t.Errorf("it is not deleted: %v", err)
	}
}

func historyOf(t *testing.T, c *slack.Client) (ts []string) {
	t.Helper()
	got, err := c.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: "CGENERAL"})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range got.Messages {
		ts = append(ts, m.Timestamp)
	}
	return ts
}

func repliesTo(c *slack.Client, root string) (ts []string, err error) {
	got, _, _, err := c.GetConversationReplies(&slack.GetConversationRepliesParameters{ChannelID: "CGENERAL", Timestamp: root})
	for _, m := range got {
		ts = append(ts, m.Timestamp)
	}
	return ts, err
}

// limited says whether the last answer says that Slack hides something; slack-go does not read that.
func limited(s *Slack) bool {
	calls := s.Calls()
	var said struct {
		Limited bool `json:"is_limited"`
	}
	return json.Unmarshal(calls[len(calls)-1].Answer, &said) == nil && said.Limited
}
