package support

import (
	"time"

	"supportbot/integrations/github"
	"supportbot/store"
)

// open brings a ticket towards its issue, as long as the create has not started.
func (t *ticket) open() error {
	create, err := t.view.InSlot(t.event.Subject, issueSlot)
	if err != nil || create != nil && (create.State == store.Doing || create.State == store.Done) {
		return err // begun: its answer decides, which may be waiting behind this event
	}
	main, place, err := t.firstMention()
	switch {
	case err != nil:
		return err
	case main == nil:
		return t.takeBack()
	}
	if err := t.settleOn(main); err != nil {
		return err
	}
	if place != "" {
		return t.refuse(place)
	}
	return t.create(main)
}

// firstMention returns the earliest message that asks for something and whose text may go into an issue; without
// one, the earliest whose text may not, and why.
func (t *ticket) firstMention() (first *store.Message, place string, err error) {
	for _, m := range t.messages {
		if !m.Mention || m.Answered {
			continue
		}
		where, err := t.place(m)
		if err != nil || where == "" {
			return m, "", err
		}
		if first == nil {
			first, place = m, where
		}
	}
	return first, place, nil
}

// Places whose talk may not go into an issue, and the texts that say so.
const (
	placeShared  = "shared"
	placePrivate = "private"
)

// place returns why m's text may not go into an issue, empty if it may. What the directory has learned of the
// channel since counts too.
func (t *ticket) place(m *store.Message) (string, error) {
	if m.Place != "" {
		return m.Place, nil
	}
	channel, err := t.entry(m.Channel)
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

// settleOn makes main the message that the ticket is about. Its thread may be another than before, if the flood
// guard put several into the ticket and the first was taken back.
func (t *ticket) settleOn(main *store.Message) (err error) {
	if !t.inThread(main) {
		if t.row.Shown != "" {
			if err := t.show("withdrawn", nil); err != nil {
				return err
			}
		}
		t.row.Channel, t.row.Thread, t.row.Shown = main.Channel, main.Thread, ""
	}
	t.row.Main, t.row.Requester = main.TS, main.Sender
	t.row.Language, err = t.languageOf(main)
	return err
}

// takeBack ends a ticket whose mention is gone before there is an issue.
func (t *ticket) takeBack() error {
	before := t.row.State
	t.row.State, t.row.Sent, t.row.TellAt = store.TicketWithdrawn, "", time.Time{}
	t.result.Withdraw = append(t.result.Withdraw, issueSlot)
	if before == store.TicketWithdrawn || before == store.TicketRefused || t.row.Shown == "" {
		return nil
	}
	return t.show("withdrawn", nil)
}

func (t *ticket) refuse(place string) error {
	t.row.State, t.row.TellAt = store.TicketRefused, time.Time{}
	t.result.Withdraw = append(t.result.Withdraw, issueSlot)
	if t.row.Shown == place {
		return nil
	}
	return t.show(place, nil)
}

// create plans the issue, or plans it anew if it changed before it was sent.
func (t *ticket) create(main *store.Message) error {
	t.row.Stale = false
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
