package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// workspace is what a Slack workspace holds. Slack's mutex guards it.
type workspace struct {
	people     map[string]*Person
	channels   map[string]*Channel
	groups     map[string]*Group
	talks      map[string]*talk     // by channel
	ephemerals map[string][]Message // by person
	files      map[string]*File
	handles    map[string]element // "@support" and "#help" as the composer resolves them
	longest    int                // of handles, in bytes
	lastTS     int64              // microseconds
	hidden     int64              // microseconds: what was said before is shown no more
}

// A talk is what was said in one channel.
type talk struct {
	byTS    map[string]*Message
	top     []*Message            // what history shows: parents and broadcast replies, the oldest first
	replies map[string][]*Message // by thread_ts, the oldest first
}

// A Person is a member of the workspace, or somebody from outside whom it meets in a shared channel.
type Person struct {
	ID          string
	Name        string // handle, without "@"
	DisplayName string // Name if not set
	Email       string // Name@example.com if not set
	Locale      string // en-US if not set
	TZ          string // Asia/Tokyo if not set
	Guest       bool   // of some channels
	OneChannel  bool   // a guest of one channel only
	External    bool   // of another company: a stranger, without email and locale
	Bot         bool
	Deleted     bool // deactivated
	Away        bool // not active, so that ephemeral messages don't reach them
}

// A Channel is a conversation of any type. It is a public channel unless one of Private, IM and MPIM is set.
type Channel struct {
	ID        string
	Name      string // without "#"
	Private   bool
	IM        bool
	MPIM      bool
	ExtShared bool // with another company
	Archived  bool
	Members   []string // ids; the bot hears nothing where it isn't one
	Created   int64    // seconds since 1970; 2017 if not set
}

// A Group is a user group.
type Group struct {
	ID      string
	Handle  string // without "@"
	Name    string // Handle if not set
	Members []string
}

// A Message is a message as Slack stores and shows it.
type Message struct {
	Type         string          `json:"type"`
	Subtype      string          `json:"subtype,omitempty"`
	Hidden       bool            `json:"hidden,omitempty"`
	User         string          `json:"user,omitempty"`
	BotID        string          `json:"bot_id,omitempty"`
	AppID        string          `json:"app_id,omitempty"`
	BotProfile   *BotProfile     `json:"bot_profile,omitempty"`
	Username     string          `json:"username,omitempty"`
	Inviter      string          `json:"inviter,omitempty"`
	Text         string          `json:"text"`
	TS           string          `json:"ts"`
	ClientMsgID  string          `json:"client_msg_id,omitempty"`
	Team         string          `json:"team,omitempty"`
	Edited       *Edited         `json:"edited,omitempty"`
	Blocks       json.RawMessage `json:"blocks,omitempty"`
	Attachments  json.RawMessage `json:"attachments,omitempty"`
	Files        []File          `json:"files,omitempty"`
	Upload       bool            `json:"upload,omitempty"`
	ThreadTS     string          `json:"thread_ts,omitempty"`
	ParentUserID string          `json:"parent_user_id,omitempty"`
	ReplyCount   int             `json:"reply_count,omitempty"`
	ReplyUsers   []string        `json:"reply_users,omitempty"`
	LatestReply  string          `json:"latest_reply,omitempty"`
	Root         *Message        `json:"root,omitempty"` // of a thread_broadcast: its parent
	Reactions    []Reaction      `json:"reactions,omitempty"`
	Metadata     *Metadata       `json:"metadata,omitempty"`

	// In events, and in what the functions of Slack return; not in answers of the Web API.
	Channel     string `json:"channel,omitempty"`
	ChannelType string `json:"channel_type,omitempty"`
	EventTS     string `json:"event_ts,omitempty"`
}

// Edited says who last edited a message, and when: Slack gives whole seconds, so two edits can share a TS.
type Edited struct {
	User string `json:"user"`
	TS   string `json:"ts"`
}

// A BotProfile says which app's bot wrote a message.
type BotProfile struct {
	ID     string `json:"id"`
	AppID  string `json:"app_id"`
	Name   string `json:"name"`
	TeamID string `json:"team_id"`
}

// A Reaction is one emoji under a message.
type Reaction struct {
	Name  string   `json:"name"`
	Users []string `json:"users"`
	Count int      `json:"count"`
}

// Metadata is what an app hides in a message.
type Metadata struct {
	EventType    string          `json:"event_type"`
	EventPayload json.RawMessage `json:"event_payload,omitempty"`
}

// A channelKind is a type of conversation under its names in events and scopes.
type channelKind struct {
	event  string // channel_type, and after "message."
	scopes string // before ":history" and ":read"
	list   string // in the argument types
}

var (
	publicKind  = channelKind{event: "channel", scopes: "channels", list: "public_channel"}
	privateKind = channelKind{event: "group", scopes: "groups", list: "private_channel"}
	imKind      = channelKind{event: "im", scopes: "im", list: "im"}
	mpimKind    = channelKind{event: "mpim", scopes: "mpim", list: "mpim"}

	channelKinds = [...]channelKind{publicKind, privateKind, imKind, mpimKind}
)

func (c *Channel) kind() channelKind {
	switch {
	case c.IM:
		return imKind
	case c.MPIM:
		return mpimKind
	case c.Private:
		return privateKind
	}
	return publicKind
}

// public says whether everybody in the workspace can see c.
func (c *Channel) public() bool { return c.kind() == publicKind }

func (c *Channel) has(user string) bool { return slices.Contains(c.Members, user) }

func newWorkspace() workspace {
	return workspace{
		people:     map[string]*Person{},
		channels:   map[string]*Channel{},
		groups:     map[string]*Group{},
		talks:      map[string]*talk{},
		ephemerals: map[string][]Message{},
		files:      map[string]*File{},
		handles: map[string]element{
			"@here":     {Type: "broadcast", Range: "here"},
			"@channel":  {Type: "broadcast", Range: "channel"},
			"@everyone": {Type: "broadcast", Range: "everyone"},
		},
		longest: len("@everyone"),
	}
}

func (w *workspace) addHandle(handle string, e element) {
	w.handles[handle] = e
	w.longest = max(w.longest, len(handle))
}

// AddPerson adds p, or replaces who has its ID, without an event. It returns p as added, with an ID.
func (s *Slack) AddPerson(p Person) Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.addPerson(p)
}

func (s *Slack) addPerson(p Person) *Person {
	p.ID = cmp.Or(p.ID, s.newID("U"))
	p.DisplayName = cmp.Or(p.DisplayName, p.Name)
	p.Email = cmp.Or(p.Email, p.Name+"@example.com")
	p.Locale = cmp.Or(p.Locale, "en-US")
	p.TZ = cmp.Or(p.TZ, "Asia/Tokyo")
	s.people[p.ID] = &p
	s.addHandle("@"+p.Name, element{Type: "user", UserID: p.ID})
	s.addHandle("@"+p.DisplayName, element{Type: "user", UserID: p.ID})
	return &p
}

// AddChannel adds c, or replaces that with its ID and keeps its messages, without an event. It returns c as
// added, with an ID.
func (s *Slack) AddChannel(c Channel) Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.addChannel(c)
}

func (s *Slack) addChannel(c Channel) *Channel {
	prefix := "C"
	if c.IM {
		prefix = "D"
	}
	c.ID = cmp.Or(c.ID, s.newID(prefix))
	c.Members = slices.Clone(c.Members)
	s.channels[c.ID] = &c
	if s.talks[c.ID] == nil {
		s.talks[c.ID] = &talk{byTS: map[string]*Message{}, replies: map[string][]*Message{}}
	}
	if c.Name != "" {
		s.addHandle("#"+c.Name, element{Type: "channel", ChannelID: c.ID})
	}
	return &c
}

// AddGroup adds the user group g, or replaces that with its ID, without an event. It returns g as added, with
// an ID.
func (s *Slack) AddGroup(g Group) Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.addGroup(g)
}

func (s *Slack) addGroup(g Group) *Group {
	g.ID = cmp.Or(g.ID, s.newID("S"))
	g.Name = cmp.Or(g.Name, g.Handle)
	g.Members = slices.Clone(g.Members)
	s.groups[g.ID] = &g
	s.addHandle("@"+g.Handle, element{Type: "usergroup", UsergroupID: g.ID})
	return &g
}

// DM returns the id of the direct message channel of the bot and user, which it opens if need be.
func (s *Slack) DM(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.openDM(user).ID
}

func (s *Slack) openDM(user string) *Channel {
	for _, c := range s.channels {
		if c.IM && c.has(user) {
			return c
		}
	}
	return s.addChannel(Channel{IM: true, Members: []string{slackBotUser, user}})
}

// OpenGroup returns the id of the group message of some people, the bot being one of them if it is named, which it opens
// if need be. Slack tells the app nothing of it until somebody says something.
func (s *Slack) OpenGroup(people ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	members := slices.Compact(slices.Sorted(slices.Values(people)))
	var names []string
	for _, id := range members {
		names = append(names, s.userName(id))
	}
	for _, c := range s.channels {
		if c.MPIM && slices.Equal(slices.Sorted(slices.Values(c.Members)), members) {
			return c.ID
		}
	}
	return s.addChannel(Channel{
		MPIM: true, Name: "mpdm-" + strings.Join(names, "--") + "-1", Members: members, Created: s.clock.Now().Unix(),
	}).ID
}

// History returns what is said in channel, in threads and outside, the oldest first.
func (s *Slack) History(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Message
	for _, m := range s.talk(channel).byTS {
		all = append(all, m.in(channel))
	}
	slices.SortFunc(all, func(a, b Message) int { return cmp.Compare(a.TS, b.TS) })
	return all
}

// Thread returns the message ts of channel and the replies to it, the oldest first. The first is missing if it
// was deleted before it had replies.
func (s *Slack) Thread(channel, ts string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.talk(channel)
	var all []Message
	if root := t.byTS[ts]; root != nil {
		all = append(all, root.in(channel))
	}
	for _, m := range t.replies[ts] {
		all = append(all, m.in(channel))
	}
	return all
}

// DMs returns what the bot and user said to each other, the oldest first.
func (s *Slack) DMs(user string) []Message { return s.History(s.DM(user)) }

// Ephemerals returns what was shown to user alone, the oldest first.
func (s *Slack) Ephemerals(user string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ephemerals[user])
}

// in is m as the functions of Slack return it.
func (m *Message) in(channel string) Message {
	shown := *m
	shown.Channel = channel
	return shown
}

func (w *workspace) talk(channel string) *talk {
	t := w.talks[channel]
	if t == nil {
		panic("sandbox: no channel " + channel)
	}
	return t
}

func (w *workspace) channel(id string) *Channel {
	c := w.channels[id]
	if c == nil {
		panic("sandbox: no channel " + id)
	}
	return c
}

func (w *workspace) message(channel, ts string) *Message {
	m := w.talk(channel).byTS[ts]
	if m == nil {
		panic(fmt.Sprintf("sandbox: no message %s in channel %s", ts, channel))
	}
	return m
}

// add stores m as the newest message, and counts it in its thread.
func (t *talk) add(m *Message) {
	t.byTS[m.TS] = m
	if m.ThreadTS == "" {
		t.top = append(t.top, m)
		return
	}
	if m.Subtype == "thread_broadcast" {
		t.top = append(t.top, m)
	}
	t.replies[m.ThreadTS] = append(t.replies[m.ThreadTS], m)
	t.countReplies(m.ThreadTS)
}

// remove forgets m, and counts its thread anew.
func (t *talk) remove(m *Message) {
	delete(t.byTS, m.TS)
	same := func(other *Message) bool { return other == m }
	t.top = slices.DeleteFunc(t.top, same)
	if m.ThreadTS != "" && m.ThreadTS != m.TS {
		t.replies[m.ThreadTS] = slices.DeleteFunc(t.replies[m.ThreadTS], same)
		t.countReplies(m.ThreadTS)
	}
}

// countReplies brings what a parent says of its thread up to date.
func (t *talk) countReplies(ts string) {
	root := t.byTS[ts]
	if root == nil {
		return
	}
	replies := t.replies[ts]
	root.ReplyCount = len(replies)
	root.ReplyUsers, root.LatestReply, root.ThreadTS = nil, "", ""
	for _, r := range replies {
		if len(root.ReplyUsers) < 5 && !slices.Contains(root.ReplyUsers, r.User) {
			root.ReplyUsers = append(root.ReplyUsers, r.User)
		}
		root.LatestReply, root.ThreadTS = r.TS, root.TS
	}
}

// nextTS is the clock's time as a message id, later than any before.
func (s *Slack) nextTS() string { return s.tsAt(s.clock.Now()) }

func (s *Slack) tsAt(t time.Time) string {
	s.lastTS = max(t.UnixMicro(), s.lastTS+1)
	return formatTS(s.lastTS)
}

func formatTS(micros int64) string { return fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6) }

// parseTS reads a time as Slack's arguments have it: seconds, with up to six digits of a fraction.
func parseTS(ts string) (micros int64, ok bool) {
	seconds, fraction, _ := strings.Cut(ts, ".")
	if len(fraction) > 6 {
		return 0, false
	}
	micros, err := strconv.ParseInt(seconds+fraction+strings.Repeat("0", 6-len(fraction)), 10, 64)
	return micros, err == nil && micros >= 0
}

// newID makes an id of Slack's look.
func (s *Slack) newID(prefix string) string {
	s.lastID++
	return fmt.Sprintf("%s0%08d", prefix, s.lastID)
}

// uuid makes an id such as clients and envelopes have.
func (s *Slack) uuid() string {
	s.lastID++
	return fmt.Sprintf("5a4db0c5-0000-4000-8000-%012x", s.lastID)
}

// sortedKeys are the ids of a table in order, which lists and cursors go by.
func sortedKeys[V any](table map[string]V) []string { return slices.Sorted(maps.Keys(table)) }
