package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"supportbot/store"
)

// explainCmd shows what happened to a ticket, and why.
type explainCmd struct {
	configFlag
	What string `arg:"" name:"issue-or-link" help:"The number of the issue, or the link of a message in its thread (in Slack: Copy link)."`
}

func (explainCmd) Help() string {
	return `Prints the events and actions of a ticket in order. It only reads, and may be used while the bot runs.`
}

func (x explainCmd) Run(e *environment) error {
	return x.read(func(db *store.DB) error {
		return db.View(func(v *store.View) error {
			t, err := findTicket(v, x.What)
			if err != nil {
				return err
			}
			return explain(e.stdout, v, t)
		})
	})
}

var messageLink = regexp.MustCompile(`/archives/([A-Z0-9]+)/p(\d{10})(\d{6})$`)

// findTicket finds a ticket by the number of its issue or the link of a message in its thread.
func findTicket(v *store.View, what string) (*store.Ticket, error) {
	if number, err := strconv.Atoi(strings.TrimPrefix(what, "#")); err == nil {
		t, err := v.TicketByIssue(number)
		if t == nil && err == nil {
			err = fmt.Errorf("no ticket has issue %d", number)
		}
		return t, err
	}
	link, err := url.Parse(what)
	if err != nil {
		return nil, usageError{fmt.Errorf("%q is neither a number nor a link", what)}
	}
	m := messageLink.FindStringSubmatch(link.Path)
	if m == nil {
		return nil, usageError{fmt.Errorf("%q is neither the number of an issue nor the link of a Slack message", what)}
	}
	root := m[2] + "." + m[3]
	if thread := link.Query().Get("thread_ts"); thread != "" {
		root = thread
	}
	t, err := v.TicketByThread(m[1], root)
	if t == nil && err == nil {
		err = fmt.Errorf("no ticket has the thread of that message: nobody mentioned us there, or the bot did not hear it")
	}
	return t, err
}

// A step is a line of a ticket's history.
type step struct {
	at   time.Time
	text string
}

func explain(w io.Writer, v *store.View, t *store.Ticket) error {
	subject := "ticket:" + t.ID
	events, err := v.Events(subject)
	if err != nil {
		return err
	}
	actions, err := v.Actions(subject)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "Ticket %s is %s.", t.ID, t.State)
	if t.Issue != 0 {
		fmt.Fprintf(w, " Issue %d: %s", t.Issue, t.URL)
	}
	fmt.Fprintf(w, "\nThread %s/%s, asked by %s, answered in %q. Times are UTC.\n\n", t.Channel, t.Thread, t.Requester, t.Language)
	steps := slices.Concat(eventSteps(events), actionSteps(actions))
	slices.SortStableFunc(steps, func(a, b step) int { return a.at.Compare(b.at) })
	for _, s := range steps {
		fmt.Fprintf(w, "%s  %s\n", s.at.Format("2006-01-02 15:04:05.000"), s.text)
	}
	return nil
}

func eventSteps(events []store.Event) (steps []step) {
	for _, e := range events {
		about := e.Key
		if e.Kind == store.Answered {
			var a store.Answer
			if json.Unmarshal(e.Body, &a) == nil {
				about = fmt.Sprintf("%s is %s", a.Kind, a.State)
			}
		}
		steps = append(steps, step{e.TakenAt, fmt.Sprintf("event   %-14s %s (happened %s)", e.Kind, about, e.At.Format("15:04:05.000"))})
		switch {
		case e.State == store.Dropped:
			steps = append(steps, step{e.DecidedAt, fmt.Sprintf("dropped %-14s %s, by an operator (%s)", e.Kind, about, e.Error)})
		case !e.DecidedAt.IsZero():
			steps = append(steps, step{e.DecidedAt, fmt.Sprintf("decided %-14s %s", e.Kind, about)})
		case e.Tries > 0:
			steps = append(steps, step{e.TakenAt, fmt.Sprintf("        %s after %d tries: %s", e.State, e.Tries, e.Error)})
		}
	}
	return steps
}

func actionSteps(actions []store.Action) (steps []step) {
	for _, a := range actions {
		steps = append(steps, step{a.PlannedAt, fmt.Sprintf("planned %s%s", a.Kind, inSlot(a))})
		if !a.Started.IsZero() {
			steps = append(steps, step{a.Started, fmt.Sprintf("began   %s%s, claim %d", a.Kind, inSlot(a), a.Epoch)})
		}
		end := fmt.Sprintf("%-7s %s%s", a.State, a.Kind, inSlot(a))
		if len(a.Result) > 0 {
			end += ": " + string(a.Result)
		}
		if a.Error != "" {
			end += " (" + a.Error + ")"
		}
		switch {
		case !a.FinishedAt.IsZero():
			steps = append(steps, step{a.FinishedAt, end})
		case a.Tries > 0:
			steps = append(steps, step{a.NotBefore, fmt.Sprintf("next    %s%s, attempt %d (%s)", a.Kind, inSlot(a), a.Tries+1, a.Error)})
		}
	}
	return steps
}

func inSlot(a store.Action) string {
	if a.Slot == "" {
		return ""
	}
	return " [" + a.Slot + "]"
}
