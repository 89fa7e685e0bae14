package support

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supportbot/integrations/github"
	"supportbot/store"
)

// A thread of nine messages, a second apart from noon on, was divided when its issue was opened, and gathered comments since.
func TestMessagesStandWhereAForgottenTicketPutThem(t *testing.T) {
	x := &ticket{row: &store.Ticket{}}
	x.row.Channel, x.row.Thread = "C1", "1"
	for n := range 9 {
		m := &store.Message{Team: "T1", Channel: "C1", TS: fmt.Sprint(n + 1)}
		m.Thread, m.At, m.Part, m.Sent = "1", noon.Add(time.Duration(n)*time.Second), bodyPart, "as planned"
		x.messages = append(x.messages, m)
	}
	x.messages[1].Deleted, x.messages[1].Part = true, ""
	elsewhere := &store.Message{Team: "T1", Channel: "C2", TS: "10"}
	elsewhere.Thread = "10"
	x.messages = append(x.messages, elsewhere)

	x.adopt(github.Issue{Opened: noon.Add(5 * time.Second), Comments: map[string]int64{"T1/C1/4": 40, "T1/C1/7": 70, "T1/C1/100": 1000}})

	var got []string
	for _, m := range x.messages {
		got = append(got, fmt.Sprint(m.TS, " in ", m.Part, ", comment ", m.Comment))
	}
	want := []string{
		"1 in body, comment 0",
		"2 in , comment 0", // deleted
		"3 in body, comment 0",
		"4 in T1/C1/4, comment 40", // a part that did not fit into the body
		"5 in T1/C1/4, comment 0",
		"6 in T1/C1/4, comment 0",  // the last before the issue was opened
		"7 in T1/C1/7, comment 70", // a reply
		"8 in T1/C1/8, comment 0",  // news
		"9 in T1/C1/9, comment 0",
		"10 in , comment 0", // of another thread: it is looked for by itself
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("they stand elsewhere (-want +got):\n%s", diff)
	}
	if x.messages[6].Sent != "" || !x.messages[6].Stale {
		t.Error("a comment that may be old is not rendered anew")
	}
}
