package sandbox

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// Rules of modals (docs.slack.dev/surfaces/modals; platform facts, sections 3 and 4).
const (
	triggerLife = 3 * time.Second
	maxViews    = 3 // in a stack
	maxInView   = 100
	maxViewWord = 24 // characters of the title and of the words submit and close
	maxPrivate  = 3000
)

// ErrNoView says that a person does not see the modal, or that another one lies on it: ours, not Slack's.
var ErrNoView = errors.New("no such view")

// A trigger lets the app open a modal, once and soon.
type trigger struct {
	user string
	end  time.Time
}

// A View is a modal as Slack stores it.
type View struct {
	ID              string          `json:"id"`
	TeamID          string          `json:"team_id"`
	Type            string          `json:"type"`
	CallbackID      string          `json:"callback_id"`
	ExternalID      string          `json:"external_id"`
	PrivateMetadata string          `json:"private_metadata"`
	Title           *PlainText      `json:"title"`
	Submit          *PlainText      `json:"submit"`
	Close           *PlainText      `json:"close"`
	Blocks          json.RawMessage `json:"blocks"`
	ClearOnClose    bool            `json:"clear_on_close"`
	NotifyOnClose   bool            `json:"notify_on_close"`
	Hash            string          `json:"hash"`
	State           ViewState       `json:"state"`
	RootViewID      string          `json:"root_view_id"`
	PreviousViewID  *string         `json:"previous_view_id"`
	AppID           string          `json:"app_id"`
	BotID           string          `json:"bot_id"`

	// Typed is what the person had given when they submitted it, by block and action.
	Typed Given `json:"-"`
	// Errors is what the app said against the submission, by block.
	Errors map[string]string `json:"-"`
}

// ViewState is what the person has typed and chosen, by block and action.
type ViewState struct {
	Values map[string]map[string]any `json:"values"`
}

// PlainText is a text object without formatting.
type PlainText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// Views returns the stack of modals that a person sees, the top last. Their State is not filled in.
func (s *Slack) Views(user string) []View {
	s.mu.Lock()
	defer s.mu.Unlock()
	var stack []View
	for _, v := range s.views[user] {
		shown := *v
		shown.Typed = Given{}
		for block, byAction := range v.Typed {
			shown.Typed[block] = maps.Clone(byAction)
		}
		shown.State = ViewState{}
		stack = append(stack, shown)
	}
	return stack
}

func (s *Slack) newTrigger(user string) string {
	id := "1." + s.newID("") + ".sandbox"
	s.triggers[id] = trigger{user, s.clock.Now().Add(triggerLife)}
	return id
}

// exchange uses up a trigger.
func (s *Slack) exchange(id string) (user string, err error) {
	t, ok := s.triggers[id]
	switch {
	case !ok && strings.HasSuffix(id, ".sandbox"):
		return "", refuse("exchanged_trigger_id")
	case !ok:
		return "", refuse("invalid_trigger_id")
	}
	delete(s.triggers, id)
	if s.clock.Now().After(t.end) {
		return "", refuse("expired_trigger_id")
	}
	return t.user, nil
}

// triggered reads the modal that a call brings, and uses up the trigger that comes with it.
func (s *Slack) triggered(a slackArgs) (user string, v *View, err error) {
	if v, err = s.readView(a["view"]); err != nil {
		return "", nil, err
	}
	user, err = s.exchange(a["trigger_id"])
	return user, v, err
}

func (s *Slack) viewsOpen(a slackArgs) (answer, error) {
	user, v, err := s.triggered(a)
	if err != nil {
		return nil, err
	}
	s.views[user] = nil
	s.push(user, v)
	return answer{"view": v}, nil
}

func (s *Slack) viewsPush(a slackArgs) (answer, error) {
	user, v, err := s.triggered(a)
	switch {
	case err != nil:
		return nil, err
	case len(s.views[user]) == 0:
		return nil, refuse("not_found")
	case len(s.views[user]) == maxViews:
		return nil, refuse("push_limit_reached")
	}
	s.push(user, v)
	return answer{"view": v}, nil
}

func (s *Slack) viewsUpdate(a slackArgs) (answer, error) {
	v, err := s.readView(a["view"])
	if err != nil {
		return nil, err
	}
	for _, stack := range s.views {
		for i, old := range stack {
			if old.ID != a["view_id"] && (a["external_id"] == "" || old.ExternalID != a["external_id"]) {
				continue
			}
			if a["hash"] != "" && a["hash"] != old.Hash {
				return nil, refuse("hash_conflict")
			}
			stack[i] = s.replace(old, v)
			return answer{"view": v}, nil
		}
	}
	return nil, refuse("not_found")
}

// readView reads the argument view and checks it.
func (s *Slack) readView(text string) (*View, error) {
	v := &View{}
	var fields struct {
		Blocks []map[string]any `json:"blocks"`
	}
	if json.Unmarshal([]byte(text), v) != nil || json.Unmarshal([]byte(text), &fields) != nil {
		return nil, refuse("invalid_arguments")
	}
	check := newBlockChecker(maxInView)
	check.blocks(fields.Blocks)
	check.view(v, fields.Blocks)
	if err := check.refusal("invalid_arguments"); err != nil {
		return nil, err
	}
	blocks, err := json.Marshal(fields.Blocks)
	if err != nil {
		return nil, refuse("invalid_arguments")
	}
	v.Blocks = blocks
	v.ID, v.TeamID, v.AppID, v.BotID, v.Hash = s.newID("V"), slackTeam, slackApp, slackBot, s.newHash()
	v.State = ViewState{Values: map[string]map[string]any{}}
	return v, nil
}

func (s *Slack) newHash() string { return s.newID(s.nextTS() + ".") }

// view checks what a modal is beside its blocks.
func (c *blockChecker) view(v *View, blocks []map[string]any) {
	if v.Type != "modal" {
		c.wrong("/view/type", "unsupported type: %s", v.Type)
	}
	if v.Title == nil {
		c.wrong("/view", "missing required field: title")
	}
	for name, word := range map[string]*PlainText{"title": v.Title, "submit": v.Submit, "close": v.Close} {
		if word == nil {
			continue
		}
		if word.Type != "plain_text" {
			c.wrong("/view/"+name+"/type", "unsupported type: %s", word.Type)
		}
		c.chars("/view/"+name+"/text", word.Text, maxViewWord, true)
	}
	c.chars("/view/private_metadata", v.PrivateMetadata, maxPrivate, false)
	c.chars("/view/callback_id", v.CallbackID, maxID, false)
	hasInput := slices.ContainsFunc(blocks, func(b map[string]any) bool { return b["type"] == "input" })
	if hasInput && v.Submit == nil {
		c.wrong("/view", "missing required field: submit")
	}
}

func (s *Slack) push(user string, v *View) {
	stack := s.views[user]
	v.RootViewID = v.ID
	if len(stack) > 0 {
		v.RootViewID, v.PreviousViewID = stack[0].ID, &stack[len(stack)-1].ID
	}
	s.views[user] = append(stack, v)
}

// replace puts v in the place of old, which keeps its id. What was typed stays in blocks that keep theirs.
func (s *Slack) replace(old, v *View) *View {
	v.ID, v.RootViewID, v.PreviousViewID = old.ID, old.RootViewID, old.PreviousViewID
	v.State, v.Typed = old.State, old.Typed
	return v
}

// top finds the modal that a person has before them.
func (s *Slack) top(user, id string) *View {
	stack := s.views[user]
	if len(stack) == 0 || stack[len(stack)-1].ID != id {
		return nil
	}
	return stack[len(stack)-1]
}

// ChooseInView uses an element of a modal, as Choose does in a message.
func (s *Slack) ChooseInView(user, view, block, actionID string, values ...string) *Interaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &Interaction{done: make(chan struct{})}
	v := s.top(user, view)
	if v == nil {
		i.end(nil, ErrNoView)
		return i
	}
	block, element := findElement(v.Blocks, block, actionID)
	if element == nil {
		i.end(nil, ErrNoButton)
		return i
	}
	at := Element{User: user, View: v.ID}
	s.note(at, v, block, element, values)
	payload := s.interaction("block_actions", user)
	payload["container"], payload["view"] = answer{"type": "view", "view_id": v.ID}, v
	payload["actions"] = []any{s.action(at, block, element, values)}
	s.interact("interactive", payload, i.end)
	return i
}

// FillView types and chooses in the modal that a person has before them, of which the app is told when it is used.
func (s *Slack) FillView(user, view string, given Given) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.top(user, view); v != nil {
		s.noteAll(user, v, given)
	}
}

func (s *Slack) noteAll(user string, v *View, given Given) {
	for block, byAction := range given {
		for actionID, values := range byAction {
			if id, element := findElement(v.Blocks, block, actionID); element != nil {
				s.note(Element{User: user, View: v.ID}, v, id, element, values)
			}
		}
	}
}

// note keeps what a person gave an element.
func (s *Slack) note(at Element, v *View, block string, element map[string]any, values []string) {
	field, value := s.chosen(at, block, element, values)
	if field == "" {
		return
	}
	actionID, _ := element["action_id"].(string)
	if v.State.Values[block] == nil {
		v.State.Values[block] = map[string]any{}
	}
	v.State.Values[block][actionID] = answer{"type": element["type"], field: value}
	if v.Typed == nil {
		v.Typed = Given{}
	}
	v.Typed.Put(block, actionID, values)
}

// SubmitView submits the modal that a person has before them, with what they typed and chose by block and action.
// What the app acknowledges it with happens: the modal closes, shows errors, changes, or gets another one on it.
func (s *Slack) SubmitView(user, view string, given Given) *Interaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &Interaction{done: make(chan struct{})}
	v := s.top(user, view)
	if v == nil {
		i.end(nil, ErrNoView)
		return i
	}
	s.noteAll(user, v, given)
	v.Errors = nil
	payload := s.interaction("view_submission", user)
	payload["view"], payload["response_urls"] = v, []any{}
	s.interact("interactive", payload, func(ack json.RawMessage, err error) {
		if err == nil {
			err = s.submitted(user, v, ack)
		}
		i.end(ack, err)
	})
	return i
}

// submitted does what the app's acknowledgement of a submission says. What Slack can't make sense of, it shows the
// person as it shows no answer at all.
func (s *Slack) submitted(user string, v *View, ack json.RawMessage) error {
	var said struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	if len(ack) > 0 && json.Unmarshal(ack, &said) != nil {
		return ErrNoAck
	}
	if s.top(user, v.ID) == nil {
		return nil // closed or changed meanwhile
	}
	stack := s.views[user]
	switch said.Action {
	case "errors":
		v.Errors, v.Hash = said.Errors, s.newHash()
	case "clear":
		s.views[user] = nil
	case "update", "push":
		next, err := s.readView(string(said.View))
		if err != nil || said.Action == "push" && len(stack) == maxViews {
			return ErrNoAck
		}
		if said.Action == "push" {
			s.push(user, next)
			return nil
		}
		stack[len(stack)-1] = s.replace(v, next)
	default:
		s.views[user] = stack[:len(stack)-1]
	}
	return nil
}

// CloseView closes the modal that a person has before them, and with all those below it if all is set or the
// modal wants that.
func (s *Slack) CloseView(user, view string, all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.top(user, view)
	if v == nil {
		return
	}
	stack := s.views[user]
	left := stack[:len(stack)-1]
	if all || v.ClearOnClose {
		left = nil
	}
	s.views[user] = left
	for _, closed := range slices.Backward(stack[len(left):]) {
		if !closed.NotifyOnClose {
			continue
		}
		payload := s.interaction("view_closed", user)
		payload["view"], payload["is_cleared"] = closed, len(left) == 0 && len(stack) > 1
		s.interact("interactive", payload, func(json.RawMessage, error) {})
	}
}
