package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// States of a Ticket.
const (
	TicketNew       = "new"       // heard of; its issue is not planned yet
	TicketOpening   = "opening"   // its issue is planned
	TicketOpen      = "open"      // its issue is there
	TicketClosed    = "closed"    // its issue was closed
	TicketWithdrawn = "withdrawn" // taken back before there was an issue
	TicketRefused   = "refused"   // asked where we do not open issues
	TicketFailed    = "failed"    // GitHub would not have it
)

// A Ticket is one Slack thread and one GitHub issue, as equals.
type Ticket struct {
	ID        string // random, never used again
	State     string
	Requester string // Slack id of who asked
	Language  string // "ja" or "en"
	Issue     int    // 0 until there is one
	URL       string
	TicketDetails
	stored ticketRow // as it was read
}

// A ticketRow is what is stored of a ticket.
type ticketRow struct {
	state, requester, language, url, details string
	issue                                    int
}

// TicketDetails is what tickets are not searched by.
type TicketDetails struct {
	Team     string    `json:"team,omitempty"`
	Channel  string    `json:"channel,omitempty"`
	Thread   string    `json:"thread,omitempty"`    // ts of the thread's first message
	Main     string    `json:"main,omitempty"`      // ts of the message in the issue's body
	Zone     string    `json:"zone,omitempty"`      // in which its issue shows times, such as "Asia/Tokyo"; UTC if empty
	TellAt   time.Time `json:"tell_at,omitzero"`    // when the thread is told that its issue follows, or is being closed
	NamesBy  time.Time `json:"names_by,omitzero"`   // until when names are waited for
	RereadAt time.Time `json:"reread_at,omitzero"`  // when what Slack failed to give is asked for again
	Rereads  int       `json:"rereads,omitempty"`   // how often it was, in a row
	Reading  int       `json:"reading,omitempty"`   // names that are being read
	Shown    string    `json:"shown,omitempty"`     // what the reply in the thread says
	Sent     string    `json:"sent,omitempty"`      // fingerprint of the issue as GitHub was told
	Stale    bool      `json:"stale,omitempty"`     // something changed that the issue may show, since it was rendered
	Observed bool      `json:"observed,omitempty"`  // its issue was made up, by observe mode
	ClosedBy string    `json:"closed_by,omitempty"` // who said that it is not a request; its issue is being closed until State says that it was
	Late     bool      `json:"late,omitempty"`      // it was found by catch-up, long after it was written

	Threads   map[string]string `json:"threads,omitempty"`   // by channel/ts: how much of each thread is known
	Published []string          `json:"published,omitempty"` // author/channel[/ts]: who agreed that their private text from which thread goes into the issue
}

// How much of a thread is known, in TicketDetails.Threads.
const (
	ThreadReading = "reading" // it is being read
	ThreadWhole   = "whole"   // all of it
	ThreadCut     = "cut"     // what may be read of it: it is longer, or not for us
	ThreadUnread  = "unread"  // what was heard of it: Slack fails to show it
)

func (t *Ticket) put(c *connection) error {
	details, err := json.Marshal(t.TicketDetails)
	if err != nil {
		return err
	}
	if t.stored == (ticketRow{t.State, t.Requester, t.Language, t.URL, string(details), t.Issue}) {
		return nil
	}
	err = c.exec(`INSERT INTO tickets (id, state, requester, language, issue, url, details) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, requester = excluded.requester, language = excluded.language,
			issue = excluded.issue, url = excluded.url, details = excluded.details`,
		t.ID, t.State, t.Requester, t.Language, t.Issue, t.URL, string(details))
	if err != nil {
		return fmt.Errorf("store ticket %s: %w", t.ID, err)
	}
	return nil
}

// Ticket returns the ticket with an id, nil if there is none.
func (v *View) Ticket(id string) (*Ticket, error) {
	return v.ticket("id = ?", id)
}

// TicketByIssue returns the ticket with an issue number, nil if there is none.
func (v *View) TicketByIssue(number int) (*Ticket, error) {
	return v.ticket("issue = ? AND issue > 0", number)
}

// TicketByThread returns the ticket of a thread, or of a message, in a channel of any workspace; nil if there is
// none.
func (v *View) TicketByThread(channel, ts string) (*Ticket, error) {
	return v.ticket(`id = (SELECT ticket FROM threads WHERE channel = ?1 AND ts = ?2
		UNION ALL SELECT ticket FROM messages WHERE channel = ?1 AND ts = ?2 LIMIT 1)`, channel, ts)
}

func (v *View) ticket(where string, args ...any) (*Ticket, error) {
	var t Ticket
	var details string
	err := v.c.row("SELECT id, state, requester, language, issue, url, details FROM tickets WHERE "+where, args...).
		Scan(&t.ID, &t.State, &t.Requester, &t.Language, &t.Issue, &t.URL, &details)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		t.stored = ticketRow{t.State, t.Requester, t.Language, t.URL, details, t.Issue}
		err = json.Unmarshal([]byte(details), &t.TicketDetails)
	}
	if err != nil {
		return nil, fmt.Errorf("read ticket %v: %w", args, err)
	}
	return &t, nil
}

// A Thread is an alias of a ticket: a Slack thread that belongs to it.
type Thread struct {
	Team    string
	Channel string
	TS      string // of the thread's first message
	Ticket  string
	Sender  string // who mentioned us; empty if the bot itself began the thread
	At      time.Time
	Flood   bool // over the sender's limit
}

// put stores an alias that is given out later than at the door. One that a thread has stays.
func (t *Thread) put(c *connection) error {
	had, err := (&View{c}).Thread(t.Team, t.Channel, t.TS)
	if had != nil || err != nil {
		return err
	}
	return t.insert(c)
}

func (t Thread) insert(c *connection) error {
	err := c.exec("INSERT INTO threads (team, channel, ts, ticket, sender, at, flood) VALUES (?, ?, ?, ?, ?, ?, ?)",
		t.Team, t.Channel, t.TS, t.Ticket, t.Sender, millis(t.At), t.Flood)
	if err != nil {
		return fmt.Errorf("store thread %s/%s: %w", t.Channel, t.TS, err)
	}
	return nil
}

const selectThread = "SELECT team, channel, ts, ticket, sender, at, flood FROM threads"

func scanThread(r scanner) (*Thread, error) {
	var t Thread
	var at int64
	err := r.Scan(&t.Team, &t.Channel, &t.TS, &t.Ticket, &t.Sender, &at, &t.Flood)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	t.At = fromMillis(at)
	return &t, err
}

// Thread returns the alias that a Slack thread has, nil if it has none.
func (v *View) Thread(team, channel, ts string) (*Thread, error) {
	return scanThread(v.c.row(selectThread+" WHERE team = ? AND channel = ? AND ts = ?", team, channel, ts))
}

// LatestThread returns the latest thread that somebody began for us in a channel from one ts to another, both
// included; nil if there is none.
func (v *View) LatestThread(team, channel, from, to string) (*Thread, error) {
	return scanThread(v.c.row(selectThread+` WHERE team = ? AND channel = ? AND ts BETWEEN ? AND ? AND sender <> ''
		ORDER BY ts DESC LIMIT 1`, team, channel, from, to))
}

// ThreadsOf counts the tickets of the threads that sender began after since and until at, and returns the ticket that gathers
// what was over the limit among them, the latest if there are several, empty if none does.
func (v *View) ThreadsOf(sender string, since, at time.Time) (count int, flood string, err error) {
	err = v.c.row(`SELECT count(DISTINCT ticket), coalesce((SELECT ticket FROM threads WHERE sender = ?1 AND at > ?2 AND at <= ?3 AND flood
			ORDER BY at DESC LIMIT 1), '')
		FROM threads WHERE sender = ?1 AND at > ?2 AND at <= ?3`, sender, millis(since), millis(at)).Scan(&count, &flood)
	return count, flood, err
}

// A Message is what was said in a thread of a ticket, redacted, in its latest version.
type Message struct {
	Team, Channel, TS string
	Ticket            string
	Comment           int64 // GitHub's id of the comment that holds it, 0 if none does
	MessageDetails
	stored messageRow // as it was read
}

// A messageRow is what is stored of a message.
type messageRow struct {
	details string
	comment int64
}

// MessageDetails is what messages are not searched by.
type MessageDetails struct {
	Thread   string          `json:"thread"`
	Sender   string          `json:"sender"`
	Name     string          `json:"name,omitempty"`   // of a bot, as it calls itself
	Person   bool            `json:"person,omitempty"` // a person can be told things, a bot can't
	Direct   bool            `json:"direct,omitempty"` // said to the bot alone
	Found    bool            `json:"found,omitempty"`  // read some time after it was written: it may be at GitHub without our knowing
	At       time.Time       `json:"at"`
	Edited   string          `json:"edited,omitempty"` // ts of the edit that made this version
	Seen     string          `json:"seen,omitempty"`   // ts of Slack's notice of it
	Deleted  bool            `json:"deleted,omitempty"`
	Mention  bool            `json:"mention,omitempty"` // this version asks us
	Asks     bool            `json:"asks,omitempty"`    // some version did
	Place    string          `json:"place,omitempty"`   // why its text may not leave Slack, empty if it may
	Doc      json.RawMessage `json:"doc,omitempty"`
	Files    []File          `json:"files,omitempty"`    // that came with it
	Forwards []Forward       `json:"forwards,omitempty"` // messages that it forwards
	Asked    bool            `json:"asked,omitempty"`    // names in this version were asked for
	Named    bool            `json:"named,omitempty"`    // names in this version are known, or were waited for long enough
	Withheld []string        `json:"withheld,omitempty"` // kinds of the secrets that the sender is yet to be told of
	Warned   bool            `json:"warned,omitempty"`   // the sender was told of a secret in it
	Answered bool            `json:"answered,omitempty"` // its thread was told where the issue is
	Part     string          `json:"part,omitempty"`     // of the issue that it stands in; empty if in none
	Stale    bool            `json:"stale,omitempty"`    // its part may show something older
	Sent     string          `json:"sent,omitempty"`     // of the first in a part: fingerprint of its comment as GitHub was told
}

// Changes returns what is to be stored of m, nil if it is as it was read.
func (m *Message) Changes() (Record, error) {
	details, err := json.Marshal(m.MessageDetails)
	if err != nil || m.stored == (messageRow{string(details), m.Comment}) {
		return nil, err
	}
	return encodedMessage{m, string(details)}, nil
}

// An encodedMessage is a Message that was encoded already: that is nothing for the one writer to do.
type encodedMessage struct {
	*Message
	details string
}

func (m encodedMessage) put(c *connection) error { return m.store(c, m.details) }

func (m *Message) put(c *connection) error {
	details, err := json.Marshal(m.MessageDetails)
	if err != nil {
		return err
	}
	return m.store(c, string(details))
}

func (m *Message) store(c *connection, details string) error {
	err := c.exec(`INSERT INTO messages (team, channel, ts, ticket, comment, details) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (team, channel, ts) DO UPDATE SET comment = excluded.comment, details = excluded.details`,
		m.Team, m.Channel, m.TS, m.Ticket, m.Comment, details)
	if err != nil {
		return fmt.Errorf("store message %s/%s: %w", m.Channel, m.TS, err)
	}
	return nil
}

const selectMessage = "SELECT team, channel, ts, ticket, comment, details FROM messages"

func scanMessage(r scanner) (*Message, error) {
	var m Message
	var details string
	if err := r.Scan(&m.Team, &m.Channel, &m.TS, &m.Ticket, &m.Comment, &details); err != nil {
		return nil, err
	}
	m.stored = messageRow{details, m.Comment}
	return &m, json.Unmarshal([]byte(details), &m.MessageDetails)
}

// Messages returns the messages of a ticket in the order in which they were written.
func (v *View) Messages(ticket string) ([]*Message, error) {
	messages, err := all(v.c, scanMessage, selectMessage+" WHERE ticket = ? ORDER BY ts, channel", ticket)
	if err != nil {
		return nil, fmt.Errorf("read messages of ticket %s: %w", ticket, err)
	}
	return messages, nil
}

// Message returns a message, nil if it is not stored.
func (v *View) Message(team, channel, ts string) (*Message, error) {
	m, err := scanMessage(v.c.row(selectMessage+" WHERE team = ? AND channel = ? AND ts = ?", team, channel, ts))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return m, err
}

// TicketOfMessage returns the id of the ticket that a message belongs to, empty if it belongs to none.
func (v *View) TicketOfMessage(team, channel, ts string) (ticket string, err error) {
	err = v.c.row("SELECT ticket FROM messages WHERE team = ? AND channel = ? AND ts = ?", team, channel, ts).Scan(&ticket)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return ticket, err
}
