package support

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"supportbot/bot"
	"supportbot/integrations/github"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// answered takes in what became of one of the ticket's actions.
func (t *ticket) answered() error {
	var a store.Answer
	if err := json.Unmarshal(t.event.Body, &a); err != nil {
		return err
	}
	switch a.Kind {
	case "slack.read_person", "slack.read_channel":
		return t.named(a)
	case readFileKind:
		return t.fileRead(a)
	case bot.ReadThreadKind:
		return t.threadRead(a)
	case "slack.read_groups":
		var asked teamQuestion
		if err := t.view.Payload(a.Action, &asked); err != nil {
			return err
		}
		if asked.Click.User != "" {
			return t.judge(asked.Click, a)
		}
		return t.named(a)
	}
	if over, err := t.superseded(a); over || err != nil {
		return err
	}
	if a.State == store.Failed {
		return t.refused(a)
	}
	switch a.Kind {
	case "github.create_issue":
		return t.created(a)
	case "github.create_comment":
		return t.commented(a)
	case "github.close_issue":
		return t.closed()
	case "slack.notify":
		return t.notified(a)
	}
	return nil
}

// superseded says whether an action that did not succeed was planned anew since, by an event ahead of its answer.
func (t *ticket) superseded(a store.Answer) (bool, error) {
	if a.Slot == "" || a.State != store.Failed && a.State != store.Withdrawn {
		return false, nil
	}
	newest, err := t.view.InSlot(t.event.Subject, a.Slot)
	return newest != nil && newest.ID > a.Action, err
}

// created tells the thread its issue.
func (t *ticket) created(a store.Answer) error {
	if a.State == store.Withdrawn {
		t.row.Sent = "" // to be planned anew, and surely not there
		if main := t.message(t.row.Main); main != nil {
			main.Found = false
		}
		return nil
	}
	var issue github.Issue
	if err := json.Unmarshal(a.Result, &issue); err != nil {
		return err
	}
	t.row.State, t.row.Issue, t.row.URL, t.row.TellAt = store.TicketOpen, issue.Number, issue.URL, time.Time{}
	t.row.Observed = a.State == store.Observed
	if main := t.message(t.row.Main); main != nil && main.Found { // it may be an older issue that was found, with an older text
		t.row.Stale, t.row.Sent = true, ""
	}
	if issue.Ticket != "" {
		t.adopt(issue)
	}
	for _, m := range t.messages {
		if t.inThread(m) && m.Asks { // also if it does not just now: its mention may come back
			m.Answered = true // by the reply
		}
	}
	if err := t.checkLabels(issue); err != nil {
		return err
	}
	return t.receive()
}

// checkLabels tells the operators if the repository dropped the labels, until it doesn't any more.
func (t *ticket) checkLabels(issue github.Issue) error {
	const what = "github-labels"
	dropped := slices.ContainsFunc(labels[:], func(l string) bool { return !slices.Contains(issue.Labels, l) })
	if dropped {
		t.alarm(what, fmt.Sprintf("GitHub dropped the labels of %s. Give the bot's account the right to label in the repository (the role Write).", issue.URL))
		return nil
	}
	return t.calm(what)
}

// refused deals with an action that its service will not do. What nobody in the thread can mend, the operators
// are told.
func (t *ticket) refused(a store.Answer) error {
	switch a.Kind {
	case "github.create_issue":
		t.alarm("refused:issue:"+t.row.ID, t.refusal(a.Kind))
		return t.fail()
	case "github.close_issue":
		return t.notClosed(a)
	case "slack.whisper":
		return nil // who it was for has left
	}
	t.alarm("refused:"+a.Kind+":"+t.row.ID, t.refusal(a.Kind))
	return nil
}

// refusals says what was not accepted, by the kind of the action.
var refusals = map[string]string{
	"github.create_issue":   "GitHub did not accept the issue of this thread",
	"github.edit_issue":     "GitHub did not accept a change of this thread's issue",
	"github.close_issue":    "GitHub did not close the issue of this thread",
	"github.create_comment": "GitHub did not accept a comment for this thread's issue",
	"github.edit_comment":   "GitHub did not accept a change of a comment in this thread's issue",
	"slack.show":            "Slack did not accept an answer in this thread",
	"slack.notify":          "Slack did not accept a direct message about this thread",
}

// refusal tells the operators of an action that its service will not do.
func (t *ticket) refusal(kind string) string {
	what := cmp.Or(refusals[kind], kind+" was refused in this thread")
	return fmt.Sprintf("%s: %s. `supportbot explain %s` says why.", what, t.threadLink(), t.row.ID)
}

// threadLink is where the ticket's thread begins.
func (t *ticket) threadLink() string {
	return slack.Permalink(t.Workspace, t.row.Channel, t.row.Thread, "")
}

// calm tells the operators that the matter of an alarm is over, if there was one.
func (t *ticket) calm(what string) error {
	raised, err := t.view.Alarm(what)
	if raised.Lasts() {
		t.result.Emit = append(t.result.Emit, bot.ClearEvent(what, fmt.Sprint(t.event.ID), t.event.At))
	}
	return err
}

// alarm tells the operators.
func (t *ticket) alarm(what, text string) {
	t.result.Emit = append(t.result.Emit, bot.AlarmEvent(what, text, fmt.Sprint(t.event.ID), t.event.At))
}
