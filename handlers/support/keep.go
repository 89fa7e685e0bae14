package support

import (
	"encoding/json"
	"fmt"

	"supportbot/integrations/github"
	"supportbot/store"
)

// keep brings an issue up to date with what was said.
func (t *ticket) keep() error {
	for _, m := range t.messages {
		var err error
		switch {
		case m.TS == t.row.Main && t.inThread(m):
			err = t.keepBody(m)
		case t.inThread(m):
			err = t.pointOut(m)
		default:
			err = t.gather(m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keepBody renders the issue anew if it may not be what GitHub was told.
func (t *ticket) keepBody(main *store.Message) error {
	if !t.row.Stale {
		return nil
	}
	t.row.Stale = false
	title, body, err := t.render(main)
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

// pointOut answers a second mention in the ticket's thread: it says where the issue is.
func (t *ticket) pointOut(m *store.Message) error {
	if !m.Mention || m.Answered {
		return nil
	}
	m.Answered = true
	if t.row.State == store.TicketClosed {
		return t.showIn(m, "already:"+m.TS, "already_closed")
	}
	return t.showIn(m, "already:"+m.TS, "already")
}

// gather makes a comment of a message that the flood guard put into this ticket, and tells its thread.
func (t *ticket) gather(m *store.Message) error {
	place, err := t.place(m)
	if err != nil {
		return err
	}
	if place != "" {
		return t.answerOnce(m, place)
	}
	if m.Comment != 0 {
		return t.keepComment(m)
	}
	comment, err := t.view.InSlot(t.event.Subject, commentSlot(m))
	if err != nil || comment != nil && comment.State != store.Planned {
		return err // begun: its answer brings us here again
	}
	if !m.Mention {
		m.Sent = ""
		t.result.Withdraw = append(t.result.Withdraw, commentSlot(m))
		return nil
	}
	return t.comment(m)
}

// comment plans the comment that holds m, or plans it anew if m changed before it was sent.
func (t *ticket) comment(m *store.Message) error {
	body, changed, err := t.renderComment(m)
	if !changed || err != nil {
		return err
	}
	t.plan(store.Action{Kind: "github.create_comment", Slot: commentSlot(m), Priority: mirror, At: m.At, Answer: true,
		Body: encode(github.CreateComment{Number: t.row.Issue, Ticket: t.row.ID, Message: messageID(m), Body: body})})
	t.alarm("flood:"+t.row.ID, fmt.Sprintf("%s has asked very often in a short time; what is over the limit is gathered in one issue. %s",
		plain(whoSaid(m), t.name), t.row.URL))
	return t.answerOnce(m, "gathered")
}

// renderComment returns the comment that holds m, and whether GitHub was not told just that.
func (t *ticket) renderComment(m *store.Message) (body string, changed bool, err error) {
	body, err = t.renderMessage(m, "issue_added")
	if err != nil {
		return "", false, err
	}
	before := m.Sent
	m.Sent = fingerprint(body)
	return body, m.Sent != before, nil
}

// keepComment renders the comment that holds m anew if it is not what GitHub was told.
func (t *ticket) keepComment(m *store.Message) error {
	body, changed, err := t.renderComment(m)
	if !changed || err != nil {
		return err
	}
	t.plan(store.Action{Kind: "github.edit_comment", Slot: "edit:" + messageID(m), Priority: mirror,
		Body: encode(github.EditComment{ID: m.Comment, Ticket: t.row.ID, Message: messageID(m), Body: body})})
	return nil
}

// answerOnce says a text in the thread of m, unless m has its answer.
func (t *ticket) answerOnce(m *store.Message, id string) error {
	if m.Answered {
		return nil
	}
	m.Answered = true
	return t.showIn(m, "answer:"+messageID(m), id)
}

func commentSlot(m *store.Message) string { return "comment:" + messageID(m) }

// messageID names a message, as the marker of its comment does.
func messageID(m *store.Message) string { return m.Team + "/" + m.Channel + "/" + m.TS }

// commented takes note of the comment that holds a message.
func (t *ticket) commented(a store.Answer) error {
	var asked github.CreateComment
	if err := json.Unmarshal(a.Body, &asked); err != nil {
		return err
	}
	var comment github.Comment
	if a.State != store.Withdrawn {
		if err := json.Unmarshal(a.Result, &comment); err != nil {
			return err
		}
	}
	for _, m := range t.messages {
		if messageID(m) != asked.Message {
			continue
		}
		m.Comment = comment.ID
		if a.State == store.Withdrawn {
			m.Sent = "" // to be planned anew
		}
	}
	return nil
}
