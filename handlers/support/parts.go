package support

import (
	"encoding/json"
	"unicode/utf8"

	"supportbot/integrations/github"
	"supportbot/store"
)

// An issue has parts: its body, and comments that hold one message each, or many where a long thread does not fit
// into the body. A part is named by the id of its first message, so that what changes is rendered anew there and
// nowhere else.

// bodyPart names the body.
const bodyPart = "body"

// maxPart is how many characters a part has at most when it is made. GitHub takes 65,536; the rest is room for
// edits, for markers and for what a redaction adds.
const maxPart = 55_000

// divide puts the messages of the ticket's own thread into the body, as far as they fit, and into comments. If the
// mention was heard at once there is no issue yet, and so no comment either.
func (t *ticket) divide(main *store.Message) error {
	var own []*store.Message
	for _, m := range t.messages {
		m.Part, m.Stale = "", true // an earlier division may have put it elsewhere
		if t.inThread(m) && !m.Deleted {
			m.Found = m.Found && main.Found
			own = append(own, m)
		}
	}
	part, size := bodyPart, 0
	for _, m := range own {
		length := 0
		if len(own) > 1 { // else it needs no measuring
			text, err := t.renderText(m)
			if err != nil {
				return err
			}
			length = utf8.RuneCountInString(text) + maxHeading + expected(m)
		}
		if size > 0 && size+length > maxPart {
			part, size = messageID(m), 0
		}
		m.Part, size = part, size+length
	}
	return nil
}

// maxHeading is room for who wrote a message and when.
const maxHeading = 200

// inPart returns the messages of a part, in order.
func (t *ticket) inPart(part string) (messages []*store.Message) {
	for _, m := range t.messages {
		if m.Part == part {
			messages = append(messages, m)
		}
	}
	return messages
}

// keepComments brings the comments up to date. What was said since the issue was made is a part of its own.
func (t *ticket) keepComments() error {
	stale := map[string]bool{}
	for _, m := range t.messages {
		if m.Part == "" && !m.Deleted {
			m.Part = messageID(m)
		}
		if m.Stale || t.row.Stale {
			stale[m.Part] = true
		}
		m.Stale = false
	}
	for _, m := range t.messages {
		if m.Part != messageID(m) || !stale[m.Part] {
			continue
		}
		if err := t.keepComment(m); err != nil {
			return err
		}
	}
	return nil
}

// keepComment plans the comment that begins with head, or its change if it is not what GitHub was told.
func (t *ticket) keepComment(head *store.Message) error {
	if head.Comment != 0 {
		return t.editComment(head)
	}
	before, err := t.view.InSlot(t.event.Subject, commentSlot(head))
	if err != nil {
		return err
	}
	if before != nil && before.State != store.Planned {
		head.Stale = true // begun: its answer brings us here again
		return nil
	}
	body, err := t.renderComment(head)
	if err != nil {
		return err
	}
	if body == "" {
		head.Sent = ""
		t.result.Withdraw = append(t.result.Withdraw, commentSlot(head))
		return nil
	}
	if print := fingerprint(body); before == nil || print != head.Sent {
		head.Sent = print
		t.plan(store.Action{Kind: "github.create_comment", Slot: commentSlot(head), Priority: mirror, At: head.At, Answer: true, Unsure: head.Found,
			Body: encode(github.CreateComment{Number: t.row.Issue, Ticket: t.row.ID, Message: messageID(head), Body: body})})
	}
	return nil
}

// adopt takes up an issue that a forgotten ticket opened, with its comments: what has a comment stands there. What has
// none stands where it stood if it was written before the issue was opened, and gets a comment of its own if later.
func (t *ticket) adopt(issue github.Issue) {
	part := bodyPart
	for _, m := range t.messages {
		if !t.inThread(m) || m.Deleted {
			continue
		}
		id := messageID(m)
		m.Comment, m.Sent, m.Stale = issue.Comments[id], "", true
		switch {
		case m.Comment != 0:
			part, m.Part = id, id
		case m.At.After(issue.Opened):
			m.Part = id
		default:
			m.Part = part
		}
	}
}

func (t *ticket) editComment(head *store.Message) error {
	body, err := t.renderComment(head)
	if err == nil && body == "" { // what is there already is replaced by why it may not be shown any more
		body, err = t.renderMessage(head)
	}
	if err != nil {
		return err
	}
	print := fingerprint(body)
	if print == head.Sent {
		return nil
	}
	head.Sent = print
	t.plan(store.Action{Kind: "github.edit_comment", Slot: "edit:" + messageID(head), Priority: mirror,
		Body: encode(github.EditComment{ID: head.Comment, Ticket: t.row.ID, Message: messageID(head), Body: body})})
	return nil
}

func commentSlot(m *store.Message) string { return "comment:" + messageID(m) }

// messageID names a message, as the marker of its comment does.
func messageID(m *store.Message) string { return m.Team + "/" + m.Channel + "/" + m.TS }

// commented takes note of the comment that holds a part.
func (t *ticket) commented(a store.Answer) error {
	var asked github.CreateComment
	if err := t.view.Payload(a.Action, &asked); err != nil {
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
		switch {
		case a.State == store.Withdrawn:
			m.Sent, m.Stale, m.Found = "", true, false // to be planned anew, and surely not there
		case comment.Found && m.Found:
			m.Sent, m.Stale = "", true // it may be one that we forgot, with an older text
		}
	}
	return nil
}
