package support

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"supportbot/bot"
	"supportbot/bot/text"
	"supportbot/integrations/slack"
	"supportbot/store"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// openStore returns an empty database whose clock stands at noon, until the test moves it.
func openStore(t testing.TB) (db *store.DB, pass func(time.Duration)) {
	t.Helper()
	now := noon
	db, err := store.Open(filepath.Join(t.TempDir(), "bot.db"), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db, func(d time.Duration) { now = now.Add(d) }
}

func newHandler(t testing.TB) bot.Handler {
	t.Helper()
	h, err := New(Options{Mode: bot.Live, Group: "S0SUPPORT", BotUser: "U0BOT", Workspace: "https://acme.slack.com/", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func mention(words string) bot.Message {
	return bot.Message{
		Team: "T0ACME", Channel: "C0HELP", TS: "1764000000.000100", Thread: "1764000000.000100", Sender: "U0ALICE", At: noon, Mentions: true,
		Doc: text.Doc{{Kind: text.Paragraph, Inlines: []text.Inline{{Kind: text.Group, ID: "S0SUPPORT"}, {Text: " " + words}}}},
	}
}

// decideAll decides what the ticket has to decide, failures included, until nothing is left.
func decideAll(t *testing.T, db *store.DB, subject string, decide func(*store.View, store.Event) (store.Decision, error), pass func(time.Duration)) {
	t.Helper()
	for range 20 {
		if _, err := db.Decide(subject, deciding(func(v *store.View, e store.Event) (store.Decision, error) {
			d, err := decide(v, e)
			for i := range d.Actions {
				d.Actions[i].Service, _, _ = strings.Cut(d.Actions[i].Kind, ".")
			}
			return d, err
		})); err != nil {
			t.Log(err)
		}
		pass(time.Minute)
	}
}

// shown returns the last text that a ticket has its thread show.
func shown(t *testing.T, db *store.DB, subject string) (said string) {
	t.Helper()
	err := db.View(func(v *store.View) error {
		actions, err := v.Actions(subject)
		for _, a := range actions {
			if a.Kind != "slack.show" {
				continue
			}
			var s slack.Show
			if err := json.Unmarshal(a.Body, &s); err != nil {
				return err
			}
			said = s.Channel + "/" + s.ThreadTS + ": " + s.Text
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return said
}

func TestAMessageThatCannotBeDecidedIsToldToItsThread(t *testing.T) {
	db, pass := openStore(t)
	h := newHandler(t)
	take(t, db, h, mention("it fails"))
	failing := func(v *store.View, e store.Event) (store.Decision, error) {
		if e.Kind == messageEvent {
			panic("a bug")
		}
		return h.Decide(v, e)
	}
	decideAll(t, db, "ticket:one", failing, pass)
	said := shown(t, db, "ticket:one")
	if !strings.HasPrefix(said, "C0HELP/1764000000.000100: Sorry, something went wrong") || !strings.Contains(said, "`one`") {
		t.Errorf("the thread shows %q", said)
	}
}

func TestALaterMessageOfAFailedTicketIsDecided(t *testing.T) {
	db, pass := openStore(t)
	h := newHandler(t)
	take(t, db, h, mention("it fails"))
	failing := func(v *store.View, e store.Event) (store.Decision, error) {
		if e.Kind == messageEvent {
			panic("a bug")
		}
		return h.Decide(v, e)
	}
	decideAll(t, db, "ticket:one", failing, pass)
	again := mention("it fails again")
	again.Edited, again.Mentioned = "1764000060.000000", true
	take(t, db, h, again)
	decideAll(t, db, "ticket:one", h.Decide, pass)
	err := db.View(func(v *store.View) error {
		row, err := v.Ticket("one")
		if err == nil && row.State != store.TicketNew {
			t.Errorf("the ticket is %s, want it to wait for names", row.State)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func take(t *testing.T, db *store.DB, h bot.Handler, m bot.Message) {
	t.Helper()
	_, err := db.Take(func(v *store.View) (store.Taken, error) { return h.Message(v, m, "one") }, nil)
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhichMessagesAreOurs(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*bot.Message)
		ours   bool
	}{
		{"a mention", func(*bot.Message) {}, true},
		{"talk without one", func(m *bot.Message) { m.Mentions = false }, false},
		{"a bot's mention", func(m *bot.Message) { m.Bot = true }, false},
		{"an edit that took the mention out, ahead of its original", func(m *bot.Message) {
			m.Edited, m.Mentions, m.Mentioned = "1764000060.000000", false, true
		}, true},
		{"a deletion ahead of its original", func(m *bot.Message) { m.Deleted, m.Mentions, m.Mentioned = true, false, true }, true},
		{"an edit within a day", func(m *bot.Message) { m.Edited = "1795521599.000000" }, true},
		{"an edit after a day", func(m *bot.Message) { m.Edited = "1795521601.000000" }, false},
		{"an edit after a day of a mention that we never heard", func(m *bot.Message) {
			m.Edited, m.Mentioned = "1795521601.000000", true
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			db, _ := openStore(t)
			m := mention("it fails")
			test.change(&m)
			err := db.View(func(v *store.View) error {
				taken, err := newHandler(t).Message(v, m, "one")
				if ours := len(taken.Events) > 0; ours != test.ours {
					t.Errorf("ours: %t, want %t", ours, test.ours)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Invariant 2: nothing is doubled. The create may end while an edit waits to be decided, ahead of its answer.
func TestAnEditAheadOfTheCreatesAnswerOpensNoSecondIssue(t *testing.T) {
	for _, state := range []string{store.Doing, store.Done} {
		t.Run("the create is "+state, func(t *testing.T) {
			db, pass := openStore(t)
			h := newHandler(t)
			know(t, db)
			take(t, db, h, mention("it fails"))
			decideAll(t, db, "ticket:one", h.Decide, pass)
			claimed, _, err := db.Claim(store.Offer{Service: "github", Max: 1, Until: noon.Add(24 * time.Hour)})
			if err != nil || len(claimed) != 1 {
				t.Fatalf("claimed %v, %v", claimed, err)
			}
			edit := mention("it fails again")
			edit.Edited, edit.Mentioned = "1764000060.000000", true
			take(t, db, h, edit)
			if state == store.Done {
				claimed[0].State, claimed[0].Result = store.Done, json.RawMessage(`{"number": 7, "url": "https://github.example/7"}`)
				if _, err := db.Finish(claimed[0], nil); err != nil {
					t.Fatal(err)
				}
			}
			decideAll(t, db, "ticket:one", h.Decide, pass)
			if creates := planned(t, db, "github.create_issue"); creates != 1 {
				t.Errorf("%d creates were planned", creates)
			}
			if edits := planned(t, db, "github.edit_issue"); state == store.Done && edits != 1 {
				t.Errorf("the edit is lost: %d edits were planned", edits)
			}
		})
	}
}

func TestARefusalThatAnEditHasOvertakenIsNotTold(t *testing.T) {
	db, pass := openStore(t)
	h := newHandler(t)
	know(t, db)
	take(t, db, h, mention("it fails"))
	decideAll(t, db, "ticket:one", h.Decide, pass)
	claimed, _, err := db.Claim(store.Offer{Service: "github", Max: 1, Until: noon.Add(24 * time.Hour)})
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %v, %v", claimed, err)
	}
	edit := mention("it fails again")
	edit.Edited, edit.Mentioned = "1764000060.000000", true
	take(t, db, h, edit)
	claimed[0].State, claimed[0].Error = store.Failed, "422"
	if _, err := db.Finish(claimed[0], nil); err != nil {
		t.Fatal(err)
	}
	decideAll(t, db, "ticket:one", h.Decide, pass)
	if said := shown(t, db, "ticket:one"); said != "" {
		t.Errorf("the thread shows %q while another create is planned", said)
	}
	if creates := planned(t, db, "github.create_issue"); creates != 2 {
		t.Errorf("%d creates were planned, want a second one", creates)
	}
}

// planned returns how often an action of a kind was planned.
func planned(t *testing.T, db *store.DB, kind string) (n int) {
	t.Helper()
	err := db.View(func(v *store.View) error {
		actions, err := v.Actions("ticket:one")
		for _, a := range actions {
			if a.Kind == kind {
				n++
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// know puts everybody whom mention names into the directory.
func know(t *testing.T, db *store.DB) {
	t.Helper()
	_, err := db.Take(func(*store.View) (store.Taken, error) {
		return store.Taken{Events: []store.Event{{Key: "seed", Subject: "seed:1", Kind: "seed", At: noon, Body: json.RawMessage(`{}`)}}}, nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Decide("seed:1", deciding(func(*store.View, store.Event) (store.Decision, error) {
		return store.Decision{Records: []store.Record{
			&store.Entry{ID: "U0ALICE", Kind: store.PersonEntry, Name: "Alice", ReadAt: noon},
			&store.Entry{ID: "C0HELP", Kind: store.ChannelEntry, Name: "help", ReadAt: noon},
			&store.Entry{ID: "S0SUPPORT", Kind: store.GroupEntry, Name: "support", ReadAt: noon},
		}}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
}

func TestTimesOfIssues(t *testing.T) {
	m := &store.Message{}
	m.At = time.Date(2026, 3, 29, 0, 59, 0, 0, time.UTC)
	for zone, want := range map[string]string{
		"Asia/Tokyo":        "2026-03-29 09:59 JST",
		"Europe/Paris":      "2026-03-29 01:59 CET",
		"America/Sao_Paulo": "2026-03-28 21:59 UTC-03:00",
		"Asia/Kathmandu":    "2026-03-29 06:44 UTC+05:45",
		"":                  "2026-03-29 00:59 UTC",
		"Nowhere/Atlantis":  "2026-03-29 00:59 UTC",
	} {
		ticket := ticket{handler: handler{zones: &zones{}}, row: &store.Ticket{TicketDetails: store.TicketDetails{Zone: zone}}}
		if got := ticket.when(m); got != want {
			t.Errorf("in %q it is %s, want %s", zone, got, want)
		}
	}
}

// A timer that rang and is kept would hide those that come after it: the thread must still be told that its issue follows,
// though another of the ticket's threads is being read.
func TestInvariant8_ATimerThatRangHidesNoLaterOne(t *testing.T) {
	db, _ := openStore(t)
	h := newHandler(t)
	row := &store.Ticket{ID: "one", State: store.TicketNew, TicketDetails: store.TicketDetails{
		Team: "T0ACME", Channel: "C0HELP", Thread: ts(0), NamesBy: noon, TellAt: noon.Add(5 * time.Second), Reading: 1,
		Threads: map[string]string{"C0HELP/" + ts(0): store.ThreadReading},
	}}
	take(t, db, h, mention("it fails"))
	_, err := db.Decide("ticket:one", deciding(func(*store.View, store.Event) (store.Decision, error) {
		return store.Decision{Records: []store.Record{row}}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(func(v *store.View) error {
		d, err := h.Decide(v, store.Event{Subject: "ticket:one", Kind: store.TimerRang, At: noon, TakenAt: noon})
		if !d.Timer.Equal(row.TellAt) {
			t.Errorf("the next timer is at %v, want %v", d.Timer, row.TellAt)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A deciding decides events in their turn, and claims nothing.
type deciding func(*store.View, store.Event) (store.Decision, error)

func (deciding) Anew() {}

func (deciding) Hold(string) bool { return false }

func (d deciding) Decide(v *store.View, e store.Event) (store.Decision, error) { return d(v, e) }

func (deciding) Free(store.Claimer, string) error { return nil }
