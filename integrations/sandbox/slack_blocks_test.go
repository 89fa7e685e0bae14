package sandbox

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/slack-go/slack"
)

func TestBlocksBeyondTheLimitsAreRefused(t *testing.T) {
	section := func(text string) string {
		return fmt.Sprintf(`{"type":"section","text":{"type":"mrkdwn","text":%q}}`, text)
	}
	actions := func(element string) string { return `[{"type":"actions","elements":[` + element + `]}]` }
	button := func(text, more string) string {
		return fmt.Sprintf(`{"type":"button","action_id":"a","text":{"type":"plain_text","text":%q}%s}`, text, more)
	}
	list := func(item string, n int) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	option := `{"text":{"type":"plain_text","text":"x"},"value":"x"}`
	tests := map[string]struct{ blocks, want string }{
		"50 blocks":                       {"[" + list(section("x"), 50) + "]", ""},
		"51 blocks":                       {"[" + list(section("x"), 51) + "]", "no more than 50 items allowed [json-pointer:/blocks]"},
		"a section of 3000 characters":    {"[" + section(strings.Repeat("あ", 3000)) + "]", ""},
		"a section of 3001 characters":    {"[" + section(strings.Repeat("あ", 3001)) + "]", "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		"an empty section":                {"[" + section("") + "]", "must be more than 0 characters [json-pointer:/blocks/0/text/text]"},
		"a section of nothing":            {`[{"type":"section"}]`, "missing required field: text or fields [json-pointer:/blocks/0]"},
		"11 fields":                       {`[{"type":"section","fields":[` + list(`{"type":"mrkdwn","text":"x"}`, 11) + `]}]`, "no more than 10 items allowed [json-pointer:/blocks/0/fields]"},
		"a button of 75 characters":       {actions(button(strings.Repeat("x", 75), "")), ""},
		"a button of 76 characters":       {actions(button(strings.Repeat("x", 76), "")), "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"},
		"a button with a value of 2001":   {actions(button("x", `,"value":"`+strings.Repeat("x", 2001)+`"`)), "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]"},
		"a button of a style of its own":  {actions(button("x", `,"style":"default"`)), "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]"},
		"a button in mrkdwn":              {actions(`{"type":"button","text":{"type":"mrkdwn","text":"x"}}`), "unsupported type: mrkdwn [json-pointer:/blocks/0/elements/0/text/type]"},
		"two buttons of one action_id":    {actions(button("x", "") + "," + button("y", "")), "`action_id` already exists: a [json-pointer:/blocks/0/elements/1/action_id]"},
		"26 buttons":                      {actions(list(`{"type":"button","text":{"type":"plain_text","text":"x"}}`, 26)), "no more than 25 items allowed [json-pointer:/blocks/0/elements]"},
		"no buttons":                      {actions(""), "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"},
		"an overflow of six":              {actions(`{"type":"overflow","options":[` + list(option, 6) + `]}`), "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]"},
		"a select of 101":                 {actions(`{"type":"static_select","options":[` + list(option, 101) + `]}`), "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]"},
		"a header of 151 characters":      {`[{"type":"header","text":{"type":"plain_text","text":"` + strings.Repeat("x", 151) + `"}}]`, "must be less than 151 characters [json-pointer:/blocks/0/text/text]"},
		"11 elements of context":          {`[{"type":"context","elements":[` + list(`{"type":"mrkdwn","text":"x"}`, 11) + `]}]`, "no more than 10 items allowed [json-pointer:/blocks/0/elements]"},
		"markdown of 12,001 characters":   {`[{"type":"markdown","text":"` + strings.Repeat("x", 12_001) + `"}]`, "must be less than 12001 characters [json-pointer:/blocks/0/text]"},
		"a type that Slack does not have": {`[{"type":"hologram"}]`, "unsupported type: hologram [json-pointer:/blocks/0/type]"},
		"two blocks of one block_id":      {`[{"type":"divider","block_id":"a"},{"type":"divider","block_id":"a"}]`, "`block_id` already exists: a [json-pointer:/blocks/1/block_id]"},
		"a block_id of 256 characters":    {`[{"type":"divider","block_id":"` + strings.Repeat("x", 256) + `"}]`, "must be less than 256 characters [json-pointer:/blocks/0/block_id]"},
		"context, an image and checkboxes": {`[{"type":"context","elements":[{"type":"mrkdwn","text":"x"}]},` +
			`{"type":"image","image_url":"https://example.com/x.png","alt_text":"x"},{"type":"rich_text","elements":[]},` +
			`{"type":"actions","elements":[{"type":"checkboxes","options":[` + option + `]},` +
			`{"type":"static_select","placeholder":{"type":"plain_text","text":"x"},"options":[` + option + `]}]}]`, ""},
		"a section whose button is too long": {`[{"type":"section","text":{"type":"plain_text","text":"x"},"accessory":` + button(strings.Repeat("x", 76), "") + `}]`,
			"must be less than 76 characters [json-pointer:/blocks/0/accessory/text/text]"},
		"text that isn't an object":        {`[{"type":"header","text":"x"}]`, "missing required field: text [json-pointer:/blocks/0/text]"},
		"an element that isn't one":        {actions("1"), "must be an object [json-pointer:/blocks/0/elements/0]"},
		"an element without a type":        {actions("{}"), "missing required field: type [json-pointer:/blocks/0/elements/0/type]"},
		"rich text without elements":       {`[{"type":"rich_text"}]`, "missing required field: elements [json-pointer:/blocks/0/elements]"},
		"an image without a text for ears": {`[{"type":"image","image_url":"https://example.com/x.png"}]`, "must be a string [json-pointer:/blocks/0/alt_text]"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := readBlocks(test.blocks)
			if test.want == "" {
				if err != nil {
					t.Errorf("refused: %v %v", err, err.(*apiError).more["errors"])
				}
				return
			}
			var refused *apiError
			if !errors.As(err, &refused) || refused.code != "invalid_blocks" {
				t.Fatalf("error %v", err)
			}
			if got := refused.more["errors"].([]string); len(got) != 1 || got[0] != test.want {
				t.Errorf("problems %q, want %q", got, test.want)
			}
		})
	}
}

func TestSlackGoReadsWhatIsWrongWithBlocks(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	_, _, err := aClient(s).PostMessage("CGENERAL", slack.MsgOptionBlocks(
		slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, strings.Repeat("x", 3001), false, false), nil, nil)))
	var refused slack.SlackErrorResponse
	if !errors.As(err, &refused) || refused.Err != "invalid_blocks" {
		t.Fatalf("error %v", err)
	}
	if got := refused.ResponseMetadata.Messages; len(got) != 1 || !strings.Contains(got[0], "/blocks/0/text/text") {
		t.Errorf("messages %q", got)
	}
	r := slackRequest(t, s, "chat.postMessage", form, "channel=CGENERAL&blocks=%7B%7D&token="+s.BotToken())
	if body, _ := callSlack(t, r); body["error"] != "invalid_blocks_format" {
		t.Errorf("an object for a list: %v", body)
	}
}

func TestSlackGivesBlocksTheirIDs(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	_, ts, err := aClient(s).PostMessage("CGENERAL", slack.MsgOptionBlocks(slack.NewDividerBlock(), slack.NewDividerBlock()))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(s.Thread("CGENERAL", ts)[0].Blocks); strings.Count(got, `"block_id"`) != 2 {
		t.Errorf("blocks %s", got)
	}
}
