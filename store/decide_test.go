package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// holding is a decider that decides at once whatever it may.
func holding(decide func(*View, Event) (Decision, error)) *decider {
	return &decider{decide: decide, hold: func(string) bool { return true }}
}

func takeWith(t *testing.T, db *DB, d Decider, events ...Event) Decided {
	t.Helper()
	result, err := db.Take(func(*View) (Taken, error) { return Taken{Events: events}, nil }, d)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// states are those of the events of a subject.
func states(t *testing.T, db *DB, subject string) (states []string) {
	t.Helper()
	events, err := Look(db, func(v *View) ([]Event, error) { return v.Events(subject) })
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		states = append(states, e.Kind+" "+e.State)
	}
	return states
}

func TestAnEventOfASubjectAtRestIsDecidedInTheTransactionThatStoresIt(t *testing.T) {
	db, _, _ := openTest(t)
	var claimed []Action
	d := holding(always(Decision{Actions: []Action{plan("issue", "", 1, noon)}, Timer: noon.Add(time.Hour)}))
	d.free = func(c Claimer, subject string) error {
		actions, _, err := c.Claim(Offer{Service: "github", Subject: subject, Max: 10, Until: noon.Add(time.Minute)})
		claimed = append(claimed, actions...)
		return err
	}
	result := takeWith(t, db, d, event("1", "ticket:a"))
	if len(result.Due) != 0 || !result.Timer.Equal(noon.Add(time.Hour)) || len(claimed) != 1 {
		t.Errorf("due %v, timer %v, claimed %v", result.Due, result.Timer, claimed)
	}
	result = takeWith(t, db, d, event("1", "ticket:a")) // it comes again
	if len(result.Due) != 0 || len(claimed) != 1 {
		t.Errorf("the second time: due %v, claimed %v", result.Due, claimed)
	}
	claimed[0].State, claimed[0].Answer = Done, true
	d.decide = always(Decision{})
	if _, err := db.Finish(claimed[0], d); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"message decided", "answered decided"}, states(t, db, "ticket:a")); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNotDecidedAtOnce(t *testing.T) {
	for _, test := range []struct {
		name   string
		before []Event
		body   string
		hold   bool
		atOnce bool
	}{
		{"an event of a subject at rest is", nil, "{}", true, true},
		{"what somebody has in hand", nil, "{}", false, false},
		{"what waits behind another event", []Event{event("0", "ticket:a")}, "{}", true, false},
		{"a long text", nil, `"` + strings.Repeat("x", quickBytes) + `"`, true, false},
		{"a long history", manyEvents(quickEvents + 1), "{}", true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			db, _, _ := openTest(t)
			take(t, db, test.before...)
			if len(test.before) > 1 {
				for range test.before {
					decideWith(t, db, "ticket:a", Decision{})
				}
			}
			d := &decider{decide: always(Decision{}), hold: func(string) bool { return test.hold }}
			e := event("1", "ticket:a")
			e.Body = json.RawMessage(test.body)
			if result := takeWith(t, db, d, e); (len(result.Due) == 0) != test.atOnce {
				t.Errorf("due is %v", result.Due)
			}
		})
	}
}

func manyEvents(n int) (events []Event) {
	for i := range n {
		events = append(events, event(fmt.Sprint("before ", i), "ticket:a"))
	}
	return events
}

func TestADecisionAtOnceThatFailsIsMadeInItsTurn(t *testing.T) {
	for name, decide := range map[string]func(*View, Event) (Decision, error){
		"it has an error":     func(*View, Event) (Decision, error) { return Decision{}, errors.New("a bug") },
		"it panics":           func(*View, Event) (Decision, error) { panic("a bug") },
		"it can't be stored":  always(Decision{Records: []Record{&Ticket{ID: "a", State: "no state"}}}),
		"it can't be started": always(Decision{Actions: []Action{plan("stuck", "", 1, noon)}}),
	} {
		t.Run(name, func(t *testing.T) {
			db, _, _ := openTest(t)
			d := holding(decide)
			d.free = func(c Claimer, subject string) error {
				open, err := c.Open(subject)
				if len(open) > 0 {
					err = errors.New("a bug")
				}
				return err
			}
			if diff := cmp.Diff([]string{"ticket:a"}, takeWith(t, db, d, event("1", "ticket:a")).Due); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"message new"}, states(t, db, "ticket:a")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatWaitedForAnActionIsFreeWhenThatEnds(t *testing.T) {
	db, _, _ := openTest(t)
	take(t, db, event("1", "ticket:a"))
	decideWith(t, db, "ticket:a", Decision{Actions: []Action{plan("first", "one", 1, noon), plan("second", "two", 1, noon)}})
	first, _, err := db.Claim(Offer{Service: "github", Max: 10, Until: noon.Add(time.Minute)})
	if err != nil || len(first) != 1 {
		t.Fatal(first, err)
	}
	first[0].State = Done
	var freed []Action
	d := &decider{free: func(c Claimer, subject string) error {
		freed, _, err = c.Claim(Offer{Service: "github", Subject: subject, Max: 10, Until: noon.Add(time.Minute)})
		return err
	}}
	if _, err := db.Finish(first[0], d); err != nil {
		t.Fatal(err)
	}
	if len(freed) != 1 || freed[0].Kind != "second" {
		t.Errorf("freed %v", freed)
	}
}

func TestWhatADecisionAtOnceEmitsForItsOwnSubjectIsDue(t *testing.T) {
	db, _, _ := openTest(t)
	result := takeWith(t, db, holding(always(Decision{Emit: []Event{event("2", "ticket:a")}})), event("1", "ticket:a"))
	due, err := db.Undecided()
	if err != nil || len(due) != 1 {
		t.Errorf("due on disk: %v (told in memory: %v), %v; events %v", due, result.Due, err, states(t, db, "ticket:a"))
	}
	_, err = db.Decide("ticket:a", holding(func(*View, Event) (Decision, error) { panic("bug") }))
	for range MaxTries - 1 {
		if err == nil {
			_, err = db.Decide("ticket:a", holding(func(*View, Event) (Decision, error) { panic("bug") }))
		}
	}
	if err != nil {
		t.Errorf("it can't even be parked: %v", err)
	}
}

func TestADecisionDoesNotBringTheOldIDOfAChannelBack(t *testing.T) {
	db, _, _ := openTest(t)
	_, err := db.Take(func(*View) (Taken, error) {
		return Taken{Events: []Event{event("1", "ticket:a")}, Threads: []Thread{{Team: "T1", Channel: "C0000OLD", TS: "1.0", Ticket: "a", Sender: "U1", At: noon}}}, nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	row := &Ticket{ID: "a", State: TicketNew}
	row.Channel = "C0000OLD"
	m := &Message{Team: "T1", Channel: "C0000OLD", TS: "1.0", Ticket: "a"}
	decideWith(t, db, "ticket:a", Decision{Records: []Record{row, m}})
	take(t, db, event("2", "ticket:a"))
	moved, done := false, make(chan error, 1)
	_, err = db.Decide("ticket:a", &decider{decide: func(v *View, _ Event) (Decision, error) {
		row, err := v.Ticket("a")
		if err != nil {
			return Decision{}, err
		}
		messages, err := v.Messages("a")
		if !moved { // just now
			moved = true
			if db.moving.TryLock() {
				db.moving.Unlock()
				t.Error("a channel can be moved while a decision about it is not stored")
			}
			go func() { done <- db.MoveChannel("T1", "C0000OLD", "C0000NEW") }()
		}
		row.State = TicketOpening
		messages[0].Stale = true
		return Decision{Records: []Record{row, messages[0]}, Actions: []Action{plan("show", "reply", 1, noon)}}, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	got, err := Look(db, func(v *View) (*Ticket, error) { return v.Ticket("a") })
	if err != nil || got.Channel != "C0000NEW" {
		t.Errorf("the ticket is in %s, %v", got.Channel, err)
	}
	messages, err := Look(db, func(v *View) ([]*Message, error) { return v.Messages("a") })
	if err != nil || len(messages) != 1 {
		t.Errorf("%d messages, want one; %v", len(messages), err)
	}
}
