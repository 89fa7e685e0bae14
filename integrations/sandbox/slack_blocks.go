package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Limits of Block Kit for a message (docs.slack.dev/reference/block-kit; platform facts, section 3).
const (
	maxBlocks      = 50
	maxSection     = 3000
	maxField       = 2000
	maxFields      = 10
	maxHeader      = 150
	maxContext     = 10
	maxActions     = 25
	maxMarkdown    = 12_000
	maxButton      = 75
	maxButtonValue = 2000
	maxURL         = 3000
	maxOptions     = 100
	maxChoices     = 10 // checkboxes, radio buttons
	maxOverflow    = 5
	maxOption      = 75
	maxOptionValue = 150
	maxPlaceholder = 150
	maxInputLabel  = 2000
	maxID          = 255
)

// messageBlocks are the block types that a message takes; those that blockChecker doesn't know pass unchecked.
var messageBlocks = []string{
	"section", "header", "divider", "context", "actions", "image", "input", "rich_text", "markdown", "table", "video",
	"file", "call", "context_actions", "data_table", "data_visualization", "task_card", "plan", "alert", "card", "carousel",
}

// readBlocks reads the argument blocks, checks it against the limits, and gives the blocks their ids. It
// returns nil if there are none.
func readBlocks(text string) (json.RawMessage, error) {
	if text == "" || text == "null" || text == "[]" {
		return nil, nil
	}
	var blocks []map[string]any
	if json.Unmarshal([]byte(text), &blocks) != nil {
		return nil, refuse("invalid_blocks_format")
	}
	check := newBlockChecker(maxBlocks)
	check.blocks(blocks)
	if err := check.refusal("invalid_blocks"); err != nil {
		return nil, err
	}
	out, err := json.Marshal(blocks)
	if err != nil {
		return nil, refuse("invalid_blocks_format")
	}
	return out, nil
}

// A blockChecker collects what is wrong with blocks, in Slack's words where we know them.
type blockChecker struct {
	most     int // blocks
	problems []string
	ids      map[string]bool // block_ids so far
}

func newBlockChecker(most int) blockChecker { return blockChecker{most: most, ids: map[string]bool{}} }

// refusal is the answer that lists the problems, nil if there is none.
func (c *blockChecker) refusal(code string) error {
	if len(c.problems) == 0 {
		return nil
	}
	messages := make([]string, len(c.problems))
	for i, p := range c.problems {
		messages[i] = "[ERROR] " + p
	}
	return &apiError{code: code, more: answer{"errors": c.problems, "response_metadata": answer{"messages": messages}}}
}

func (c *blockChecker) wrong(path, format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...)+" [json-pointer:"+path+"]")
}

func (c *blockChecker) blocks(blocks []map[string]any) {
	if len(blocks) > c.most {
		c.wrong("/blocks", "no more than %d items allowed", c.most)
	}
	for i, b := range blocks {
		path := fmt.Sprintf("/blocks/%d", i)
		c.identify(path, b, i)
		c.block(path, b)
	}
}

// identify checks a block_id, or gives one, as Slack does.
func (c *blockChecker) identify(path string, b map[string]any, i int) {
	c.chars(path+"/block_id", b["block_id"], maxID, false)
	id, _ := b["block_id"].(string)
	if id == "" {
		id = fmt.Sprintf("auto%d", i)
		b["block_id"] = id
	}
	if c.ids[id] {
		c.wrong(path+"/block_id", "`block_id` already exists: %s", id)
	}
	c.ids[id] = true
}

func (c *blockChecker) block(path string, b map[string]any) {
	kind, _ := b["type"].(string)
	if !slices.Contains(messageBlocks, kind) {
		c.wrong(path+"/type", "unsupported type: %s", kind)
		return
	}
	switch kind {
	case "section":
		c.section(path, b)
	case "header":
		c.text(path+"/text", b["text"], maxHeader, true)
	case "context":
		c.elements(path, b, maxContext)
	case "actions":
		c.elements(path, b, maxActions)
	case "markdown":
		c.chars(path+"/text", b["text"], maxMarkdown, true)
	case "image":
		c.chars(path+"/image_url", b["image_url"], maxURL, b["slack_file"] == nil)
		c.chars(path+"/alt_text", b["alt_text"], maxField, true)
	case "input":
		c.input(path, b)
	case "rich_text":
		if _, ok := b["elements"].([]any); !ok {
			c.wrong(path+"/elements", "missing required field: elements")
		}
	}
}

func (c *blockChecker) section(path string, b map[string]any) {
	fields, _ := b["fields"].([]any)
	if b["text"] == nil && fields == nil {
		c.wrong(path, "missing required field: text or fields")
	}
	if b["text"] != nil {
		c.text(path+"/text", b["text"], maxSection, false)
	}
	if len(fields) > maxFields {
		c.wrong(path+"/fields", "no more than %d items allowed", maxFields)
	}
	for i, f := range fields {
		c.text(fmt.Sprintf("%s/fields/%d", path, i), f, maxField, false)
	}
	if accessory, ok := b["accessory"].(map[string]any); ok {
		c.element(path+"/accessory", accessory)
	}
}

func (c *blockChecker) input(path string, b map[string]any) {
	c.text(path+"/label", b["label"], maxInputLabel, true)
	if b["hint"] != nil {
		c.text(path+"/hint", b["hint"], maxInputLabel, true)
	}
	element, ok := b["element"].(map[string]any)
	if !ok {
		c.wrong(path+"/element", "missing required field: element")
		return
	}
	c.element(path+"/element", element)
}

func (c *blockChecker) elements(path string, b map[string]any, limit int) {
	elements, _ := b["elements"].([]any)
	if len(elements) == 0 {
		c.wrong(path+"/elements", "no fewer than 1 items allowed")
	}
	if len(elements) > limit {
		c.wrong(path+"/elements", "no more than %d items allowed", limit)
	}
	actions := map[any]bool{}
	for i, e := range elements {
		at := fmt.Sprintf("%s/elements/%d", path, i)
		element, ok := e.(map[string]any)
		if !ok {
			c.wrong(at, "must be an object")
			continue
		}
		if id := element["action_id"]; id != nil {
			if actions[id] {
				c.wrong(at+"/action_id", "`action_id` already exists: %v", id)
			}
			actions[id] = true
		}
		c.element(at, element)
	}
}

func (c *blockChecker) element(path string, e map[string]any) {
	c.chars(path+"/action_id", e["action_id"], maxID, false)
	switch e["type"] {
	case "mrkdwn", "plain_text":
		c.text(path, e, maxSection, false)
	case "button":
		c.text(path+"/text", e["text"], maxButton, true)
		c.chars(path+"/value", e["value"], maxButtonValue, false)
		c.chars(path+"/url", e["url"], maxURL, false)
		if style, set := e["style"]; set && style != "primary" && style != "danger" {
			c.wrong(path+"/style", "must be a valid enum value")
		}
	case "static_select", "multi_static_select":
		c.options(path, e, maxOptions)
	case "checkboxes", "radio_buttons":
		c.options(path, e, maxChoices)
	case "overflow":
		c.options(path, e, maxOverflow)
	case nil:
		c.wrong(path+"/type", "missing required field: type")
	}
	if e["placeholder"] != nil {
		c.text(path+"/placeholder", e["placeholder"], maxPlaceholder, true)
	}
}

func (c *blockChecker) options(path string, e map[string]any, limit int) {
	options, _ := e["options"].([]any)
	if len(options) == 0 && e["option_groups"] == nil {
		c.wrong(path+"/options", "no fewer than 1 items allowed")
	}
	if len(options) > limit {
		c.wrong(path+"/options", "no more than %d items allowed", limit)
	}
	for i, o := range options {
		option, _ := o.(map[string]any)
		at := fmt.Sprintf("%s/options/%d", path, i)
		c.text(at+"/text", option["text"], maxOption, false)
		c.chars(at+"/value", option["value"], maxOptionValue, true)
	}
}

// text checks a text object.
func (c *blockChecker) text(path string, v any, limit int, plain bool) {
	t, ok := v.(map[string]any)
	if !ok {
		c.wrong(path, "missing required field: text")
		return
	}
	if t["type"] != "plain_text" && (plain || t["type"] != "mrkdwn") {
		c.wrong(path+"/type", "unsupported type: %v", t["type"])
	}
	c.chars(path+"/text", t["text"], limit, true)
}

// chars checks the length of a string, in characters.
func (c *blockChecker) chars(path string, v any, limit int, required bool) {
	text, ok := v.(string)
	switch {
	case v == nil && !required:
	case !ok:
		c.wrong(path, "must be a string")
	case text == "" && required:
		c.wrong(path, "must be more than 0 characters")
	case utf8.RuneCountInString(text) > limit:
		c.wrong(path, "must be less than %d characters", limit+1)
	}
}
