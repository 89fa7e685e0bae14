package sandbox

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Characters of a text: a post is cut there, an update refused (docs.slack.dev/reference/methods/chat.postMessage
// and chat.update).
const (
	maxPostText   = 40_000
	maxUpdateText = 4_000
)

// maxMetadata is the size of a message's metadata, in bytes; docs.slack.dev/messaging/message-metadata has none,
// the figure is ours.
const maxMetadata = 16_000

// wording is what a message of the app says.
type wording struct {
	text        string
	blocks      json.RawMessage
	attachments json.RawMessage
	metadata    *Metadata
}

func readContent(a slackArgs) (wording, error) {
	blocks, err := readBlocks(a["blocks"])
	if err != nil {
		return wording{}, err
	}
	c := wording{text: a["text"], blocks: blocks}
	if a["attachments"] != "" && a["attachments"] != "[]" {
		if !json.Valid([]byte(a["attachments"])) {
			return wording{}, refuse("invalid_attachments")
		}
		c.attachments = json.RawMessage(a["attachments"])
	}
	if c.text == "" && c.blocks == nil && c.attachments == nil {
		return wording{}, refuse("no_text")
	}
	c.metadata, err = readMetadata(a["metadata"])
	return c, err
}

func readMetadata(text string) (*Metadata, error) {
	if text == "" || text == "{}" {
		return nil, nil
	}
	if len(text) > maxMetadata {
		return nil, refuse("metadata_too_large")
	}
	var m Metadata
	var payload map[string]any
	if json.Unmarshal([]byte(text), &m) != nil || m.EventType == "" || json.Unmarshal(m.EventPayload, &payload) != nil {
		return nil, refuse("invalid_metadata_format")
	}
	return &m, nil
}

// cutText is text as Slack stores a long one.
func cutText(text string) string {
	if utf8.RuneCountInString(text) <= maxPostText {
		return text
	}
	return string([]rune(text)[:maxPostText])
}

func (s *Slack) chatPostMessage(a slackArgs) (answer, error) {
	c, err := s.postable(a["channel"])
	if err != nil {
		return nil, err
	}
	said, err := readContent(a)
	if err != nil {
		return nil, err
	}
	if a["thread_ts"] != "" {
		if _, ok := parseTS(a["thread_ts"]); !ok {
			return nil, refuse("invalid_thread_ts")
		}
	}
	if err := s.limit("post in "+c.ID, postEvery, postBurst); err != nil {
		return nil, err
	}
	m := s.botMessage(said)
	m.ThreadTS = s.threadOf(c, a["thread_ts"])
	s.publish(c, m, a.on("reply_broadcast"))
	s.tellPosted(c, m)
	return answer{"channel": c.ID, "ts": m.TS, "message": m}, nil
}

// threadOf is the thread that a reply to ts belongs to: a reply to a reply goes to the same parent.
func (s *Slack) threadOf(c *Channel, ts string) string {
	if m := s.talk(c.ID).byTS[ts]; m != nil && m.ThreadTS != "" {
		return m.ThreadTS
	}
	return ts
}

func (s *Slack) botMessage(c wording) *Message {
	return &Message{
		Type: "message", User: slackBotUser, BotID: slackBot, AppID: slackApp, Team: slackTeam,
		BotProfile: &BotProfile{ID: slackBot, AppID: slackApp, Name: s.people[slackBotUser].DisplayName, TeamID: slackTeam},
		Text:       cutText(c.text), Blocks: c.blocks, Attachments: c.attachments, Metadata: c.metadata,
	}
}

func (s *Slack) tellPosted(c *Channel, m *Message) {
	if s.OnPost != nil {
		s.posted = append(s.posted, m.in(c.ID))
	}
}

// postable finds the channel that the app wants to post in. The id of a person is their direct messages.
func (s *Slack) postable(id string) (*Channel, error) {
	if p := s.people[id]; p != nil {
		if p.Bot {
			return nil, refuse("cannot_dm_bot")
		}
		return s.writable(s.openDM(id))
	}
	c := s.channels[id]
	if c == nil || !c.public() && !c.has(slackBotUser) {
		return nil, refuse("channel_not_found")
	}
	return s.writable(c)
}

func (s *Slack) writable(c *Channel) (*Channel, error) {
	switch {
	case c.IM && s.options.NoMessagesTab:
		return nil, refuse("messages_tab_disabled")
	case c.Archived:
		return nil, refuse("is_archived")
	case !c.has(slackBotUser) && !s.scopes["chat:write.public"]:
		return nil, refuse("not_in_channel")
	}
	return c, nil
}

func (s *Slack) chatUpdate(a slackArgs) (answer, error) {
	c, m, err := s.found(a["channel"], a["ts"])
	if err != nil {
		return nil, err
	}
	if m.BotID != slackBot {
		return nil, refuse("cant_update_message")
	}
	if utf8.RuneCountInString(a["text"]) > maxUpdateText {
		return nil, refuse("msg_too_long")
	}
	said, err := readContent(a)
	if err != nil {
		return nil, err
	}
	before := *m
	m.Text, m.Blocks, m.Attachments = said.text, said.blocks, said.attachments
	if a["metadata"] != "" { // without the argument it is kept
		m.Metadata = said.metadata
	}
	if said.blocks == nil {
		m.Edited = s.editedBy(slackBotUser)
	}
	s.emitChange(c, before, *m)
	s.tellPosted(c, m)
	return answer{"channel": c.ID, "ts": m.TS, "text": m.Text, "message": m}, nil
}

func (s *Slack) chatDelete(a slackArgs) (answer, error) {
	c, m, err := s.found(a["channel"], a["ts"])
	if err != nil {
		return nil, err
	}
	if m.BotID != slackBot {
		return nil, refuse("cant_delete_message")
	}
	s.delete(c, m)
	return answer{"channel": c.ID, "ts": m.TS}, nil
}

// found finds a message where the app can see it.
func (s *Slack) found(channel, ts string) (*Channel, *Message, error) {
	c, err := s.visible(channel)
	if err != nil {
		return nil, nil, err
	}
	m := s.talk(c.ID).byTS[ts]
	if m == nil {
		return nil, nil, refuse("message_not_found")
	}
	return c, m, nil
}

// chatPostEphemeral shows a message to one person. Somebody who is away is not shown it, and Slack says so to
// nobody.
func (s *Slack) chatPostEphemeral(a slackArgs) (answer, error) {
	c, err := s.postable(a["channel"])
	if err != nil {
		return nil, err
	}
	said, err := readContent(a)
	if err != nil {
		return nil, err
	}
	p := s.people[a["user"]]
	if p == nil || !c.has(p.ID) {
		return nil, refuse("user_not_in_channel")
	}
	m := s.botMessage(said)
	m.TS, m.ThreadTS = s.nextTS(), a["thread_ts"]
	if !p.Away && s.threadExists(c, m.ThreadTS) {
		s.showTo(p.ID, c, m)
	}
	return answer{"message_ts": m.TS}, nil
}

// threadExists says whether an ephemeral message with this thread_ts shows: in a thread only if it has replies.
func (s *Slack) threadExists(c *Channel, ts string) bool {
	return ts == "" || len(s.talk(c.ID).replies[ts]) > 0
}

func (s *Slack) showTo(user string, c *Channel, m *Message) {
	s.ephemerals[user] = append(s.ephemerals[user], m.in(c.ID))
}

func (s *Slack) chatGetPermalink(a slackArgs) (answer, error) {
	c, m, err := s.found(a["channel"], a["message_ts"])
	if err != nil {
		return nil, err
	}
	return answer{"channel": c.ID, "permalink": permalink(c, m)}, nil
}

func permalink(c *Channel, m *Message) string {
	link := fmt.Sprintf("https://%s.slack.com/archives/%s/p%s", slackDomain, c.ID, strings.Replace(m.TS, ".", "", 1))
	if m.ThreadTS != "" && m.ThreadTS != m.TS {
		link += "?thread_ts=" + m.ThreadTS + "&cid=" + c.ID
	}
	return link
}

func (s *Slack) reactionsAdd(a slackArgs) (answer, error) {
	c, m, err := s.found(a["channel"], a["timestamp"])
	if err != nil {
		return nil, err
	}
	if !s.react(slackBotUser, c, m, a["name"]) {
		return nil, refuse("already_reacted")
	}
	return nil, nil
}

func (s *Slack) reactionsRemove(a slackArgs) (answer, error) {
	c, m, err := s.found(a["channel"], a["timestamp"])
	if err != nil {
		return nil, err
	}
	if !s.unreact(slackBotUser, c, m, a["name"]) {
		return nil, refuse("no_reaction")
	}
	return nil, nil
}
