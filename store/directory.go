package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Kinds of Entry.
const (
	PersonEntry  = "person"
	ChannelEntry = "channel"
	GroupEntry   = "group"
)

// An Entry is what the directory knows of a person, a channel or a group of Slack.
type Entry struct {
	ID     string
	Kind   string
	Name   string // as people see it, without "@" or "#"
	ReadAt time.Time
	EntryDetails
}

// EntryDetails is what entries are not searched by.
type EntryDetails struct {
	Locale   string   `json:"locale,omitempty"`   // of a person, such as "ja-JP"
	Zone     string   `json:"zone,omitempty"`     // of a person, such as "Asia/Tokyo"
	Stranger bool     `json:"stranger,omitempty"` // a person of another company
	Members  []string `json:"members,omitempty"`  // of a group
	Private  bool     `json:"private,omitempty"`  // of a channel
	Shared   bool     `json:"shared,omitempty"`   // of a channel: with other companies
	Unknown  bool     `json:"unknown,omitempty"`  // Slack would not tell; the id stands in
}

func (e *Entry) put(c *connection) error {
	details, err := json.Marshal(e.EntryDetails)
	if err != nil {
		return err
	}
	err = c.exec(`INSERT INTO directory (id, kind, name, details, read_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, details = excluded.details, read_at = excluded.read_at`,
		e.ID, e.Kind, e.Name, string(details), millis(e.ReadAt))
	if err != nil {
		return fmt.Errorf("store %s %s: %w", e.Kind, e.ID, err)
	}
	return nil
}

// Entry returns what is known of an id, nil if nothing is.
func (v *View) Entry(id string) (*Entry, error) {
	e := Entry{ID: id}
	var details string
	var at int64
	err := v.c.row("SELECT kind, name, details, read_at FROM directory WHERE id = ?", id).Scan(&e.Kind, &e.Name, &details, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	e.ReadAt = fromMillis(at)
	if err == nil {
		err = json.Unmarshal([]byte(details), &e.EntryDetails)
	}
	if err != nil {
		return nil, fmt.Errorf("read directory %s: %w", id, err)
	}
	return &e, nil
}

// Refresh changes the entry with an id, if there is one: the directory holds only what was needed once. When it was
// read stays, since what is told may be a part of it.
func (db *DB) Refresh(id string, change func(*Entry)) error {
	return db.update(func(c *connection) error {
		e, err := (&View{c}).Entry(id)
		if e == nil || err != nil {
			return err
		}
		change(e)
		return e.put(c)
	})
}

// An Alarm is something that only an operator can mend. It is told once, until it is over.
type Alarm struct {
	What      string // names it, such as "github-locked"
	Text      string // that operators are told
	RaisedAt  time.Time
	ClearedAt time.Time // zero while it lasts
}

// Lasts says whether a was raised and is not over; nil was never raised.
func (a *Alarm) Lasts() bool { return a != nil && a.ClearedAt.IsZero() }

func (a *Alarm) put(c *connection) error {
	return c.exec(`INSERT INTO alarms (what, text, raised_at, cleared_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (what) DO UPDATE SET text = excluded.text, raised_at = excluded.raised_at, cleared_at = excluded.cleared_at`,
		a.What, a.Text, millis(a.RaisedAt), millis(a.ClearedAt))
}

// Alarm returns the alarm of that name, nil if there never was one.
func (v *View) Alarm(what string) (*Alarm, error) {
	a := Alarm{What: what}
	var raised, cleared int64
	err := v.c.row("SELECT text, raised_at, cleared_at FROM alarms WHERE what = ?", what).Scan(&a.Text, &raised, &cleared)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	a.RaisedAt, a.ClearedAt = fromMillis(raised), fromMillis(cleared)
	return &a, err
}
