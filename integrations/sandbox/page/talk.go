package page

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"supportbot/integrations/sandbox"
)

// sidebar is the list of conversations.
type sidebar struct {
	*place
	Channels []room
	Direct   []room
}

// A room is a conversation in the list.
type room struct {
	Name   string
	Href   string
	Sign   string // before its name
	Note   string // what a screen reader is told of the sign
	On     bool
	Unread int
	Told   string // what a screen reader is told of the number
}

func (p *Page) sidebar(at *place) sidebar {
	s := sidebar{place: at}
	for _, c := range at.names.channels {
		if c.Archived || !slices.Contains(c.Members, at.Me.ID) {
			continue
		}
		r := room{Name: at.names.channelLabel(c, at.Me.ID), Href: at.In(c.ID), On: c.ID == at.Channel.ID, Unread: p.unread(at, c.ID), Told: at.T("unread")}
		switch {
		case c.IM:
			r.Sign = botSign
		case c.MPIM:
			r.Sign, r.Note = "👥", at.T("group")
		case c.Private:
			r.Sign, r.Note = "🔒", at.T("private")
		case c.ExtShared:
			r.Sign, r.Note = "🤝", at.T("shared")
		default:
			r.Sign = "#"
		}
		if c.IM || c.MPIM {
			s.Direct = append(s.Direct, r)
		} else {
			s.Channels = append(s.Channels, r)
		}
	}
	if !slices.ContainsFunc(s.Direct, func(r room) bool { return r.Sign == botSign }) {
		s.Direct = append(s.Direct, room{Name: at.names.botName(), Href: at.In("bot"), Sign: botSign})
	}
	byName := func(a, b room) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortFunc(s.Channels, byName)
	slices.SortFunc(s.Direct, byName)
	return s
}

// botSign stands before the bot in the list.
const botSign = "🤖"

func (n names) botName() string {
	for _, p := range n.order {
		if p.Bot {
			return p.DisplayName
		}
	}
	return ""
}

// unread counts the messages of a channel that are newer than what a person has seen there.
func (p *Page) unread(at *place, channel string) (n int) {
	p.mu.Lock()
	seen, ever := p.seen[seenKey{at.Me.ID, channel}]
	p.mu.Unlock()
	c := at.names.channels[channel]
	direct := c.IM || c.MPIM
	for _, m := range p.Slack.History(channel) {
		if m.TS > seen && m.User != at.Me.ID && (m.ThreadTS == "" || m.ThreadTS == m.TS) && (ever || direct) {
			n++
		}
	}
	return n
}

// see notes that a person has seen a channel up to a message.
func (p *Page) see(person, channel, ts string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := seenKey{person, channel}
	p.seen[key] = max(p.seen[key], ts)
}

// A message is a message as one person sees it.
type message struct {
	*place
	ID        string // of its element
	TS        string
	Name      string
	Face      face
	App       bool
	When      string
	Full      string // the time in full
	Body      template.HTML
	Blocks    []block
	Files     []sandbox.File
	Forwards  []forward
	Edited    bool
	Gone      bool
	Only      bool // "only visible to you"
	Mine      bool
	Joined    bool // of Slack itself: somebody came
	Follows   bool // the same person's right after their last
	Typed     string
	Reactions []reaction
	Offered   []reaction
	Replies   int
	Last      string // when the last reply was
	Faces     []face // of who replied
	Shortcuts []Shortcut
	Beside    bool   // shown in the thread beside
	Thread    string // of what it is a part of, its own ts if of none
	Day       string // what to write above it, if a day begins
	Broadcast bool
}

// Open is the address of the message's thread.
func (m message) Open() string { return m.InThread(m.Channel.ID, m.Thread) }

// A forward is a message that was forwarded, or a preview of a link.
type forward struct {
	From string
	Text template.HTML

	Blocks []block
}

type reaction struct {
	Name  string
	Glyph string
	Count int
	Mine  bool
	Who   string
}

// talkModel is what a channel shows.
type talkModel struct {
	*place
	Messages []message
	Note     string // why nothing can be said here
}

func (p *Page) talk(at *place) talkModel {
	var shown []sandbox.Message
	for _, m := range p.Slack.History(at.Channel.ID) {
		if m.ThreadTS == "" || m.ThreadTS == m.TS || m.Subtype == "thread_broadcast" {
			shown = append(shown, m)
		}
	}
	if len(shown) > 0 && at.Pane != "list" {
		p.see(at.Me.ID, at.Channel.ID, shown[len(shown)-1].TS)
	}
	return talkModel{place: at, Messages: p.messages(at, shown, p.whispers(at, ""), false)}
}

// thread is the thread beside, nil if none is open.
func (p *Page) thread(at *place) *talkModel {
	if at.Thread == "" {
		return nil
	}
	return &talkModel{place: at, Messages: p.messages(at, p.Slack.Thread(at.Channel.ID, at.Thread), p.whispers(at, at.Thread), true)}
}

// whispers are what only this person sees, in the channel or in a thread of it.
func (p *Page) whispers(at *place, thread string) (found []sandbox.Message) {
	for _, m := range p.Slack.Ephemerals(at.Me.ID) {
		if m.Channel == at.Channel.ID && m.ThreadTS == thread && (m.Text != "" || m.Blocks != nil) {
			found = append(found, m)
		}
	}
	return found
}

func (p *Page) messages(at *place, said, whispers []sandbox.Message, inThread bool) (list []message) {
	all := slices.Concat(said, whispers)
	slices.SortStableFunc(all, func(a, b sandbox.Message) int { return cmp.Compare(a.TS, b.TS) })
	only := map[string]bool{}
	for _, m := range whispers {
		only[m.TS] = true
	}
	var last sandbox.Message
	day := ""
	for _, m := range all {
		shown := at.message(m, inThread, only[m.TS])
		shown.Shortcuts = p.messageShortcuts()
		if d := at.day(m.TS); d != day && !inThread {
			shown.Day, day = d, d
		}
		near := tsTime(m.TS).Sub(tsTime(last.TS)) < 5*time.Minute
		shown.Follows = last.User == m.User && last.BotID == m.BotID && near && shown.Day == "" && !shown.Only && !only[last.TS] && !shown.Joined && last.Subtype != "channel_join"
		last = m
		list = append(list, shown)
	}
	return list
}

func (at *place) message(m sandbox.Message, inThread, only bool) message {
	name := at.names.person(m.User)
	if m.User == "" {
		name = cmp.Or(m.Username, m.BotID)
	}
	when := tsTime(m.TS).In(at.zone)
	shown := message{
		place: at, ID: "m-" + m.TS, TS: m.TS, Name: name, App: m.BotID != "",
		Face: faceOf(cmp.Or(m.User, m.BotID), name, m.BotID != ""), When: when.Format("15:04"), Full: when.Format("2006-01-02 15:04:05"),
		Edited: m.Edited != nil, Gone: m.Subtype == "tombstone", Only: only, Mine: m.User == at.Me.ID && m.BotID == "" && !only,
		Joined: m.Subtype == "channel_join", Files: m.Files, Replies: m.ReplyCount, Beside: inThread,
		Thread: cmp.Or(m.ThreadTS, m.TS), Broadcast: m.Subtype == "thread_broadcast",
	}
	if inThread {
		shown.ID = "t-" + m.TS
	}
	if shown.Gone {
		return shown
	}
	in := container{At: at, TS: m.TS}
	if len(m.Blocks) > 0 {
		shown.Blocks = at.blocks(m.Blocks, in)
	} else {
		shown.Body = at.mrkdwn(m.Text)
	}
	if shown.Mine {
		shown.Typed = at.slack.Readable(m)
	}
	shown.Forwards = at.forwards(m.Attachments, in)
	at.react(&shown, m)
	if m.ReplyCount > 0 {
		shown.Last = tsTime(m.LatestReply).In(at.zone).Format("15:04")
		for _, u := range m.ReplyUsers {
			shown.Faces = append(shown.Faces, faceOf(u, at.names.person(u), at.names.people[u].Bot))
		}
	}
	return shown
}

func (at *place) forwards(attachments json.RawMessage, in container) (list []forward) {
	var all []struct {
		Author   string `json:"author_name"`
		AuthorID string `json:"author_id"`
		Title    string `json:"title"`
		Text     string `json:"text"`
		Fallback string `json:"fallback"`
		Blocks   json.RawMessage
	}
	if json.Unmarshal(attachments, &all) != nil {
		return nil
	}
	for _, a := range all {
		from := cmp.Or(a.Author, at.names.people[a.AuthorID].DisplayName, a.Title)
		f := forward{From: from, Blocks: at.blocks(a.Blocks, in)}
		if len(f.Blocks) == 0 {
			f.Text = at.mrkdwn(cmp.Or(a.Text, a.Fallback))
		}
		list = append(list, f)
	}
	return list
}

func (at *place) react(shown *message, m sandbox.Message) {
	have := map[string]bool{}
	for _, r := range m.Reactions {
		var who []string
		for _, u := range r.Users {
			who = append(who, at.names.person(u))
		}
		mine := slices.Contains(r.Users, at.Me.ID)
		have[r.Name] = mine
		shown.Reactions = append(shown.Reactions, reaction{r.Name, glyph(r.Name), r.Count, mine, strings.Join(who, ", ")})
	}
	for _, name := range quickReactions {
		if !have[name] {
			shown.Offered = append(shown.Offered, reaction{Name: name, Glyph: glyph(name)})
		}
	}
}

// day is the day of a message as it is written above the first of it.
func (at *place) day(ts string) string {
	t := tsTime(ts).In(at.zone)
	key := t.Format("2006-01-02")
	switch key {
	case at.today.Format("2006-01-02"):
		return at.T("today")
	case at.today.AddDate(0, 0, -1).Format("2006-01-02"):
		return at.T("yesterday")
	}
	if at.lang == "ja" {
		return t.Format("1月2日") + "（" + [...]string{"日", "月", "火", "水", "木", "金", "土"}[t.Weekday()] + "）"
	}
	return t.Format("Monday, 2 January")
}

// tsTime is the time of a ts.
func tsTime(ts string) time.Time {
	seconds, fraction, _ := strings.Cut(ts, ".")
	s, _ := strconv.ParseInt(seconds, 10, 64) // of the stand-in's own making
	micros, _ := strconv.ParseInt(fraction, 10, 64)
	return time.Unix(s, micros*1000)
}

// composers are the forms to write with.
type composers struct {
	Channel, Thread *composer
}

// A composer is a form to write a message with.
type composer struct {
	*place
	Thread  string
	Label   string
	Draft   string
	Handles string // JSON: what "@", "#" and "/" complete to
}

// composers are outside of what changes, so that nothing typed is lost.
func (p *Page) composers(at *place) composers {
	if at.Tab != "slack" || at.Channel.Archived {
		return composers{}
	}
	c := composers{Channel: &composer{
		place: at, Label: fmt.Sprintf(at.T("message_to"), at.Hash()+at.ChannelName()), Draft: at.Draft, Handles: at.handles(p.Commands),
	}}
	if at.Thread != "" { // where no command can be run
		c.Thread = &composer{place: at, Thread: at.Thread, Label: at.T("reply_label"), Handles: at.handles(nil)}
		c.Channel.Draft = ""
		c.Thread.Draft = at.Draft
	}
	return c
}

// A handle is what can be completed in the composer.
type handle struct {
	Insert string `json:"insert"`
	Name   string `json:"name"`
	Usage  string `json:"usage,omitempty"` // of a command
}

// handles is all that can be completed, as JSON.
func (at *place) handles(commands []Command) string {
	var list []handle
	for _, g := range at.names.groups {
		list = append(list, handle{Insert: "@" + g.Handle, Name: g.Name})
	}
	slices.SortFunc(list, func(a, b handle) int { return cmp.Compare(a.Insert, b.Insert) })
	for _, p := range at.names.order {
		list = append(list, handle{Insert: "@" + p.Name, Name: p.DisplayName})
	}
	for _, c := range at.names.channels {
		if !c.IM && !c.MPIM && slices.Contains(c.Members, at.Me.ID) {
			list = append(list, handle{Insert: "#" + c.Name, Name: at.Say(at.World.Topics[c.ID])})
		}
	}
	for _, c := range commands {
		list = append(list, handle{Insert: c.Name, Name: c.Description, Usage: c.Usage})
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic("page: handles: " + err.Error()) // strings only
	}
	return string(text)
}
