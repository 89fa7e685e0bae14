package text

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Parse reads a message: its blocks, as Slack sent them, or, if there are none that it knows how to read, its
// mrkdwn text. It never fails: if one block or element can't be read, the text stands in for the whole message,
// so that nothing is lost; if there is no text, what can be read.
func Parse(blocks json.RawMessage, mrkdwn string) Doc {
	d, err := parseBlocks(blocks)
	if (err != nil || d.blank()) && strings.TrimSpace(mrkdwn) != "" {
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
	Rows     [][]json.RawMessage // of a table: cells are blocks, or texts of a type of their own
	AltText  string              `json:"alt_text"`
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

// parseBlocks returns what it can read of the blocks; the error says that there is more.
func parseBlocks(raw json.RawMessage) (Doc, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	return parseEach(raw, slackBlock.parse)
}

// parseEach returns what parse can read of the elements of a list; the error says that there is more.
func parseEach[T any](list json.RawMessage, parse func(T) (Doc, error)) (d Doc, unread error) {
	var all []T
	unread = json.Unmarshal(list, &all) // beside a field of another type the others are read
	for _, one := range all {
		more, err := parse(one)
		d, unread = append(d, more...), cmp.Or(unread, err)
	}
	return d, unread
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
	case "table":
		return parseTable(b.Rows)
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
	d := t.parse()
	for _, f := range b.Fields {
		d = append(d, f.parse()...)
	}
	return d, err
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
	err := json.Unmarshal(raw, &elements)
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
	return paragraph(parts...), err
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

// parseTable puts each row of a table on a line of its own.
func parseTable(rows [][]json.RawMessage) (Doc, error) {
	var all []Inline
	var unread error
	for i, row := range rows {
		if i > 0 {
			all = append(all, Inline{Text: "\n"})
		}
		for j, raw := range row {
			if j > 0 {
				all = append(all, Inline{Text: " | "})
			}
			cell, err := parseCell(raw)
			all, unread = append(all, cell...), cmp.Or(unread, err)
		}
	}
	return paragraph(all), unread
}

// parseCell puts a cell of a table, rich text or a bare one, on one line.
func parseCell(raw json.RawMessage) ([]Inline, error) {
	var b slackBlock
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, err
	}
	if b.Type != "rich_text" {
		var bare string
		err := json.Unmarshal(b.Text, &bare)
		return []Inline{{Text: cleanLine(bare)}}, err
	}
	d, err := b.parse()
	var parts [][]Inline
	for i, part := range d {
		if i > 0 {
			parts = append(parts, []Inline{{Text: " "}})
		}
		parts = append(parts, part.oneLine().Inlines)
	}
	return slices.Concat(parts...), err
}

func parseRichText(raw json.RawMessage) (Doc, error) { return parseEach(raw, slackRich.parse) }

func (p slackRich) parse() (Doc, error) {
	if p.Type == "rich_text_list" {
		return p.parseList()
	}
	inlines, err := parseInlines(p.Elements)
	b := Block{Inlines: inlines}
	switch p.Type {
	case "rich_text_section":
		b.Kind = Paragraph
	case "rich_text_quote":
		b.Kind = Quote
	case "rich_text_preformatted":
		b = Block{Kind: Code, Quoted: p.Border > 0, Inlines: []Inline{{Text: codeText(inlines)}}}
	default:
		return nil, fmt.Errorf("%w: %q", errUnknown, p.Type)
	}
	if len(inlines) == 0 {
		return nil, err
	}
	return Doc{b}, err
}

// codeText is the text of inlines inside code, where references are shown by their id.
func codeText(inlines []Inline) string {
	return Block{Inlines: inlines}.visible(nil)
}

func (p slackRich) parseList() (d Doc, unread error) {
	for i, raw := range p.Elements {
		var item slackRich
		err := json.Unmarshal(raw, &item)
		if err == nil && item.Type != "rich_text_section" {
			err = fmt.Errorf("%w: %q in a list", errUnknown, item.Type)
		}
		inlines, more := parseInlines(item.Elements)
		unread = cmp.Or(unread, err, more)
		b := Block{Kind: Item, Indent: min(max(p.Indent, 0), maxIndent), Quoted: p.Border > 0, Inlines: inlines}
		if p.Style == "ordered" {
			b.Number = min(max(p.Offset, 0), maxNumber) + i + 1
		}
		d = append(d, b)
	}
	return d, unread
}

// parseInlines returns what it can read of the elements; the error says that there is more.
func parseInlines(raw []json.RawMessage) (inlines []Inline, unread error) {
	for _, r := range raw {
		var e slackInline
		err := json.Unmarshal(r, &e)
		in, unknown := e.inline()
		if in.isRef() && in.ID == "" {
			in, unknown = Inline{}, fmt.Errorf("%w: %q without an id", errUnknown, e.Type)
		}
		unread = cmp.Or(unread, err, unknown)
		if isEmpty(in) {
			continue
		}
		in.Bold, in.Italic, in.Strike, in.Code = e.Style.Bold, e.Style.Italic, e.Style.Strike, e.Style.Code
		inlines = append(inlines, in)
	}
	return inlines, unread
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
