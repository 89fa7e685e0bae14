package store

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// look reads from a snapshot.
func look[T any](t *testing.T, db *DB, read func(*View) (T, error)) (got T) {
	t.Helper()
	err := db.View(func(v *View) (err error) {
		got, err = read(v)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCursorsOnlyMoveForwardAndSurviveListings(t *testing.T) {
	db, c, _ := openTest(t)
	listed := []Channel{{ID: "C1", Team: "T", Kind: "channel", Cursor: "5.0"}, {ID: "C2", Team: "T", Kind: "channel", Shared: true}}
	mustDo(t, db.ListChannels("channel", listed, c.Now()))
	mustDo(t, db.FinishRead("C1", "7.0", noon))
	mustDo(t, db.FinishRead("C1", "6.0", noon))
	c.set(noon.Add(time.Hour))
	mustDo(t, db.ListChannels("channel", listed, c.Now()))
	want := []Channel{
		{ID: "C2", Team: "T", Kind: "channel", Shared: true, Member: true},
		{ID: "C1", Team: "T", Kind: "channel", Member: true, Cursor: "7.0", ReadAt: noon},
	}
	if diff := cmp.Diff(want, look(t, db, (*View).Channels)); diff != "" {
		t.Errorf("channels differ (-want +got):\n%s", diff)
	}
	if at := look(t, db, (*View).LastListing); !at.Equal(noon.Add(time.Hour)) {
		t.Errorf("last listed at %v", at)
	}
	mustDo(t, db.LookBack("6.5"))
	if c := look(t, db, func(v *View) (*Channel, error) { return v.Channel("C1") }); c.Cursor != "6.5" {
		t.Errorf("to look back moved the cursor to %s", c.Cursor)
	}
}

func TestAListingSaysWhereTheBotIs(t *testing.T) {
	db, c, _ := openTest(t)
	one, two := Channel{ID: "C1", Team: "T", Kind: "channel"}, Channel{ID: "C2", Team: "T", Kind: "channel"}
	mustDo(t, db.ListChannels("channel", []Channel{one, two}, c.Now()))
	mustDo(t, db.ListChannels("im", []Channel{{ID: "D1", Team: "T", Kind: "im"}}, c.Now()))
	c.set(noon.Add(time.Hour))
	mustDo(t, db.ListChannels("channel", []Channel{one}, c.Now()))
	mustDo(t, db.LeaveChannel("D1"))
	mustDo(t, db.AddChannel(Channel{ID: "C3", Team: "T", Kind: "channel"}))
	var ids []string
	for _, c := range look(t, db, (*View).Channels) {
		ids = append(ids, c.ID)
	}
	if diff := cmp.Diff([]string{"C1", "C3"}, ids); diff != "" {
		t.Errorf("the bot is in (-want +got):\n%s", diff)
	}
}

func TestOpenThreadsAreThoseOfTicketsThatAreNotClosed(t *testing.T) {
	db, _, _ := openTest(t)
	for n, state := range []string{TicketNew, TicketOpening, TicketOpen, TicketClosed, TicketRefused} {
		ticket := string(rune('a' + n))
		_, err := db.Take(func(*View) (Taken, error) {
			return Taken{
				Events:  []Event{event("e"+ticket, "ticket:"+ticket)},
				Threads: []Thread{{Team: "T", Channel: "C1", TS: ticket, Ticket: ticket}, {Team: "T", Channel: "C2", TS: ticket, Ticket: ticket}},
			}, nil
		}, nil)
		mustDo(t, err)
		decideWith(t, db, "ticket:"+ticket, Decision{Records: []Record{&Ticket{ID: ticket, State: state}}})
	}
	got := look(t, db, func(v *View) ([]string, error) { return v.OpenThreads("T", "C1") })
	if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" {
		t.Errorf("open threads differ (-want +got):\n%s", diff)
	}
}

func TestWhatIsKnownOfAChannelMovesToItsNewID(t *testing.T) {
	db, _, _ := openTest(t)
	mustDo(t, db.AddChannel(Channel{ID: "G0OLD", Team: "T", Kind: "group", Cursor: "1.0"}))
	_, err := db.Take(func(*View) (Taken, error) {
		return Taken{Events: []Event{event("1", "ticket:a")}, Threads: []Thread{{Team: "T", Channel: "G0OLD", TS: "1.1", Ticket: "a"}}}, nil
	}, nil)
	mustDo(t, err)
	reply := Action{Service: "slack", Kind: "slack.show", Slot: "reply:G0OLD:1.1", Lane: "G0OLD", Body: json.RawMessage(`{"channel":"G0OLD"}`)}
	ticket := &Ticket{ID: "a", State: TicketOpen}
	ticket.Channel, ticket.Threads = "G0OLD", map[string]string{"G0OLD/1.1": ThreadWhole}
	decideWith(t, db, "ticket:a", Decision{Actions: []Action{reply}, Records: []Record{
		ticket, &Message{Team: "T", Channel: "G0OLD", TS: "1.1", Ticket: "a"}, &Entry{ID: "G0OLD", Kind: ChannelEntry, Name: "plans"},
	}})
	take(t, db, Event{Key: "2", Subject: "ticket:a", Kind: "message", At: noon, Body: json.RawMessage(`{"channel":"G0OLD"}`)})
	mustDo(t, db.MoveChannel("T", "G0OLD", "C0NEW"))

	mustDo(t, db.View(func(v *View) error {
		row, err := v.Ticket("a")
		mustDo(t, err)
		if row.Channel != "C0NEW" || row.Threads["C0NEW/1.1"] != ThreadWhole {
			t.Errorf("the ticket is %+v", row.TicketDetails)
		}
		thread, err := v.Thread("T", "C0NEW", "1.1")
		mustDo(t, err)
		message, err := v.Message("T", "C0NEW", "1.1")
		mustDo(t, err)
		entry, err := v.Entry("C0NEW")
		mustDo(t, err)
		if thread == nil || message == nil || entry == nil || entry.Name != "plans" {
			t.Errorf("thread %v, message %v, entry %v", thread, message, entry)
		}
		action, err := v.InSlot("ticket:a", "reply:C0NEW:1.1")
		mustDo(t, err)
		if action == nil || action.Lane != "C0NEW" || string(action.Body) != `{"channel":"C0NEW"}` {
			t.Errorf("the planned action is %+v", action)
		}
		events, err := v.Events("ticket:a")
		if string(events[1].Body) != `{"channel":"C0NEW"}` {
			t.Errorf("the event is %s", events[1].Body)
		}
		return err
	}))
	if got := look(t, db, (*View).Channels); len(got) != 1 || got[0].ID != "C0NEW" || got[0].Cursor != "1.0" {
		t.Errorf("channels are %+v", got)
	}
}

func TestTheDirectoryKnowsWhoMayReadAChannelThatIsListed(t *testing.T) {
	db, _, _ := openTest(t)
	take(t, db, event("1", "ticket:a"))
	decideWith(t, db, "ticket:a", Decision{Records: []Record{&Entry{ID: "C1", Kind: ChannelEntry, Name: "plans"}}})
	entry := func() EntryDetails {
		return look(t, db, func(v *View) (EntryDetails, error) {
			e, err := v.Entry("C1")
			return e.EntryDetails, err
		})
	}
	list := func(c Channel) { mustDo(t, db.ListChannels(c.Kind, []Channel{c}, noon)) }
	for _, step := range []struct {
		name string
		do   func()
		want EntryDetails
	}{
		{"it is private", func() { list(Channel{ID: "C1", Team: "T", Kind: "group"}) }, EntryDetails{Private: true}},
		{"it is shared", func() { list(Channel{ID: "C1", Team: "T", Kind: "channel", Shared: true}) }, EntryDetails{Shared: true}},
		{"it is neither", func() { list(Channel{ID: "C1", Team: "T", Kind: "channel"}) }, EntryDetails{}},
		{"it became private", func() { mustDo(t, db.CloseChannel("C1", "group")) }, EntryDetails{Private: true}},
	} {
		step.do()
		if diff := cmp.Diff(step.want, entry()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
	channel := look(t, db, func(v *View) (*Channel, error) { return v.Channel("C1") })
	if channel.Kind != "group" {
		t.Errorf("the channel is of kind %s", channel.Kind)
	}
}

func TestWhatEndsAfterItsChannelMovedIsOfTheNewID(t *testing.T) {
	db, _, _ := openTest(t)
	_, err := db.Take(func(*View) (Taken, error) {
		return Taken{Events: []Event{event("1", "ticket:a")}, Threads: []Thread{{Team: "T", Channel: "G0OLD", TS: "1.1", Ticket: "a"}}}, nil
	}, nil)
	mustDo(t, err)
	read := Action{Service: "github", Kind: "read", Slot: "read:G0OLD", Answer: true, Body: json.RawMessage(`{"channel":"G0OLD"}`)}
	decideWith(t, db, "ticket:a", Decision{Actions: []Action{read}})
	begun, _, err := db.Claim(Offer{Service: "github", Max: 1, Until: noon.Add(time.Minute)})
	mustDo(t, err)
	mustDo(t, db.MoveChannel("T", "G0OLD", "C0NEW"))
	begun[0].State, begun[0].Result = Done, json.RawMessage(`{}`)
	_, err = db.Finish(begun[0], nil)
	mustDo(t, err)
	events := look(t, db, func(v *View) ([]Event, error) { return v.Events("ticket:a") })
	var answer Answer
	mustDo(t, json.Unmarshal(events[len(events)-1].Body, &answer))
	asked := look(t, db, func(v *View) (asked map[string]string, err error) {
		err = v.Payload(answer.Action, &asked)
		return asked, err
	})
	if asked["channel"] != "C0NEW" || answer.Slot != "read:C0NEW" {
		t.Errorf("the answer is about %s, in the slot %s", asked["channel"], answer.Slot)
	}
	if ref := look(t, db, func(v *View) (json.RawMessage, error) { return v.Ref("ticket:a", "read:C0NEW") }); ref == nil {
		t.Error("the slot has no reference")
	}
}
