package support

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"supportbot/bot"
	"supportbot/bot/text"
	"supportbot/store"
)

// A ticket is one decision about one ticket: what is known, and what is made of it.
type ticket struct {
	handler
	view     *store.View
	event    store.Event
	version  bot.Message // of a message event
	row      *store.Ticket
	messages []*store.Message        // all, or while a thread is read that of the event alone
	entries  map[string]*store.Entry // of the directory, as far as they were looked at; nil if there is none
	docs     map[*store.Message]text.Doc
	result   store.Decision
}

const (
	// tellAfter is how long an issue may keep its thread waiting, to be opened or closed, before the thread is told.
	tellAfter = 10 * time.Second
	// namesWithin is how long unknown people, channels and groups are waited for; then ids stand in.
	namesWithin = 5 * time.Second
	// forgotten is how old a message that is found must be to be one that we may have dealt with and forgotten, when
	// the database was brought back from a backup. What is younger was found just before it was heard.
	forgotten = 5 * time.Second
	// namesAtOnce is how many of them are read for one ticket.
	namesAtOnce = 20
	// unknownFor is how long an id that Slack would not name is not asked about again.
	unknownFor = 24 * time.Hour
)

// decide looks at the event, and then at what the ticket as a whole still needs.
func (h handler) decide(v *store.View, e store.Event) (store.Decision, error) {
	t, err := h.load(v, e)
	if err != nil {
		return store.Decision{}, err
	}
	if err := t.decide(); err != nil {
		return store.Decision{}, fmt.Errorf("%s of %s: %w", e.Kind, e.Subject, err)
	}
	t.result.Timer = t.timer()
	t.result.Records = append(t.result.Records, t.row)
	return t.result, t.recordMessages()
}

// recordMessages has stored what changed of the messages. The store's one writer should not have to find out: of a long
// thread that takes a while.
func (t *ticket) recordMessages() error {
	for _, m := range t.messages {
		changes, err := m.Changes()
		if err != nil {
			return err
		}
		if changes != nil {
			t.result.Records = append(t.result.Records, changes)
		}
	}
	return nil
}

func (t *ticket) decide() (err error) {
	switch t.event.Kind {
	case messageEvent:
		t.heard()
	case clickEvent:
		err = t.clicked()
	case store.Answered:
		err = t.answered()
	case store.TimerRang:
		err = t.rang()
	case store.Parked:
		return t.gaveUp()
	}
	if err != nil || t.readingThreads() {
		return err
	}
	return t.goOn()
}

func (h handler) load(v *store.View, e store.Event) (*ticket, error) {
	id := e.Subject[len(prefix):]
	row, err := v.Ticket(id)
	if err != nil {
		return nil, err
	}
	if row == nil {
		row = &store.Ticket{ID: id, State: store.TicketNew}
	}
	t := &ticket{handler: h, view: v, event: e, row: row, entries: map[string]*store.Entry{}, docs: map[*store.Message]text.Doc{}}
	if e.Kind == messageEvent {
		if err := json.Unmarshal(e.Body, &t.version); err != nil {
			return nil, err
		}
	}
	t.messages, err = t.known()
	return t, err
}

// known returns the ticket's messages. While a thread is read each event is only about its own message, and to
// look at all the others a thousand times would be dear.
func (t *ticket) known() ([]*store.Message, error) {
	if t.event.Kind != messageEvent || !t.readingThreads() {
		return t.view.Messages(t.row.ID)
	}
	m, err := t.view.Message(t.version.Team, t.version.Channel, t.version.TS)
	if m == nil || err != nil {
		return nil, err
	}
	return []*store.Message{m}, nil
}

// heard takes a version of a message in. Versions may come in any order: the latest edit counts, a deletion is
// final.
func (t *ticket) heard() {
	version := t.version
	m := t.find(version)
	firstHeard := m.Doc == nil && !m.Deleted
	switch {
	case m.Deleted, !version.Deleted && version.Before(m.Edited, m.Seen):
		return
	case version.Deleted:
		m.Deleted, m.Mention, m.Doc, m.Files, m.Forwards = true, false, nil, nil, nil
	default:
		m.Edited, m.Seen, m.Doc = version.Edited, version.Seen, encode(version.Doc)
		m.Files, m.Forwards = mergeFiles(m.Files, version.Files), version.Forwards
		m.Mention = t.asksUs(version)
		t.docs[m] = version.Doc
		m.Asked, m.Named = false, false
		m.Withheld = append(m.Withheld, version.Withheld...)
	}
	restrict(m, version)
	m.Asks = m.Asks || m.Mention || version.Mentioned
	m.Stale = true
	t.reconsider(m)
	if t.row.Thread == "" {
		t.row.Team, t.row.Channel, t.row.Thread = version.Team, version.Channel, version.Thread
	}
	if firstHeard {
		t.follow(m, version)
		if version.Edited == "" || version.Mentioned {
			t.putFirst(m)
		}
	}
	t.tryAgain(version)
}

// reconsider has looked at again what was taken back in the thread of m: whether it is shown depends on what else is there.
func (t *ticket) reconsider(m *store.Message) {
	for _, other := range t.messages {
		if takenBack(other) && threadKey(other) == threadKey(m) {
			other.Stale = true
		}
	}
}

// asksUs says whether a version is a request: it mentions us, or is said to us alone.
func (t *ticket) asksUs(version bot.Message) bool {
	_, named := t.Bots[version.Sender]
	return (!version.Bot || named) && (version.Mentions || version.Direct)
}

// putFirst makes a mention what the ticket is about, if it is earlier than what was taken for that: Slack may
// deliver the second mention of a thread before the first.
func (t *ticket) putFirst(m *store.Message) {
	main := t.message(t.row.Main)
	if main == nil || !m.Mention || !t.inThread(m) || !m.At.Before(main.At) {
		return
	}
	t.row.Main = m.TS
	if t.opened() { // with a reply that is there, and an issue that it belongs into
		m.Answered, m.Part = true, bodyPart
	}
}

// tryAgain gives a ticket without an issue another chance: what GitHub refused may be right now, and what was
// only observed is dealt with once somebody asks anew.
func (t *ticket) tryAgain(version bot.Message) {
	if !t.asksUs(version) {
		return
	}
	first := version.Edited == "" && version.Seen == "" && !version.Deleted
	if t.row.Observed && t.Mode == bot.Live && first {
		t.row.State, t.row.Observed, t.row.Shown = store.TicketNew, false, ""
	}
	switch t.row.State {
	case store.TicketFailed:
		t.row.State = store.TicketNew
	case store.TicketWithdrawn: // then nothing was asked for
		t.row.Rereads = 0
		t.askAgain()
	}
	if !t.opened() && t.row.TellAt.IsZero() && t.row.Shown != "follows" {
		t.row.TellAt = t.event.TakenAt.Add(tellAfter)
	}
}

// opened says whether the ticket has its issue.
func (t *ticket) opened() bool {
	return t.row.State == store.TicketOpen || t.row.State == store.TicketClosed
}

// find returns the message that version is one of; a new one if it is the first we hear of it.
func (t *ticket) find(version bot.Message) *store.Message {
	for _, m := range t.messages {
		if m.Channel == version.Channel && m.TS == version.TS {
			return m
		}
	}
	m := &store.Message{Team: version.Team, Channel: version.Channel, TS: version.TS, Ticket: t.row.ID}
	m.Thread, m.Sender, m.Name, m.Person, m.At = version.Thread, version.Sender, version.Name, !version.Bot, version.At
	m.Direct = version.Direct
	m.Found = version.Found && t.event.TakenAt.Sub(version.At) > forgotten
	t.messages = append(t.messages, m)
	slices.SortFunc(t.messages, func(a, b *store.Message) int { return a.At.Compare(b.At) })
	return m
}

// rang does what the timer was for.
func (t *ticket) rang() error {
	if reached(t.row.NamesBy, t.event.At) {
		t.row.NamesBy, t.row.Reading = time.Time{}, 0
	}
	if reached(t.row.RereadAt, t.event.At) {
		t.row.RereadAt = time.Time{}
		if !ended(t.row.State) {
			t.askAgain()
		}
	}
	if reached(t.row.TellAt, t.event.At) {
		t.row.TellAt = time.Time{}
		if t.opened() {
			return t.show("closing", nil)
		}
		return t.show("follows", nil)
	}
	return nil
}

func reached(due, now time.Time) bool { return !due.IsZero() && !now.Before(due) }

// gaveUp tells the thread that an event of the ticket could not be decided.
func (t *ticket) gaveUp() error {
	if t.opened() {
		return t.show("parked", nil)
	}
	if t.row.Thread == "" { // not even its first message could be decided
		var parked store.Event
		if err := json.Unmarshal(t.event.Body, &parked); err != nil {
			return err
		}
		var m bot.Message
		if err := json.Unmarshal(parked.Body, &m); err != nil || parked.Kind != messageEvent {
			return err
		}
		t.row.Team, t.row.Channel, t.row.Thread = m.Team, m.Channel, m.Thread
	}
	return t.fail()
}

// fail says that there will be no issue unless somebody does something about it.
func (t *ticket) fail() error {
	t.row.State, t.row.TellAt = store.TicketFailed, time.Time{}
	return t.show("failed", nil)
}

// timer is when the ticket wants to be looked at again.
func (t *ticket) timer() (next time.Time) {
	for _, due := range []time.Time{t.row.NamesBy, t.row.TellAt, t.row.RereadAt} {
		if next.IsZero() || !due.IsZero() && due.Before(next) {
			next = due
		}
	}
	return next
}

// goOn plans what the ticket still needs, seen as a whole.
func (t *ticket) goOn() error {
	if t.row.State == store.TicketFailed || t.row.Observed && t.Mode == bot.Live {
		return nil
	}
	known, err := t.knowNames()
	if !known || err != nil {
		return err
	}
	if err := t.warnAll(); err != nil {
		return err
	}
	if t.opened() {
		return t.keep()
	}
	return t.open()
}

func (t *ticket) message(ts string) *store.Message {
	for _, m := range t.messages {
		if m.TS == ts && m.Channel == t.row.Channel {
			return m
		}
	}
	return nil
}

// inThread says whether m was written in the ticket's own thread, not in one that the flood guard added.
func (t *ticket) inThread(m *store.Message) bool {
	return m.Channel == t.row.Channel && m.Thread == t.row.Thread
}

// thread names the ticket's thread, as its marker does.
func (t *ticket) thread() string { return t.row.Team + "/" + t.row.Channel + "/" + t.row.Thread }

// Slots of a ticket's actions.
const issueSlot = "issue"

// replySlot holds the one reply in a thread. It does not name the channel, whose id may change.
func (t *ticket) replySlot() string { return "reply:" + t.row.Thread }

// Priorities: lower goes first.
const (
	naming    = 5  // an issue waits for it
	newTicket = 10 // an issue, and its link
	tell      = 10 // anything said to a person
	mirror    = 50
)

func (t *ticket) plan(a store.Action) { t.result.Actions = append(t.result.Actions, a) }

// encode returns v as JSON. It is for our own types, which always encode.
func encode(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}
