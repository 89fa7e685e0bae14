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

// answered takes in what became of one of the ticket's actions.
func (t *ticket) answered() error {
	var a store.Answer
	if err := json.Unmarshal(t.event.Body, &a); err != nil {
		return err
	}
	switch a.Kind {
	case "github.create_issue":
		return t.opened(a)
	case "github.create_comment":
		return t.commented(a)
	case "github.close_issue":
		return t.closed(a)
	case "slack.read_groups":
		var asked teamQuestion
		if err := json.Unmarshal(a.Body, &asked); err != nil {
			return err
		}
		if asked.Click.User != "" {
			return t.judge(asked.Click, a)
		}
	}
	return t.named(a)
}

// opened tells the thread its issue.
func (t *ticket) opened(a store.Answer) error {
	if a.State == store.Failed {
		t.alarm("issue-refused:"+t.row.ID, fmt.Sprintf("GitHub did not accept the issue of ticket %s: %s", t.row.ID, a.Error))
		return t.fail()
	}
	var issue github.Issue
	if err := json.Unmarshal(a.Result, &issue); err != nil {
		return err
	}
	t.row.State, t.row.Issue, t.row.URL, t.row.TellAt = store.TicketOpen, issue.Number, issue.URL, time.Time{}
	for _, m := range t.messages {
		m.Answered = true // by the reply
	}
	if a.State == store.Done && lacks(issue.Labels, labels[:]) {
		t.alarm("github-labels", fmt.Sprintf("GitHub dropped the labels of issue %d: the bot's account needs the right to label (triage or write) in the repository.", issue.Number))
	}
	return t.show("received", t.receipt)
}

func lacks(have, want []string) bool {
	return slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(have, w) })
}

// alarm tells the operators.
func (t *ticket) alarm(what, text string) {
	t.result.Emit = append(t.result.Emit, bot.AlarmEvent(what, text, fmt.Sprint(t.event.ID), t.event.At))
}

// gather makes a comment of a message that the flood guard put into this ticket, and tells its thread.
func (t *ticket) gather(m *store.Message) error {
	place := m.Place
	slot := m.Channel + ":" + m.TS
	if place != "" {
		if m.Answered {
			return nil
		}
		m.Answered = true
		return t.showIn(m, "refused:"+slot, place)
	}
	if m.Deleted && m.Sent == "" {
		return nil
	}
	body, err := t.renderMessage(m, "issue_added")
	if err != nil {
		return err
	}
	print := fingerprint(body)
	if print == m.Sent {
		return nil
	}
	first := m.Sent == ""
	if m.Comment != 0 {
		m.Sent = print
		t.plan(store.Action{Kind: "github.edit_comment", Slot: "edit:" + slot, Priority: mirror, Body: encode(github.EditComment{
			ID: m.Comment, Ticket: t.row.ID, Message: messageID(m), Body: body,
		})})
		return nil
	}
	planned, err := t.view.InSlot(t.event.Subject, "comment:"+slot)
	if err != nil {
		return err
	}
	if planned != nil && planned.State != store.Planned {
		return nil // begun: its answer brings us here again
	}
	m.Sent = print
	t.plan(store.Action{Kind: "github.create_comment", Slot: "comment:" + slot, Priority: mirror, At: m.At, Answer: true,
		Body: encode(github.CreateComment{Number: t.row.Issue, Ticket: t.row.ID, Message: messageID(m), Body: body})})
	if !first {
		return nil
	}
	t.alarm("flood:"+t.row.ID, fmt.Sprintf("%s mentions us very often; what is over the limit is gathered in issue %d.", m.Sender, t.row.Issue))
	return t.showIn(m, "gathered:"+slot, "gathered")
}

// messageID names a message, as the marker of its comment does.
func messageID(m *store.Message) string { return m.Team + "/" + m.Channel + "/" + m.TS }

// commented takes note of the comment that holds a message.
func (t *ticket) commented(a store.Answer) error {
	var asked github.CreateComment
	if err := json.Unmarshal(a.Body, &asked); err != nil || a.State == store.Failed {
		return err
	}
	var comment github.Comment
	if err := json.Unmarshal(a.Result, &comment); err != nil {
		return err
	}
	for _, m := range t.messages {
		if messageID(m) == asked.Message {
			m.Comment = comment.ID
		}
	}
	return nil
}

// A teamQuestion is the payload of a read of the groups that a click waits for.
type teamQuestion struct {
	Click bot.Click `json:"click"`
}

// clicked asks Slack, afresh, who is in the support team.
func (t *ticket) clicked() error {
	var c bot.Click
	if err := json.Unmarshal(t.event.Body, &c); err != nil || t.row.State != store.TicketOpen {
		return err
	}
	t.plan(store.Action{Kind: "slack.read_groups", Priority: tell, Answer: true, Body: encode(teamQuestion{c})})
	return nil
}

// judge closes the ticket if who clicked is in the support team.
func (t *ticket) judge(c bot.Click, a store.Answer) error {
	if t.row.State != store.TicketOpen {
		return nil
	}
	groups, err := groupsOf(a)
	if err != nil {
		return err
	}
	if a.State != store.Done {
		return t.whisper(c, "team_unknown")
	}
	for _, g := range groups {
		if g.ID == t.Group && !g.Disabled && slices.Contains(g.Members, c.User) {
			return t.close(c)
		}
	}
	return t.whisper(c, "team_only")
}

func (t *ticket) close(c bot.Click) error {
	t.row.State, t.row.ClosedBy = store.TicketClosed, c.User
	t.plan(store.Action{Kind: "github.close_issue", Slot: "state", Priority: tell, Answer: true,
		Body: encode(github.CloseIssue{Number: t.row.Issue, Reason: "not_planned", RemoveLabels: []string{turnTeam}})})
	return t.show("closed", nil)
}

// closed takes the closing back if GitHub refused it.
func (t *ticket) closed(a store.Answer) error {
	if a.State != store.Failed {
		return nil
	}
	t.row.State, t.row.ClosedBy = store.TicketOpen, ""
	t.alarm("close-refused", fmt.Sprintf("GitHub did not let us close issue %d: %s", t.row.Issue, a.Error))
	return t.show("close_failed", nil)
}
