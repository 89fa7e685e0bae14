package support

import (
	"encoding/json"
	"fmt"
	"time"

	"supportbot/bot"
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
// that Slack does not let us read is known by what was heard; one that it fails to show too, but that is read again.
func (t *ticket) threadRead(a store.Answer) error {
	var asked bot.ReadThread
	if err := t.view.Payload(a.Action, &asked); err != nil {
		return err
	}
	var read bot.ThreadRead
	switch a.State {
	case store.Done:
		if err := json.Unmarshal(a.Result, &read); err != nil {
			return err
		}
	case store.Withdrawn:
		if ended(t.row.State) {
			break
		}
		t.alarm("unread:"+t.row.ID, fmt.Sprintf("Slack does not show a thread of ticket %s: %s. The ticket goes on with what was heard of it; the thread is asked for again and again.", t.row.ID, a.Error))
		t.readThread(asked)
	}
	key, state := asked.Channel+"/"+asked.Thread, store.ThreadCut
	if read.Whole {
		state = store.ThreadWhole
	}
	t.row.Stale = t.row.Stale || t.row.Threads[key] != state
	t.row.Threads[key] = state
	if a.State == store.Done {
		return t.calm("unread:" + t.row.ID)
	}
	return nil
}
