package support

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"supportbot/bot"
	"supportbot/integrations/github"
	"supportbot/store"
)

// A ticket is one decision about one ticket: what is known, and what is made of it.
type ticket struct {
	handler
	view     *store.View
	event    store.Event
	row      *store.Ticket
	messages []*store.Message
	learned  map[string]*store.Entry // of the directory, by this very event
	result   store.Decision
}

const (
	// tellAfter is how long an issue may keep its thread waiting before the thread is told that it follows.
	tellAfter = 10 * time.Second
	// namesWithin is how long unknown people, channels and groups are waited for; then ids stand in.
	namesWithin = 5 * time.Second
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
	switch e.Kind {
	case messageEvent:
		err = t.heard()
	case clickEvent:
		err = t.clicked()
	case store.Answered:
		err = t.answered()
	case store.TimerRang:
		err = t.rang()
	case store.Parked:
		err = t.gaveUp()
	}
	if err == nil {
		err = t.goOn()
	}
	if err != nil {
		return store.Decision{}, fmt.Errorf("%s of %s: %w", e.Kind, e.Subject, err)
	}
	t.result.Timer = t.timer()
	t.result.Records = append(t.result.Records, t.row)
	for _, m := range t.messages {
		t.result.Records = append(t.result.Records, m)
	}
	return t.result, nil
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
	messages, err := v.Messages(id)
	if err != nil {
		return nil, err
	}
	return &ticket{handler: h, view: v, event: e, row: row, messages: messages, learned: map[string]*store.Entry{}}, nil
}

// heard takes a version of a message in. Versions may come in any order: the latest edit counts, a deletion is
// final.
func (t *ticket) heard() error {
	var version bot.Message
	if err := json.Unmarshal(t.event.Body, &version); err != nil {
		return err
	}
	m := t.find(version)
	switch {
	case m.Deleted:
		return nil
	case version.Deleted:
		m.Deleted, m.Mention, m.Doc = true, false, nil
	case version.Before(m.Edited, m.Seen):
		return nil
	default:
		m.Edited, m.Seen, m.Mention, m.Doc = version.Edited, version.Seen, version.Mentions, encode(version.Doc)
	}
	if t.row.Thread == "" {
		t.row.Team, t.row.Channel, t.row.Thread = version.Team, version.Channel, version.Thread
	}
	if t.row.State == store.TicketFailed {
		t.row.State, t.row.Shown = store.TicketNew, ""
	}
	return t.warn(m, version.Withheld)
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
	switch {
	case version.Shared:
		m.Place = placeShared
	case version.Private:
		m.Place = placePrivate
	}
	t.messages = append(t.messages, m)
	slices.SortFunc(t.messages, func(a, b *store.Message) int { return a.At.Compare(b.At) })
	return m
}

// Places whose talk may not go into an issue, and the texts that say so.
const (
	placeShared  = "shared"
	placePrivate = "private"
)

// rang takes note of what the timer was for.
func (t *ticket) rang() error {
	if !t.row.NamesBy.IsZero() && !t.event.At.Before(t.row.NamesBy) {
		t.row.Reading = 0
	}
	if !t.row.TellAt.IsZero() && !t.event.At.Before(t.row.TellAt) && t.row.Shown == "" {
		return t.show("follows", nil)
	}
	return nil
}

// gaveUp tells the thread that something went wrong with what it asked.
func (t *ticket) gaveUp() error {
	var parked store.Event
	if err := json.Unmarshal(t.event.Body, &parked); err != nil {
		return err
	}
	if t.row.State != store.TicketNew && t.row.State != store.TicketOpening {
		return nil
	}
	if t.row.Thread == "" { // not even its first message could be decided
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
func (t *ticket) timer() time.Time {
	at := t.row.NamesBy
	if t.row.Shown == "" && !t.row.TellAt.IsZero() && (at.IsZero() || t.row.TellAt.Before(at)) {
		at = t.row.TellAt
	}
	return at
}

// goOn plans what the ticket still needs, seen as a whole.
func (t *ticket) goOn() error {
	switch t.row.State {
	case store.TicketNew, store.TicketWithdrawn, store.TicketRefused, store.TicketOpening:
		return t.open()
	case store.TicketOpen, store.TicketClosed:
		return t.keep()
	}
	return nil
}

// open brings a ticket towards its issue, as long as the create has not started.
func (t *ticket) open() error {
	planned, err := t.view.InSlot(t.event.Subject, issueSlot)
	if err != nil {
		return err
	}
	if planned != nil && planned.State != store.Planned && planned.State != store.Failed {
		return nil // begun: its answer decides
	}
	main := t.firstMention()
	if main == nil {
		return t.takeBack()
	}
	if t.row.State == store.TicketWithdrawn {
		t.row.State, t.row.Shown = store.TicketNew, ""
	}
	t.row.Main, t.row.Requester = main.TS, main.Sender
	if t.row.Language, err = t.languageOf(main); err != nil {
		return err
	}
	place, err := t.place(main)
	if place != "" || err != nil {
		return t.refuse(place, err)
	}
	if t.row.TellAt.IsZero() {
		t.row.TellAt = t.event.TakenAt.Add(tellAfter)
	}
	known, err := t.knowNames()
	if !known || err != nil {
		return err
	}
	return t.create(main)
}

// firstMention returns the earliest message of the ticket's own thread that asks for something.
func (t *ticket) firstMention() *store.Message {
	for _, m := range t.messages {
		if m.Mention && m.Thread == t.row.Thread && m.Channel == t.row.Channel {
			return m
		}
	}
	return nil
}

// takeBack ends a ticket whose mention is gone before there is an issue.
func (t *ticket) takeBack() error {
	if t.row.State == store.TicketWithdrawn {
		return nil
	}
	t.row.State, t.row.Sent, t.row.TellAt = store.TicketWithdrawn, "", time.Time{}
	t.result.Withdraw = append(t.result.Withdraw, issueSlot)
	if t.row.Shown == "" {
		return nil
	}
	return t.show("withdrawn", nil)
}

// place returns why main's text may not go into an issue, empty if it may. What the directory has learned of
// the channel since counts too.
func (t *ticket) place(main *store.Message) (string, error) {
	if main.Place != "" {
		return main.Place, nil
	}
	channel, err := t.entry(main.Channel)
	switch {
	case err != nil || channel == nil:
		return "", err
	case channel.Shared:
		return placeShared, nil
	case channel.Private:
		return placePrivate, nil
	}
	return "", nil
}

func (t *ticket) refuse(place string, err error) error {
	if err != nil {
		return err
	}
	t.row.State, t.row.TellAt = store.TicketRefused, time.Time{}
	t.result.Withdraw = append(t.result.Withdraw, issueSlot)
	if t.row.Shown == place {
		return nil
	}
	return t.show(place, nil)
}

// create plans the issue, or plans it anew if it changed before it was sent.
func (t *ticket) create(main *store.Message) error {
	title, body, err := t.render(main)
	if err != nil {
		return err
	}
	print := fingerprint(title, body)
	if t.row.State == store.TicketOpening && print == t.row.Sent {
		return nil
	}
	t.row.State, t.row.Sent = store.TicketOpening, print
	t.plan(store.Action{
		Kind: "github.create_issue", Slot: issueSlot, Priority: newTicket, At: main.At, Answer: true,
		Body: encode(github.CreateIssue{
			Ticket: t.row.ID, Thread: t.thread(), Title: title, Body: body, Labels: labels[:],
		}),
	})
	return nil
}

// keep brings an issue up to date with what was said.
func (t *ticket) keep() error {
	if _, err := t.knowNames(); err != nil {
		return err
	}
	main := t.message(t.row.Main)
	if main == nil {
		return nil
	}
	title, body, err := t.render(main)
	if err != nil {
		return err
	}
	if print := fingerprint(title, body); print != t.row.Sent {
		t.row.Sent = print
		t.plan(store.Action{
			Kind: "github.edit_issue", Slot: "edit", Priority: mirror,
			Body: encode(github.EditIssue{Number: t.row.Issue, Ticket: t.row.ID, Thread: t.thread(), Title: title, Body: body}),
		})
	}
	for _, m := range t.messages {
		if m == main {
			continue
		}
		if err := t.keepMessage(m); err != nil {
			return err
		}
	}
	return nil
}

// keepMessage deals with a message beside the main one: a second mention, or one that the flood guard added.
func (t *ticket) keepMessage(m *store.Message) error {
	if m.Thread == t.row.Thread && m.Channel == t.row.Channel {
		if !m.Mention || m.Answered {
			return nil
		}
		m.Answered = true
		if t.row.State == store.TicketClosed {
			return t.showIn(m, "already:"+m.TS, "already_closed")
		}
		return t.showIn(m, "already:"+m.TS, "already")
	}
	return t.gather(m)
}

func (t *ticket) message(ts string) *store.Message {
	for _, m := range t.messages {
		if m.TS == ts && m.Channel == t.row.Channel {
			return m
		}
	}
	return nil
}

// thread names the ticket's thread, as its marker does.
func (t *ticket) thread() string { return t.row.Team + "/" + t.row.Channel + "/" + t.row.Thread }

// Slots of a ticket's actions.
const (
	issueSlot = "issue"
	replySlot = "reply"
)

// Priorities: lower goes first.
const (
	newTicket = 10 // an issue, and its link
	tell      = 10 // anything said to a person
	naming    = 5  // an issue waits for it
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

// editedAfter is how long after it was written m's version was made.
func editedAfter(m bot.Message) time.Duration {
	at, err := bot.ParseTS(m.Edited)
	if err != nil {
		return 0
	}
	return at.Sub(m.At)
}
