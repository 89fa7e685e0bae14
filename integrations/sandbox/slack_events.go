package sandbox

import (
	"encoding/json"
	"fmt"
	"strings"
)

// An event is something that Slack may tell the app.
type event struct {
	name    string // as subscribed to: "message.channels"
	scope   string // empty needs none
	channel string // the app must be in it; empty for what belongs to none
	body    any
}

// A wrapper is what the Events API puts around an event (docs.slack.dev/apis/events-api).
type wrapper struct {
	Token               string          `json:"token"` // of an old way to verify requests
	TeamID              string          `json:"team_id"`
	ContextTeamID       string          `json:"context_team_id"`
	ContextEnterpriseID *string         `json:"context_enterprise_id"`
	APIAppID            string          `json:"api_app_id"`
	Event               json.RawMessage `json:"event"`
	Type                string          `json:"type"`
	EventID             string          `json:"event_id"`
	EventTime           int64           `json:"event_time"` // seconds
	Authorizations      []authorization `json:"authorizations"`
	IsExtSharedChannel  bool            `json:"is_ext_shared_channel"`
	EventContext        string          `json:"event_context"`
}

type authorization struct {
	EnterpriseID        *string `json:"enterprise_id"`
	TeamID              string  `json:"team_id"`
	UserID              string  `json:"user_id"`
	IsBot               bool    `json:"is_bot"`
	IsEnterpriseInstall bool    `json:"is_enterprise_install"`
}

// A changeEvent tells of an edit or a deletion.
type changeEvent struct {
	Type            string  `json:"type"`
	Subtype         string  `json:"subtype"`
	Hidden          bool    `json:"hidden"`
	Channel         string  `json:"channel"`
	ChannelType     string  `json:"channel_type"`
	TS              string  `json:"ts"` // of the event, not of the message
	EventTS         string  `json:"event_ts"`
	DeletedTS       string  `json:"deleted_ts,omitempty"`
	Message         *change `json:"message,omitempty"`
	PreviousMessage *change `json:"previous_message"`
}

// A change is one version of a message inside a changeEvent.
type change struct {
	Message
	SourceTeam string `json:"source_team,omitempty"`
	UserTeam   string `json:"user_team,omitempty"`
}

// emit tells the app of e, if it is subscribed, has the scope and is in the channel.
func (s *Slack) emit(e event) {
	if s.revoked || !s.hears(e) {
		return
	}
	body, err := json.Marshal(e.body)
	if err != nil {
		panic("sandbox: event " + e.name + ": " + err.Error())
	}
	s.deliverEvent(s.wrap(e, body))
}

func (s *Slack) hears(e event) bool {
	if s.events != nil && !s.events[e.name] {
		return false
	}
	if e.scope != "" && !s.scopes[e.scope] {
		return false
	}
	return e.channel == "" || s.channel(e.channel).has(slackBotUser)
}

// wrap puts the wrapper around an event, with an event id of its own.
func (s *Slack) wrap(e event, body json.RawMessage) []byte {
	s.lastID++
	external := e.channel != "" && s.channel(e.channel).ExtShared
	team := s.workspaceOf(e.channel)
	var organisation *string
	if s.organised() {
		id := slackOrg
		organisation = &id
	}
	text, err := json.Marshal(wrapper{
		Token: "no-secret", TeamID: team, ContextTeamID: team, ContextEnterpriseID: organisation, APIAppID: slackApp,
		Event: body, Type: "event_callback",
		EventID:            fmt.Sprintf("Ev0%09d", s.lastID),
		EventTime:          s.clock.Now().Unix(),
		Authorizations:     []authorization{{EnterpriseID: organisation, TeamID: team, UserID: slackBotUser, IsBot: true, IsEnterpriseInstall: s.organised()}},
		IsExtSharedChannel: external,
		EventContext:       "4-sandbox-" + e.channel,
	})
	if err != nil {
		panic("sandbox: event " + e.name + ": " + err.Error())
	}
	return text
}

// emitMessage tells of a new message, and of the mention of the bot that it may contain.
func (s *Slack) emitMessage(c *Channel, m *Message) {
	told := *m
	told.Metadata = nil
	told.Channel, told.ChannelType, told.EventTS = c.ID, c.kind().event, m.TS
	s.emit(messageEvent(c, told))
	if strings.Contains(m.Text, "<@"+slackBotUser+">") && !c.IM && m.BotID == "" {
		told.Type, told.Subtype = "app_mention", ""
		s.emit(event{name: "app_mention", scope: "app_mentions:read", channel: c.ID, body: told})
	}
}

// messageEvent is an event of "message.channels" and its like.
func messageEvent(c *Channel, body any) event {
	k := c.kind()
	name := "message." + k.event
	switch k {
	case publicKind:
		name = "message.channels"
	case privateKind:
		name = "message.groups"
	}
	return event{name: name, scope: k.scopes + ":history", channel: c.ID, body: body}
}

// emitChange tells that a message became another.
func (s *Slack) emitChange(c *Channel, before, after Message) {
	s.emit(messageEvent(c, s.changed(c, "message_changed", version(before), version(after))))
}

// emitDeletion tells that a message is gone.
func (s *Slack) emitDeletion(c *Channel, before Message) {
	e := s.changed(c, "message_deleted", version(before), nil)
	e.DeletedTS = before.TS
	s.emit(messageEvent(c, e))
}

func (s *Slack) changed(c *Channel, subtype string, before, after *change) changeEvent {
	ts := s.nextTS()
	return changeEvent{
		Type: "message", Subtype: subtype, Hidden: true, Channel: c.ID, ChannelType: c.kind().event,
		TS: ts, EventTS: ts, Message: after, PreviousMessage: before,
	}
}

func version(m Message) *change {
	m.Metadata = nil
	return &change{Message: m, SourceTeam: m.Team, UserTeam: m.Team}
}

// channelEvent is an event about a channel that names it with its own scope: "channel_rename", "group_rename".
func channelEvent(c *Channel, what string, body map[string]any) event {
	k := c.kind()
	body["type"] = k.event + "_" + what
	return event{name: k.event + "_" + what, scope: k.scopes + ":read", channel: c.ID, body: body}
}

// Emit sends any event of the channel with the wrapper that Slack puts around it, or of none if channel is "".
// Neither subscriptions nor scopes are looked at: for events that the stand-in can't produce itself.
func (s *Slack) Emit(channel string, body json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliverEvent(s.wrap(event{name: "emitted", channel: channel}, body))
}
