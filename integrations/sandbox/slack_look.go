package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Find returns the id of whom or what a handle means: "@alice", "@support", "#help-data".
func (s *Slack) Find(handle string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.handles[handle]
	if !ok {
		return "", fmt.Errorf("there is no %s", handle)
	}
	return cmp.Or(e.UserID, e.ChannelID, e.UsergroupID), nil
}

// People returns everybody, by id.
func (s *Slack) People() []Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	return listed(s.people)
}

// Channels returns all conversations, by id.
func (s *Slack) Channels() []Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	return listed(s.channels)
}

// Groups returns all user groups, by id.
func (s *Slack) Groups() []Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	return listed(s.groups)
}

// listed are the rows of a table, by id. Lists of members in them are replaced when they change, never written to.
func listed[V any](table map[string]*V) (all []V) {
	for _, id := range sortedKeys(table) {
		all = append(all, *table[id])
	}
	return all
}

// Message returns the message ts of channel, false if there is none.
func (s *Slack) Message(channel, ts string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.channels[channel] == nil || s.talk(channel).byTS[ts] == nil {
		return Message{}, false
	}
	return s.message(channel, ts).in(channel), true
}

// Permalink returns the address by which Slack links to a message.
func (s *Slack) Permalink(m Message) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return permalink(s.channel(m.Channel), &m)
}

// NameOf returns the name that people see beside a message.
func (s *Slack) NameOf(m Message) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.people[m.User]; p != nil {
		return cmp.Or(p.DisplayName, p.Name)
	}
	return cmp.Or(m.Username, m.User, m.BotID)
}

// reference is what mrkdwn puts between angle brackets.
var reference = regexp.MustCompile(`<([^<>|]*)(?:\|([^<>]*))?>`)

// Readable returns the text of a message as people see it, with its buttons in brackets at the end.
func (s *Slack) Readable(m Message) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := reference.ReplaceAllStringFunc(m.Text, func(r string) string {
		parts := reference.FindStringSubmatch(r)
		return s.readableRef(parts[1], parts[2])
	})
	text = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text)
	for _, b := range buttons(m) {
		text += " [" + b.Text.Text + "]"
	}
	return text
}

func (s *Slack) readableRef(target, label string) string {
	id := target[min(1, len(target)):]
	switch {
	case strings.HasPrefix(target, "@") && s.people[id] != nil:
		return "@" + cmp.Or(s.people[id].DisplayName, s.people[id].Name)
	case strings.HasPrefix(target, "#") && s.channels[id] != nil:
		return "#" + s.channels[id].Name
	case strings.HasPrefix(target, "!subteam^"):
		if g := s.groups[strings.TrimPrefix(target, "!subteam^")]; g != nil {
			return "@" + g.Handle
		}
	case label != "":
		return label + " (" + target + ")"
	}
	return cmp.Or(label, target)
}

// A button is what is read of a button in a message.
type button struct {
	Type     string                `json:"type"`
	ActionID string                `json:"action_id"`
	Text     struct{ Text string } `json:"text"`
}

func buttons(m Message) (found []button) {
	var blocks []struct {
		Type     string          `json:"type"`
		Elements json.RawMessage `json:"elements"`
	}
	if json.Unmarshal(m.Blocks, &blocks) != nil {
		return nil
	}
	for _, b := range blocks {
		var elements []button
		if b.Type != "actions" || json.Unmarshal(b.Elements, &elements) != nil {
			continue
		}
		for _, e := range elements {
			if e.Type == "button" {
				found = append(found, e)
			}
		}
	}
	return found
}

// FirstButton returns the action id of the first button in a message whose label begins so, empty if it has none.
func FirstButton(m Message, label string) string {
	for _, b := range buttons(m) {
		if strings.HasPrefix(b.Text.Text, label) {
			return b.ActionID
		}
	}
	return ""
}
