package support

import (
	"encoding/json"
	"slices"
	"time"

	"supportbot/bot"
	"supportbot/integrations/github"
	"supportbot/store"
)

// A teamQuestion is the payload of a read of the groups that a click waits for.
type teamQuestion struct {
	Click bot.Click `json:"click"`
}

// clicked publishes what the clicker wrote, or asks Slack, afresh, who is in the support team.
func (t *ticket) clicked() error {
	var c bot.Click
	if err := json.Unmarshal(t.event.Body, &c); err != nil || !t.opened() {
		return err
	}
	if c.Action == publish {
		return t.agree(c)
	}
	if !t.closable() {
		return nil
	}
	t.plan(store.Action{Kind: "slack.read_groups", Priority: tell, Answer: true, Body: encode(teamQuestion{c})})
	return nil
}

// judge has the issue closed if who clicked is in the support team.
func (t *ticket) judge(c bot.Click, a store.Answer) error {
	if !t.closable() {
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

// closable says whether the issue is there, open, and not being closed.
func (t *ticket) closable() bool { return t.row.State == store.TicketOpen && t.row.ClosedBy == "" }

// close has the issue closed. If that takes a while the thread is told.
func (t *ticket) close(c bot.Click) error {
	t.row.ClosedBy, t.row.TellAt = c.User, t.event.TakenAt.Add(tellAfter)
	t.plan(store.Action{Kind: "github.close_issue", Slot: "state", Priority: tell, Answer: true,
		Body: encode(github.CloseIssue{Number: t.row.Issue, Reason: "not_planned", RemoveLabels: []string{turnTeam}})})
	return nil
}

// closed tells the thread that its issue is closed.
func (t *ticket) closed() error {
	t.row.State, t.row.TellAt = store.TicketClosed, time.Time{}
	return t.show("closed", nil)
}

// notClosed tells the thread that GitHub refused to close its issue.
func (t *ticket) notClosed(a store.Answer) error {
	t.row.ClosedBy, t.row.TellAt = "", time.Time{}
	t.alarm("refused:close:"+t.row.ID, t.refusal(a.Kind))
	return t.show("close_failed", nil)
}
