package support

import (
	"slices"
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
	main := t.firstMention()
	if main == nil {
		return t.takeBack()
	}
	if err := t.settleOn(main); err != nil {
		return err
	}
	if t.unlisted(main) {
		return t.refuse(placeShared)
	}
	return t.create(main)
}

// firstMention returns the earliest message that asks for something from where an issue may be opened; without
// one, the earliest from where none may.
func (t *ticket) firstMention() (first *store.Message) {
	for _, m := range t.messages {
		if !m.Mention || m.Answered {
			continue
		}
		if !t.unlisted(m) {
			return m
		}
		if first == nil {
			first = m
		}
	}
	return first
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
	t.row.Main = main.TS
	asked, err := t.request(main)
	if err != nil {
		return err
	}
	t.row.Requester = asked.Sender
	if t.row.Zone, err = t.zoneOf(asked.Sender); err != nil {
		return err
	}
	t.row.Language, err = t.languageOf(asked)
	return err
}

// request returns the message of who asks: the mention, but if a member of the team mentions itself in somebody
// else's thread, what began the thread.
func (t *ticket) request(main *store.Message) (*store.Message, error) {
	root := t.message(main.Thread)
	if root == nil || root.Deleted || !root.Person || root.Sender == main.Sender {
		return main, nil
	}
	team, err := t.entry(t.Group)
	if err != nil || team == nil || !slices.Contains(team.Members, main.Sender) {
		return main, err
	}
	return root, nil
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
	if err := t.divide(main); err != nil {
		return err
	}
	title, body, err := t.render()
	if err != nil {
		return err
	}
	print := fingerprint(title, body)
	if t.row.State == store.TicketOpening && print == t.row.Sent {
		return nil
	}
	t.row.State, t.row.Sent = store.TicketOpening, print
	t.plan(store.Action{
		Kind: "github.create_issue", Slot: issueSlot, Priority: newTicket, At: main.At, Answer: true, Unsure: main.Found,
		Body: encode(github.CreateIssue{
			Ticket: t.row.ID, Thread: t.thread(), Title: title, Body: body, Labels: labels[:],
		}),
	})
	t.row.Stale = false
	for _, m := range t.inPart(bodyPart) {
		m.Stale = false
	}
	return nil
}
