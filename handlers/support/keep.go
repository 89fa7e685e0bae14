package support

import (
	"cmp"
	"fmt"

	"supportbot/integrations/github"
	"supportbot/store"
)

// keep brings an issue, and what its threads were told, up to date with what was said.
func (t *ticket) keep() error {
	receipt, changed, err := t.newReceipt()
	if err != nil {
		return err
	}
	t.row.Stale = t.row.Stale || changed // so does what the issue may show
	if err := t.keepBody(); err != nil {
		return err
	}
	if err := t.keepComments(); err != nil {
		return err
	}
	t.row.Stale = false
	for _, m := range t.messages {
		if err := t.answer(m); err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	return t.show(receipt, t.receipt)
}

// keepBody renders the issue anew if it may not be what GitHub was told.
func (t *ticket) keepBody() error {
	stale := t.row.Stale
	for _, m := range t.inPart(bodyPart) {
		stale = stale || m.Stale
	}
	if !stale {
		return nil
	}
	title, body, err := t.render()
	if err != nil {
		return err
	}
	print := fingerprint(title, body)
	if print == t.row.Sent {
		return nil
	}
	t.row.Sent = print
	t.plan(store.Action{
		Kind: "github.edit_issue", Slot: "edit", Priority: mirror,
		Body: encode(github.EditIssue{Number: t.row.Issue, Ticket: t.row.ID, Thread: t.thread(), Title: title, Body: body}),
	})
	return nil
}

// answer tells who asks again where the issue is.
func (t *ticket) answer(m *store.Message) error {
	if !m.Mention || m.Answered {
		return nil
	}
	m.Answered = true
	switch {
	case m.Direct && m.Channel == t.row.Channel: // the conversation goes on
		return nil
	case m.Direct:
		return t.showIn(m, "answer:"+messageID(m), "private_added", t.publishButton)
	case t.inThread(m), t.answeredIn(m):
		return t.pointOut(m)
	case t.unlisted(m):
		return t.showIn(m, "answer:"+messageID(m), placeShared, nil)
	}
	if flood, err := t.flooded(m); err != nil {
		return err
	} else if !flood {
		return t.pointOut(m)
	}
	t.alarm("flood:"+t.row.ID, fmt.Sprintf("%s has asked very often in a short time; what is over the limit is gathered in one ticket: %s. "+
		"If it is a loop, stop it; if not, the settings can give it a higher limit.",
		t.plain(whoSaid(m)), cmp.Or(t.row.URL, t.threadLink())))
	if private, err := t.publishableByAuthor(m); err != nil {
		return err
	} else if private {
		return t.showIn(m, "answer:"+messageID(m), "private_added", t.publishButton)
	}
	return t.showIn(m, "answer:"+messageID(m), "gathered", nil)
}

// flooded says whether the flood guard put the thread of m into the ticket.
func (t *ticket) flooded(m *store.Message) (bool, error) {
	thread, err := t.view.Thread(m.Team, m.Channel, m.Thread)
	return thread != nil && thread.Flood, err
}

// pointOut answers a mention in a thread that has its issue already: it says where that is.
func (t *ticket) pointOut(m *store.Message) error {
	id := "already"
	switch {
	case t.row.State == store.TicketClosed:
		id = "already_closed"
	case t.row.ClosedBy != "":
		id = "already_closing"
	}
	return t.showIn(m, "already:"+m.TS, id, nil)
}

// answeredIn says whether somebody else's or an earlier question in the thread of m has its answer.
func (t *ticket) answeredIn(m *store.Message) bool {
	for _, other := range t.messages {
		if other != m && other.Answered && threadKey(other) == threadKey(m) {
			return true
		}
	}
	return false
}
