package bot

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"supportbot/integrations"
	"supportbot/store"
)

// takeAtOnce takes an event of the subject of these tests in as the door does.
func takeAtOnce(t *testing.T, m *Machine, key string) {
	t.Helper()
	takeAtOnceOf(t, m, "test:1", key)
}

func takeAtOnceOf(t *testing.T, m *Machine, subject, key string) {
	t.Helper()
	err := m.door.route(func(*store.View) (store.Taken, error) {
		return store.Taken{Events: []store.Event{{Key: key, Subject: subject, Kind: "e", At: noon, Body: json.RawMessage(`{}`)}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	m.calls.Wait()
}

func TestWhatIsTakenInIsDecidedAndBegunAtOnce(t *testing.T) {
	for _, test := range []struct {
		name   string
		before func(*Machine)
		done   int
		event  string
	}{
		{"if nobody has its subject in hand", func(*Machine) {}, 1, "decided"},
		{"but not while somebody has", func(m *Machine) { m.undecided.take("test:1") }, 0, "new"},
		{"but not in a crowd", func(m *Machine) { m.door.crowd.add(doorCrowd + 1) }, 0, "new"},
		{"but not when the machine has stopped", func(m *Machine) { m.undecided.close() }, 0, "new"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := &desk{}
			m, _ := newMachine(t, []integrations.Service{d.service()}, planner())
			test.before(m)
			takeAtOnce(t, m, "1")
			events := view(t, m, func(v *store.View) ([]store.Event, error) { return v.Events("test:1") })
			if d.done != test.done || events[0].State != test.event {
				t.Errorf("done %d times, and the event is %s; want %d, %s", d.done, events[0].State, test.done, test.event)
			}
		})
	}
}

func TestASubjectThatWasDecidedAtOnceIsGivenBack(t *testing.T) {
	d := &desk{}
	m, _ := newMachine(t, []integrations.Service{d.service()}, planner())
	takeAtOnce(t, m, "1")
	takeAtOnce(t, m, "2")
	if p := m.performers["desk"]; d.done != 2 || len(p.free) != cap(p.free) {
		t.Errorf("done %d times, %d of %d workers are free", d.done, len(p.free), cap(p.free))
	}
}

// No performer runs here to look for what waits: the end of the one begins the other.
func TestWhatWaitsForAnActionIsBegunWhenThatEnds(t *testing.T) {
	d := &desk{}
	m, _ := newMachine(t, []integrations.Service{d.service()}, Handler{
		Prefix: "test:", Mode: Live,
		Decide: func(*store.View, store.Event) (store.Decision, error) {
			return store.Decision{Actions: []store.Action{
				{Kind: "desk.do", Slot: "one", Body: json.RawMessage(`{}`)}, {Kind: "desk.do", Slot: "two", Body: json.RawMessage(`{}`)},
			}}, nil
		},
	})
	takeAtOnce(t, m, "1")
	if d.done != 2 {
		t.Errorf("%d actions were done, want 2", d.done)
	}
}

func TestNothingIsBegunOnceTheMachineStops(t *testing.T) {
	d := &desk{}
	m, _ := newMachine(t, []integrations.Service{d.service()}, planner())
	takeEvent(t, m)
	m.undecided.close()
	m.decide("test:1")
	m.calls.Wait()
	if d.done != 0 {
		t.Error("an action was begun")
	}
}

// While a transaction finds out what it may begin, it has all workers in hand, also those that it then does not need.
func TestAPerformerThatFoundNoWorkersLooksAgainWhenATransactionGivesThemBack(t *testing.T) {
	d := &desk{}
	var look func() // by the performer, once a transaction has all workers
	m := machineOf(t, Options{
		Services: []integrations.Service{d.service()}, Redactor: newRedactor(t), Identity: us,
		Handlers: []Handler{{Prefix: "test:", Mode: Live, Decide: func(*store.View, store.Event) (store.Decision, error) {
			return store.Decision{}, nil
		}}},
		Now: func() time.Time {
			if look != nil {
				look()
			}
			return noon
		},
	})
	planOne(t, m, store.Action{})
	if inHand, _, err := m.Store.Claim(store.Offer{Service: "desk", Max: 1, Until: noon.Add(time.Minute)}); len(inHand) != 1 || err != nil {
		t.Fatal(inHand, err)
	}
	p := m.performers["desk"]
	looked := false
	look = func() {
		if looked || len(p.free) > 0 {
			return
		}
		looked = true
		if _, err := p.handOut(t.Context()); err != nil {
			t.Error(err)
		}
	}
	takeAtOnce(t, m, "1")
	if !looked || len(p.free) != cap(p.free) || len(p.wake) == 0 {
		t.Errorf("looked %t, %d of %d workers are free, %d waking", looked, len(p.free), cap(p.free), len(p.wake))
	}
}

func TestAPerformerThatFoundNoWorkersLooksAgainWhenATransactionIsUndone(t *testing.T) {
	d := &desk{}
	m, _ := newMachine(t, []integrations.Service{d.service()})
	p := m.performers["desk"]
	undone := m.turn()
	undone.begun = []begun{{p, claimed{actions: make([]store.Action, p.takeWorkers(false))}}}
	if _, err := p.handOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	undone.Anew()
	if len(p.free) != cap(p.free) || len(p.wake) == 0 {
		t.Errorf("%d of %d workers are free, %d waking", len(p.free), cap(p.free), len(p.wake))
	}
}

func TestWhatCouldNotBeStoredIsDecidedOnceItCan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		path := filepath.Join(t.TempDir(), "bot.db")
		m := machineAt(t, path, Options{
			Services: []integrations.Service{d.service()}, Handlers: []Handler{planner()},
			Redactor: newRedactor(t), Identity: us, Now: time.Now, After: time.After,
		})
		takeEvent(t, m)
		mend := sabotage(t, path, "UPDATE ON events")
		ctx, stop := context.WithCancel(t.Context())
		go m.decideAll(ctx)
		m.wakeDeciders([]string{"test:1"})
		synctest.Wait()
		mend()
		if err := m.busy.wait(ctx); err != nil || d.done != 1 {
			t.Errorf("done %d times, %v", d.done, err)
		}
		stop()
	})
}

func TestATimerThatCannotRingKeepsNoOtherFromIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bot.db")
	clock := &hand{now: noon}
	wait := Handler{Prefix: "test:", Mode: Live, Decide: func(*store.View, store.Event) (store.Decision, error) {
		return store.Decision{Timer: noon.Add(time.Minute)}, nil
	}}
	m := machineAt(t, path, Options{Handlers: []Handler{wait}, Redactor: newRedactor(t), Identity: us, Now: clock.Now})
	takeAtOnce(t, m, "1")
	takeAtOnceOf(t, m, "test:2", "2")
	clock.pass(time.Hour)
	defer sabotage(t, path, "INSERT ON events WHEN new.subject = 'test:2'")()
	_, err := m.ring()
	events := view(t, m, func(v *store.View) ([]store.Event, error) { return v.Events("test:1") })
	if last := events[len(events)-1]; err == nil || last.Kind != store.TimerRang || last.State != "decided" {
		t.Errorf("error %v, and the last event of the other is %s, %s", err, last.Kind, last.State)
	}
}

// Only the performer goes by priority and age.
func TestWhatIsTakenInDoesNotOvertakeWhatWaitsForAWorker(t *testing.T) {
	d := &desk{}
	m, _ := newMachine(t, []integrations.Service{d.service()}, planner())
	p := m.performers["desk"]
	p.takeWorkers(false)
	takeAtOnce(t, m, "1")
	look := func() {
		if _, err := p.handOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		m.calls.Wait()
	}
	look()
	p.giveWorkers(1)
	takeAtOnceOf(t, m, "test:2", "2")
	if d.done != 0 {
		t.Error("what came last was done first")
	}
	for range 3 {
		look()
	}
	if d.done != 2 || p.short.Load() {
		t.Errorf("then %d are done, want 2; short of workers: %t", d.done, p.short.Load())
	}
}
