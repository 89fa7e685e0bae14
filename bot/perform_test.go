package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"supportbot/integrations"
	"supportbot/store"
)

const testSettle = 10 * time.Second

// A desk is a service with one kind of action, "desk.do", that answers as it is told.
type desk struct {
	settling integrations.Settling
	read     bool
	outcomes []error // of the next attempts; what comes after goes well
	edits    bool    // what was found is brought up to date
	there    bool    // a look-up finds it
	lookErr  error

	done, looks, edited int
}

func (d *desk) service() integrations.Service {
	return integrations.Service{
		Name: "desk", Title: "Desk", Timeout: time.Second, Settle: testSettle, Workers: 2,
		Kinds: []integrations.Kind{{
			Name: "desk.do", Settling: d.settling, Read: d.read, Edits: d.edits,
			Perform: func(_ context.Context, c integrations.Call) (json.RawMessage, error) {
				d.done++
				if c.Ref != nil {
					d.edited++
				}
				if len(d.outcomes) > 0 {
					err := d.outcomes[0]
					d.outcomes = d.outcomes[1:]
					return nil, err
				}
				return json.RawMessage(`"done"`), nil
			},
			Find: func(context.Context, integrations.Call) (json.RawMessage, bool, error) {
				d.looks++
				return json.RawMessage(`"found"`), d.there, d.lookErr
			},
			Observed: func(integrations.Call) json.RawMessage { return json.RawMessage(`"made up"`) },
		}},
		Probe: func(context.Context) error { return nil },
	}
}

// takeEvent stores an event of the subject of these tests.
func takeEvent(t *testing.T, m *Machine) {
	t.Helper()
	_, err := m.Store.Take(func(*store.View) (store.Taken, error) {
		return store.Taken{Events: []store.Event{{Key: "e", Subject: "test:1", Kind: "e", At: noon, Body: json.RawMessage(`{}`)}}}, nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
}

// planner returns a handler that plans one action of "desk.do".
func planner() Handler {
	return Handler{
		Prefix: "test:", Mode: Live,
		Decide: func(*store.View, store.Event) (store.Decision, error) {
			return store.Decision{Actions: []store.Action{{Kind: "desk.do", Body: json.RawMessage(`{}`)}}}, nil
		},
	}
}

// planOne plans one action of "desk.do".
func planOne(t *testing.T, m *Machine, a store.Action) {
	t.Helper()
	a.Kind, a.Service, a.Body = "desk.do", "desk", json.RawMessage(`{}`)
	takeEvent(t, m)
	_, err := m.Store.Decide("test:1", deciding(func(*store.View, store.Event) (store.Decision, error) {
		return store.Decision{Actions: []store.Action{a}}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
}

// attempt claims the action and does it, if it is free, and returns how it then is.
func attempt(t *testing.T, m *Machine) store.Action {
	t.Helper()
	p := m.performers["desk"]
	claimed, _, err := m.Store.Claim(store.Offer{Service: "desk", Max: 1, Until: m.Now().Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range claimed {
		p.do(a)
	}
	return view(t, m, func(v *store.View) ([]store.Action, error) { return v.Actions("test:1") })[0]
}

func TestWhatAFailureMakesOfAnAction(t *testing.T) {
	settlings := map[integrations.Settling]string{
		integrations.Idempotent: "idempotent", integrations.LookUp: "look-up",
		integrations.Repeat: "repeat", integrations.BestEffort: "best effort",
	}
	for _, test := range []struct {
		name    string
		failure *integrations.Error
		state   string
		wait    time.Duration
	}{
		{"what was refused has failed", failing(integrations.Rejected), store.Failed, 0},
		{"what was limited is planned again after the wait", &integrations.Error{Failure: integrations.Limited, After: 30 * time.Second}, store.Planned, 30 * time.Second},
		{"what was not sent is planned again soon", failing(integrations.Unreachable), store.Planned, time.Second},
		{"what may have been done stays in hand until it settled", failing(integrations.Unknown), store.Doing, testSettle},
		{"what a lock met is planned again, as the service waits", failing(integrations.Locked), store.Planned, 0},
		{"an error of ours has failed", nil, store.Failed, 0},
	} {
		for settling, how := range settlings {
			t.Run(test.name+", "+how, func(t *testing.T) {
				d := &desk{settling: settling, outcomes: []error{test.failure}}
				if test.failure == nil {
					d.outcomes = []error{fmt.Errorf("a bug")}
				}
				m, _ := newMachine(t, []integrations.Service{d.service()})
				planOne(t, m, store.Action{})
				a := attempt(t, m)
				if a.State != test.state {
					t.Errorf("is %s, want %s", a.State, test.state)
				}
				if a.State != store.Failed && !a.NotBefore.Equal(noon.Add(test.wait)) {
					t.Errorf("waits %v, want %v", a.NotBefore.Sub(noon), test.wait)
				}
				if a.Error == "" || a.State != store.Failed && a.Tries != 1 {
					t.Errorf("error %q, %d tries", a.Error, a.Tries)
				}
			})
		}
	}
}

func TestHowAnUnknownOutcomeIsSettled(t *testing.T) {
	unknown := failing(integrations.Unknown)
	type step struct {
		after time.Duration // since noon
		state string
		done  int // attempts so far
		looks int // so far
	}
	for _, test := range []struct {
		name   string
		desk   desk
		answer bool
		steps  []step
	}{
		{"an idempotent action is repeated", desk{settling: integrations.Idempotent}, false, []step{
			{testSettle - 1, store.Doing, 1, 0}, {testSettle, store.Done, 2, 0}}},
		{"a notice is repeated", desk{settling: integrations.Repeat}, false, []step{{testSettle, store.Done, 2, 0}}},
		{"what is found is done", desk{settling: integrations.LookUp, there: true}, false, []step{{testSettle, store.Done, 1, 1}}},
		{"what is not found is looked for again, then repeated in its turn", desk{settling: integrations.LookUp}, false, []step{
			{testSettle, store.Doing, 1, 1}, {2*testSettle - 1, store.Doing, 1, 1}, {2 * testSettle, store.Planned, 1, 2}, {2 * testSettle, store.Done, 2, 2}}},
		{"what was posted is as it was planned", desk{settling: integrations.LookUp, there: true, edits: true}, false, []step{
			{testSettle, store.Done, 1, 1}}},
		{"what is not found and has an answer is for its handler to plan anew", desk{settling: integrations.LookUp}, true, []step{
			{testSettle, store.Doing, 1, 1}, {2 * testSettle, store.Withdrawn, 1, 2}}},
		{"a look-up that fails settles nothing", desk{settling: integrations.LookUp, lookErr: failing(integrations.Rejected)}, false, []step{
			{testSettle, store.Doing, 1, 1}, {time.Hour, store.Doing, 1, 2}}},
		{"best effort is given up after one more attempt", desk{settling: integrations.BestEffort, outcomes: []error{unknown}}, false, []step{
			{testSettle, store.Doing, 2, 0}, {time.Hour, store.Failed, 2, 0}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := test.desk
			d.outcomes = append([]error{unknown}, d.outcomes...)
			m, clock := newMachine(t, []integrations.Service{d.service()})
			planOne(t, m, store.Action{Answer: test.answer})
			attempt(t, m)
			for _, s := range test.steps {
				clock.pass(noon.Add(s.after).Sub(clock.Now()))
				a := attempt(t, m)
				if a.State != s.state || d.done != s.done || d.looks != s.looks {
					t.Errorf("after %v: %s, %d attempts, %d looks; want %s, %d, %d", s.after, a.State, d.done, d.looks, s.state, s.done, s.looks)
				}
			}
		})
	}
}

// What an earlier database knew, and this one does not, may have been done.
func TestInvariant2_WhatMayHaveBeenDoneAlreadyIsLookedForFirst(t *testing.T) {
	type step struct {
		state               string
		done, edited, looks int // so far
	}
	for _, test := range []struct {
		name   string
		desk   desk
		answer bool
		steps  []step
	}{
		{"what is found is done", desk{there: true}, true, []step{{store.Done, 0, 0, 1}}},
		{"what is not found is done in its turn", desk{}, false, []step{{store.Planned, 0, 0, 1}, {store.Done, 1, 0, 1}}},
		{"what is not found and has an answer is for its handler to plan plainly", desk{}, true, []step{{store.Withdrawn, 0, 0, 1}}},
		{"what is found and can be edited is brought up to date", desk{there: true, edits: true}, false, []step{{store.Done, 1, 1, 1}}},
		{"an edit that a limit refused is tried again, after another look", desk{there: true, edits: true,
			outcomes: []error{failing(integrations.Limited)}}, false, []step{{store.Doing, 1, 1, 1}, {store.Done, 2, 2, 2}}},
		{"a look-up that fails settles nothing", desk{lookErr: failing(integrations.Unreachable)}, false, []step{{store.Doing, 0, 0, 1}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := test.desk
			d.settling = integrations.LookUp
			m, clock := newMachine(t, []integrations.Service{d.service()})
			planOne(t, m, store.Action{Unsure: true, At: noon.Add(-time.Hour), Answer: test.answer})
			for n, s := range test.steps {
				a := attempt(t, m)
				if a.State != s.state || d.done != s.done || d.edited != s.edited || d.looks != s.looks {
					t.Errorf("step %d: %s, %d attempts, %d edits, %d looks; want %+v", n, a.State, d.done, d.edited, d.looks, s)
				}
				clock.pass(time.Second)
			}
		})
	}
}

func TestAReadThatIsNeverAnsweredIsGivenUp(t *testing.T) {
	d := &desk{settling: integrations.Idempotent, read: true}
	for range readTries + 1 {
		d.outcomes = append(d.outcomes, failing(integrations.Unknown))
	}
	m, clock := newMachine(t, []integrations.Service{d.service()})
	planOne(t, m, store.Action{Answer: true})
	for n := range readTries {
		a := attempt(t, m)
		if last := n == readTries-1; d.done != n+1 || last != (a.State == store.Withdrawn) || a.Error == "" {
			t.Fatalf("after %d attempts, %d were made, and it is %s, error %q", n+1, d.done, a.State, a.Error)
		}
		clock.pass(a.NotBefore.Sub(clock.Now()))
	}
	if due, err := m.Store.Undecided(); len(due) != 1 || err != nil {
		t.Errorf("who waits for it is not told: %v, %v", due, err)
	}
}

func TestObserveModeReadsAndWritesNothing(t *testing.T) {
	for _, test := range []struct {
		name  string
		read  bool
		state string
		done  int
	}{
		{"a write is made up", false, store.Observed, 0},
		{"a read is done", true, store.Done, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := &desk{read: test.read}
			m, _ := newMachine(t, []integrations.Service{d.service()}, Handler{Prefix: "test:", Mode: Observe})
			planOne(t, m, store.Action{})
			if a := attempt(t, m); a.State != test.state || d.done != test.done {
				t.Errorf("is %s after %d calls, want %s after %d", a.State, d.done, test.state, test.done)
			}
		})
	}
}

func TestOperatorsHearOnceOfAnOutageAndOfItsEnd(t *testing.T) {
	d := &desk{}
	m, clock := newMachine(t, []integrations.Service{d.service()})
	p := m.performers["desk"]
	for range 5 {
		p.learn(failing(integrations.Unknown))
		clock.pass(time.Second)
	}
	p.learn(nil)
	if got := fmt.Sprint(raised(t, m, "desk-down")); got != "[raised cleared]" {
		t.Errorf("desk-down was %s", got)
	}
}

// Times are stored in milliseconds, limits know finer ones: what must wait must not be found free too early, since it
// would be taken in hand again and again.
func TestWhatALimitHoldsBackIsFreeWhenTheLimitIs(t *testing.T) {
	d := &desk{}
	service := d.service()
	service.Limits = []integrations.Limit{{Count: 55, Per: time.Minute, Even: true}}
	service.Kinds[0].Lane = func(integrations.Call) string { return "edits" }
	m, clock := newMachine(t, []integrations.Service{service})
	p := m.performers["desk"]
	p.limiter.Started("edits", clock.Now())
	planOne(t, m, store.Action{})
	claim := func() []store.Action {
		claimed, _, err := m.Store.Claim(store.Offer{Service: "desk", Max: 1, Until: clock.Now().Add(time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		return claimed
	}
	if claimed := claim(); p.mayStart(claimed[0]) {
		t.Fatal("it may start, though another one has just started")
	}
	a := view(t, m, func(v *store.View) ([]store.Action, error) { return v.Actions("test:1") })[0]
	clock.pass(a.NotBefore.Sub(clock.Now()))
	if claimed := claim(); len(claimed) != 1 || claimed[0].Lane != "edits" || !p.mayStart(claimed[0]) {
		t.Errorf("at the stored time it may not start: %v", claimed)
	}
}

func TestReadsThatFailTakeNoServiceDown(t *testing.T) {
	for _, test := range []struct {
		name    string
		failure integrations.Failure
		up      bool
	}{
		{"one method that does not answer", integrations.Unknown, true},
		{"a token that was revoked", integrations.Locked, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := &desk{read: true}
			for range 10 {
				d.outcomes = append(d.outcomes, failing(test.failure))
			}
			m, clock := newMachine(t, []integrations.Service{d.service()})
			planOne(t, m, store.Action{})
			for range 5 {
				attempt(t, m)
				clock.pass(time.Hour)
			}
			if p := m.performers["desk"]; p.health.up() != test.up {
				t.Errorf("up %t, want %t", p.health.up(), test.up)
			}
		})
	}
}

// Two that claim at the same time may ask the limiter in the other order, and the younger message would get its issue first.
func TestOfALimitedServiceOnlyItsPerformerClaims(t *testing.T) {
	d := &desk{}
	service := d.service()
	service.Limits = []integrations.Limit{{Count: 60, Per: time.Minute, Even: true}}
	m, _ := newMachine(t, []integrations.Service{service}, planner())
	takeEvent(t, m)
	m.decide("test:1")
	action := func() store.Action {
		return view(t, m, func(v *store.View) ([]store.Action, error) { return v.Actions("test:1") })[0]
	}
	if state := action().State; state != store.Planned {
		t.Errorf("after its decision the action is %s", state)
	}
	if _, err := m.performers["desk"].handOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.calls.Wait()
	if state := action().State; state != store.Done {
		t.Errorf("after the performer's claim it is %s", state)
	}
}

// A commit that several share is undone if one of them fails, and done anew without that one. A decision among the others
// claims again, and must not keep the workers of the first time.
func TestADecisionThatIsDoneAgainKeepsNoWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		m, _ := newMachine(t, []integrations.Service{d.service()}, planner())
		takeEvent(t, m)

		release := make(chan bool)
		go func() { // what comes meanwhile shares a commit
			_, _ = m.Store.Take(func(*store.View) (store.Taken, error) { <-release; return store.Taken{}, nil }, nil)
		}()
		synctest.Wait()
		go m.decide("test:1")
		synctest.Wait()
		var failed error
		go func() { failed = m.Store.Restart(&store.Action{ID: 99}, noon) }()
		synctest.Wait()
		close(release)
		synctest.Wait()

		if !errors.Is(failed, store.ErrFenced) || d.done != 1 {
			t.Errorf("the other write gave %v, and the action was done %d times", failed, d.done)
		}
		p := m.performers["desk"]
		if len(p.free) != cap(p.free) {
			t.Errorf("%d of %d workers are free", len(p.free), cap(p.free))
		}
	})
}
