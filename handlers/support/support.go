// Package support makes tickets of mentions: one Slack thread, one GitHub issue. It decides for "ticket:"
// subjects and calls nothing.
package support

import (
	"cmp"
	"slices"
	"time"

	"supportbot/bot"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// Options are what the team sets.
type Options struct {
	Mode      bot.Mode
	Group     string         // id of the support group
	BotUser   string         // our own user id: a mention of it is one of the group
	Workspace string         // address of the workspace, to build permalinks
	Limit     int            // tickets per sender in ten minutes; 0 is no limit
	Bots      map[string]int // ids of the bots whose posts are requests, with limits of their own
	Handover  Handover       // how to hand a secret over safely
	Private   Private        // what becomes of text from private talk
	Shared    []string       // ids of channels shared with other companies from where issues are opened all the same
}

// Private says what becomes of text from private channels, group messages and direct messages.
type Private string

// The settings for private talk.
const (
	LinkOnly Private = "link-only" // it never goes into an issue
	Ask      Private = "ask"       // it goes into one when its author agrees
	Full     Private = "full"      // it does, as other text
)

// A Handover says, in each language, how to hand a secret over safely.
type Handover struct{ English, Japanese string }

// labels are what every ticket's issue carries at first.
var labels = [...]string{"support", "medium:slack", turnTeam}

const turnTeam = "turn:team"

const prefix = "ticket:"

// New returns the handler.
func New(o Options) (bot.Handler, error) {
	texts, err := loadCatalog()
	if err != nil {
		return bot.Handler{}, err
	}
	h := handler{o, texts, &zones{}}
	return bot.Handler{
		Prefix:  prefix,
		Help:    "Mention @support, or write to the bot directly: a GitHub issue is opened for it, and its link posted in the thread.",
		Needs:   needs,
		Mode:    o.Mode,
		Message: h.message,
		Click:   h.click,
		Decide:  h.decide,
	}, nil
}

var needs = []slack.Need{
	{Scope: "channels:history", Events: []string{"message.channels"}, Why: "hear when somebody asks for support in a public channel that the bot is in"},
	{Scope: "groups:history", Events: []string{"message.groups"}, Why: "hear when somebody asks for support in a private channel that the bot is in"},
	{Scope: "im:history", Events: []string{"message.im"}, Why: "hear what is written to the bot directly"},
	{Scope: "mpim:history", Events: []string{"message.mpim"}, Why: "hear when somebody asks for support in a group message that the bot is in"},
}

type handler struct {
	Options
	texts catalog
	zones *zones
}

// mentionWindow is for how long after a message was written an edit can still turn it into a request.
const mentionWindow = 24 * time.Hour

// message takes versions of messages that mention us, now or before, that are written to us directly, and all
// that stand in a ticket's thread.
func (h handler) message(v *store.View, m bot.Message, id string) (store.Taken, error) {
	if m.Shared && !h.listed(m.Channel) && !m.Mentions && !m.Mentioned && !m.Direct {
		return known(v, m) // other companies' talk is none of ours
	}
	ticket, err := ticketOf(v, m)
	if ticket != "" || err != nil {
		return taken(m, ticket), err
	}
	if !h.asks(m) {
		return store.Taken{}, nil
	}
	return h.newThread(v, m, id)
}

// known takes a message only if its ticket has an earlier version of it, which may be in the issue.
func known(v *store.View, m bot.Message) (store.Taken, error) {
	ticket, err := v.TicketOfMessage(m.Team, m.Channel, m.TS)
	if ticket == "" || err != nil {
		return store.Taken{}, err
	}
	return taken(m, ticket), nil
}

// ticketOf returns the ticket that has a message or its thread, empty if none does.
func ticketOf(v *store.View, m bot.Message) (string, error) {
	thread, err := v.Thread(m.Team, m.Channel, m.Thread)
	if thread != nil {
		return thread.Ticket, err
	}
	if err != nil {
		return "", err
	}
	return v.TicketOfMessage(m.Team, m.Channel, m.TS)
}

// asks says whether a message in a thread that we don't know is a request.
func (h handler) asks(m bot.Message) bool {
	switch _, named := h.Bots[m.Sender]; {
	case m.Bot && !named:
		return false
	case m.Direct:
		return !m.Bot && m.Sender != slack.Slackbot
	case !m.Mentions && !m.Mentioned:
		return false
	}
	return m.Found || editedAfter(m) <= mentionWindow // of what was found, nobody saw the first version
}

// listed says whether the team lets issues be opened from a channel that is shared with other companies.
func (h handler) listed(channel string) bool { return slices.Contains(h.Shared, channel) }

// newThread gives a thread its ticket: a new one, the one of the conversation that it goes on with, or, over the
// sender's limit, the one that gathers the flood.
func (h handler) newThread(v *store.View, m bot.Message, id string) (store.Taken, error) {
	thread := store.Thread{Team: m.Team, Channel: m.Channel, TS: m.Thread, Ticket: id, Sender: m.Sender, At: m.At}
	if err := h.goesOn(v, m, &thread); err != nil {
		return store.Taken{}, err
	}
	if thread.Ticket == id {
		if err := h.gather(v, m, &thread); err != nil {
			return store.Taken{}, err
		}
	}
	t := taken(m, thread.Ticket)
	t.Threads = []store.Thread{thread}
	return t, nil
}

// gather puts a thread over its sender's limit into the ticket that gathers them.
func (h handler) gather(v *store.View, m bot.Message, thread *store.Thread) error {
	limit := h.Limit
	if m.Bot {
		limit = h.Bots[m.Sender]
	}
	if limit == 0 || m.Shared && !h.listed(m.Channel) { // what is refused anyway is not gathered
		return nil
	}
	count, gathering, err := v.ThreadsOf(m.Sender, m.At.Add(-floodWindow), m.At)
	if err != nil {
		return err
	}
	thread.Flood = count >= limit
	if thread.Flood && gathering != "" {
		thread.Ticket = gathering
	}
	return nil
}

// floodWindow is the time in which a sender's tickets are counted.
const floodWindow = 10 * time.Minute

// click takes presses of our buttons, if they come from a thread of the ticket that they name.
func (h handler) click(v *store.View, c bot.Click) (store.Taken, error) {
	if c.Action != notARequest && c.Action != publish {
		return store.Taken{}, nil
	}
	thread, err := v.Thread(c.Team, c.Channel, cmp.Or(c.Thread, c.Message))
	if err != nil || thread == nil || thread.Ticket != c.Value {
		return store.Taken{}, err
	}
	return store.Taken{Events: []store.Event{{
		Key: c.Key(), Subject: prefix + thread.Ticket, Kind: clickEvent, At: c.At, Body: encode(c),
	}}}, nil
}

// Kinds of event of a ticket, beside the machine's own.
const (
	messageEvent = "message"
	clickEvent   = "click"
)

func taken(m bot.Message, ticket string) store.Taken {
	return store.Taken{Events: []store.Event{{
		Key: m.Key(), Subject: prefix + ticket, Kind: messageEvent, At: m.At, Body: encode(m),
	}}}
}

// editedAfter is how long after it was written m's version was made.
func editedAfter(m bot.Message) time.Duration {
	at, err := bot.ParseTS(m.Edited)
	if err != nil {
		return 0
	}
	return at.Sub(m.At)
}
