package page

import (
	"bytes"
	"cmp"
	"encoding/json"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"supportbot/integrations/sandbox"
)

// A block is a block of Block Kit, ready to be shown.
type block struct {
	Type      string
	ID        string
	Text      template.HTML // of section, header, markdown
	Fields    []template.HTML
	Accessory *control
	Controls  []control
	Input     *control // of an input block
	Label     string
	Hint      string
	Optional  bool
	Error     string // what the app said against it
	Context   []piece
	Image     *picture
	Rows      [][]cell
	JSON      string // of a block that this page doesn't know
}

// A piece of a context block is text or a small picture.
type piece struct {
	Text  template.HTML
	Image *picture
	JSON  string // of a kind that this page doesn't know
}

type picture struct {
	URL   string // empty if it is not on this machine
	Alt   string
	Title string
	From  string // its address
}

type cell struct {
	Text  template.HTML
	Align string // "left", "center" or "right"
}

// A control is a button, a select, an input.
type control struct {
	wireElement
	Block   string
	Given   []string // values that it has
	Confirm *confirm
	JSON    string    // of a kind that this page doesn't know
	In      container // what it is a part of
}

// A container is the message or modal that a control is a part of: what a form must say of it.
type container struct {
	At       *place
	TS, View string        // of the one or the other
	Typed    sandbox.Given // into a modal
}

// A confirm is a dialog that asks before something is done.
type confirm struct {
	Title, Ask, Yes, No string
	Danger              bool
}

// wireText is a text object, or in some places a plain string.
type wireText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

func (t *wireText) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		t.Type = "plain_text"
		return json.Unmarshal(data, &t.Text)
	}
	type plain wireText
	return json.Unmarshal(data, (*plain)(t))
}

type wireOption struct {
	Text        wireText `json:"text"`
	Value       string   `json:"value"`
	Description wireText `json:"description"`
}

type wireElement struct {
	Type           string       `json:"type"`
	ActionID       string       `json:"action_id"`
	Text           wireText     `json:"text"`
	Value          string       `json:"value"`
	Style          string       `json:"style"`
	URL            string       `json:"url"`
	Label          string       `json:"accessibility_label"`
	Placeholder    wireText     `json:"placeholder"`
	Options        []wireOption `json:"options"`
	Groups         []wireGroup  `json:"option_groups"`
	Multiline      bool         `json:"multiline"`
	MinLength      int          `json:"min_length"`
	MaxLength      int          `json:"max_length"`
	MinQuery       *int         `json:"min_query_length"`
	InitialOption  wireOption   `json:"initial_option"`
	InitialOptions []wireOption `json:"initial_options"`
	ImageURL       string       `json:"image_url"`
	AltText        string       `json:"alt_text"`
	Confirm        *wireConfirm `json:"confirm"`
}

type wireGroup struct {
	Label   wireText     `json:"label"`
	Options []wireOption `json:"options"`
}

type wireConfirm struct {
	Title   wireText `json:"title"`
	Text    wireText `json:"text"`
	Confirm wireText `json:"confirm"`
	Deny    wireText `json:"deny"`
	Style   string   `json:"style"`
}

type wireBlock struct {
	Type      string            `json:"type"`
	BlockID   string            `json:"block_id"`
	Text      wireText          `json:"text"`
	Fields    []wireText        `json:"fields"`
	Accessory json.RawMessage   `json:"accessory"`
	Elements  []json.RawMessage `json:"elements"`
	Element   json.RawMessage   `json:"element"`
	Label     wireText          `json:"label"`
	Hint      wireText          `json:"hint"`
	Optional  bool              `json:"optional"`
	ImageURL  string            `json:"image_url"`
	AltText   string            `json:"alt_text"`
	Title     wireText          `json:"title"`
	Rows      [][]richElement   `json:"rows"`
	Columns   []struct {
		Align string `json:"align"`
	} `json:"column_settings"`
}

// blocks reads the blocks of a message or a modal. What can't be read is shown as it came.
func (at *place) blocks(text json.RawMessage, in container) (shown []block) {
	var list []json.RawMessage
	if json.Unmarshal(text, &list) != nil {
		return nil
	}
	for _, raw := range list {
		shown = append(shown, at.block(raw, in))
	}
	return shown
}

func (at *place) block(raw json.RawMessage, in container) block {
	var w wireBlock
	if json.Unmarshal(raw, &w) != nil {
		return block{JSON: indent(raw)}
	}
	b := block{Type: w.Type, ID: w.BlockID}
	switch w.Type {
	case "section":
		b.Text = at.textObject(w.Text)
		for _, f := range w.Fields {
			b.Fields = append(b.Fields, at.textObject(f))
		}
		if len(w.Accessory) > 0 {
			c := control{}
			c, b.Image = at.accessory(w.Accessory, w.BlockID, in)
			if b.Image == nil {
				b.Accessory = &c
			}
		}
	case "header":
		b.Text = at.plain(w.Text.Text)
	case "markdown":
		b.Text = at.markdown(w.Text.Text)
	case "divider":
	case "context":
		b.Context = at.context(w.Elements)
	case "actions":
		for _, e := range w.Elements {
			b.Controls = append(b.Controls, at.control(e, w.BlockID, in))
		}
	case "input":
		c := at.control(w.Element, w.BlockID, in)
		b.Input, b.Label, b.Hint, b.Optional = &c, w.Label.Text, w.Hint.Text, w.Optional
	case "image":
		b.Image = at.picture(w.ImageURL, w.AltText, w.Title.Text)
	case "rich_text":
		b.Text = at.rich(richElements(w.Elements))
	case "table":
		b.Rows = at.table(w)
	default:
		b.JSON = indent(raw)
	}
	return b
}

func indent(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return string(raw)
	}
	return b.String()
}

func richElements(list []json.RawMessage) (elements []richElement) {
	for _, raw := range list {
		var e richElement
		_ = e.UnmarshalJSON(raw) // what is not read is shown as it came
		elements = append(elements, e)
	}
	return elements
}

func (at *place) textObject(t wireText) template.HTML {
	if t.Type == "mrkdwn" {
		return at.mrkdwn(t.Text)
	}
	return at.plain(t.Text)
}

// plain shows text without markup; emoji are shown there too.
func (at *place) plain(text string) template.HTML {
	return template.HTML(template.HTMLEscapeString(emojiIn(text)))
}

func (at *place) context(list []json.RawMessage) (pieces []piece) {
	for _, raw := range list {
		var e struct{ Type, Text string }
		var image wireElement
		switch {
		case json.Unmarshal(raw, &e) == nil && (e.Type == "mrkdwn" || e.Type == "plain_text"):
			pieces = append(pieces, piece{Text: at.textObject(wireText{e.Type, e.Text})})
		case e.Type == "image" && json.Unmarshal(raw, &image) == nil:
			pieces = append(pieces, piece{Image: at.picture(image.ImageURL, image.AltText, "")})
		default:
			pieces = append(pieces, piece{JSON: indent(raw)})
		}
	}
	return pieces
}

func (at *place) table(w wireBlock) (rows [][]cell) {
	for _, row := range w.Rows {
		var cells []cell
		for n, c := range row {
			shown := cell{Text: at.cell(c), Align: "left"}
			if n < len(w.Columns) {
				shown.Align = cmp.Or(w.Columns[n].Align, "left")
			}
			cells = append(cells, shown)
		}
		rows = append(rows, cells)
	}
	return rows
}

func (at *place) cell(c richElement) template.HTML {
	switch c.Type {
	case "raw_text":
		return at.plain(c.Text)
	case "rich_text":
		return at.rich(c.Elements)
	}
	return unknown(c)
}

// picture shows an image only if it is on this machine: the page works offline, and tells nobody who looks at it.
func (at *place) picture(address, alt, title string) *picture {
	p := &picture{Alt: alt, Title: title, From: address}
	if local(address) {
		p.URL = address
	}
	return p
}

// accessory is a control beside a section, or a picture.
func (at *place) accessory(raw json.RawMessage, blockID string, in container) (control, *picture) {
	c := at.control(raw, blockID, in)
	if c.Type == "image" {
		return control{}, at.picture(c.ImageURL, c.AltText, "")
	}
	return c, nil
}

// controls are the kinds of element that people can use here.
var controls = []string{
	"button", "static_select", "multi_static_select", "overflow", "radio_buttons", "checkboxes", "datepicker", "timepicker",
	"plain_text_input", "email_text_input", "url_text_input", "number_input", "image", "users_select", "multi_users_select",
	"channels_select", "multi_channels_select", "conversations_select", "multi_conversations_select", "external_select",
	"multi_external_select",
}

func (at *place) control(raw json.RawMessage, blockID string, in container) control {
	c := control{Block: blockID, In: in}
	if json.Unmarshal(raw, &c.wireElement) != nil || !slices.Contains(controls, c.Type) {
		return control{JSON: indent(raw)}
	}
	switch c.Type {
	case "users_select", "multi_users_select":
		for _, p := range at.names.order {
			c.Options = append(c.Options, wireOption{Text: wireText{Text: p.DisplayName}, Value: p.ID})
		}
	case "channels_select", "multi_channels_select", "conversations_select", "multi_conversations_select":
		for _, ch := range at.names.channels {
			if !ch.IM && !ch.MPIM && slices.Contains(ch.Members, at.Me.ID) {
				c.Options = append(c.Options, wireOption{Text: wireText{Text: "#" + ch.Name}, Value: ch.ID})
			}
		}
		slices.SortFunc(c.Options, func(a, b wireOption) int { return cmp.Compare(a.Text.Text, b.Text.Text) })
	}
	c.Given = sandbox.InitialValues(raw)
	if typed, ok := in.Typed[blockID][c.ActionID]; ok {
		c.Given = typed
	}
	if c.External() {
		c.Options = at.chosenOptions(c)
	}
	if w := c.wireElement.Confirm; w != nil {
		c.Confirm = &confirm{
			Title: w.Title.Text, Ask: w.Text.Text, Danger: w.Style == "danger",
			Yes: cmp.Or(w.Confirm.Text, at.T("yes")), No: cmp.Or(w.Deny.Text, at.T("no")),
		}
	}
	return c
}

// chosenOptions are the options of an external select that are chosen. Others are asked for as somebody types.
func (at *place) chosenOptions(c control) []wireOption {
	e := sandbox.Element{User: at.Me.ID, View: c.In.View, Block: c.Block, Action: c.ActionID}
	if e.View == "" {
		e.Channel, e.TS = at.Channel.ID, c.In.TS
	}
	var offered []wireOption
	_ = json.Unmarshal(at.slack.Offered(e), &offered) // options in a form that Slack doesn't know have no name here
	known := slices.Concat(c.InitialOptions, []wireOption{c.InitialOption}, offered)
	var chosen []wireOption
	for _, value := range c.Given {
		if n := slices.IndexFunc(known, func(o wireOption) bool { return o.Value == value }); n >= 0 {
			chosen = append(chosen, known[n])
		}
	}
	return chosen
}

// External says whether the app is asked for the options.
func (c control) External() bool { return strings.HasSuffix(c.Type, "external_select") }

// Least is how many characters must be typed before the app is asked: three, unless it says otherwise.
// docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select
func (c control) Least() int {
	if c.MinQuery == nil {
		return 3
	}
	return *c.MinQuery
}

// Has says whether a value is given.
func (c control) Has(value string) bool { return slices.Contains(c.Given, value) }

// First is the one value of an element that has one.
func (c control) First() string {
	if len(c.Given) == 0 {
		return ""
	}
	return c.Given[0]
}

// Name is what its field is called in a form.
func (c control) Name() string {
	return fieldPrefix + url.QueryEscape(c.Block) + ":" + url.QueryEscape(c.ActionID)
}

// fieldPrefix begins the names of the fields that hold values of elements.
const fieldPrefix = "v:"

// Many says whether several values may be chosen.
func (c control) Many() bool { return strings.HasPrefix(c.Type, "multi_") }

// Select says whether it is shown as a list to choose from.
func (c control) Select() bool { return c.Type == "overflow" || strings.HasSuffix(c.Type, "_select") }

// HTMLType is the kind of HTML's input for it.
func (c control) HTMLType() string {
	switch c.Type {
	case "datepicker":
		return "date"
	case "timepicker":
		return "time"
	case "email_text_input":
		return "email"
	case "url_text_input":
		return "url"
	case "number_input":
		return "number"
	}
	return "text"
}

// Href is where a button with an address leads.
func (c control) Href() string {
	if c.URL == "" {
		return ""
	}
	href, _ := c.In.At.href(c.URL)
	return href
}
