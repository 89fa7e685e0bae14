package text

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Parse reads a message: its blocks, as Slack sent them, or, if there are none that it knows how to read, its
// mrkdwn text. It never fails: if one block or element can't be read, the text stands in for the whole message,
// so that nothing is lost.
func Parse(blocks json.RawMessage, mrkdwn string) Doc {
	d, err := parseBlocks(blocks)
	if (err != nil || d.blank()) && mrkdwn != "" {
		return parseMrkdwn(mrkdwn)
	}
	return d
}

// blank says whether there is nothing to read in d.
func (d Doc) blank() bool {
	for _, b := range d {
		if strings.TrimSpace(b.visible(nil)) != "" {
			return false
		}
	}
	return true
}

var errUnknown = errors.New("text: unknown block or element")

// A slackBlock is a layout block, with the fields that hold something to read. Shapes:
// https://docs.slack.dev/reference/block-kit/blocks
type slackBlock struct {
	Type     string
	Elements json.RawMessage
	Text     json.RawMessage // an object, in a markdown block a string
	Fields   []slackText
	AltText  string `json:"alt_text"`
	Title    slackText
}

// A slackText is a text object.
type slackText struct {
	Type string
	Text string
}

// A slackRich is a part of a rich_text block that holds inlines, or a list of such parts. Shapes:
// https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
type slackRich struct {
	Type     string
	Elements []json.RawMessage
	Style    string // of a list: bullet or ordered
	Indent   int
	Offset   int
	Border   int // 1: inside a quotation
}

// A slackInline is an element of a rich_text section.
type slackInline struct {
	Type        string
	Text        string
	URL         string
	UserID      string `json:"user_id"`
	UsergroupID string `json:"usergroup_id"`
	ChannelID   string `json:"channel_id"`
	TeamID      string `json:"team_id"`
	Range       string
	Name        string
	SkinTone    int `json:"skin_tone"`
	Unicode     string
	Value       string // of a color
	Timestamp   int64
	Fallback    string
	Label       string
	Style       struct{ Bold, Italic, Strike, Code bool }
}

func parseBlocks(raw json.RawMessage) (Doc, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var blocks []slackBlock
	if err := json.Unmarshal(raw, &blocks); err != nil {
		return nil, err
	}
	var d Doc
	for _, b := range blocks {
		more, err := b.parse()
		if err != nil {
			return nil, err
		}
		d = append(d, more...)
	}
	return d, nil
}

func (b slackBlock) parse() (Doc, error) {
	switch b.Type {
	case "rich_text":
		return parseRichText(b.Elements)
	case "section":
		return b.parseSection()
	case "header":
		t, err := b.textObject()
		return Doc{{Kind: Heading, Inlines: plainInlines(t.Text)}}, err
	case "context":
		return parseContext(b.Elements)
	case "markdown":
		var source string
		err := json.Unmarshal(b.Text, &source)
		return parseVerbatim(source), err
	case "divider":
		return Doc{{Kind: Rule}}, nil
	case "image":
		return paragraph(plainInlines(b.Title.Text), plainInlines(b.AltText)), nil
	case "actions", "file": // buttons; a file comes with the message
		return nil, nil
	}
	return nil, fmt.Errorf("%w: %q", errUnknown, b.Type)
}

func (b slackBlock) textObject() (t slackText, err error) {
	if len(b.Text) > 0 {
		err = json.Unmarshal(b.Text, &t)
	}
	return t, err
}

func (b slackBlock) parseSection() (Doc, error) {
	t, err := b.textObject()
	if err != nil {
		return nil, err
	}
	d := t.parse()
	for _, f := range b.Fields {
		d = append(d, f.parse()...)
	}
	return d, nil
}

func (t slackText) parse() Doc {
	if t.Type == "plain_text" {
		return paragraph(plainInlines(t.Text))
	}
	return parseMrkdwn(t.Text)
}

// parseContext puts the small print of a context block on one line.
func parseContext(raw json.RawMessage) (Doc, error) {
	var elements []struct {
		slackText
		AltText string `json:"alt_text"`
	}
	if err := json.Unmarshal(raw, &elements); err != nil {
		return nil, err
	}
	var parts [][]Inline
	for _, e := range elements {
		if e.Type == "image" {
			parts = append(parts, plainInlines(e.AltText))
			continue
		}
		for _, b := range e.parse() {
			parts = append(parts, b.Inlines)
		}
	}
	return paragraph(parts...), nil
}

// paragraph makes one paragraph of parts, separated by spaces; none if all are empty.
func paragraph(parts ...[]Inline) Doc {
	var all []Inline
	for _, part := range parts {
		if len(all) > 0 && len(part) > 0 {
			all = append(all, Inline{Text: " "})
		}
		all = append(all, part...)
	}
	if len(all) == 0 {
		return nil
	}
	return Doc{{Kind: Paragraph, Inlines: all}}
}

func parseRichText(raw json.RawMessage) (Doc, error) {
	var parts []slackRich
	if err := json.Unmarshal(raw, &parts); err != nil {
		return nil, err
	}
	var d Doc
	for _, p := range parts {
		more, err := p.parse()
		if err != nil {
			return nil, err
		}
		d = append(d, more...)
	}
	return d, nil
}

func (p slackRich) parse() (Doc, error) {
	if p.Type == "rich_text_list" {
		return p.parseList()
	}
	inlines, err := parseInlines(p.Elements)
	if err != nil || len(inlines) == 0 {
		return nil, err
	}
	switch p.Type {
	case "rich_text_section":
		return Doc{{Kind: Paragraph, Inlines: inlines}}, nil
	case "rich_text_quote":
		return Doc{{Kind: Quote, Inlines: inlines}}, nil
	case "rich_text_preformatted":
		return Doc{{Kind: Code, Quoted: p.Border > 0, Inlines: []Inline{{Text: codeText(inlines)}}}}, nil
	}
	return nil, fmt.Errorf("%w: %q", errUnknown, p.Type)
}

// codeText is the text of inlines inside code, where references are shown by their id.
func codeText(inlines []Inline) string {
	return Block{Inlines: inlines}.visible(nil)
}

func (p slackRich) parseList() (Doc, error) {
	var d Doc
	for i, raw := range p.Elements {
		var item slackRich
		if err := json.Unmarshal(raw, &item); err != nil {
			return nil, err
		}
		if item.Type != "rich_text_section" {
			return nil, fmt.Errorf("%w: %q in a list", errUnknown, item.Type)
		}
		inlines, err := parseInlines(item.Elements)
		if err != nil {
			return nil, err
		}
		b := Block{Kind: Item, Indent: min(max(p.Indent, 0), maxIndent), Quoted: p.Border > 0, Inlines: inlines}
		if p.Style == "ordered" {
			b.Number = min(max(p.Offset, 0), maxNumber) + i + 1
		}
		d = append(d, b)
	}
	return d, nil
}

func parseInlines(raw []json.RawMessage) ([]Inline, error) {
	var inlines []Inline
	for _, r := range raw {
		var e slackInline
		if err := json.Unmarshal(r, &e); err != nil {
			return nil, err
		}
		in, err := e.inline()
		if err != nil {
			return nil, err
		}
		if in.isRef() && in.ID == "" {
			return nil, fmt.Errorf("%w: %q without an id", errUnknown, e.Type)
		}
		if isEmpty(in) {
			continue
		}
		in.Bold, in.Italic, in.Strike, in.Code = e.Style.Bold, e.Style.Italic, e.Style.Strike, e.Style.Code
		inlines = append(inlines, in)
	}
	return inlines, nil
}

func (e slackInline) inline() (Inline, error) {
	switch e.Type {
	case "text":
		return Inline{Text: clean(e.Text)}, nil
	case "link":
		return link(e.URL, e.Text), nil
	case "user":
		return Inline{Kind: User, ID: cleanLine(e.UserID)}, nil
	case "usergroup":
		return Inline{Kind: Group, ID: cleanLine(e.UsergroupID)}, nil
	case "channel":
		return Inline{Kind: Channel, ID: cleanLine(e.ChannelID)}, nil
	case "broadcast":
		return Inline{Kind: Broadcast, ID: cleanLine(e.Range)}, nil
	case "emoji":
		return e.emoji(), nil
	case "date":
		return Inline{Kind: Date, Text: clean(e.date())}, nil
	case "color":
		return Inline{Text: clean(e.Value)}, nil
	case "team":
		return Inline{Text: clean(e.TeamID)}, nil
	}
	return e.unknown()
}

// unknown reads an element of a type that we don't know, by what such elements have in common.
func (e slackInline) unknown() (Inline, error) {
	label := e.Text + e.Label + e.Fallback
	switch {
	case e.URL != "":
		return link(e.URL, label), nil
	case label != "":
		return Inline{Text: clean(label)}, nil
	}
	return Inline{}, fmt.Errorf("%w: %q", errUnknown, e.Type)
}

// link makes a Link; a label that only repeats the address is dropped.
func link(url, label string) Inline {
	in := Inline{Kind: Link, Text: cleanLine(label), URL: cleanLine(url)}
	if in.Text == in.URL || in.URL == "mailto:"+in.Text {
		in.Text = ""
	}
	return in
}

func (e slackInline) emoji() Inline {
	name := cleanLine(e.Name)
	if e.SkinTone >= 2 && e.SkinTone <= 6 && !strings.Contains(name, "::") {
		name += fmt.Sprintf("::skin-tone-%d", e.SkinTone)
	}
	in := emoji(name)
	if char := emojiFromHex(e.Unicode); char != "" {
		in.Text = char
	}
	return in
}

func (e slackInline) date() string {
	if e.Fallback != "" {
		return e.Fallback
	}
	return time.Unix(e.Timestamp, 0).UTC().Format("2006-01-02 15:04 UTC")
}
