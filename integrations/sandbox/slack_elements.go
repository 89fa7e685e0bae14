package sandbox

import (
	"encoding/json"
	"slices"
)

// findElement returns the element with actionID and the id of its block, nil if there is none. Without blockID any
// block will do. The element is the caller's own.
func findElement(blocks json.RawMessage, blockID, actionID string) (block string, element map[string]any) {
	var list []struct {
		BlockID   string           `json:"block_id"`
		Accessory map[string]any   `json:"accessory"`
		Element   map[string]any   `json:"element"`
		Elements  []map[string]any `json:"elements"`
	}
	if json.Unmarshal(blocks, &list) != nil {
		return "", nil
	}
	for _, b := range list {
		if blockID != "" && b.BlockID != blockID {
			continue
		}
		for _, e := range append(b.Elements, b.Accessory, b.Element) {
			if e["action_id"] == actionID {
				return b.BlockID, e
			}
		}
	}
	return "", nil
}

// action is what block_actions tells of the use of an element.
func (s *Slack) action(block string, element map[string]any, values []string) map[string]any {
	told := map[string]any{"block_id": block, "action_ts": s.nextTS()}
	for _, name := range []string{"type", "action_id", "value", "text", "style", "url", "placeholder", "confirm", "accessibility_label"} {
		if v, ok := element[name]; ok {
			told[name] = v
		}
	}
	if field, value := chosen(element, values); field != "" {
		told[field] = value
	}
	return told
}

// stateOf is what state.values says of one element: nothing of a button.
func stateOf(block string, element map[string]any, values []string) answer {
	field, value := chosen(element, values)
	if field == "" {
		return answer{}
	}
	id, _ := element["action_id"].(string)
	return answer{block: answer{id: answer{"type": element["type"], field: value}}}
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
func chosen(element map[string]any, values []string) (field string, value any) {
	kind, _ := element["type"].(string)
	f, ok := fields[kind]
	values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
	switch {
	case !ok:
		return "", nil
	case f.many && f.ofOption:
		return f.name, chosenOptions(element, values)
	case f.many:
		return f.name, idList(values)
	case len(values) == 0:
		return f.name, nil
	case f.ofOption:
		if found := chosenOptions(element, values); len(found) > 0 {
			return f.name, found[0]
		}
		return f.name, nil
	}
	return f.name, values[0]
}

// chosenOptions are those of an element's options that have one of values.
func chosenOptions(element map[string]any, values []string) []any {
	options, _ := element["options"].([]any)
	groups, _ := element["option_groups"].([]any)
	for _, g := range groups {
		group, _ := g.(map[string]any)
		more, _ := group["options"].([]any)
		options = append(options, more...)
	}
	found := []any{}
	for _, o := range options {
		option, _ := o.(map[string]any)
		if value, ok := option["value"].(string); ok && slices.Contains(values, value) {
			found = append(found, option)
		}
	}
	return found
}
