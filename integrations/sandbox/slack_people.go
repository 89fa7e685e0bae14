package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// A Post is a message as it is written.
type Post struct {
	Channel  string
	User     string
	Text     string // as typed if there are no Blocks and no BotID: the composer then makes the blocks
	ThreadTS string
	// Broadcast shows a reply in the channel too.
	Broadcast   bool
	Blocks      json.RawMessage // as sent; Text is mrkdwn then
	Attachments json.RawMessage // unfurled links
	Forwards    []Ref           // messages that this one forwards, shown as attachments
	Files       []File
	BotID       string // of another app's bot; Text is mrkdwn then
	Username    string // of a bot
	Subtype     string // such as "me_message" and "bot_message"; that of replies and files comes by itself
	// At is when it is written, if not now. It comes after what was written before, whatever At says.
	At time.Time
}

// Post writes a message, as a person or another app does, and returns its ts.
func (s *Slack) Post(p Post) (ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channel(p.Channel)
	m := &Message{
		Type: "message", Subtype: p.Subtype, User: p.User, BotID: p.BotID, Username: p.Username, Text: p.Text,
		Team: s.teamOf(p.User), Blocks: p.Blocks, Attachments: p.Attachments, Files: s.upload(p.Files, p.User), ThreadTS: p.ThreadTS,
	}
	if p.Blocks == nil && p.BotID == "" {
		m.Blocks, m.Text = s.compose(p.Text)
	}
	if p.BotID == "" {
		m.ClientMsgID = s.uuid()
	}
	if p.Subtype == "me_message" {
		m.Blocks, m.ClientMsgID = p.Blocks, ""
	}
	if len(p.Files) > 0 {
		m.Subtype, m.Upload = "file_share", true
	}
	if len(p.Forwards) > 0 {
		m.Attachments = s.shares(p.Forwards)
	}
	if p.At.IsZero() {
		p.At = s.clock.Now()
	}
	s.publishAt(p.At, c, m, p.Broadcast)
	return m.TS
}

func (w *workspace) teamOf(user string) string {
	if p := w.people[user]; p != nil && p.External {
		return strangerTeam
	}
	return slackTeam
}

// publish gives m its ts, stores it and tells the app.
func (s *Slack) publish(c *Channel, m *Message, broadcast bool) {
	s.publishAt(s.clock.Now(), c, m, broadcast)
}

func (s *Slack) publishAt(at time.Time, c *Channel, m *Message, broadcast bool) {
	m.TS = s.tsAt(at)
	t := s.talk(c.ID)
	if root := t.byTS[m.ThreadTS]; root != nil {
		m.ParentUserID = root.User
		if broadcast {
			parent := *root
			m.Subtype, m.Root = "thread_broadcast", &parent
		}
	}
	t.add(m)
	s.emitMessage(c, m)
}

// Edit changes the text of a message as its author does in the composer.
func (s *Slack) Edit(channel, ts, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, m := s.channel(channel), s.message(channel, ts)
	before := *m
	m.Blocks, m.Text = s.compose(text)
	m.Edited = s.editedBy(m.User)
	s.emitChange(c, before, *m)
}

func (s *Slack) editedBy(user string) *Edited {
	return &Edited{User: user, TS: fmt.Sprintf("%d.000000", s.clock.Now().Unix())}
}

// Unfurl shows a preview of a link in the message: it changes without an edit.
func (s *Slack) Unfurl(channel, ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, m := s.channel(channel), s.message(channel, ts)
	before := *m
	m.Attachments = json.RawMessage(`[{"id":1,"from_url":"https://example.com/","original_url":"https://example.com/",` +
		`"service_name":"example.com","title":"Example","title_link":"https://example.com/","text":"A page","fallback":"example.com: Example"}]`)
	s.emitChange(c, before, *m)
}

// Delete deletes a message. A parent of replies stays as a tombstone.
func (s *Slack) Delete(channel, ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delete(s.channel(channel), s.message(channel, ts))
}

func (s *Slack) delete(c *Channel, m *Message) {
	before := *m
	if m.ReplyCount == 0 {
		s.talk(c.ID).remove(m)
		s.emitDeletion(c, before)
		return
	}
	*m = tombstoneOf(before)
	s.emitChange(c, before, *m)
}

// tombstoneOf is what stays of a parent of replies that was deleted.
func tombstoneOf(m Message) Message {
	return Message{
		Type: "message", Subtype: "tombstone", Hidden: true, User: "USLACKBOT", Text: "This message was deleted.",
		TS: m.TS, ThreadTS: m.ThreadTS, ReplyCount: m.ReplyCount, ReplyUsers: m.ReplyUsers, LatestReply: m.LatestReply,
	}
}

// React puts an emoji, named without colons, under a message.
func (s *Slack) React(user, channel, ts, emoji string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.react(user, s.channel(channel), s.message(channel, ts), emoji)
}

// Unreact takes user's emoji away again.
func (s *Slack) Unreact(user, channel, ts, emoji string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unreact(user, s.channel(channel), s.message(channel, ts), emoji)
}

// react says whether the reaction is new.
func (s *Slack) react(user string, c *Channel, m *Message, emoji string) bool {
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == emoji })
	if i >= 0 && slices.Contains(m.Reactions[i].Users, user) {
		return false
	}
	var users []string
	reactions := slices.Clone(m.Reactions)
	if i < 0 {
		i, reactions = len(reactions), append(reactions, Reaction{})
	} else {
		users = reactions[i].Users
	}
	users = append(slices.Clone(users), user)
	reactions[i] = Reaction{Name: emoji, Users: users, Count: len(users)}
	m.Reactions = reactions
	s.emitReaction("reaction_added", user, c, m, emoji)
	return true
}

// unreact says whether there was such a reaction.
func (s *Slack) unreact(user string, c *Channel, m *Message, emoji string) bool {
	var left []Reaction
	for _, r := range m.Reactions {
		users := slices.Clone(r.Users)
		if r.Name == emoji {
			users = slices.DeleteFunc(users, func(u string) bool { return u == user })
		}
		if len(users) > 0 {
			left = append(left, Reaction{Name: r.Name, Users: users, Count: len(users)})
		}
	}
	if countUsers(left) == countUsers(m.Reactions) {
		return false
	}
	m.Reactions = left
	s.emitReaction("reaction_removed", user, c, m, emoji)
	return true
}

func countUsers(reactions []Reaction) (n int) {
	for _, r := range reactions {
		n += r.Count
	}
	return n
}

func (s *Slack) emitReaction(what, user string, c *Channel, m *Message, emoji string) {
	s.emit(event{name: what, scope: "reactions:read", channel: c.ID, body: map[string]any{
		"type": what, "user": user, "reaction": emoji, "item_user": m.User, "event_ts": s.nextTS(),
		"item": map[string]string{"type": "message", "channel": c.ID, "ts": m.TS},
	}})
}

// Join makes user, who may be the bot, a member of channel.
func (s *Slack) Join(channel, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.join(s.channel(channel), user)
}

func (s *Slack) join(c *Channel, user string) {
	if c.has(user) {
		return
	}
	c.Members = append(slices.Clone(c.Members), user)
	s.emitMembership(c, "member_joined_channel", user)
	s.publish(c, &Message{
		Type: "message", Subtype: "channel_join", User: user, Text: "<@" + user + "> has joined the channel",
	}, false)
}

// Leave ends the membership of user, who may be the bot.
func (s *Slack) Leave(channel, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channel(channel)
	s.emitMembership(c, "member_left_channel", user)
	c.Members = slices.DeleteFunc(slices.Clone(c.Members), func(m string) bool { return m == user })
}

func (s *Slack) emitMembership(c *Channel, what, user string) {
	letter := "C"
	if !c.public() {
		letter = "G"
	}
	s.emit(event{name: what, scope: c.kind().scopes + ":read", channel: c.ID, body: map[string]any{
		"type": what, "user": user, "channel": c.ID, "channel_type": letter, "team": slackTeam, "event_ts": s.nextTS(),
	}})
}

// CreateChannel adds a public channel as somebody does now, and tells the app. It returns c as added, with an ID.
func (s *Slack) CreateChannel(c Channel, creator string) Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Created, c.Members = s.clock.Now().Unix(), append(slices.Clone(c.Members), creator)
	added := s.addChannel(c)
	s.emit(event{name: "channel_created", scope: "channels:read", body: map[string]any{
		"type": "channel_created", "event_ts": s.nextTS(), "channel": map[string]any{
			"id": added.ID, "is_channel": true, "name": added.Name, "name_normalized": added.Name, "created": added.Created,
			"creator": creator, "is_shared": false, "is_org_shared": false, "context_team_id": slackTeam,
		},
	}})
	return *added
}

// MoveChannel gives channel another id, as when it is made public or shared, and tells the app.
func (s *Slack) MoveChannel(old, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channel(old)
	c.ID = id
	s.channels[id], s.talks[id] = c, s.talk(old)
	delete(s.channels, old)
	delete(s.talks, old)
	s.addHandle("#"+c.Name, element{Type: "channel", ChannelID: id})
	s.emit(event{name: "channel_id_changed", scope: "channels:read", channel: id, body: map[string]any{
		"type": "channel_id_changed", "old_channel_id": old, "new_channel_id": id, "event_ts": s.nextTS(),
	}})
}

// ConvertChannel makes channel private or public, and says so in it.
func (s *Slack) ConvertChannel(channel, user string, private bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channel(channel)
	c.Private = private
	m := &Message{Type: "message", Subtype: "channel_convert_to_public", User: user, Text: "made this channel *public*."}
	if private {
		m.Subtype, m.Text = "channel_convert_to_private", "made this channel *private*."
	}
	s.publish(c, m, false)
}

// ShareChannel shares channel with another company, or ends that.
func (s *Slack) ShareChannel(channel string, shared bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channel(channel).ExtShared = shared
}

// UnarchiveChannel opens channel again.
func (s *Slack) UnarchiveChannel(channel, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channel(channel)
	c.Archived = false
	e := channelEvent(c, "unarchive", map[string]any{"channel": c.ID, "user": user, "event_ts": s.nextTS()})
	e.channel = "" // who was in it is so no more, but everybody is told
	s.emit(e)
}

// RenameChannel gives channel another name.
func (s *Slack) RenameChannel(channel, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channel(channel)
	delete(s.handles, "#"+c.Name)
	c.Name = name
	s.addHandle("#"+name, element{Type: "channel", ChannelID: c.ID})
	s.emit(channelEvent(c, "rename", map[string]any{
		"channel":  map[string]any{"id": c.ID, "name": name, "name_normalized": name, "created": 1500000000},
		"event_ts": s.nextTS(),
	}))
}

// ArchiveChannel closes channel: it can still be read.
func (s *Slack) ArchiveChannel(channel, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channel(channel)
	c.Archived = true
	s.emit(channelEvent(c, "archive", map[string]any{"channel": c.ID, "user": user, "event_ts": s.nextTS()}))
}

// ChangePerson replaces who has p's ID, as when they change their name or are deactivated.
func (s *Slack) ChangePerson(p Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := s.addPerson(p)
	s.emit(event{name: "user_change", scope: "users:read", body: map[string]any{
		"type": "user_change", "user": s.user(changed, false), "cache_ts": s.clock.Now().Unix(), "event_ts": s.nextTS(),
	}})
}

// ChangeGroup replaces the user group with g's ID: its name, its members.
func (s *Slack) ChangeGroup(g Group) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.groups[g.ID]
	if old == nil {
		panic("sandbox: no user group " + g.ID)
	}
	added, removed := without(g.Members, old.Members), without(old.Members, g.Members)
	now := s.addGroup(g)
	if len(added)+len(removed) > 0 {
		s.emit(event{name: "subteam_members_changed", scope: "usergroups:read", body: map[string]any{
			"type": "subteam_members_changed", "subteam_id": g.ID, "team_id": slackTeam,
			"date_previous_update": 1500000000, "date_update": s.clock.Now().Unix(),
			"added_users": added, "added_users_count": len(added),
			"removed_users": removed, "removed_users_count": len(removed), "event_ts": s.nextTS(),
		}})
	}
	s.emit(event{name: "subteam_updated", scope: "usergroups:read", body: map[string]any{
		"type": "subteam_updated", "subteam": s.subteam(now, true), "event_ts": s.nextTS(),
	}})
}

// without returns what of list is not in other.
func without(list, other []string) []string {
	left := []string{}
	for _, v := range list {
		if !slices.Contains(other, v) {
			left = append(left, v)
		}
	}
	return left
}
