package support

import (
	"testing"
	"time"

	"supportbot/store"
)

func TestAThreadThatIsNeverShownIsAskedForWithinADay(t *testing.T) {
	x := &ticket{row: &store.Ticket{State: store.TicketOpen}}
	x.row.Threads = map[string]string{"C1/1": store.ThreadReading}
	x.event.TakenAt = noon
	asked := 0
	for x.notShown("C1/1"); !x.row.RereadAt.IsZero() && asked < 100; x.notShown("C1/1") {
		asked++
		x.event.TakenAt = x.row.RereadAt
		x.reread()
		if len(x.result.Actions) != asked {
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
