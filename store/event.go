package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// An Event is something that happened: a message, a click, an answer to an action, a timer that rang.
type Event struct {
	ID      int64
	Key     string          // says what happened, so that the same thing is stored once however often it comes
	Subject string          // what it belongs to, such as "ticket:…"
	Kind    string          // what its subject's handler switches on
	At      time.Time       // when it happened
	Body    json.RawMessage // redacted
	State   string          // new, decided, parked, or dropped by an operator
	Tries   int             // decisions that failed
	Error   string          // of the last of them

	TakenAt   time.Time // or put back, after it was parked
	DecidedAt time.Time // or dropped
}

// Dropped is the state of an event that an operator gave up.
const Dropped = "dropped"

// MaxTries is how often an event's decision may fail before the event is parked.
const MaxTries = 5

// Kinds of event that the machine itself makes.
const (
	Answered  = "answered"   // an action ended; the body is an Answer
	TimerRang = "timer rang" // the subject's timer; the handler looks what is due
	Parked    = "parked"     // an event of the subject was given up; the body is that Event
)

// An Answer is the body of an Answered event. View.Payload has what was asked for.
type Answer struct {
	Action int64           `json:"action"`
	Kind   string          `json:"kind"`
	Slot   string          `json:"slot,omitempty"`
	State  string          `json:"state"` // Done, Failed, Observed; Withdrawn: its outcome was unknown, but it was not done, or not read
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"`
}

// Taken is what a route wants stored of something that came through the door.
type Taken struct {
	Events  []Event
	Threads []Thread // aliases given out, each with its ticket
}

// Take runs route in a transaction and stores what it returns, on disk when Take returns. Events that are
// there already are left as they are. It returns the subjects that now have something to decide.
func (db *DB) Take(route func(*View) (Taken, error)) (due []string, err error) {
	err = db.updateFirst(func(c *connection) error {
		taken, err := route(&View{c})
		if err != nil {
			return err
		}
		for _, t := range taken.Threads {
			if err := t.insert(c); err != nil {
				return err
			}
		}
		due, err = db.insertEvents(c, taken.Events)
		return err
	})
	if err != nil {
		return nil, err
	}
	return due, nil
}

func (db *DB) insertEvents(c *connection, events []Event) (due []string, err error) {
	for _, e := range events {
		n, err := c.change(`INSERT INTO events (key, subject, kind, at, taken_at, body) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (key) DO NOTHING`,
			e.Key, e.Subject, e.Kind, millis(e.At), millis(db.now()), string(e.Body))
		if err != nil {
			return nil, fmt.Errorf("store event %s: %w", e.Key, err)
		}
		if n == 0 {
			continue
		}
		if err := c.exec("INSERT INTO subjects (key, due) VALUES (?, 0) ON CONFLICT (key) DO UPDATE SET due = 0", e.Subject); err != nil {
			return nil, err
		}
		due = append(due, e.Subject)
	}
	return due, nil
}

// Undecided returns the subjects that have something to decide now.
func (db *DB) Undecided() (subjects []string, err error) {
	return db.subjects("SELECT key FROM subjects WHERE due = 0")
}

// Due returns the subjects whose time has come at now, and when the next one's comes (zero if none is waiting).
func (db *DB) Due(now time.Time) (subjects []string, next time.Time, err error) {
	subjects, err = db.subjects("SELECT key FROM subjects WHERE due > 0 AND due <= ? ORDER BY due", millis(now))
	if err != nil {
		return nil, time.Time{}, err
	}
	err = db.read(func(c *connection) error {
		var ms sql.NullInt64
		err := c.row("SELECT min(due) FROM subjects WHERE due > ?", millis(now)).Scan(&ms)
		next = fromMillis(ms.Int64)
		return err
	})
	return subjects, next, err
}

func (db *DB) subjects(query string, args ...any) (subjects []string, err error) {
	err = db.read(func(c *connection) (err error) {
		subjects, err = all(c, scanText, query, args...)
		return err
	})
	return subjects, err
}

// Ring stores a TimerRang event for a subject whose time has come, unless an event waits to be decided anyway.
func (db *DB) Ring(subject string) error {
	return db.update(func(c *connection) error {
		var due int64
		err := c.row(`SELECT due FROM subjects s WHERE key = ? AND due BETWEEN 1 AND ?
			AND NOT EXISTS (SELECT 1 FROM events e WHERE e.subject = s.key AND e.state = 'new')`,
			subject, millis(db.now())).Scan(&due)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = db.insertEvents(c, []Event{{
			Key: fmt.Sprintf("timer:%s:%d", subject, due), Subject: subject, Kind: TimerRang,
			At: fromMillis(due), Body: json.RawMessage("{}"),
		}})
		return err
	})
}

// Decide gives the oldest undecided event of subject to decide, with a snapshot, and stores what it returns. A
// decision that fails is counted and tried again later; after MaxTries the event is parked, and an event of
// kind Parked says so to the subject. Decide does nothing if nothing is undecided.
//
// free is called in the transaction that stores the decision, once the subject has nothing more to decide, with the
// services at which it has open actions: these may be claimed now, for the price of no commit of their own. It is
// called again if that transaction is undone and done anew. Nil claims nothing.
func (db *DB) Decide(subject string, decide func(*View, Event) (Decision, error), free func(Claimer, []string) error) (result Decided, err error) {
	var event Event
	var decision Decision
	var failure error
	err = db.read(func(c *connection) error {
		var err error
		event, err = scanEvent(c.row(selectEvent+" WHERE subject = ? AND state = 'new' ORDER BY id LIMIT 1", subject))
		if err == nil {
			decision, failure = guard(decide, &View{c}, event)
		}
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return Decided{}, nil
	}
	if err != nil {
		return Decided{}, fmt.Errorf("decide %s: %w", subject, err)
	}
	err = db.update(func(c *connection) error {
		if failure != nil {
			return db.fail(c, event, failure, free, &result)
		}
		return db.apply(c, event, decision, free, &result)
	})
	result.Failure = failure
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

// Decided says what a decision led to.
type Decided struct {
	Due     []string  // subjects that have something to decide
	Timer   time.Time // when the subject wants to be looked at again, zero if never
	Failure error     // why there is no decision
	Parked  bool      // the event was parked
}

// apply stores a decision.
func (db *DB) apply(c *connection, e Event, d Decision, free func(Claimer, []string) error, result *Decided) error {
	*result = Decided{Timer: d.Timer}
	for _, r := range d.Records {
		if err := r.put(c); err != nil {
			return err
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
	var err error
	if result.Due, err = db.insertEvents(c, d.Emit); err != nil {
		return err
	}
	if err := c.exec("UPDATE events SET state = 'decided', decided_at = ? WHERE id = ?", millis(db.now()), e.ID); err != nil {
		return err
	}
	return db.settleSubject(c, e.Subject, d.Timer, free, result)
}

// fail counts a decision that failed.
func (db *DB) fail(c *connection, e Event, failure error, free func(Claimer, []string) error, result *Decided) error {
	*result = Decided{}
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
		_, err = db.insertEvents(c, []Event{{
			Key: fmt.Sprintf("parked:%d", e.ID), Subject: e.Subject, Kind: Parked, At: db.now(), Body: body,
		}})
		if err != nil {
			return err
		}
	}
	var timer int64
	if err := c.row("SELECT timer FROM subjects WHERE key = ?", e.Subject).Scan(&timer); err != nil {
		return err
	}
	return db.settleSubject(c, e.Subject, fromMillis(timer), free, result)
}

// settleSubject says when a subject is due next: now if something is undecided, else at its timer; and then its
// actions are free.
func (db *DB) settleSubject(c *connection, subject string, timer time.Time, free func(Claimer, []string) error, result *Decided) error {
	var more bool
	if err := c.row("SELECT EXISTS (SELECT 1 FROM events WHERE subject = ? AND state = 'new')", subject).Scan(&more); err != nil {
		return err
	}
	if more {
		result.Due = append(result.Due, subject)
		return c.putSubject(subject, 0, millis(timer))
	}
	if free != nil {
		services, err := c.openServices(subject)
		if err != nil {
			return err
		}
		if err := free(Claimer{db, c}, services); err != nil {
			return err
		}
	}
	if timer.IsZero() {
		return c.exec("DELETE FROM subjects WHERE key = ?", subject)
	}
	return c.putSubject(subject, millis(timer), millis(timer))
}

func (c *connection) putSubject(subject string, due, timer int64) error {
	return c.exec(`INSERT INTO subjects (key, due, timer) VALUES (?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET due = excluded.due, timer = excluded.timer`, subject, due, timer)
}

// openServices returns the services at which a subject has open actions.
func (c *connection) openServices(subject string) ([]string, error) {
	return all(c, scanText, "SELECT DISTINCT service FROM actions WHERE subject = ? AND state IN ('planned', 'doing')", subject)
}

const selectEvent = "SELECT id, key, subject, kind, at, taken_at, decided_at, state, tries, error, body FROM events"

func scanEvent(r scanner) (Event, error) {
	var e Event
	var at, taken, decided int64
	var body string
	err := r.Scan(&e.ID, &e.Key, &e.Subject, &e.Kind, &at, &taken, &decided, &e.State, &e.Tries, &e.Error, &body)
	e.At, e.TakenAt, e.DecidedAt = fromMillis(at), fromMillis(taken), fromMillis(decided)
	e.Body = json.RawMessage(body)
	return e, err
}
