package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// A clock stands still unless it is set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

func openTest(t *testing.T) (*DB, *clock, string) {
	t.Helper()
	c := &clock{now: noon}
	path := filepath.Join(t.TempDir(), "test.db")
	db, err := Open(path, c.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db, c, path
}

func event(key, subject string) Event {
	return Event{Key: key, Subject: subject, Kind: "message", At: noon, Body: json.RawMessage(`{}`)}
}

func take(t *testing.T, db *DB, events ...Event) []string {
	t.Helper()
	taken, err := db.Take(func(*View) (Taken, error) { return Taken{Events: events}, nil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return taken.Due
}

// decideWith decides the next event of a subject as d says.
func decideWith(t *testing.T, db *DB, subject string, d Decision) Decided {
	t.Helper()
	called := false
	result, err := db.Decide(subject, &decider{decide: func(*View, Event) (Decision, error) { called = true; return d, nil }})
	if err != nil {
		t.Fatal(err)
	}
	if !called {
		t.Fatalf("nothing of %s was undecided", subject)
	}
	return result
}

// A decider is made of functions. Without hold it has nothing decided at once, without free it claims nothing.
type decider struct {
	decide func(*View, Event) (Decision, error)
	hold   func(subject string) bool
	free   func(Claimer, string) error
	anew   int // transactions
}

func (d *decider) Anew() { d.anew++ }

func (d *decider) Hold(subject string) bool { return d.hold != nil && d.hold(subject) }

func (d *decider) Decide(v *View, e Event) (Decision, error) { return d.decide(v, e) }

func (d *decider) Free(c Claimer, subject string) error {
	if d.free == nil {
		return nil
	}
	return d.free(c, subject)
}

// always decides the same of everything.
func always(d Decision) func(*View, Event) (Decision, error) {
	return func(*View, Event) (Decision, error) { return d, nil }
}

func plan(kind, slot string, priority int, at time.Time) Action {
	return Action{Service: "github", Kind: kind, Slot: slot, Priority: priority, At: at, Body: json.RawMessage(`{}`)}
}

func claim(t *testing.T, db *DB, held ...string) []string {
	t.Helper()
	actions, _, err := db.Claim(Offer{Service: "github", Held: held, Max: 10, Until: noon.Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, a := range actions {
		kinds = append(kinds, a.Kind)
	}
	return kinds
}

func TestInvariant2_TheSameEventIsStoredOnceHoweverOftenItComes(t *testing.T) {
	db, _, _ := openTest(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	due := 0
	for range 50 {
		wg.Go(func() {
			taken, err := db.Take(func(*View) (Taken, error) { return Taken{Events: []Event{event("msg:1", "ticket:a")}}, nil }, nil)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			due += len(taken.Due)
		})
	}
	wg.Wait()
	if due != 1 {
		t.Errorf("the event was new %d times", due)
	}
}

func TestATakeThatFailsUndoesOnlyItself(t *testing.T) {
	db, _, _ := openTest(t)
	broken := errors.New("broken")
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			_, err := db.Take(func(*View) (Taken, error) {
				if i%4 == 1 {
					panic("a bug in a handler")
				}
				e := Taken{Events: []Event{event(fmt.Sprint(i), "ticket:a")}}
				if i%4 == 0 {
					return e, broken
				}
				return e, nil
			}, nil)
			if failed := i%4 < 2; (err != nil) != failed {
				t.Errorf("take %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	err := db.View(func(v *View) error {
		l, err := v.Load()
		if l.Undecided != 20 {
			t.Errorf("%d events, want 20", l.Undecided)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAWriteThatFailsHasItsNeighboursDoneAgain(t *testing.T) {
	db, _, _ := openTest(t)
	broken := errors.New("broken")
	tries := 0
	insert := &write{do: func(c *connection) error {
		tries++
		return c.exec("INSERT INTO boots (at) VALUES (7)")
	}}
	fail := &write{do: func(c *connection) error {
		return errors.Join(c.exec("INSERT INTO boots (at) VALUES (7)"), broken)
	}}
	if err := db.commit([]*write{insert, fail, insert}); err != nil || insert.err != nil || !errors.Is(fail.err, broken) {
		t.Fatal(err, insert.err, fail.err)
	}
	var stored int
	err := db.read(func(c *connection) error { return c.row("SELECT count(*) FROM boots WHERE at = 7").Scan(&stored) })
	if err != nil || stored != 2 || tries != 3 { // the one before the failure, then both anew
		t.Errorf("%d rows after %d tries, %v", stored, tries, err)
	}
}

func TestWhatSlackSendsGoesBeforeWhatWaits(t *testing.T) {
	db, _, _ := openTest(t)
	started, release := make(chan struct{}), make(chan struct{})
	var order []string // written by the one writer
	note := func(what string) func(*connection) error {
		return func(*connection) error { order = append(order, what); return nil }
	}
	var wg sync.WaitGroup
	update := func(do func(*connection) error) {
		wg.Go(func() {
			if err := db.update(do); err != nil {
				t.Error(err)
			}
		})
	}
	update(func(*connection) error { close(started); <-release; return nil })
	<-started
	for range maxBatch {
		update(note("other"))
	}
	wg.Go(func() {
		_, err := db.Take(func(*View) (Taken, error) { return Taken{}, note("take")(nil) }, nil)
		if err != nil {
			t.Error(err)
		}
	})
	for len(db.writes) < maxBatch || len(db.first) < 1 {
		runtime.Gosched()
	}
	close(release)
	wg.Wait()
	if at := slices.Index(order, "take"); at < 0 || at > 1 || len(order) != maxBatch+1 {
		t.Errorf("what was taken in was number %d of %d", at, len(order))
	}
}

func TestWhatMayHaveBeenDoneAlreadyBeganInThePast(t *testing.T) {
	tests := []struct {
		name     string
		at, want time.Time
	}{
		{"it began when what caused it happened", noon.Add(-time.Hour), noon.Add(-time.Hour)},
		{"a service's clock that is ahead of ours keeps nothing waiting", noon.Add(time.Hour), noon},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db, _, _ := openTest(t)
			take(t, db, event("1", "ticket:a"))
			a := plan("issue", "issue", 1, tt.at)
			a.Unsure = true
			decideWith(t, db, "ticket:a", Decision{Actions: []Action{a}})
			actions, _, err := db.Claim(Offer{Service: "github", Max: 1, Until: noon.Add(time.Minute)})
			if err != nil || len(actions) != 1 {
				t.Fatal(actions, err)
			}
			if got := actions[0]; got.State != Doing || !got.Started.Equal(tt.want) {
				t.Errorf("%s since %v, want doing since %v", got.State, got.Started, tt.want)
			}
		})
	}
}

func TestClaimGoesByPriorityThenAge(t *testing.T) {
	db, _, _ := openTest(t)
	for i, a := range []Action{
		plan("young", "", 1, noon.Add(time.Second)),
		plan("unimportant", "", 2, noon.Add(-time.Hour)),
		plan("old", "", 1, noon),
	} {
		subject := fmt.Sprintf("ticket:%d", i)
		take(t, db, event(subject, subject))
		decideWith(t, db, subject, Decision{Actions: []Action{a}})
	}
	if diff := cmp.Diff([]string{"old", "young", "unimportant"}, claim(t, db)); diff != "" {
		t.Error(diff)
	}
}

func TestWithinASubjectAndAServiceOrderHolds(t *testing.T) {
	db, _, _ := openTest(t)
	take(t, db, event("1", "ticket:a"))
	slack := plan("post", "", 9, noon)
	slack.Service = "slack"
	decideWith(t, db, "ticket:a", Decision{Actions: []Action{plan("first", "one", 9, noon), plan("second", "two", 1, noon), slack}})
	actions, _, err := db.Claim(Offer{Service: "github", Max: 10, Until: noon.Add(time.Minute)})
	if err != nil || len(actions) != 1 || actions[0].Kind != "first" {
		t.Fatalf("claimed %v, %v; want only the first", actions, err)
	}
	if others, _, err := db.Claim(Offer{Service: "slack", Max: 10, Until: noon.Add(time.Minute)}); err != nil || len(others) != 1 {
		t.Errorf("another service waits: %v, %v", others, err)
	}
	actions[0].State = Done
	if _, err := db.Finish(actions[0], nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"second"}, claim(t, db)); diff != "" {
		t.Error(diff)
	}
}

func TestActionsWithoutASlotWaitForNoneAndHoldNoneUp(t *testing.T) {
	db, _, _ := openTest(t)
	take(t, db, event("1", "ticket:a"))
	decideWith(t, db, "ticket:a", Decision{Actions: []Action{
		plan("read", "", 1, noon), plan("show", "reply", 2, noon), plan("notify", "", 3, noon), plan("edit", "other", 4, noon),
	}})
	if diff := cmp.Diff([]string{"read", "show", "notify"}, claim(t, db)); diff != "" {
		t.Error(diff)
	}
}

func TestAnActionWaitsWhileItsSubjectHasSomethingUndecided(t *testing.T) {
	db, _, _ := openTest(t)
	take(t, db, event("1", "ticket:a"))
	decideWith(t, db, "ticket:a", Decision{Actions: []Action{plan("create", "issue", 1, noon)}})
	take(t, db, event("2", "ticket:a"))
	if got := claim(t, db); got != nil {
		t.Fatalf("claimed %v before the edit was decided", got)
	}
	decideWith(t, db, "ticket:a", Decision{Actions: []Action{plan("create again", "issue", 1, noon)}})
	if diff := cmp.Diff([]string{"create again"}, claim(t, db)); diff != "" {
		t.Errorf("a slot keeps only its newest planned action: %s", diff)
	}
}

func TestHeldLanesWait(t *testing.T) {
	db, _, _ := openTest(t)
	for _, lane := range []string{"C1", "C2", ""} {
		subject := "ticket:" + lane
		take(t, db, event(subject, subject))
		a := plan("post "+lane, "", 1, noon)
		a.Lane = lane
		decideWith(t, db, subject, Decision{Actions: []Action{a}})
	}
	if diff := cmp.Diff([]string{"post C2", "post "}, claim(t, db, "C1")); diff != "" {
		t.Error(diff)
	}
}

func TestTheAnswerOfACallThatWasTakenOverIsRefused(t *testing.T) {
	db, c, _ := openTest(t)
	take(t, db, event("1", "ticket:a"))
	decideWith(t, db, "ticket:a", Decision{Actions: []Action{plan("create", "issue", 1, noon)}})
	first, _, _ := db.Claim(Offer{Service: "github", Max: 1, Until: noon.Add(time.Second)})
	c.set(noon.Add(2 * time.Second))
	second, _, _ := db.Claim(Offer{Service: "github", Max: 1, Until: noon.Add(time.Minute)})
	if len(first) != 1 || len(second) != 1 || second[0].Epoch != 2 {
		t.Fatalf("claimed %v, then %v", first, second)
	}
	if second[0].State != Doing || !second[0].Started.Equal(first[0].Started) {
		t.Errorf("the second claim does not see that the first one's outcome is open: %+v", second[0])
	}
	first[0].State = Done
	if _, err := db.Finish(first[0], nil); !errors.Is(err, ErrFenced) {
		t.Errorf("late answer: %v, want ErrFenced", err)
	}
}

func TestTheFirstResultInASlotIsWhatLaterActionsOfTheSlotEdit(t *testing.T) {
	db, _, _ := openTest(t)
	for i, want := range []string{"", `{"ts":"1"}`, `{"ts":"1"}`} {
		take(t, db, event(fmt.Sprint(i), "ticket:a"))
		decideWith(t, db, "ticket:a", Decision{Actions: []Action{plan("show", "reply", 1, noon)}})
		actions, _, err := db.Claim(Offer{Service: "github", Max: 1, Until: noon.Add(time.Minute)})
		if err != nil || len(actions) != 1 {
			t.Fatal(actions, err)
		}
		if got := string(actions[0].Ref); got != want {
			t.Errorf("show %d edits %q, want %q", i, got, want)
		}
		actions[0].State, actions[0].Result = Done, json.RawMessage(fmt.Sprintf(`{"ts":"%d"}`, i+1))
		if _, err := db.Finish(actions[0], nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTimersRingOnceAndOnlyWhenTheyAreDue(t *testing.T) {
	db, c, _ := openTest(t)
	take(t, db, event("1", "ticket:a"))
	decideWith(t, db, "ticket:a", Decision{Timer: noon.Add(10 * time.Second)})
	if due, next, err := db.Due(noon); err != nil || len(due) != 0 || !next.Equal(noon.Add(10*time.Second)) {
		t.Fatalf("due %v, next %v, %v", due, next, err)
	}
	if _, err := db.Ring("ticket:a", nil); err != nil {
		t.Fatal(err)
	}
	c.set(noon.Add(10 * time.Second))
	for range 2 {
		if _, err := db.Ring("ticket:a", nil); err != nil {
			t.Fatal(err)
		}
	}
	var rang []string
	err := db.View(func(v *View) error {
		events, err := v.Events("ticket:a")
		for _, e := range events[1:] {
			rang = append(rang, e.Kind)
		}
		return err
	})
	if diff := cmp.Diff([]string{TimerRang}, rang); diff != "" || err != nil {
		t.Error(diff, err)
	}
	decideWith(t, db, "ticket:a", Decision{})
	if due, next, err := db.Due(noon.Add(time.Hour)); err != nil || len(due) != 0 || !next.IsZero() {
		t.Errorf("a timer that was not set again is due: %v, %v, %v", due, next, err)
	}
}

func TestAnEventThatCannotBeDecidedIsParkedAndLaterOnesGoOn(t *testing.T) {
	for name, d := range map[string]*decider{
		"its decision panics":          {decide: func(*View, Event) (Decision, error) { panic("a bug") }},
		"its decision can't be stored": {decide: always(Decision{Records: []Record{&Ticket{ID: "a", State: "no state"}}})},
		"to store its decision panics": {decide: always(Decision{Records: []Record{nil}})},
	} {
		t.Run(name, func(t *testing.T) { testParking(t, d) })
	}
}

func testParking(t *testing.T, d *decider) {
	db, c, _ := openTest(t)
	take(t, db, event("1", "ticket:a"))
	take(t, db, event("2", "ticket:a"))
	for try := 1; try <= MaxTries; try++ {
		result, err := db.Decide("ticket:a", d)
		if err != nil || result.Failure == nil || result.Parked != (try == MaxTries) {
			t.Fatalf("try %d: parked %v, failure %v, error %v", try, result.Parked, result.Failure, err)
		}
		if try < MaxTries && !result.Timer.After(c.Now()) {
			t.Errorf("try %d is not tried again later", try)
		}
	}
	var decided []string
	for range 2 {
		if _, err := db.Decide("ticket:a", &decider{decide: func(_ *View, e Event) (Decision, error) {
			decided = append(decided, e.Kind)
			return Decision{}, nil
		}}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"message", Parked}, decided); diff != "" {
		t.Error(diff)
	}
}

func TestInvariant4_OnlyTheOwnerOfTheDatabaseMayReadItsFiles(t *testing.T) {
	db, _, path := openTest(t)
	take(t, db, event("1", "ticket:a"))
	for _, name := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(path + name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s%s is %v: %v", filepath.Base(path), name, info, err)
		}
	}
}

func TestInvariant1_WhatWasTakenIsThereAfterTheProcessIsGone(t *testing.T) {
	db, c, path := openTest(t)
	take(t, db, event("1", "ticket:a"))
	decideWith(t, db, "ticket:a", Decision{Actions: []Action{plan("create", "issue", 1, noon)}})
	if _, _, err := db.Claim(Offer{Service: "github", Max: 1, Until: noon.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, c.Now); !errors.Is(err, ErrInUse) {
		t.Fatalf("a second process opened the database: %v", err)
	}
	reader, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	err = reader.View(func(v *View) error {
		actions, err := v.Actions("ticket:a")
		if len(actions) != 1 || actions[0].State != Doing {
			t.Errorf("another process sees %v", actions)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestInvariant1_AWriteIsOnDiskWhenItReturns(t *testing.T) {
	db, c, path := openTest(t)
	guest, err := OpenBeside(path, c.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	for name, writer := range map[string]*DB{"the bot": db, "a command beside it": guest} {
		for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal"} { // 2 is FULL
			got := ""
			err := writer.update(func(c *connection) error { return c.row("PRAGMA " + pragma).Scan(&got) })
			if err != nil || got != want {
				t.Errorf("%s writes with %s = %q, not %q: %v", name, pragma, got, want, err)
			}
		}
	}
}

func TestAClosedDatabaseIsOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "supportbot.db")
	db, err := Open(path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	take(t, db, event("one", "ticket:1"))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(path + suffix); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", suffix, err)
		}
	}
	if err := db.View(func(*View) error { return nil }); err == nil {
		t.Error("a closed database was read")
	}
}

func TestLeasesOfEarlierBootsAreFreeOnceTheSettleTimeHasPassed(t *testing.T) {
	db, c, _ := openTest(t)
	take(t, db, event("1", "ticket:a"))
	decideWith(t, db, "ticket:a", Decision{Actions: []Action{plan("create", "issue", 1, noon)}})
	if _, _, err := db.Claim(Offer{Service: "github", Max: 1, Until: noon.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if err := db.VoidLeases("github", 10*time.Second); err != nil {
		t.Fatal(err)
	}
	c.set(noon.Add(9 * time.Second))
	if got := claim(t, db); got != nil {
		t.Errorf("claimed %v before it settled", got)
	}
	c.set(noon.Add(10 * time.Second))
	if diff := cmp.Diff([]string{"create"}, claim(t, db)); diff != "" {
		t.Error(diff)
	}
}

func TestADatabaseOfANewerSupportbotIsRefused(t *testing.T) {
	db, c, path := openTest(t)
	if err := db.update(func(c *connection) error { return c.exec("PRAGMA user_version = 99") }); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Open(path, c.Now)
	if err == nil {
		t.Fatal("opened")
	}
	db.writes, db.lock = nil, nil // closed already
}

func TestActionsCanBeClaimedInTheTransactionThatPlansThem(t *testing.T) {
	db, _, _ := openTest(t)
	take(t, db, event("1", "ticket:a"))
	take(t, db, event("2", "ticket:a"))
	slack := plan("reply", "", 9, noon)
	slack.Service = "slack"
	d := Decision{Actions: []Action{plan("issue", "", 9, noon), slack}}
	var services []string
	var claimed []Action
	claim := func(c Claimer, subject string) error {
		open, err1 := c.Open(subject)
		services = open
		actions, _, err2 := c.Claim(Offer{Service: "github", Subject: subject, Max: 10, Until: noon.Add(time.Minute)})
		claimed = append(claimed, actions...)
		return errors.Join(err1, err2)
	}
	for i, want := range [][]string{nil, {"github", "slack"}} { // the first leaves the second undecided
		if _, err := db.Decide("ticket:a", &decider{decide: always(d), free: claim}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, services); diff != "" {
			t.Errorf("decision %d frees: %s", i+1, diff)
		}
		d = Decision{}
	}
	if len(claimed) != 1 || claimed[0].Service != "github" {
		t.Fatalf("claimed %+v, want the action at GitHub", claimed)
	}
	again, _, err := db.Claim(Offer{Service: "github", Max: 10, Until: noon.Add(time.Minute)})
	if err != nil || len(again) != 0 {
		t.Errorf("claimed again: %+v, %v", again, err)
	}
}

func TestWhatADecisionClaimedIsFreeAgainIfItIsNotStored(t *testing.T) {
	db, _, _ := openTest(t)
	take(t, db, event("1", "ticket:a"))
	d := Decision{Actions: []Action{plan("issue", "", 9, noon)}}
	failed := errors.New("no")
	decided, err := db.Decide("ticket:a", &decider{decide: always(d), free: func(c Claimer, _ string) error {
		_, _, err := c.Claim(Offer{Service: "github", Max: 1, Until: noon.Add(time.Minute)})
		return errors.Join(err, failed)
	}})
	if err != nil || !errors.Is(decided.Failure, failed) {
		t.Fatalf("failure %v, error %v, want %v", decided.Failure, err, failed)
	}
	decideWith(t, db, "ticket:a", d)
	actions, _, err := db.Claim(Offer{Service: "github", Max: 10, Until: noon.Add(time.Minute)})
	if err != nil || len(actions) != 1 || actions[0].Epoch != 1 {
		t.Errorf("claimed %+v, %v; want the one action of the decision that was stored", actions, err)
	}
}

// Whoever asks gives back the workers for which there are no actions.
func TestNothingIsClaimedIfTheCommitFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, _, _ := openTest(t)
		take(t, db, event("1", "ticket:a"))
		decideWith(t, db, "ticket:a", Decision{Actions: []Action{plan("issue", "", 1, noon)}})

		release := make(chan bool)
		go func() { // what comes meanwhile shares a commit
			_ = db.update(func(*connection) error { <-release; return nil })
		}()
		synctest.Wait()
		var claimed []Action
		var failed error
		go func() { claimed, _, failed = db.Claim(Offer{Service: "github", Max: 1, Until: noon.Add(time.Minute)}) }()
		synctest.Wait()
		go func() { _ = db.update(func(c *connection) error { return c.exec("ROLLBACK") }) }() // nothing is left to commit
		synctest.Wait()
		close(release)
		synctest.Wait()

		if failed == nil || len(claimed) != 0 {
			t.Errorf("claimed %v, error %v", claimed, failed)
		}
	})
}

func TestAnActionThatMayHaveBeenDoneIsPlannedAsOneOfUnknownOutcome(t *testing.T) {
	db, _, _ := openTest(t)
	take(t, db, event("1", "ticket:a"))
	unsure := plan("issue", "issue", 1, noon.Add(-time.Hour))
	unsure.Unsure = true
	decideWith(t, db, "ticket:a", Decision{Actions: []Action{unsure}})
	take(t, db, event("2", "ticket:a"))
	decideWith(t, db, "ticket:a", Decision{Withdraw: []string{"issue"}}) // what was done can't be withdrawn
	claimed, _, err := db.Claim(Offer{Service: "github", Max: 1, Until: noon.Add(time.Minute)})
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %v: %v", claimed, err)
	}
	if a := claimed[0]; a.State != Doing || !a.Started.Equal(noon.Add(-time.Hour)) {
		t.Errorf("is %s since %v", a.State, a.Started)
	}
}

func TestLatestIsTheEndOfTheHistoryOfAllSubjects(t *testing.T) {
	db, _, _ := openTest(t)
	for _, key := range []string{"1", "2", "3"} {
		take(t, db, event(key, "ticket:"+key))
	}
	decideWith(t, db, "ticket:1", Decision{Actions: []Action{plan("issue", "issue", 1, noon)}})
	err := db.View(func(v *View) error {
		events, actions, err := v.Latest(2)
		if err == nil && (len(events) != 2 || events[0].Key != "2" || events[1].Key != "3" || len(actions) != 1 || actions[0].Kind != "issue") {
			t.Errorf("events %+v, actions %+v", events, actions)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
