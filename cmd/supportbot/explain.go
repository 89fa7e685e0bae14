package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"supportbot/bot"
	"supportbot/store"
)

// explainCmd shows what happened to a ticket, and why.
type explainCmd struct {
	configFlag
	What string `arg:"" name:"issue-link-or-id" help:"The number or the link of the issue, the link of a message in its thread (in Slack: Copy link), or the ticket's id, as people are told to quote it."`
}

func (explainCmd) Help() string {
	return `Prints the events and actions of a ticket in order: what happened, what the bot decided and planned, and how that ended; below what it wrote, or in observe mode would have written, its text. It only reads, and may be used while the bot runs.

What "supportbot parked list" names can be given too: ticket:… for the ticket with that id, alarm:… for what operators were told.`
}

func (x explainCmd) Run(e *environment) error {
	what := strings.Trim(x.What, " <>`")
	return x.read(func(db *store.DB) error {
		return db.View(func(v *store.View) error {
			if strings.HasPrefix(what, bot.AlarmPrefix) {
				return explainAlarm(e.stdout, v, what)
			}
			t, err := findTicket(v, what)
			if err != nil {
				return err
			}
			return explain(e.stdout, v, t)
		})
	})
}

var (
	messageLink = regexp.MustCompile(`/archives/([A-Z0-9]+)/p(\d{10})(\d{6})/?$`)
	issueLink   = regexp.MustCompile(`/issues/(\d+)/?$`)
	ticketID    = regexp.MustCompile(`^(?:ticket:)?([a-z0-9]{26})$`)
)

// findTicket finds a ticket by the number or the link of its issue, by the link of a message in its thread, or by its id.
func findTicket(v *store.View, what string) (*store.Ticket, error) {
	if number, err := strconv.Atoi(strings.TrimPrefix(what, "#")); err == nil {
		return ticketByIssue(v, number)
	}
	if m := ticketID.FindStringSubmatch(strings.ToLower(what)); m != nil {
		return ticketByID(v, m[1])
	}
	link, err := url.Parse(what)
	if err != nil {
		return nil, neither(what)
	}
	if m := issueLink.FindStringSubmatch(link.Path); m != nil && link.Host != "" {
		return ticketByLink(v, m[1], strings.TrimSuffix(link.Scheme+"://"+link.Host+link.Path, "/"))
	}
	if m := messageLink.FindStringSubmatch(link.Path); m != nil {
		return ticketByMessage(v, m[1], cmp.Or(link.Query().Get("thread_ts"), m[2]+"."+m[3]))
	}
	return nil, neither(what)
}

func neither(what string) error {
	return usageError{fmt.Errorf("%s is neither the number of an issue, such as 123, nor its link, the link of a Slack message (in Slack: Copy link), or a ticket's id", quoted(what))}
}

func ticketByID(v *store.View, id string) (*store.Ticket, error) {
	t, err := v.Ticket(id)
	if t == nil && err == nil {
		err = fmt.Errorf("no ticket has the id %s, as far as the bot's database says: "+
			"give the number or the link of its issue, or the link of a message in its thread (in Slack: Copy link)", id)
	}
	return t, err
}

func ticketByMessage(v *store.View, channel, ts string) (*store.Ticket, error) {
	t, err := v.TicketByThread(channel, ts)
	if t == nil && err == nil {
		err = errors.New("no ticket has the thread of that message: nobody mentioned us there, or the bot did not hear it; is it a member of that channel?")
	}
	return t, err
}

func ticketByIssue(v *store.View, number int) (*store.Ticket, error) {
	t, err := v.TicketByIssue(number)
	if t == nil && err == nil {
		err = fmt.Errorf("no ticket has issue %d: the bot opened none with this number, as far as its database says", number)
	}
	return t, err
}

// ticketByLink finds a ticket by the link of its issue, which may be of another repository.
func ticketByLink(v *store.View, digits, address string) (*store.Ticket, error) {
	number, err := strconv.Atoi(digits)
	if err != nil {
		return nil, neither(address)
	}
	t, err := ticketByIssue(v, number)
	if err == nil && !strings.EqualFold(t.URL, address) {
		err = fmt.Errorf("no ticket has issue %s: number %d is %s here", address, number, t.URL)
	}
	return t, err
}

// A step is a line of the history of a ticket or an alarm.
type step struct {
	at   time.Time
	text string
	says string // the words of what is written to people, for a line of its own
}

func explain(w io.Writer, v *store.View, t *store.Ticket) error {
	steps, err := stepsOf(v, "ticket:"+t.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "Ticket %s is %s.", t.ID, t.State)
	if t.Issue != 0 {
		fmt.Fprintf(w, " Issue %d: %s", t.Issue, t.URL)
	}
	fmt.Fprintf(w, "\nThread %s in %s, asked by %s, answered in %q. Times are UTC.\n\n",
		t.Thread, named(v, "#", t.Channel), named(v, "", t.Requester), t.Language)
	writeSteps(w, steps)
	return nil
}

func explainAlarm(w io.Writer, v *store.View, subject string) error {
	steps, err := stepsOf(v, subject)
	switch {
	case err != nil:
		return err
	case len(steps) == 0:
		return fmt.Errorf("there never was %s, as far as the bot's database says", quoted(subject))
	}
	fmt.Fprintf(w, "%s. Times are UTC.\n\n", subject)
	writeSteps(w, steps)
	return nil
}

// stepsOf is the history of a subject.
func stepsOf(v *store.View, subject string) ([]step, error) {
	events, err := v.Events(subject)
	if err != nil {
		return nil, err
	}
	actions, err := v.Actions(subject)
	return allSteps(events, actions), err
}

func writeSteps(w io.Writer, steps []step) {
	for _, s := range steps {
		fmt.Fprintf(w, "%s  %s\n", s.at.Format("2006-01-02 15:04:05.000"), printable(s.text))
		if s.says != "" {
			fmt.Fprintf(w, "%s  %s\n", strings.Repeat(" ", len("2006-01-02 15:04:05.000")), printable(s.says))
		}
	}
}

// named is an id with the name that people know, if the bot knows it too.
func named(v *store.View, sign, id string) string {
	entry, err := v.Entry(id)
	if err != nil || entry == nil || entry.Unknown || entry.Name == "" {
		return id
	}
	return fmt.Sprintf("%s%s (%s)", sign, printable(entry.Name), id)
}

// allSteps is all steps in order. Of those of one moment each comes after what it follows from: an answer after its
// action, and an action after the event that it was planned for.
func allSteps(events []store.Event, actions []store.Action) (steps []step) {
	open := map[int64]store.Action{}
	for _, a := range actions {
		open[a.ID] = a
	}
	for _, e := range events {
		answer := answerOf(e)
		if a, is := open[answer.Action]; is {
			steps = append(steps, actionSteps(a)...)
			delete(open, a.ID)
		}
		steps = append(steps, eventSteps(e, answer)...)
	}
	for _, a := range actions {
		if _, is := open[a.ID]; is {
			steps = append(steps, actionSteps(a)...)
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return a.at.Compare(b.at) })
	return steps
}

// answerOf is the answer that an event is, the zero Answer if it is none.
func answerOf(e store.Event) (a store.Answer) {
	if e.Kind != store.Answered || json.Unmarshal(e.Body, &a) != nil {
		return store.Answer{}
	}
	return a
}

func eventSteps(e store.Event, answer store.Answer) (steps []step) {
	about := e.Key
	if answer.Kind != "" {
		about = fmt.Sprintf("%s is %s", answer.Kind, answer.State)
	}
	steps = []step{{at: e.TakenAt, text: fmt.Sprintf("event   %-14s %s (happened %s)", e.Kind, about, e.At.Format("15:04:05.000"))}}
	switch {
	case e.State == store.Dropped:
		return append(steps, step{at: e.DecidedAt, text: fmt.Sprintf("dropped %-14s %s, by an operator (%s)", e.Kind, about, e.Error)})
	case !e.DecidedAt.IsZero():
		return append(steps, step{at: e.DecidedAt, text: fmt.Sprintf("decided %-14s %s", e.Kind, about)})
	case e.Tries > 0:
		return append(steps, step{at: e.TakenAt, text: fmt.Sprintf("        %s after %d tries: %s", e.State, e.Tries, e.Error)})
	}
	return steps
}

func actionSteps(a store.Action) (steps []step) {
	steps = []step{{at: a.PlannedAt, text: fmt.Sprintf("planned %s%s", a.Kind, inSlot(a)), says: wording(a)}}
	if !a.Started.IsZero() {
		steps = append(steps, step{at: a.Started, text: fmt.Sprintf("began   %s%s%s", a.Kind, inSlot(a), claims(a))})
	}
	end := fmt.Sprintf("%-7s %s%s", a.State, a.Kind, inSlot(a))
	if len(a.Result) > 0 {
		end += ": " + shortLine(string(a.Result))
	}
	if a.Error != "" {
		end += " (" + a.Error + ")"
	}
	switch {
	case !a.FinishedAt.IsZero():
		return append(steps, step{at: a.FinishedAt, text: end})
	case a.Tries > 0:
		return append(steps, step{at: a.NotBefore, text: fmt.Sprintf("next    %s%s, attempt %d (%s)", a.Kind, inSlot(a), a.Tries+1, a.Error)})
	}
	return steps
}

// claims says how often an action was taken in hand, if that was more than once.
func claims(a store.Action) string {
	if a.Epoch < 2 {
		return ""
	}
	return fmt.Sprintf(", claim %d", a.Epoch)
}

// wording is the beginning of what an action writes, "" if it only reads.
func wording(a store.Action) string {
	var says struct{ Title, Body, Text string }
	if json.Unmarshal(a.Body, &says) != nil {
		return ""
	}
	words := slices.DeleteFunc([]string{says.Title, says.Body, says.Text}, func(s string) bool { return s == "" })
	return shortLine(strings.Join(words, " | "))
}

// lineLength is how much of a text is shown; all of it is in the database.
const lineLength = 240

// shortLine is the beginning of a text, in one line.
func shortLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > lineLength {
		return string(r[:lineLength]) + "…"
	}
	return s
}

func inSlot(a store.Action) string {
	if a.Slot == "" {
		return ""
	}
	return " [" + a.Slot + "]"
}
