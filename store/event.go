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

// States of an Event. A parked one has no name of its own here: only statements set and look for it.
const (
	eventNew     = "new"
	eventDecided = "decided"
	Dropped      = "dropped" // an operator gave it up
)

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
// there already are left as they are. What can be decided at once is, by d; nil decides nothing.
func (db *DB) Take(route func(*View) (Taken, error), d Decider) (Decided, error) {
	return db.deciding(db.updateFirst, d, func(t transaction) error {
		taken, err := route(&View{t.c})
		if err != nil {
			return err
		}
		for _, thread := range taken.Threads {
			if err := thread.insert(t.c); err != nil {
				return err
			}
		}
		t.result.Threads = taken.Threads
		for _, e := range taken.Events {
			if err := t.add(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// add stores an event, if it is new: together with its decision if that can be made at once, else as undecided.
func (t transaction) add(e Event) error {
	if t.d != nil {
		rests, err := t.c.rests(e.Subject)
		if err != nil {
			return err
		}
		if rests && len(e.Body) <= quickBytes && t.d.Hold(e.Subject) {
			return t.addDecided(e)
		}
	}
	return t.addUndecided(e)
}

// addUndecided stores an event that is to be decided, if it is new.
func (t transaction) addUndecided(e Event) error {
	e.State = eventNew
	isNew, err := t.insert(&e)
	if !isNew || err != nil {
		return err
	}
	return t.wake(e.Subject)
}

// wake makes a subject due now.
func (t transaction) wake(subject string) error {
	t.result.Due = append(t.result.Due, subject)
	return t.c.exec("INSERT INTO subjects (key, due) VALUES (?, 0) ON CONFLICT (key) DO UPDATE SET due = 0", subject)
}

// insert stores an event in its state, unless it is there already.
func (t transaction) insert(e *Event) (isNew bool, err error) {
	e.TakenAt = t.db.now()
	if e.State == eventDecided {
		e.DecidedAt = e.TakenAt
	}
	err = t.c.row(`INSERT INTO events (key, subject, kind, at, taken_at, decided_at, state, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (key) DO NOTHING RETURNING id`,
		e.Key, e.Subject, e.Kind, millis(e.At), millis(e.TakenAt), millis(e.DecidedAt), e.State, string(e.Body)).Scan(&e.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("store event %s: %w", e.Key, err)
	}
	e.At, e.TakenAt = fromMillis(millis(e.At)), fromMillis(millis(e.TakenAt)) // as it will be read
	return true, nil
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

// Ring stores a TimerRang event for a subject whose time has come, unless an event waits to be decided anyway: then it is
// due. What can be decided at once is, by d; nil decides nothing.
func (db *DB) Ring(subject string, d Decider) (Decided, error) {
	return db.deciding(db.update, d, func(t transaction) error {
		var due int64
		var undecided bool
		err := t.c.row(`SELECT due, EXISTS (SELECT 1 FROM events e WHERE e.subject = s.key AND e.state = 'new')
			FROM subjects s WHERE key = ? AND due BETWEEN 1 AND ?`, subject, millis(db.now())).Scan(&due, &undecided)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil:
			return err
		case undecided: // it could not be decided before, and may be tried again
			t.result.Due = []string{subject}
			return nil
		}
		return t.add(Event{
			Key: fmt.Sprintf("timer:%s:%d", subject, due), Subject: subject, Kind: TimerRang,
			At: fromMillis(due), Body: json.RawMessage("{}"),
		})
	})
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
