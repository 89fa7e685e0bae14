package support

import (
	"testing"
	"time"

	"supportbot/store"
)

func TestWhatSlackNeverGivesIsAskedForWithinADay(t *testing.T) {
	x := &ticket{row: &store.Ticket{State: store.TicketOpen}}
	x.row.Threads = map[string]string{"C1/1": store.ThreadReading}
	x.messages = []*store.Message{{}}
	x.event.TakenAt = noon
	fail := func() {
		x.notShown("C1/1")
		x.messages[0].Files = []store.File{{ID: "F1", State: store.FileMissed}}
		x.askAgainLater()
	}
	asked := 0
	for fail(); !x.row.RereadAt.IsZero() && asked < 100; fail() {
		asked++
		x.event.TakenAt, x.row.RereadAt = x.row.RereadAt, time.Time{}
		x.askAgain()
		if len(x.result.Actions) != asked || x.messages[0].Files[0].State != store.FileUnread {
			t.Fatalf("the %dth time it is not asked for", asked)
		}
	}
	if took := x.event.TakenAt.Sub(noon); asked != maxRereads || took > 24*time.Hour {
		t.Errorf("it was asked for %d times within %v", asked, took)
	}
	if x.readingThreads() {
		t.Error("the ticket waits for it")
	}
}
