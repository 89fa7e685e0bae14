package support

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"supportbot/bot"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// lateAfter is after how long an answer says sorry for the delay.
const lateAfter = 2 * time.Minute

// follow sees to it that all of the thread of m is known, where we hear of it for the first time. A thread that
// begins with a request that we hear at once is known from its beginning; another one is read.
func (t *ticket) follow(m *store.Message, version bot.Message) {
	key := threadKey(m)
	if t.row.Threads[key] != "" || !m.Asks {
		return
	}
	if t.row.Threads == nil {
		t.row.Threads = map[string]string{}
	}
	fromTheStart := m.TS == m.Thread && version.Edited == "" && !version.Found
	if fromTheStart || m.Deleted || t.unlisted(m) {
		t.row.Threads[key] = store.ThreadWhole
		return
	}
	t.row.Late = t.row.Late || version.Found && t.row.State == store.TicketNew && t.event.TakenAt.Sub(m.At) > lateAfter
	t.row.Threads[key] = store.ThreadReading
	t.readThread(bot.ReadThread{Team: m.Team, Channel: m.Channel, Thread: m.Thread})
}

func (t *ticket) readThread(which bot.ReadThread) {
	t.plan(store.Action{Kind: bot.ReadThreadKind, Priority: naming, Answer: true, Body: encode(which)})
}

func threadKey(m *store.Message) string { return m.Channel + "/" + m.Thread }

// readingThreads says whether a thread is being read: until all of it is there nothing is planned.
func (t *ticket) readingThreads() bool {
	for _, state := range t.row.Threads {
		if state == store.ThreadReading {
			return true
		}
	}
	return false
}

// threadRead takes note that all messages of a thread were taken in before this answer, or as many as can be. One
// that Slack does not let us read is known by what was heard.
func (t *ticket) threadRead(a store.Answer) error {
	var asked bot.ReadThread
	if err := t.view.Payload(a.Action, &asked); err != nil {
		return err
	}
	key := asked.Channel + "/" + asked.Thread
	switch a.State {
	case store.Withdrawn:
		t.notShown(key)
		return nil
	case store.Failed:
		t.noteThread(key, store.ThreadCut)
		return nil
	}
	var read bot.ThreadRead
	if err := json.Unmarshal(a.Result, &read); err != nil {
		return err
	}
	state := store.ThreadCut
	if read.Whole {
		state = store.ThreadWhole
	}
	t.noteThread(key, state)
	t.row.Rereads = 0
	return t.calm("unread:" + t.row.ID)
}

func (t *ticket) noteThread(key, state string) {
	t.row.Stale = t.row.Stale || t.row.Threads[key] != state
	t.row.Threads[key] = state
}

// notShown deals with a thread that Slack failed to show again and again. The ticket goes on without, and asks for it
// later, but not for ever.
func (t *ticket) notShown(key string) {
	t.noteThread(key, store.ThreadUnread)
	if ended(t.row.State) {
		return
	}
	channel, ts, _ := strings.Cut(key, "/")
	t.alarm("unread:"+t.row.ID, fmt.Sprintf("Slack does not show this thread: %s. Its issue goes on with what was heard of it, "+
		"and the bot asks for the rest a few more times, within a day; `supportbot explain %s` says why.",
		slack.Permalink(t.Workspace, channel, ts, ""), t.row.ID))
	t.askAgainLater()
}
