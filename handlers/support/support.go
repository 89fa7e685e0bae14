// Package support makes tickets of mentions: one Slack thread, one GitHub issue. It decides for "ticket:"
// subjects and calls nothing.
package support

import (
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
}

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
	h := handler{o, texts}
	return bot.Handler{
		Prefix:  prefix,
		Help:    "Mention @support in a public channel: a GitHub issue is opened for it, and its link posted in the thread.",
		Needs:   needs,
		Mode:    o.Mode,
		Message: h.message,
		Click:   h.click,
		Decide:  h.decide,
	}, nil
}

var needs = []slack.Need{{
	Scope: "channels:history", Events: []string{"message.channels"},
	Why: "hear when somebody asks for support in a public channel that the bot is in",
}}

type handler struct {
	Options
	texts *catalog
}

// mentionWindow is for how long after a message was written an edit can still turn it into a request.
const mentionWindow = 24 * time.Hour

// message takes versions of messages that mention us, now or before, and of those that a ticket has already.
func (h handler) message(v *store.View, m bot.Message, id string) (store.Taken, error) {
	if _, named := h.Bots[m.Sender]; m.Bot && !named {
		return store.Taken{}, nil
	}
	ticket, err := v.TicketOfMessage(m.Team, m.Channel, m.TS)
	if ticket != "" || err != nil {
		return taken(m, ticket), err
	}
	if !m.Mentions && !m.Mentioned || editedAfter(m) > mentionWindow {
		return store.Taken{}, nil
	}
	thread, err := v.Thread(m.Team, m.Channel, m.Thread)
	if err != nil {
		return store.Taken{}, err
	}
	if thread != nil {
		return taken(m, thread.Ticket), nil
	}
	return h.newThread(v, m, id)
}

// newThread gives a thread its ticket: a new one, or, over the sender's limit, the one that gathers the flood.
func (h handler) newThread(v *store.View, m bot.Message, id string) (store.Taken, error) {
	thread := store.Thread{Team: m.Team, Channel: m.Channel, TS: m.Thread, Ticket: id, Sender: m.Sender, At: m.At}
	limit := h.Limit
	if m.Bot {
		limit = h.Bots[m.Sender]
	}
	if limit > 0 && !m.Shared && !m.Private { // what is refused anyway is not gathered
		count, gathering, err := v.ThreadsOf(m.Sender, m.At.Add(-floodWindow), m.At)
		if err != nil {
			return store.Taken{}, err
		}
		thread.Flood = count >= limit
		if thread.Flood && gathering != "" {
			thread.Ticket = gathering
		}
	}
	t := taken(m, thread.Ticket)
	t.Threads = []store.Thread{thread}
	return t, nil
}

// floodWindow is the time in which a sender's tickets are counted.
const floodWindow = 10 * time.Minute

// click takes presses of our buttons, if they come from the thread of the ticket that they name.
func (h handler) click(v *store.View, c bot.Click) (store.Taken, error) {
	if c.Action != notARequest {
		return store.Taken{}, nil
	}
	thread, err := v.Thread(c.Team, c.Channel, c.Thread)
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
