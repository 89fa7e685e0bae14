package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A Channel is a conversation of Slack that the bot is in, or was in, and how far it was read back.
type Channel struct {
	ID     string
	Team   string
	Kind   string    // as events call it: channel, group, im or mpim
	Shared bool      // with other companies
	Member bool      // the bot is in it, and it is not archived
	Cursor string    // ts: what was said until then is known; empty if nothing is
	ReadAt time.Time // when the last finished read of it began; zero before the first
}

const selectChannel = "SELECT id, team, kind, shared, member, cursor, read_at FROM channels"

func scanChannel(r scanner) (Channel, error) {
	var c Channel
	var readAt int64
	err := r.Scan(&c.ID, &c.Team, &c.Kind, &c.Shared, &c.Member, &c.Cursor, &readAt)
	c.ReadAt = fromMillis(readAt)
	return c, err
}

// Channel returns the channel with an id, nil if it was never listed.
func (v *View) Channel(id string) (*Channel, error) {
	c, err := scanChannel(v.c.row(selectChannel+" WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &c, err
}

// Channels returns the channels that the bot is in, those first whose last read is the longest ago.
func (v *View) Channels() ([]Channel, error) {
	return all(v.c, scanChannel, selectChannel+" WHERE member = 1 ORDER BY read_at")
}

// LastListing returns when Slack last listed any channel, zero if it never did.
func (v *View) LastListing() (time.Time, error) {
	var at sql.NullInt64
	err := v.c.row("SELECT max(listed_at) FROM channels").Scan(&at)
	return fromMillis(at.Int64), err
}

// FirstStart returns when the bot first ran on this database.
func (v *View) FirstStart() (time.Time, error) {
	var at int64
	err := v.c.row("SELECT at FROM boots ORDER BY id LIMIT 1").Scan(&at)
	return fromMillis(at), err
}

// OpenThreads returns the threads in a channel of the tickets that are not closed.
func (v *View) OpenThreads(team, channel string) (ts []string, err error) {
	return all(v.c, scanText, `SELECT th.ts FROM tickets t CROSS JOIN threads th ON th.ticket = t.id
		WHERE t.state IN ('new', 'opening', 'open') AND th.team = ? AND th.channel = ?`, team, channel)
}

// AddChannel notes that the bot is in a channel, before that is listed. A cursor that it has already stays.
func (db *DB) AddChannel(c Channel) error {
	return db.update(func(w *connection) error { return w.putChannel(c, time.Time{}) })
}

func (w *connection) putChannel(c Channel, listed time.Time) error {
	err := w.exec(`INSERT INTO channels (id, team, kind, shared, member, listed_at, cursor) VALUES (?, ?, ?, ?, 1, ?, ?)
		ON CONFLICT (id) DO UPDATE SET team = excluded.team, kind = excluded.kind, shared = excluded.shared, member = 1,
			listed_at = max(listed_at, excluded.listed_at)`,
		c.ID, c.Team, c.Kind, c.Shared, millis(listed), c.Cursor)
	if err == nil {
		err = w.sort(c.ID, c.Kind != "channel", c.Shared)
	}
	if err != nil {
		return fmt.Errorf("store channel %s: %w", c.ID, err)
	}
	return nil
}

// sort has the directory know, if it has the channel, who may read it.
func (w *connection) sort(id string, private, shared bool) error {
	return w.exec(`UPDATE directory SET details = json_set(details, '$.private', json(?), '$.shared', json(?)) WHERE id = ? AND kind = 'channel'`,
		fmt.Sprint(private), fmt.Sprint(shared), id)
}

// CloseChannel notes that a channel became private: kind says of which kind it is now.
func (db *DB) CloseChannel(id, kind string) error {
	return db.update(func(w *connection) error {
		if err := w.exec("UPDATE channels SET kind = ? WHERE id = ?", kind, id); err != nil {
			return err
		}
		return w.exec("UPDATE directory SET details = json_set(details, '$.private', json('true')) WHERE id = ? AND kind = 'channel'", id)
	})
}

// ListChannels notes which channels of a kind the bot is in, by a listing that began at a time; those that it was in
// before are so no more.
func (db *DB) ListChannels(kind string, channels []Channel, began time.Time) error {
	return db.update(func(w *connection) error {
		for _, c := range channels {
			if err := w.putChannel(c, db.now()); err != nil {
				return err
			}
		}
		return w.exec("UPDATE channels SET member = 0 WHERE listed_at > 0 AND listed_at < ? AND kind = ? AND member = 1", millis(began), kind)
	})
}

// LeaveChannel notes that a channel can't be read any more.
func (db *DB) LeaveChannel(id string) error {
	return db.update(func(w *connection) error { return w.exec("UPDATE channels SET member = 0 WHERE id = ?", id) })
}

// FinishRead notes that a read of a channel which began at a time came to its end: what was said until cursor is
// known. A cursor never moves back.
func (db *DB) FinishRead(id, cursor string, began time.Time) error {
	return db.update(func(w *connection) error {
		return w.exec("UPDATE channels SET cursor = max(cursor, ?), read_at = ? WHERE id = ?", cursor, millis(began), id)
	})
}

// LookBack has all channels read again from a ts on, if what was said since then counts as known.
func (db *DB) LookBack(ts string) error {
	return db.update(func(w *connection) error {
		return w.exec("UPDATE channels SET cursor = min(cursor, ?)", ts)
	})
}

// MoveChannel gives all that is known of a channel to the id that Slack gave it: its tickets' threads and messages,
// and what is planned there.
func (db *DB) MoveChannel(team, old, new string) error {
	db.moving.Lock()
	defer db.moving.Unlock()
	return db.update(func(w *connection) error {
		for _, statement := range moves {
			if err := w.exec(statement, team, old, new); err != nil {
				return fmt.Errorf("move channel %s: %w", old, err)
			}
		}
		return nil
	})
}

const movedTickets = "(SELECT ticket FROM threads WHERE team = ?1 AND channel = ?2)"
const movedSubjects = "(SELECT 'ticket:' || ticket FROM threads WHERE team = ?1 AND channel = ?2)"

// moves take the id of a channel for what no other text holds by chance. What is there under the new id already, as
// news may come before the word that the channel moved, stays as it is.
var moves = [...]string{
	"UPDATE tickets SET details = replace(details, ?2, ?3) WHERE id IN " + movedTickets,
	"UPDATE slots SET slot = replace(slot, ?2, ?3), ref = replace(ref, ?2, ?3) WHERE subject IN " + movedSubjects,
	"UPDATE actions SET slot = replace(slot, ?2, ?3), lane = replace(lane, ?2, ?3), body = replace(body, ?2, ?3) WHERE subject IN " + movedSubjects,
	"UPDATE events SET body = replace(body, ?2, ?3) WHERE state = 'new' AND subject IN " + movedSubjects,
	"UPDATE OR IGNORE messages SET channel = ?3 WHERE team = ?1 AND channel = ?2",
	"UPDATE OR IGNORE threads SET channel = ?3 WHERE team = ?1 AND channel = ?2",
	"UPDATE OR IGNORE channels SET id = ?3 WHERE id = ?2 AND team = ?1",
	"UPDATE OR IGNORE directory SET id = ?3 WHERE id = ?2 AND ?1 <> ''",
}
