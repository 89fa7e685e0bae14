package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A Request is what an operator asks of the running bot. Commands leave it beside the bot, which looks for it.
type Request struct {
	ID         int64
	Verb       string    // one of the verbs below
	What       string    // a service; or the id of an event, or All
	AnsweredAt time.Time // zero while it waits
	Refused    bool
	Answer     string // for the operator to read
}

// Verbs of a Request.
const (
	PauseService  = "pause"
	ResumeService = "resume"
	RetryParked   = "retry"
	DropParked    = "drop"
)

// All stands for all parked events.
const All = "all"

// Ask leaves a request and returns its id.
func (db *DB) Ask(verb, what string) (id int64, err error) {
	err = db.update(func(c *connection) error {
		return c.row("INSERT INTO requests (verb, what, at) VALUES (?, ?, ?) RETURNING id", verb, what, millis(db.now())).Scan(&id)
	})
	if err != nil {
		return 0, fmt.Errorf("leave the request: %w", err)
	}
	return id, nil
}

const selectRequest = "SELECT id, verb, what, answered_at, refused, answer FROM requests"

func scanRequest(r scanner) (Request, error) {
	var q Request
	var answered int64
	err := r.Scan(&q.ID, &q.Verb, &q.What, &answered, &q.Refused, &q.Answer)
	q.AnsweredAt = fromMillis(answered)
	return q, err
}

// Request returns the request with an id.
func (v *View) Request(id int64) (Request, error) {
	q, err := scanRequest(v.c.row(selectRequest+" WHERE id = ?", id))
	if err != nil {
		return Request{}, fmt.Errorf("read request %d: %w", id, err)
	}
	return q, nil
}

// Requests returns the requests that wait, the oldest first.
func (v *View) Requests() ([]Request, error) {
	return all(v.c, scanRequest, selectRequest+" WHERE answered_at = 0 ORDER BY id")
}

// Serve does what q asks, by do, and stores the answer with it. The error of do is a refusal: then nothing is changed
// but the answer, which is that error. Serve returns the answer, and the subjects that have something to decide.
func (db *DB) Serve(q Request, do func(*Operation) (answer string, refusal error)) (answered Request, due []string, err error) {
	var result Decided
	refusal := db.update(func(c *connection) (err error) {
		result = Decided{}
		if q.Answer, err = do(&Operation{transaction{db, c, nil, &result}}); err != nil {
			return err
		}
		return db.answered(c, q)
	})
	if refusal == nil {
		return q, result.Due, nil
	}
	q.Answer, q.Refused = refusal.Error(), true
	return q, nil, db.update(func(c *connection) error { return db.answered(c, q) })
}

func (db *DB) answered(c *connection, q Request) error {
	return c.exec("UPDATE requests SET answered_at = ?, refused = ?, answer = ? WHERE id = ?", millis(db.now()), q.Refused, q.Answer, q.ID)
}

// An Operation changes, in one transaction, what only operators may change.
type Operation struct{ transaction }

// Pause stores that a service is paused, and says whether it was not before.
func (o *Operation) Pause(service string) (changed bool, err error) {
	n, err := o.c.change("INSERT INTO pauses (service, at) VALUES (?, ?) ON CONFLICT DO NOTHING", service, millis(o.db.now()))
	return n > 0, err
}

// Resume stores that a service is not paused any more, and says whether it was.
func (o *Operation) Resume(service string) (changed bool, err error) {
	n, err := o.c.change("DELETE FROM pauses WHERE service = ?", service)
	return n > 0, err
}

// Retry has a parked event decided again, after what was decided meanwhile. It says whether there is such an event.
func (o *Operation) Retry(event int64) (found bool, err error) {
	subject, err := o.release(event, "state = 'new', tries = 0, error = '', taken_at = ?", millis(o.db.now()))
	if subject == "" || err != nil {
		return false, err
	}
	return true, o.wake(subject)
}

// Drop gives a parked event up: it is never decided. It says whether there is such an event.
func (o *Operation) Drop(event int64) (found bool, err error) {
	subject, err := o.release(event, "state = 'dropped', decided_at = ?", millis(o.db.now()))
	return subject != "", err
}

// release changes a parked event, and returns its subject; empty if there is none.
func (o *Operation) release(event int64, set string, args ...any) (subject string, err error) {
	err = o.c.row("UPDATE events SET "+set+" WHERE id = ? AND state = 'parked' RETURNING subject", append(args, event)...).Scan(&subject)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return subject, err
}

// Parked returns the events that were given up, the oldest first.
func (o *Operation) Parked() ([]Event, error) { return (&View{o.c}).Parked() }

// Parked returns the events that were given up, the oldest first.
func (v *View) Parked() ([]Event, error) {
	return all(v.c, scanEvent, selectEvent+" WHERE state = 'parked' ORDER BY id")
}

// Paused returns the services that are paused, and since when.
func (v *View) Paused() (since map[string]time.Time, err error) {
	since = map[string]time.Time{}
	err = v.c.each(func(r *sql.Rows) error {
		var service string
		var at int64
		err := r.Scan(&service, &at)
		since[service] = fromMillis(at)
		return err
	}, "SELECT service, at FROM pauses")
	return since, err
}
