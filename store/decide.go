package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A Decider decides events in one transaction of the store, and goes on from there. That transaction may be undone because
// of another that shares its commit, and done anew: its functions are called again then, Anew before all others.
type Decider interface {
	// Anew is called when the transaction begins.
	Anew()
	// Hold takes a subject in hand, unless somebody has it already: then an event that is just stored for it is decided in
	// the same transaction. It stays in hand until the transaction is over.
	Hold(subject string) bool
	// Decide says what follows from an event.
	Decide(*View, Event) (Decision, error)
	// Free is called for a subject that has nothing more to decide: its actions may be claimed now, for the price of no
	// commit of their own.
	Free(c Claimer, subject string) error
}

// Decided says what decisions led to.
type Decided struct {
	Due     []string  // subjects that have something to decide
	Timer   time.Time // when one that was decided wants to be looked at again first, zero if never
	Threads []Thread  // aliases given out
	Alarms  []Alarm   // raised or cleared
	Failure error     // why there is no decision
	Parked  bool      // the event was parked
	atOnce  bool      // some event was decided in the transaction that stored it
}

// What is decided at once is short: nobody else can write meanwhile.
const (
	quickEvents = 32
	quickBytes  = 64 << 10 // of all events of a subject together
)

// rests says whether nothing of a subject is undecided, and whether its history is so short that it can be decided at once.
func (c *connection) rests(subject string) (rests bool, err error) {
	var events, bytes, undecided int
	err = c.row(`SELECT count(*), coalesce(sum(octet_length(body)), 0), coalesce(sum(state = 'new'), 0)
		FROM (SELECT body, state FROM events WHERE subject = ? LIMIT ?)`, subject, quickEvents+1).Scan(&events, &bytes, &undecided)
	return undecided == 0 && events <= quickEvents && bytes <= quickBytes, err
}

// A transaction is one write in which a Decider may decide, and what that led to.
type transaction struct {
	db     *DB
	c      *connection
	d      Decider // nil decides nothing
	result *Decided
}

// deciding does a write in which d may decide at once. If it fails where that was tried, it is done without: what is wrong
// with a decision must not keep its event from being stored, and is counted when it is decided in its turn.
func (db *DB) deciding(update func(func(*connection) error) error, d Decider, do func(transaction) error) (result Decided, err error) {
	try := func(deciding Decider) error {
		return update(func(c *connection) error {
			result = Decided{}
			if d != nil {
				d.Anew()
			}
			return do(transaction{db, c, deciding, &result})
		})
	}
	if err = try(d); err != nil && result.atOnce {
		err = try(nil)
	}
	if err != nil {
		return Decided{}, err
	}
	return result, nil
}

// addDecided stores an event with its decision, if it is new. One that can't be decided is left for later, when its
// failures are counted.
func (t transaction) addDecided(e Event) error {
	e.State = eventDecided
	isNew, err := t.insert(&e)
	if !isNew || err != nil {
		return err
	}
	var decision Decision
	failure := guarded(func() (err error) { decision, err = t.d.Decide(&View{t.c}, e); return err })
	if failure != nil {
		if err := t.c.exec("UPDATE events SET state = 'new', decided_at = 0 WHERE id = ?", e.ID); err != nil {
			return err
		}
		return t.wake(e.Subject)
	}
	t.result.atOnce = true
	if err := t.apply(e, decision); err != nil {
		return err
	}
	if slices.ContainsFunc(decision.Emit, func(o Event) bool { return o.Subject == e.Subject }) {
		return t.settleSubject(e.Subject, decision.Timer)
	}
	return t.rest(e.Subject, decision.Timer)
}

// Decide has d decide the oldest undecided event of subject, on a snapshot, and stores what it returns. A decision that
// fails, or can't be stored, is counted and tried again later; after MaxTries the event is parked, and an event of kind
// Parked says so to the subject. Decide does nothing if nothing is undecided. After an error all is as before.
func (db *DB) Decide(subject string, d Decider) (result Decided, err error) {
	var event Event
	var decision Decision
	var failure error
	db.moving.RLock()
	defer db.moving.RUnlock()
	err = db.read(func(c *connection) error {
		var err error
		event, err = scanEvent(c.row(selectEvent+" WHERE subject = ? AND state = 'new' ORDER BY id LIMIT 1", subject))
		if err == nil {
			failure = guarded(func() (err error) { decision, err = d.Decide(&View{c}, event); return err })
		}
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return Decided{}, nil
	}
	if err != nil {
		return Decided{}, fmt.Errorf("decide %s: %w", subject, err)
	}
	if failure == nil {
		result, err = db.decided(event, decision, d)
		if err == nil {
			return result, nil
		}
		failure = err // what can't be stored is no decision
	}
	err = db.update(func(c *connection) error {
		result = Decided{Failure: failure}
		d.Anew()
		return transaction{db, c, d, &result}.fail(event, failure)
	})
	return result, err
}

// decided stores the decision about e.
func (db *DB) decided(e Event, decision Decision, d Decider) (result Decided, err error) {
	err = db.update(func(c *connection) error {
		result = Decided{}
		d.Anew()
		t := transaction{db, c, d, &result}
		if err := t.apply(e, decision); err != nil {
			return err
		}
		if err := c.exec("UPDATE events SET state = 'decided', decided_at = ? WHERE id = ?", millis(db.now()), e.ID); err != nil {
			return err
		}
		return t.settleSubject(e.Subject, decision.Timer)
	})
	return result, err
}

// apply stores what a decision about e changes, plans and emits.
func (t transaction) apply(e Event, d Decision) error {
	for _, r := range d.Records {
		if err := r.put(t.c); err != nil {
			return err
		}
		switch r := r.(type) {
		case *Thread:
			t.result.Threads = append(t.result.Threads, *r)
		case *Alarm:
			t.result.Alarms = append(t.result.Alarms, *r)
		}
	}
	for _, slot := range d.Withdraw {
		if err := t.withdraw(e.Subject, slot); err != nil {
			return err
		}
	}
	for _, a := range d.Actions {
		if err := t.plan(e, a); err != nil {
			return err
		}
	}
	for _, other := range d.Emit {
		if err := t.addUndecided(other); err != nil {
			return err
		}
	}
	return nil
}

// fail counts a decision that failed.
func (t transaction) fail(e Event, failure error) error {
	if e.Tries+1 < MaxTries {
		err := t.c.exec("UPDATE events SET tries = tries + 1, error = ? WHERE id = ?", failure.Error(), e.ID)
		if err != nil {
			return err
		}
		t.result.Timer = t.db.now().Add(time.Second << e.Tries)
		return t.c.exec("UPDATE subjects SET due = ? WHERE key = ?", millis(t.result.Timer), e.Subject)
	}
	err := t.c.exec("UPDATE events SET tries = tries + 1, error = ?, state = 'parked' WHERE id = ?", failure.Error(), e.ID)
	if err != nil {
		return err
	}
	t.result.Parked = true
	if e.Kind != Parked {
		body, err := json.Marshal(e)
		if err != nil {
			return err
		}
		told := Event{Key: fmt.Sprintf("parked:%d", e.ID), Subject: e.Subject, Kind: Parked, At: t.db.now(), Body: body}
		if err := t.addUndecided(told); err != nil {
			return err
		}
	}
	var timer int64
	if err := t.c.row("SELECT timer FROM subjects WHERE key = ?", e.Subject).Scan(&timer); err != nil {
		return err
	}
	return t.settleSubject(e.Subject, fromMillis(timer))
}

// settleSubject says when a subject is due next: now if something is undecided, else at its timer.
func (t transaction) settleSubject(subject string, timer time.Time) error {
	var more bool
	if err := t.c.row("SELECT EXISTS (SELECT 1 FROM events WHERE subject = ? AND state = 'new')", subject).Scan(&more); err != nil {
		return err
	}
	if more {
		t.result.Due = append(t.result.Due, subject)
		return t.c.putSubject(subject, 0, millis(timer))
	}
	return t.rest(subject, timer)
}

// rest leaves a subject that has nothing more to decide until its timer rings. Its actions are free then.
func (t transaction) rest(subject string, timer time.Time) error {
	if err := t.d.Free(Claimer{t.db, t.c}, subject); err != nil {
		return err
	}
	if timer.IsZero() {
		return t.c.exec("DELETE FROM subjects WHERE key = ?", subject)
	}
	if t.result.Timer.IsZero() || timer.Before(t.result.Timer) {
		t.result.Timer = timer
	}
	return t.c.putSubject(subject, millis(timer), millis(timer))
}

func (c *connection) putSubject(subject string, due, timer int64) error {
	return c.exec(`INSERT INTO subjects (key, due, timer) VALUES (?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET due = excluded.due, timer = excluded.timer`, subject, due, timer)
}
