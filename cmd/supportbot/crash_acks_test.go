package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"supportbot/integrations/slack"
)

// acks is what Slack was told was received.
type acks struct {
	team string // id of the workspace

	mu    sync.Mutex
	seen  map[string]bool // by how the key of the event begins
	owed  []string        // those since the last autopsy
	of    string          // what is waited for: so many acknowledgements of events whose keys begin so
	after int
	then  func()
}

// take notes an acknowledgement.
func (a *acks) take(payload []byte, _ time.Duration) {
	event := a.key(payload)
	if event == "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen[event] = true
	a.owed = append(a.owed, event)
	if !strings.HasPrefix(event, a.of) {
		return
	}
	if a.after--; a.after == 0 {
		a.then()
	}
}

// key is how the key begins of the event that a payload of Slack's must become; empty if it may concern nobody: all but
// clicks and what mentions us, or did so before.
func (a *acks) key(payload []byte) string {
	type version struct {
		TS, Subtype, Text string
		Edited            struct{ TS string }
	}
	var said struct {
		Type  string
		Event struct {
			version
			Channel   string
			DeletedTS string `json:"deleted_ts"`
			Message   version
			Previous  version `json:"previous_message"`
		}
		User, Channel struct{ ID string }
		Container     struct {
			MessageTS string `json:"message_ts"`
		}
		Actions []struct {
			ActionID string `json:"action_id"`
			ActionTS string `json:"action_ts"`
		}
	}
	if json.Unmarshal(payload, &said) != nil {
		return ""
	}
	if said.Type == "block_actions" {
		pressed := said.Actions[0]
		return strings.Join([]string{"click", a.team, said.Channel.ID, said.Container.MessageTS, said.User.ID, pressed.ActionID, pressed.ActionTS}, ":")
	}
	e := said.Event
	of := a.team + ":" + e.Channel + ":"
	ours := func(v version) bool { return strings.Contains(v.Text, "<!subteam^"+supportGroup) }
	switch {
	case e.Subtype == "" && ours(e.version):
		return "msg:" + of + e.TS
	case e.Message.Subtype == slack.Tombstone && ours(e.Previous): // deleted, but it has answers
		return "del:" + of + e.Message.TS
	case e.Subtype == "message_changed" && e.Message.Text != e.Previous.Text && (ours(e.Message) || ours(e.Previous)):
		return "edit:" + of + e.Message.TS + ":" + e.Message.Edited.TS + ":"
	case e.Subtype == "message_deleted" && ours(e.Previous):
		return "del:" + of + e.DeletedTS
	}
	return ""
}

// has says whether the event with a key was acknowledged.
func (a *acks) has(key string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seen[key]
}

// onNext has then called at the nth acknowledgement from now of an event whose key begins like that; 0 is never.
func (a *acks) onNext(n int, of string, then func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.after, a.of, a.then = n, of, then
}

// collect returns how the keys of events begin that were acknowledged since it was last asked.
func (a *acks) collect() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	owed := a.owed
	a.owed = nil
	return owed
}

// redeem reports what was acknowledged in this life and is not in the dead bot's database: catch-up may find messages
// again, but what Slack was told is received must not need that, and nothing brings a click back. It returns how many
// were clicks.
func (c *campaign) redeem(stored map[string]string) (clicks int) {
	edits := slices.Collect(maps.Keys(stored))
	edited := func(key string) bool { // the keys of edits end in what tells one text from another
		return strings.HasSuffix(key, ":") && slices.ContainsFunc(edits, func(e string) bool { return strings.HasPrefix(e, key) })
	}
	for _, key := range c.acks.collect() {
		if strings.HasPrefix(key, "click:") {
			clicks++
		}
		if _, there := stored[key]; !there && !edited(key) {
			c.t.Errorf("invariant 1: acknowledged and not on disk when the bot was killed: %s", key)
		}
	}
	return clicks
}

// afterAck kills as soon as Slack has the acknowledgement of a mention.
func afterAck(c *campaign) bool {
	return c.atAck("msg:", 1+c.crowd.dice.IntN(rush), func() {
		for range rush {
			c.crowd.ask()
		}
	})
}

// afterClick kills as soon as Slack has the acknowledgement of a click.
func afterClick(c *campaign) bool {
	r := c.crowd.ask()
	if !eventually(func() bool { return c.crowd.hasButton(r) }) {
		return false
	}
	return c.atAck("click:", 1, func() { c.crowd.click(r) })
}

// atAck kills at the nth acknowledgement of an event whose key begins like that, in the course of what act does.
func (c *campaign) atAck(of string, n int, act func()) bool {
	killed := make(chan struct{})
	bot := c.bot
	c.acks.onNext(n, of, func() {
		_ = bot.cmd.Process.Kill() // it may be dead already
		<-bot.dead
		close(killed)
	})
	act()
	return happens(killed)
}
