package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Action states. A planned action is waiting; doing is in hand, or of unknown outcome and waiting to be settled.
const (
	Planned   = "planned"
	Doing     = "doing"
	Done      = "done"
	Failed    = "failed"
	Withdrawn = "withdrawn"
	Observed  = "observed"
)

// An Action is something the bot does at a service, or asks of it.
type Action struct {
	ID       int64
	Subject  string
	Service  string
	Kind     string
	Slot     string // of actions in one slot only the newest planned one stays; without one it waits for no other
	Lane     string // what the service's limits count together
	Priority int    // lower goes first
	At       time.Time
	Answer   bool // its outcome is to be an event of its subject; a failure always is
	Unsure   bool // when planned: it may have been done already, since At, so it is looked for before it is done
	Body     json.RawMessage

	State      string
	PlannedAt  time.Time
	NotBefore  time.Time
	Limited    bool      // when postponed: the service asked for the wait until NotBefore
	Started    time.Time // of the first attempt whose outcome is open
	FinishedAt time.Time
	Epoch      int64
	Tries      int // attempts that failed
	Result     json.RawMessage
	Error      string
	Ref        json.RawMessage // what was posted first in the slot, nil if nothing was
}

// plan stores an action of e's subject. It takes e's age, unless it has one. One that may have been done already is
// stored as one whose outcome is open.
func (t transaction) plan(e Event, a Action) error {
	if a.Slot != "" {
		if err := t.withdraw(e.Subject, a.Slot); err != nil {
			return err
		}
	}
	if a.At.IsZero() {
		a.At = e.At
	}
	a.State = Planned
	if a.Unsure {
		a.State, a.Started = Doing, a.At
		if now := t.db.now(); now.Before(a.Started) { // the clock of who wrote it is ahead of ours
			a.Started = now
		}
	}
	err := t.c.exec(`INSERT INTO actions (subject, service, kind, slot, lane, priority, at, planned_at, started, state, answer, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Subject, a.Service, a.Kind, a.Slot, a.Lane, a.Priority, millis(a.At), millis(t.db.now()), millis(a.Started), a.State, a.Answer, string(a.Body))
	if err != nil {
		return fmt.Errorf("plan %s: %w", a.Kind, err)
	}
	return nil
}

func (t transaction) withdraw(subject, slot string) error {
	return t.c.exec("UPDATE actions SET state = 'withdrawn', finished_at = ? WHERE subject = ? AND slot = ? AND state = 'planned'",
		millis(t.db.now()), subject, slot)
}

const selectAction = `SELECT a.id, a.subject, a.service, a.kind, a.slot, a.lane, a.priority, a.at, a.planned_at, a.not_before,
	a.started, a.finished_at, a.epoch, a.tries, a.state, a.answer, a.body, a.result, a.error,
	coalesce((SELECT ref FROM slots s WHERE a.slot <> '' AND s.subject = a.subject AND s.slot = a.slot), '')
	FROM actions a`

func scanAction(r scanner) (Action, error) {
	var a Action
	var at, planned, notBefore, started, finished int64
	var body, result, ref string
	err := r.Scan(&a.ID, &a.Subject, &a.Service, &a.Kind, &a.Slot, &a.Lane, &a.Priority, &at, &planned, &notBefore,
		&started, &finished, &a.Epoch, &a.Tries, &a.State, &a.Answer, &body, &result, &a.Error, &ref)
	a.At, a.PlannedAt, a.NotBefore = fromMillis(at), fromMillis(planned), fromMillis(notBefore)
	a.Started, a.FinishedAt = fromMillis(started), fromMillis(finished)
	a.Body, a.Result, a.Ref = json.RawMessage(body), raw(result), raw(ref)
	return a, err
}

func raw(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}

// An Offer is what a service could start now.
type Offer struct {
	Service string
	Subject string    // whose actions it is for; empty if it is for all
	Held    []string  // lanes that must wait
	Out     []int64   // actions of which a call is out, whatever the clock says of their leases
	Max     int       // actions
	Until   time.Time // after this no call that starts now can still be running
}

// Claim takes actions of a service in hand, as many as o allows: by priority, then age, those that are free, not
// in a held lane, whose subject has nothing undecided and no earlier open action at the same service. Actions
// without a slot stand outside that order: a name that can't be read must not hold a reply up. next is when the
// first one that only waits for its time will be free; zero if none does, or if there may be more to claim now.
func (db *DB) Claim(o Offer) (claimed []Action, next time.Time, err error) {
	err = db.update(func(c *connection) error {
		claimed, next, err = Claimer{db, c}.Claim(o)
		return err
	})
	if err != nil { // perhaps only that of the commit
		return nil, time.Time{}, err
	}
	return claimed, next, nil
}

// A Claimer claims actions as part of another transaction.
type Claimer struct {
	db *DB
	c  *connection
}

// Open returns the services at which a subject has open actions.
func (cl Claimer) Open(subject string) ([]string, error) {
	return all(cl.c, scanText, "SELECT DISTINCT service FROM actions WHERE subject = ? AND state IN ('planned', 'doing')", subject)
}

// Claim does what DB.Claim does. What it returns may be started when the transaction is on disk. Of an offer for one
// subject next is zero: what that has waiting was looked at before.
func (cl Claimer) Claim(o Offer) (claimed []Action, next time.Time, err error) {
	lanes, err := json.Marshal(append([]string{}, o.Held...)) // of nil that were null, and nothing is "not in" null
	if err != nil {
		return nil, time.Time{}, err
	}
	out, err := json.Marshal(append([]int64{}, o.Out...))
	if err != nil {
		return nil, time.Time{}, err
	}
	now := millis(cl.db.now())
	if o.Subject != "" {
		claimed, err = all(cl.c, scanAction, claimableOf, o.Service, now, string(lanes), o.Max, string(out), o.Subject)
	} else {
		claimed, err = all(cl.c, scanAction, claimable, o.Service, now, string(lanes), o.Max, string(out))
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	for i := range claimed {
		if err := claimed[i].take(cl.c, now, o.Until); err != nil {
			return nil, time.Time{}, err
		}
	}
	if len(claimed) == o.Max || o.Subject != "" {
		return claimed, time.Time{}, nil
	}
	var ms sql.NullInt64
	err = cl.c.row(`SELECT min(not_before) FROM actions WHERE service = ? AND state IN ('planned', 'doing') AND not_before > ?`,
		o.Service, now).Scan(&ms)
	return claimed, fromMillis(ms.Int64), err
}

// claimable are the actions of a service that can be claimed, claimableOf those of one subject: there the plus keeps SQLite
// from going through all that the service has waiting. The cast keeps it from looking at the limit when it plans the query,
// which it then would do anew each time.
const (
	claimable   = selectAction + " WHERE a.service = ?1 AND " + free
	claimableOf = selectAction + " WHERE a.subject = ?6 AND +a.service = ?1 AND " + free

	free = `a.state IN ('planned', 'doing') AND a.not_before <= ?2
	AND (a.lane = '' OR a.lane NOT IN (SELECT value FROM json_each(?3)))
	AND (a.state = 'planned' OR a.id NOT IN (SELECT value FROM json_each(?5)))
	AND NOT EXISTS (SELECT 1 FROM events e WHERE e.subject = a.subject AND e.state = 'new')
	AND (a.slot = '' OR NOT EXISTS (SELECT 1 FROM actions b WHERE b.subject = a.subject AND b.service = a.service
		AND b.slot <> '' AND b.id < a.id AND b.state IN ('planned', 'doing')))
	ORDER BY a.priority, a.at, a.id LIMIT CAST(?4 AS INTEGER)`
)

// take marks a as in hand. a.State stays what it was: an action that was Doing keeps its start, since when its
// outcome is open.
func (a *Action) take(c *connection, now int64, until time.Time) error {
	a.Epoch++
	a.NotBefore = until
	if a.State == Planned {
		a.Started = fromMillis(now)
	}
	return c.exec("UPDATE actions SET state = 'doing', epoch = ?, not_before = ?, started = ? WHERE id = ?",
		a.Epoch, millis(until), millis(a.Started), a.ID)
}

// Restart records that a is performed from now, in a call that ends until then.
func (db *DB) Restart(a *Action, until time.Time) error {
	return db.update(func(c *connection) error {
		a.Started, a.NotBefore = db.now(), until
		return a.store(c, "started = ?, not_before = ?", millis(a.Started), millis(a.NotBefore))
	})
}

// Finish ends a: its state is Done, Failed, Observed, or Withdrawn if it was surely not done. What was really done
// becomes the slot's reference, if it is the first there. The outcome is an Answered event if the plan asked for it,
// and always if a failed. What can be decided at once is, by d; nil decides nothing.
func (db *DB) Finish(a Action, d Decider) (Decided, error) {
	return db.deciding(db.update, d, func(t transaction) error {
		if err := a.end(t.c, db.now()); err != nil {
			return err
		}
		if a.Slot != "" && a.State == Done && len(a.Result) > 0 {
			err := t.c.exec("INSERT INTO slots (subject, slot, ref) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
				a.Subject, a.Slot, string(a.Result))
			if err != nil {
				return err
			}
		}
		if a.Answer || a.State == Failed {
			return t.answer(a)
		}
		if t.d == nil {
			return nil
		}
		return t.d.Free(Claimer{db, t.c}, a.Subject) // what waited for a
	})
}

// end stores a's outcome if a is still in the caller's hand. Its slot may have another name than when it was taken in hand,
// as the channel that it is about may have another id.
func (a *Action) end(c *connection, now time.Time) error {
	err := c.row(`UPDATE actions SET state = ?, lane = ?, result = ?, error = ?, finished_at = ?
		WHERE id = ? AND epoch = ? AND state = 'doing' RETURNING slot`,
		a.State, a.Lane, string(a.Result), a.Error, millis(now), a.ID, a.Epoch).Scan(&a.Slot)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s %d: %w", a.Kind, a.ID, ErrFenced)
	}
	return err
}

func (t transaction) answer(a Action) error {
	body, err := json.Marshal(Answer{a.ID, a.Kind, a.Slot, a.State, a.Result, a.Error})
	if err != nil {
		return err
	}
	e := Event{Key: fmt.Sprintf("answer:%d", a.ID), Subject: a.Subject, Kind: Answered, At: t.db.now(), Body: body}
	return t.add(e)
}

// Postpone leaves a for later: as Planned if it was surely not done, as Doing if it may have been. Its lane may be
// another than when it was planned.
func (db *DB) Postpone(a Action) error {
	return db.update(func(c *connection) error {
		return a.store(c, "state = ?, not_before = ?, limited = ?, tries = ?, error = ?, lane = ?",
			a.State, millisUp(a.NotBefore), a.Limited, a.Tries, a.Error, a.Lane)
	})
}

// ErrFenced is returned for an answer that came after its action was taken in hand again.
var ErrFenced = errors.New("the action was taken in hand again meanwhile")

// store changes a's row if a is still in the caller's hand.
func (a *Action) store(c *connection, set string, args ...any) error {
	n, err := c.change("UPDATE actions SET "+set+" WHERE id = ? AND epoch = ? AND state = 'doing'", append(args, a.ID, a.Epoch)...)
	if err == nil && n == 0 {
		err = fmt.Errorf("%s %d: %w", a.Kind, a.ID, ErrFenced)
	}
	return err
}

// VoidLeases frees what earlier boots left in hand at a service: each such action may be settled as soon as the
// service's settle time has passed since its call began. Only what the service asked to wait waits on. Both conditions on
// the state are there for the index of open actions.
func (db *DB) VoidLeases(service string, settle time.Duration) error {
	return db.update(func(c *connection) error {
		return c.exec(`UPDATE actions SET not_before = min(not_before, started + ?)
			WHERE service = ? AND state IN ('planned', 'doing') AND state = 'doing' AND limited = 0`,
			settle.Milliseconds(), service)
	})
}

// A Start is a call that counts towards a service's limits, or the end of a wait after which there may be one.
type Start struct {
	Lane string
	At   time.Time
}

// Starts returns the calls begun at a service since a time, so that budgets survive a restart.
func (db *DB) Starts(service string, since time.Time) ([]Start, error) {
	return db.starts(`SELECT lane, started FROM actions WHERE service = ? AND started > 0 AND started > ? AND lane <> '' ORDER BY started`,
		service, millis(since))
}

// Limited returns until when a service asked its lanes to wait, as far as that is not over: lane and time of each action
// that met a limit.
func (db *DB) Limited(service string) ([]Start, error) {
	return db.starts(`SELECT lane, not_before FROM actions WHERE service = ? AND state IN ('planned', 'doing') AND limited = 1 AND not_before > ?`,
		service, millis(db.now()))
}

func (db *DB) starts(query string, args ...any) (starts []Start, err error) {
	scan := func(r scanner) (s Start, err error) {
		var ms int64
		err = r.Scan(&s.Lane, &ms)
		s.At = fromMillis(ms)
		return s, err
	}
	err = db.read(func(c *connection) (err error) {
		starts, err = all(c, scan, query, args...)
		return err
	})
	return starts, err
}
