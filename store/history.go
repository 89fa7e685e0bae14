package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// View runs f on a snapshot of the database.
func (db *DB) View(f func(*View) error) error {
	return db.read(func(c *connection) error { return f(&View{c}) })
}

// Look returns what one question to a snapshot of db finds.
func Look[T any](db *DB, question func(*View) (T, error)) (found T, err error) {
	err = db.View(func(v *View) (err error) {
		found, err = question(v)
		return err
	})
	return found, err
}

// Events returns the events of a subject, the oldest first.
func (v *View) Events(subject string) ([]Event, error) {
	return all(v.c, scanEvent, selectEvent+" WHERE subject = ? ORDER BY id", subject)
}

// Actions returns the actions of a subject, the oldest first.
func (v *View) Actions(subject string) ([]Action, error) {
	return all(v.c, scanAction, selectAction+" WHERE a.subject = ? ORDER BY a.id", subject)
}

// Latest returns the latest events and actions of all subjects, at most so many of each, the oldest first.
func (v *View) Latest(most int) (events []Event, actions []Action, err error) {
	events, err = all(v.c, scanEvent, selectEvent+" WHERE id > (SELECT coalesce(max(id), 0) FROM events) - ? ORDER BY id", most)
	if err != nil {
		return nil, nil, err
	}
	actions, err = all(v.c, scanAction, selectAction+" WHERE a.id > (SELECT coalesce(max(id), 0) FROM actions) - ? ORDER BY a.id", most)
	return events, actions, err
}

// Payload decodes what an action was to do into payload.
func (v *View) Payload(action int64, payload any) error {
	var body string
	if err := v.c.row("SELECT body FROM actions WHERE id = ?", action).Scan(&body); err != nil {
		return fmt.Errorf("payload of action %d: %w", action, err)
	}
	return json.Unmarshal([]byte(body), payload)
}

// InSlot returns the newest action of a subject in a slot that was not withdrawn, nil if there is none.
func (v *View) InSlot(subject, slot string) (*Action, error) {
	a, err := scanAction(v.c.row(selectAction+
		" WHERE a.subject = ? AND a.slot = ? AND a.state <> 'withdrawn' ORDER BY a.id DESC LIMIT 1", subject, slot))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &a, err
}

// Ref returns the result of what was first posted in a slot of a subject, nil if nothing was or if slot is empty.
func (v *View) Ref(subject, slot string) (json.RawMessage, error) {
	if slot == "" {
		return nil, nil
	}
	var ref string
	err := v.c.row("SELECT ref FROM slots WHERE subject = ? AND slot = ?", subject, slot).Scan(&ref)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return raw(ref), err
}

// A Load is how much is waiting.
type Load struct {
	Undecided int            // events
	Parked    int            // events
	Open      map[string]int // actions planned or in hand, by service
}

// Load counts what is waiting.
func (v *View) Load() (Load, error) {
	l := Load{Open: map[string]int{}}
	err := errors.Join(
		v.c.row("SELECT count(*) FROM events WHERE state = 'new'").Scan(&l.Undecided),
		v.c.row("SELECT count(*) FROM events WHERE state = 'parked'").Scan(&l.Parked),
		v.c.each(func(r *sql.Rows) error {
			var service string
			var n int
			err := r.Scan(&service, &n)
			l.Open[service] = n
			return err
		}, "SELECT service, count(*) FROM actions WHERE state IN ('planned', 'doing') GROUP BY service"))
	return l, err
}
