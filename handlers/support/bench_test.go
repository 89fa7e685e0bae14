package support

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"supportbot/bot"
	"supportbot/bot/text"
	"supportbot/store"
)

// BenchmarkReplyToALongThread is what a reply costs to decide where much was said before, and stored with it.
func BenchmarkReplyToALongThread(b *testing.B) {
	for _, before := range []int{10, 1000, 3000} {
		b.Run(fmt.Sprintf("%d messages", before), func(b *testing.B) {
			benchReplies(b, before, nil)
		})
	}
	log := store.File{ID: "F1", Name: "load.log", Text: strings.Repeat("load of orders: ok\n", 20_000/19), State: store.FileRead}
	b.Run("as many logs of 20 kB as are shown", func(b *testing.B) { benchReplies(b, maxInlined/20_000, []store.File{log}) })
}

func benchReplies(b *testing.B, before int, files []store.File) {
	db, _ := openStore(b)
	h := newHandler(b)
	records := []store.Record{&store.Ticket{ID: "one", TicketDetails: store.TicketDetails{
		Team: "T0ACME", Channel: "C0HELP", Thread: ts(0), Main: ts(0), Threads: map[string]string{"C0HELP/" + ts(0): store.ThreadWhole},
	}, State: store.TicketOpen, Requester: "U0ALICE", Language: english, Issue: 1}}
	for i := range before {
		m := &store.Message{Team: "T0ACME", Channel: "C0HELP", TS: ts(i), Ticket: "one", Comment: int64(i)}
		m.Thread, m.Sender, m.Person, m.At, m.Named, m.Part = ts(0), "U0ALICE", true, noon.Add(time.Duration(i)*time.Second), true, messageID(m)
		m.Doc, m.Files, m.Mention, m.Asks, m.Answered = encode(said(i)), files, i == 0, i == 0, true
		if i == 0 {
			m.Part = bodyPart
		}
		records = append(records, m)
	}
	decide := func(decide func(*store.View, store.Event) (store.Decision, error)) {
		b.Helper()
		decided, err := db.Decide("ticket:one", deciding(decide))
		if err != nil || decided.Failure != nil {
			b.Fatal(err, decided.Failure)
		}
	}
	hear := func(i int) {
		b.Helper()
		reply := bot.Message{Team: "T0ACME", Channel: "C0HELP", TS: ts(i), Thread: ts(0), Sender: "U0ALICE", At: noon.Add(time.Duration(i) * time.Second), Doc: said(i)}
		if _, err := db.Take(func(*store.View) (store.Taken, error) { return taken(reply, "one"), nil }, nil); err != nil {
			b.Fatal(err)
		}
	}
	hear(before)
	decide(func(*store.View, store.Event) (store.Decision, error) { return store.Decision{Records: records}, nil })
	b.ReportAllocs()
	for n := before + 1; b.Loop(); n++ {
		hear(n)
		decide(h.Decide)
	}
}

func ts(i int) string { return fmt.Sprintf("%d.000100", 1764000000+i) }

func said(i int) text.Doc {
	return text.Doc{{Kind: text.Paragraph, Inlines: []text.Inline{{Text: fmt.Sprintf("%d: %s", i, strings.Repeat("the load of purchases fails ", 8))}}}}
}
