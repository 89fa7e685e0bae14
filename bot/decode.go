package bot

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"supportbot/bot/text"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// An Identity is who we are in Slack, and what counts as a mention of us.
type Identity struct {
	Team  string // id of the workspace
	User  string // our bot user
	Bot   string // our bot id
	Group string // the support group
}

// callback is the wrapper of an event (docs.slack.dev/apis/events-api).
type callback struct {
	Type      string     `json:"type"`
	Team      string     `json:"team_id"`
	Event     rawMessage `json:"event"` // of events that are no messages, only Type counts
	ExtShared bool       `json:"is_ext_shared_channel"`
}

// readCallback reads the payload of an event, in one pass: most are messages.
func readCallback(payload json.RawMessage) (c callback, err error) {
	err = json.Unmarshal(payload, &c)
	var other *json.UnmarshalTypeError
	if errors.As(err, &other) && c.Event.Type != "" && c.Event.Type != messageType {
		return c, nil // its fields may be of other types than those of messages
	}
	if err != nil {
		return c, fmt.Errorf("decode event: %w", err)
	}
	return c, nil
}

// messageType is the type of events that are messages.
const messageType = "message"

// rawMessage holds the fields of a message event, and of the versions inside it, that our rules look at.
type rawMessage struct {
	Type        string                `json:"type"`
	Subtype     string                `json:"subtype"`
	Channel     string                `json:"channel"`
	ChannelType string                `json:"channel_type"`
	User        string                `json:"user"`
	Username    string                `json:"username"`
	BotID       string                `json:"bot_id"`
	BotProfile  struct{ Name string } `json:"bot_profile"`
	Text        string                `json:"text"`
	Blocks      json.RawMessage       `json:"blocks"`
	Files       json.RawMessage       `json:"files"`
	Attachments json.RawMessage       `json:"attachments"`
	TS          string                `json:"ts"`
	ThreadTS    string                `json:"thread_ts"`
	DeletedTS   string                `json:"deleted_ts"`
	Edited      struct{ TS string }   `json:"edited"`
	Message     *rawMessage           `json:"message"`
	Previous    *rawMessage           `json:"previous_message"`
}

// spoken are the subtypes of messages in which somebody says something. All others (joins, topics, pins …) are
// notices by Slack (docs.slack.dev/reference/events/message).
var spoken = map[string]bool{"": true, "thread_broadcast": true, "file_share": true, "me_message": true, "bot_message": true}

// message reads a message event. ok is false if it is nothing that anybody said, changed or took back.
func (us Identity) message(c callback) (m Message, ok bool, err error) {
	switch c.Event.Subtype {
	case "message_changed":
		return us.edit(c)
	case "message_deleted":
		return us.deletion(c, c.Event.DeletedTS)
	}
	m, ok, err = us.version(c, c.Event)
	m.Edited = ""
	return m, ok, err
}

// edit reads a new version. An unchanged text (a link that unfurled, a language tag) is no event, unless a file or
// a forwarded message was taken away: Slack does not call that an edit, and dates it only by its notice.
func (us Identity) edit(c callback) (Message, bool, error) {
	now, previous := c.Event.Message, c.Event.Previous
	if now == nil {
		return Message{}, false, nil
	}
	if now.Subtype == slack.Tombstone {
		return us.deletion(c, now.TS)
	}
	m, ok, err := us.version(c, *now)
	m.Seen = c.Event.TS
	if !ok || err != nil {
		return m, false, err
	}
	if previous == nil {
		return m, m.Edited != "" || m.lost(), nil
	}
	before := us.content(*previous)
	m.Mentioned = before.Mentions
	rewritten := m.Edited != "" && !reflect.DeepEqual(before.Doc, m.Doc)
	return m, rewritten || !slices.Equal(before.attached(), m.attached()), nil
}

func (us Identity) deletion(c callback, ts string) (Message, bool, error) {
	var before rawMessage
	if c.Event.Previous != nil {
		before = *c.Event.Previous
	}
	before.TS = ts
	m, ok, err := us.version(c, before)
	m.Mentioned, m.Mentions = m.Mentions, false
	m.Deleted, m.Edited, m.Doc, m.Files, m.Forwards = true, "", nil, nil, nil
	return m, ok, err
}

// A place is what the lists of Slack don't say of each message: where it stands.
type place struct {
	team, channel string
	kind          string // channel_type
	shared        bool   // with other companies
}

// publicChannel is the one channel_type whose talk everybody in the company may read.
const publicChannel = "channel"

// privateChannel is the channel_type of channels that only who is invited may read.
const privateChannel = "group"

// listed reads a message of a list: it is there in the version that it had at, an edit (or the loss of a file) under
// the key that its own event has.
func (us Identity) listed(raw json.RawMessage, in place, at time.Time) (m Message, ok bool, err error) {
	var said rawMessage
	if err := json.Unmarshal(raw, &said); err != nil {
		return Message{}, false, fmt.Errorf("decode message: %w", err)
	}
	said.Channel, said.ChannelType = in.channel, in.kind
	c := callback{Team: in.team, Event: said, ExtShared: in.shared}
	if said.Subtype == slack.Tombstone {
		m, ok, err = us.deletion(c, said.TS)
	} else {
		m, ok, err = us.version(c, said)
	}
	if m.Edited != "" || m.lost() {
		m.Seen = FormatTS(at)
	}
	m.Found = true
	return m, ok, err
}

// version reads one version of a message: the event has the channel, said the words.
func (us Identity) version(c callback, said rawMessage) (Message, bool, error) {
	own := said.BotID == us.Bot && us.Bot != "" || said.User == us.User && us.User != ""
	if own || !spoken[said.Subtype] {
		return Message{}, false, nil
	}
	at, err := ParseTS(said.TS)
	if err != nil {
		return Message{}, false, err
	}
	if c.Event.Channel == "" {
		return Message{}, false, fmt.Errorf("message %s without a channel", said.TS)
	}
	m := us.content(said)
	m.Team, m.Channel, m.TS, m.Thread, m.At = us.team(c.Team), c.Event.Channel, said.TS, cmp.Or(said.ThreadTS, said.TS), at
	m.Sender, m.Edited = said.User, said.Edited.TS
	m.Private, m.Shared, m.Direct = c.Event.ChannelType != publicChannel, c.ExtShared, c.Event.ChannelType == "im"
	if said.BotID != "" {
		m.Bot, m.Sender, m.Name = true, said.BotID, cmp.Or(said.Username, said.BotProfile.Name)
	}
	return m, true, nil
}

// content reads what a version says. Only in its own text mentions count, not in what stands below it.
func (us Identity) content(said rawMessage) Message {
	words := text.Parse(said.Blocks, said.Text)
	forwards, below := attachments(said.Attachments)
	return Message{
		Doc: slices.Concat(words, below), Files: files(said.Files), Forwards: forwards, Mentions: words.Mentions(us.Group, us.User),
	}
}

// team is the workspace that what happened counts under: our own. In an Enterprise Grid one message in a channel that
// workspaces share may be told under the id of any of them, or of none; ids of channels are unique in all of it
// (docs.slack.dev/enterprise/developing-for-enterprise-orgs).
func (us Identity) team(told string) string { return cmp.Or(us.Team, told) }

// ParseTS reads Slack's "seconds.microseconds", which is both a message's id and its time. Slack's seconds have ten
// digits; more would be a time that can't be stored.
func ParseTS(ts string) (time.Time, error) {
	seconds, micros, _ := strings.Cut(ts, ".")
	s, err := strconv.ParseUint(seconds, 10, 64)
	if err != nil || s == 0 || len(seconds) > 10 || len(micros) > 6 {
		return time.Time{}, fmt.Errorf("message with an impossible ts %.40q", ts)
	}
	us, err := strconv.ParseUint((micros + "000000")[:6], 10, 32)
	if err != nil {
		return time.Time{}, fmt.Errorf("message with an impossible ts %.40q", ts)
	}
	return time.Unix(int64(s), int64(us)*1000).UTC(), nil
}

// FormatTS returns t as Slack writes it; texts of such times stand in their order.
func FormatTS(t time.Time) string {
	return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000)
}

// blockActions is the payload of a press of a button
// (docs.slack.dev/reference/interaction-payloads/block_actions-payload).
type blockActions struct {
	Type      string              `json:"type"`
	Team      struct{ ID string } `json:"team"`
	User      struct{ ID string } `json:"user"`
	Channel   struct{ ID string } `json:"channel"`
	Container struct {
		MessageTS string `json:"message_ts"`
		ThreadTS  string `json:"thread_ts"`
	} `json:"container"`
	Actions []struct {
		ActionID string `json:"action_id"`
		Value    string `json:"value"`
		ActionTS string `json:"action_ts"`
	} `json:"actions"`
}

// clicks reads the presses in an interactive payload; of other kinds of interaction there are none.
func (us Identity) clicks(payload json.RawMessage) ([]Click, error) {
	var p blockActions
	if err := json.Unmarshal(payload, &p); err != nil {
		return nil, fmt.Errorf("decode interaction: %w", err)
	}
	if p.Type != "block_actions" {
		return nil, nil
	}
	var cs []Click
	for _, a := range p.Actions {
		at, err := ParseTS(a.ActionTS)
		if err != nil {
			return nil, err
		}
		cs = append(cs, Click{
			Team: us.team(p.Team.ID), Channel: p.Channel.ID, Message: p.Container.MessageTS, Thread: p.Container.ThreadTS,
			User: p.User.ID, Action: a.ActionID, Value: a.Value, At: at, Nonce: a.ActionTS,
		})
	}
	return cs, nil
}

// refresh reads what Slack tells of a person, a channel or a group, for an entry that the directory has already.
func refresh(kind string, event json.RawMessage) (id string, change func(*store.Entry), err error) {
	switch kind {
	case "user_change":
		var e struct {
			User struct {
				ID      string
				Name    string
				Locale  string
				Zone    string `json:"tz"`
				Profile struct {
					Display string `json:"display_name"`
					Real    string `json:"real_name"`
				}
			}
		}
		err = json.Unmarshal(event, &e)
		return e.User.ID, func(p *store.Entry) {
			p.Name = cmp.Or(e.User.Profile.Display, e.User.Profile.Real, e.User.Name)
			p.Locale = cmp.Or(e.User.Locale, p.Locale)
			p.Zone = cmp.Or(e.User.Zone, p.Zone)
		}, err
	case "channel_rename", "group_rename":
		var e struct{ Channel struct{ ID, Name string } }
		err = json.Unmarshal(event, &e)
		return e.Channel.ID, func(c *store.Entry) { c.Name = e.Channel.Name }, err
	case "subteam_updated":
		var e struct {
			Subteam struct {
				ID     string
				Handle string
				Users  []string
			}
		}
		err = json.Unmarshal(event, &e)
		return e.Subteam.ID, func(g *store.Entry) { g.Name, g.Members = e.Subteam.Handle, e.Subteam.Users }, err
	}
	return "", nil, nil
}
