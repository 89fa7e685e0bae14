package sandbox

import (
	"encoding/json"
	"slices"
	"strings"
)

// findElement returns the element with actionID and the id of its block, nil if there is none. Without blockID any
// block will do. The element is the caller's own.
func findElement(blocks json.RawMessage, blockID, actionID string) (block string, element map[string]any) {
	eachElement(blocks, func(id string, e map[string]any) {
		if element == nil && (blockID == "" || id == blockID) && e["action_id"] == actionID {
			block, element = id, e
		}
	})
	return block, element
}

// eachElement calls f with each element of blocks and the id of its block. The elements are the caller's own.
func eachElement(blocks json.RawMessage, f func(block string, element map[string]any)) {
	var list []struct {
		BlockID   string           `json:"block_id"`
		Accessory map[string]any   `json:"accessory"`
		Element   map[string]any   `json:"element"`
		Elements  []map[string]any `json:"elements"`
	}
	if json.Unmarshal(blocks, &list) != nil {
		return
	}
	for _, b := range list {
		for _, e := range append(b.Elements, b.Accessory, b.Element) {
			if e != nil {
				f(b.BlockID, e)
			}
		}
	}
}

// readOffer reads the options of an answer to block_suggestion. What Slack can't make sense of, it shows the person as it
// shows no answer at all. docs.slack.dev/reference/interaction-payloads/block_suggestion-payload
func readOffer(ack json.RawMessage) (options []any, err error) {
	var offer map[string]any
	if json.Unmarshal(ack, &offer) != nil {
		return nil, ErrNoAck
	}
	if options = optionsOf(offer); len(options) > maxOptions {
		return nil, ErrNoAck
	}
	return options, nil
}

// action is what block_actions tells of the use of an element.
func (s *Slack) action(at Element, block string, element map[string]any, values []string) map[string]any {
	told := map[string]any{"block_id": block, "action_ts": s.nextTS()}
	for _, name := range []string{"type", "action_id", "value", "text", "style", "url", "placeholder", "confirm", "accessibility_label"} {
		if v, ok := element[name]; ok {
			told[name] = v
		}
	}
	if field, value := s.chosen(at, block, element, values); field != "" {
		told[field] = value
	}
	return told
}

// stateOf is what state.values says of the elements of a message: what the person gave them, or what they began with.
// It says nothing of a button.
func (s *Slack) stateOf(at Element, blocks json.RawMessage) answer {
	state := answer{}
	eachElement(blocks, func(block string, element map[string]any) {
		id, _ := element["action_id"].(string)
		values, given := s.filled[at][block][id]
		if !given {
			values = initial(element)
		}
		if field, value := s.chosen(at, block, element, values); field != "" {
			byAction, _ := state[block].(answer)
			if byAction == nil {
				byAction = answer{}
				state[block] = byAction
			}
			byAction[id] = answer{"type": element["type"], field: value}
		}
	})
	return state
}

// InitialValues are what an element of Block Kit, as JSON, holds at first; as in Given.
func InitialValues(element json.RawMessage) []string {
	var e map[string]any
	if json.Unmarshal(element, &e) != nil {
		return nil
	}
	return initial(e)
}

func initial(element map[string]any) (values []string) {
	add := func(v any) {
		if option, ok := v.(map[string]any); ok {
			v = option["value"]
		}
		if text, ok := v.(string); ok && text != "" {
			values = append(values, text)
		}
	}
	for name, v := range element {
		if !strings.HasPrefix(name, "initial_") {
			continue
		}
		if list, ok := v.([]any); ok {
			for _, v := range list {
				add(v)
			}
			continue
		}
		add(v)
	}
	return values
}

// fields are where the values of elements are told, by type. An element that is not here holds none.
// docs.slack.dev/reference/interaction-payloads/view-interactions-payload
var fields = map[string]struct {
	name     string
	many     bool
	ofOption bool
}{
	"plain_text_input":           {name: "value"},
	"email_text_input":           {name: "value"},
	"url_text_input":             {name: "value"},
	"number_input":               {name: "value"},
	"datepicker":                 {name: "selected_date"},
	"timepicker":                 {name: "selected_time"},
	"static_select":              {name: "selected_option", ofOption: true},
	"radio_buttons":              {name: "selected_option", ofOption: true},
	"overflow":                   {name: "selected_option", ofOption: true},
	"external_select":            {name: "selected_option", ofOption: true},
	"multi_external_select":      {name: "selected_options", many: true, ofOption: true},
	"multi_static_select":        {name: "selected_options", many: true, ofOption: true},
	"checkboxes":                 {name: "selected_options", many: true, ofOption: true},
	"users_select":               {name: "selected_user"},
	"channels_select":            {name: "selected_channel"},
	"conversations_select":       {name: "selected_conversation"},
	"multi_users_select":         {name: "selected_users", many: true},
	"multi_channels_select":      {name: "selected_channels", many: true},
	"multi_conversations_select": {name: "selected_conversations", many: true},
}

// chosen is what an element tells of the values that a person gave it. The field is empty if it tells of none.
func (s *Slack) chosen(at Element, block string, element map[string]any, values []string) (field string, value any) {
	kind, _ := element["type"].(string)
	f, ok := fields[kind]
	at.Block = block
	at.Action, _ = element["action_id"].(string)
	options := append(optionsOf(element), s.offered[at]...)
	values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
	switch {
	case !ok:
		return "", nil
	case f.many && f.ofOption:
		return f.name, withValue(options, values)
	case f.many:
		return f.name, idList(values)
	case len(values) == 0:
		return f.name, nil
	case f.ofOption:
		if found := withValue(options, values); len(found) > 0 {
			return f.name, found[0]
		}
		return f.name, nil
	}
	return f.name, values[0]
}

// optionsOf are the options of an element or of an offer, those in groups and those chosen at first included.
func optionsOf(element map[string]any) []any {
	options, _ := element["options"].([]any)
	groups, _ := element["option_groups"].([]any)
	for _, g := range groups {
		group, _ := g.(map[string]any)
		more, _ := group["options"].([]any)
		options = append(options, more...)
	}
	if one, ok := element["initial_option"]; ok {
		options = append(options, one)
	}
	more, _ := element["initial_options"].([]any)
	return append(options, more...)
}

// withValue are those of options that have one of values, each once.
func withValue(options []any, values []string) []any {
	found, seen := []any{}, map[string]bool{}
	for _, o := range options {
		option, _ := o.(map[string]any)
		if value, ok := option["value"].(string); ok && slices.Contains(values, value) && !seen[value] {
			seen[value] = true
			found = append(found, option)
		}
	}
	return found
}
