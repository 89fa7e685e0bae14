package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// What Slack shows a person whose click or command went wrong.
var (
	ErrNoAck    = errors.New("operation_timeout") // the app did not acknowledge within three seconds
	ErrNoSocket = errors.New("dispatch_failed")   // the app has no socket open
	ErrNoButton = errors.New("no such button")    // the person sees none: ours, not Slack's
)

// A response_url works five times within half an hour (docs.slack.dev/interactivity/handling-user-interaction).
const (
	responseUses = 5
	responseLife = 30 * time.Minute
)

// interactivity is what Slack remembers of commands and clicks. Slack's mutex guards it.
type interactivity struct {
	responses map[string]*responseURL // by path
	triggers  map[string]trigger      // not yet exchanged, by id
	views     map[string][]*View      // the stack of modals that a person sees, the top last
	filled    map[Element]Given       // what people gave the elements of messages
	offered   map[Element][]any       // options that the app offered, by element
}

// Given is what a person typed and chose, by block and action. Values are of options, ids of people or channels, dates,
// times or text, as the element has it.
type Given map[string]map[string][]string

// Put sets what an element holds.
func (g Given) Put(block, action string, values []string) {
	if g[block] == nil {
		g[block] = map[string][]string{}
	}
	g[block][action] = values
}

// An Element is what one person has before them of an element in a message, or in a modal if View is set. Without Action
// it is the message or the modal as a whole.
type Element struct {
	User          string
	Channel, TS   string
	View          string
	Block, Action string
}

// A responseURL takes answers to one command or click.
type responseURL struct {
	channel *Channel
	user    string
	ts      string // of the message clicked on; empty for a command
	uses    int
	end     time.Time
}

func newInteractivity() interactivity {
	return interactivity{
		responses: map[string]*responseURL{}, triggers: map[string]trigger{}, views: map[string][]*View{},
		filled: map[Element]Given{}, offered: map[Element][]any{},
	}
}

// An Interaction is a click or a command on its way to the app.
type Interaction struct {
	done    chan struct{}
	payload json.RawMessage
	err     error
}

// Wait returns what the app's acknowledgement said, which is often nothing; or the error that Slack shows the
// person, or ctx's.
func (i *Interaction) Wait(ctx context.Context) (json.RawMessage, error) {
	select {
	case <-i.done:
		return i.payload, i.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (i *Interaction) end(payload json.RawMessage, err error) {
	i.payload, i.err = payload, err
	close(i.done)
}

// Click presses the button with actionID in a message, ephemeral ones included.
func (s *Slack) Click(user, channel, ts, actionID string) *Interaction {
	return s.Choose(user, channel, ts, actionID)
}

// Choose uses the element with actionID in a message: it presses a button, or chooses values, which are as in Given.
func (s *Slack) Choose(user, channel, ts, actionID string, values ...string) *Interaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &Interaction{done: make(chan struct{})}
	u := s.using(user, channel, ts, actionID)
	if u == nil {
		i.end(nil, ErrNoButton)
		return i
	}
	s.fill(u.at, u.block, actionID, values)
	payload := s.interaction("block_actions", user)
	u.describe(payload)
	payload["state"] = answer{"values": s.stateOf(u.at, u.message.Blocks)}
	payload["response_url"] = s.newResponseURL(u.channel, user, ts)
	payload["actions"] = []any{s.action(u.at, u.block, u.element, values)}
	s.interact("interactive", payload, i.end)
	return i
}

// Fill types and chooses in a message, of which the app is told when a button of it is used.
func (s *Slack) Fill(user, channel, ts string, given Given) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for block, byAction := range given {
		for action, values := range byAction {
			s.fill(Element{User: user, Channel: channel, TS: ts}, block, action, values)
		}
	}
}

func (s *Slack) fill(at Element, block, action string, values []string) {
	if s.filled[at] == nil {
		s.filled[at] = Given{}
	}
	s.filled[at].Put(block, action, values)
}

// A use is of an element of a message.
type use struct {
	at        Element
	channel   *Channel
	message   *Message
	ephemeral bool
	block     string
	element   map[string]any
}

// using finds an element of a message that user sees, nil if there is none.
func (s *Slack) using(user, channel, ts, actionID string) *use {
	u := use{at: Element{User: user, Channel: channel, TS: ts}, channel: s.channel(channel)}
	if u.message, u.ephemeral = s.clickable(user, u.channel, ts); u.message == nil {
		return nil
	}
	if u.block, u.element = findElement(u.message.Blocks, "", actionID); u.element == nil {
		return nil
	}
	return &u
}

// describe says in a payload where the element is.
func (u *use) describe(payload answer) {
	at := answer{"type": "message", "message_ts": u.message.TS, "channel_id": u.channel.ID, "is_ephemeral": u.ephemeral}
	if u.message.ThreadTS != "" {
		at["thread_ts"] = u.message.ThreadTS
	}
	payload["container"], payload["channel"] = at, answer{"id": u.channel.ID, "name": channelName(u.channel)}
	if !u.ephemeral {
		payload["message"] = u.message
	}
}

// Shortcut uses a message shortcut of the app on a message.
func (s *Slack) Shortcut(user, channel, ts, callbackID string) *Interaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &Interaction{done: make(chan struct{})}
	c, m := s.channel(channel), s.message(channel, ts)
	payload := s.interaction("message_action", user)
	payload["callback_id"], payload["message_ts"], payload["message"] = callbackID, ts, m
	payload["channel"], payload["action_ts"] = answer{"id": c.ID, "name": channelName(c)}, s.nextTS()
	payload["response_url"] = s.newResponseURL(c, user, "")
	s.interact("interactive", payload, i.end)
	return i
}

// Suggest asks the app which options an external select has for what a person typed into it. They are in the payload
// that Wait returns, as the app gave them.
func (s *Slack) Suggest(e Element, typed string) *Interaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &Interaction{done: make(chan struct{})}
	payload := s.interaction("block_suggestion", e.User)
	delete(payload, "trigger_id") // nothing can be opened from here
	payload["block_id"], payload["action_id"], payload["value"] = e.Block, e.Action, typed
	if err := s.locate(e, payload); err != nil {
		i.end(nil, err)
		return i
	}
	s.interact("interactive", payload, func(ack json.RawMessage, err error) {
		if err == nil {
			var options []any
			options, err = readOffer(ack)
			s.offered[e] = append(s.offered[e], options...)
		}
		i.end(ack, err)
	})
	return i
}

// locate says in a payload where an element is.
func (s *Slack) locate(e Element, payload answer) error {
	if e.View != "" {
		v := s.top(e.User, e.View)
		if v == nil {
			return ErrNoView
		}
		payload["container"], payload["view"] = answer{"type": "view", "view_id": v.ID}, v
		return nil
	}
	u := s.using(e.User, e.Channel, e.TS, e.Action)
	if u == nil {
		return ErrNoButton
	}
	u.describe(payload)
	return nil
}

// Offered returns the options, as JSON, that the app has offered for an external select: what is chosen is told to the
// app as the whole option.
func (s *Slack) Offered(e Element) json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	options, err := json.Marshal(s.offered[e])
	if err != nil {
		panic("sandbox: options: " + err.Error()) // they were read from JSON
	}
	return options
}

func channelName(c *Channel) string {
	switch {
	case c.IM:
		return "directmessage"
	case c.Private:
		return "privategroup"
	}
	return c.Name
}

// clickable finds a message that user sees.
func (s *Slack) clickable(user string, c *Channel, ts string) (m *Message, ephemeral bool) {
	if m := s.talk(c.ID).byTS[ts]; m != nil {
		return m, false
	}
	for i := range s.ephemerals[user] {
		if m := &s.ephemerals[user][i]; m.TS == ts && m.Channel == c.ID {
			return m, true
		}
	}
	return nil, false
}

// Command types a slash command, such as "/load", with its text. What the acknowledgement says is shown.
func (s *Slack) Command(user, channel, command, text string) *Interaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &Interaction{done: make(chan struct{})}
	c := s.channel(channel)
	payload := answer{
		"token": "no-secret", "team_id": slackTeam, "team_domain": slackDomain, "channel_id": c.ID,
		"channel_name": channelName(c), "user_id": user, "user_name": s.userName(user), "command": command,
		"text": text, "api_app_id": slackApp, "is_enterprise_install": "false", "trigger_id": s.newTrigger(user),
	}
	payload["response_url"] = s.newResponseURL(c, user, "")
	s.interact("slash_commands", payload, func(ack json.RawMessage, err error) {
		var r response
		if err == nil && json.Unmarshal(ack, &r) == nil && r.Text+string(r.Blocks) != "" {
			s.respond(c, user, r)
		}
		i.end(ack, err)
	})
	return i
}

func (s *Slack) interact(kind string, payload answer, answered func(json.RawMessage, error)) {
	text, err := json.Marshal(payload)
	if err != nil {
		panic("sandbox: interaction: " + err.Error())
	}
	s.deliver(&delivery{kind: kind, payload: text, answered: answered})
}

// interaction is what all payloads of interactivity have in common.
func (s *Slack) interaction(kind, user string) answer {
	name := s.userName(user)
	payload := answer{
		"type": kind, "user": answer{"id": user, "username": name, "name": name, "team_id": slackTeam},
		"api_app_id": slackApp, "token": "no-secret", "trigger_id": s.newTrigger(user),
		"team":       answer{"id": slackTeam, "domain": slackDomain},
		"enterprise": nil, "is_enterprise_install": false,
	}
	if s.organised() {
		payload["team"], payload["enterprise"], payload["is_enterprise_install"] = nil, answer{"id": slackOrg, "name": "Acme"}, true
	}
	return payload
}

func (s *Slack) userName(id string) string {
	if p := s.people[id]; p != nil {
		return p.Name
	}
	return ""
}

func (s *Slack) newResponseURL(c *Channel, user, ts string) string {
	path := "/actions/" + slackTeam + "/" + s.newID("")
	s.responses[path] = &responseURL{channel: c, user: user, ts: ts, end: s.clock.Now().Add(responseLife)}
	return "http://" + s.address + path
}

// A response is what an app says to a response_url or in the acknowledgement of a command.
type response struct {
	Type     string          `json:"response_type"`
	Text     string          `json:"text"`
	Blocks   json.RawMessage `json:"blocks"`
	ThreadTS string          `json:"thread_ts"`
	Replace  bool            `json:"replace_original"`
	Delete   bool            `json:"delete_original"`
}

func (s *Slack) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	s.Faults.serve(s.clock, "response_url", w, r, s.takeResponse)
}

func (s *Slack) takeResponse(w http.ResponseWriter, r *http.Request) {
	var said response
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, maxArgs)).Decode(&said) != nil {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.responses[r.URL.Path]
	switch {
	case u == nil || s.clock.Now().After(u.end):
		http.Error(w, `{"ok":false,"error":"expired_url"}`, http.StatusNotFound)
		return
	case u.uses == responseUses:
		http.Error(w, `{"ok":false,"error":"used_url"}`, http.StatusNotFound)
		return
	}
	blocks, err := readBlocks(string(said.Blocks))
	if err != nil {
		http.Error(w, `{"ok":false,"error":"`+err.Error()+`"}`, http.StatusBadRequest)
		return
	}
	u.uses++
	said.Blocks = blocks
	s.use(u, said)
	_, _ = w.Write([]byte("ok"))
}

func (s *Slack) use(u *responseURL, said response) {
	m, ephemeral := s.clickable(u.user, u.channel, u.ts)
	switch {
	case m == nil || !said.Replace && !said.Delete:
		s.respond(u.channel, u.user, said)
	case ephemeral && said.Delete:
		m.Text, m.Blocks = "", nil
	case ephemeral:
		m.Text, m.Blocks = said.Text, said.Blocks
	case said.Delete:
		s.delete(u.channel, m)
	default:
		before := *m
		m.Text, m.Blocks = said.Text, said.Blocks
		s.emitChange(u.channel, before, *m)
	}
}

// respond shows a new message: to user alone, unless it says in_channel.
func (s *Slack) respond(c *Channel, user string, said response) {
	m := s.botMessage(wording{text: strings.TrimSpace(said.Text), blocks: said.Blocks})
	m.ThreadTS = said.ThreadTS
	if said.Type == "in_channel" {
		s.publish(c, m, false)
		return
	}
	m.TS = s.nextTS()
	s.showTo(user, c, m)
}
