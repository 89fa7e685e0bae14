package support

import (
	"maps"
	"slices"
	"strings"
	"time"

	"supportbot/bot"
	"supportbot/store"
)

// What Slack failed to give again and again (a thread, the text of a file, a name) may be had later. The ticket goes on
// without, and asks for it again. What Slack refused to give is not asked for again.

const (
	// maxRereads is how often a ticket asks again in a row, after rereadAfter at first and then after twice as long each
	// time: within a day.
	maxRereads  = 8
	rereadAfter = 5 * time.Minute
)

// askAgainLater sees to it that what Slack failed to give is asked for again, but not for ever.
func (t *ticket) askAgainLater() {
	if !ended(t.row.State) && t.row.RereadAt.IsZero() && t.row.Rereads < maxRereads {
		t.row.RereadAt = t.event.TakenAt.Add(rereadAfter << t.row.Rereads)
		t.row.Rereads++
	}
}

// ended says whether nobody waits for a ticket in that state.
func ended(state string) bool {
	return state == store.TicketClosed || state == store.TicketWithdrawn
}

// askAgain asks for all that Slack failed to give, now.
func (t *ticket) askAgain() {
	for _, key := range slices.Sorted(maps.Keys(t.row.Threads)) {
		if t.row.Threads[key] == store.ThreadUnread {
			channel, ts, _ := strings.Cut(key, "/")
			t.readThread(bot.ReadThread{Team: t.row.Team, Channel: channel, Thread: ts})
		}
	}
	for _, m := range t.messages {
		m.Asked, m.Named = false, false
		for i := range m.Files {
			if f := &m.Files[i]; f.State == store.FileMissed {
				f.State = store.FileUnread
			}
		}
	}
}
