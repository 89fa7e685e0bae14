package text

import (
	"encoding/json"
	"slices"
	"strings"
)

// A slackAttachment is what stands below a message: of an app in the older form, a table that somebody pasted in blocks.
// Shapes: https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments
type slackAttachment struct {
	Blocks    json.RawMessage
	Pretext   string
	Title     string
	TitleLink string `json:"title_link"`
	Text      string
	Fields    []struct{ Title, Value string }
	Fallback  string
}

// ParseAttachment reads an attachment: its blocks, or, if there are none that it knows how to read, its older fields. Like
// Parse it never fails.
func ParseAttachment(raw json.RawMessage) Doc {
	var a slackAttachment
	_ = json.Unmarshal(raw, &a) // beside a field of another type the others are read
	if d, _ := parseBlocks(a.Blocks); !d.blank() {
		return d
	}
	d := slices.Concat(parseMrkdwn(a.Pretext), a.title(), parseMrkdwn(a.Text))
	for _, f := range a.Fields {
		d = append(d, parseMrkdwn(strings.Trim(f.Title+": "+f.Value, ": "))...)
	}
	if d.blank() && a.Fallback != noPreview {
		return paragraph(plainInlines(a.Fallback))
	}
	return d
}

// noPreview is Slack's fallback for what has none.
const noPreview = "[no preview available]"

func (a slackAttachment) title() Doc {
	if a.Title == "" || a.TitleLink == "" {
		return paragraph(plainInlines(a.Title))
	}
	return paragraph([]Inline{link(a.TitleLink, a.Title)})
}
