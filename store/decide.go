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

// deciding does a write in which d may decide at once. If it fails where that was tried, it is done without: what is wrong
// with a decision must not keep its event from being stored, and is counted when it is decided in its turn.
func deciding(update func(func(*connection) error) error, d Decider, do func(*connection, Decider, *Decided) error) (result Decided, err error) {
	try := func(deciding Decider) error {
		return update(func(c *connection) error {
			result = Decided{}
			if d != nil {
				d.Anew()
			}
			return do(c, deciding, &result)
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
func (db *DB) addDecided(c *connection, e Event, d Decider, result *Decided) error {
	e.State = eventDecided
	isNew, err := db.insert(c, &e)
	if !isNew || err != nil {
		return err
	}
	decision, failure := guard(d.Decide, &View{c}, e)
	if failure != nil {
		if err := c.exec("UPDATE events SET state = 'new', decided_at = 0 WHERE id = ?", e.ID); err != nil {
			return err
		}
		return c.wake(e.Subject, result)
	}
	result.atOnce = true
	if err := db.apply(c, e, decision, result); err != nil {
		return err
	}
	if slices.ContainsFunc(decision.Emit, func(o Event) bool { return o.Subject == e.Subject }) {
		return db.settleSubject(c, e.Subject, decision.Timer, d, result)
	}
	return db.rest(c, e.Subject, decision.Timer, d, result)
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
			decision, failure = guard(d.Decide, &View{c}, event)
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
		return db.fail(c, event, failure, d, &result)
	})
	return result, err
}

// decided stores the decision about e.
func (db *DB) decided(e Event, decision Decision, d Decider) (result Decided, err error) {
	err = db.update(func(c *connection) error {
		result = Decided{}
		d.Anew()
		if err := db.apply(c, e, decision, &result); err != nil {
			return err
		}
		if err := c.exec("UPDATE events SET state = 'decided', decided_at = ? WHERE id = ?", millis(db.now()), e.ID); err != nil {
			return err
		}
		return db.settleSubject(c, e.Subject, decision.Timer, d, &result)
	})
	return result, err
}

func guard(decide func(*View, Event) (Decision, error), v *View, e Event) (d Decision, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrPanic, p)
		}
	}()
	return decide(v, e)
}

// apply stores what a decision about e changes, plans and emits.
func (db *DB) apply(c *connection, e Event, d Decision, result *Decided) error {
	for _, r := range d.Records {
		if err := r.put(c); err != nil {
			return err
		}
		switch r := r.(type) {
		case *Thread:
			result.Threads = append(result.Threads, *r)
		case *Alarm:
			result.Alarms = append(result.Alarms, *r)
		}
	}
	for _, slot := range d.Withdraw {
		if err := db.withdraw(c, e.Subject, slot); err != nil {
			return err
		}
	}
	for _, a := range d.Actions {
		if err := db.plan(c, e, a); err != nil {
			return err
		}
	}
	for _, other := range d.Emit {
		if err := db.addUndecided(c, other, result); err != nil {
			return err
		}
	}
	return nil
}

// fail counts a decision that failed.
func (db *DB) fail(c *connection, e Event, failure error, d Decider, result *Decided) error {
	if e.Tries+1 < MaxTries {
		err := c.exec("UPDATE events SET tries = tries + 1, error = ? WHERE id = ?", failure.Error(), e.ID)
		if err != nil {
			return err
		}
		result.Timer = db.now().Add(time.Second << e.Tries)
		return c.exec("UPDATE subjects SET due = ? WHERE key = ?", millis(result.Timer), e.Subject)
	}
	err := c.exec("UPDATE events SET tries = tries + 1, error = ?, state = 'parked' WHERE id = ?", failure.Error(), e.ID)
	if err != nil {
		return err
	}
	result.Parked = true
	if e.Kind != Parked {
		body, err := json.Marshal(e)
		if err != nil {
			return err
		}
		told := Event{Key: fmt.Sprintf("parked:%d", e.ID), Subject: e.Subject, Kind: Parked, At: db.now(), Body: body}
		if err := db.addUndecided(c, told, result); err != nil {
			return err
		}
	}
	var timer int64
	if err := c.row("SELECT timer FROM subjects WHERE key = ?", e.Subject).Scan(&timer); err != nil {
		return err
	}
	return db.settleSubject(c, e.Subject, fromMillis(timer), d, result)
}

// settleSubject says when a subject is due next: now if something is undecided, else at its timer.
func (db *DB) settleSubject(c *connection, subject string, timer time.Time, d Decider, result *Decided) error {
	var more bool
	if err := c.row("SELECT EXISTS (SELECT 1 FROM events WHERE subject = ? AND state = 'new')", subject).Scan(&more); err != nil {
		return err
	}
	if more {
		result.Due = append(result.Due, subject)
		return c.putSubject(subject, 0, millis(timer))
	}
	return db.rest(c, subject, timer, d, result)
}

// rest leaves a subject that has nothing more to decide until its timer rings. Its actions are free then.
func (db *DB) rest(c *connection, subject string, timer time.Time, d Decider, result *Decided) error {
	if err := d.Free(Claimer{db, c}, subject); err != nil {
		return err
	}
	if timer.IsZero() {
		return c.exec("DELETE FROM subjects WHERE key = ?", subject)
	}
	if result.Timer.IsZero() || timer.Before(result.Timer) {
		result.Timer = timer
	}
	return c.putSubject(subject, millis(timer), millis(timer))
}

func (c *connection) putSubject(subject string, due, timer int64) error {
	return c.exec(`INSERT INTO subjects (key, due, timer) VALUES (?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET due = excluded.due, timer = excluded.timer`, subject, due, timer)
}
