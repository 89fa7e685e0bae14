package page

import (
	"encoding/json"
	"html"
	"html/template"
	"slices"
	"strconv"
	"strings"
)

// A richElement is a part of a rich_text block.
type richElement struct {
	Type        string          `json:"type"`
	Elements    []richElement   `json:"elements"`
	Style       json.RawMessage `json:"style"`
	Indent      int             `json:"indent"`
	Offset      int             `json:"offset"`
	Text        string          `json:"text"`
	URL         string          `json:"url"`
	UserID      string          `json:"user_id"`
	UsergroupID string          `json:"usergroup_id"`
	ChannelID   string          `json:"channel_id"`
	Range       string          `json:"range"`
	Name        string          `json:"name"`
	Unicode     string          `json:"unicode"`
	Timestamp   int64           `json:"timestamp"`
	Format      string          `json:"format"`
	Fallback    string          `json:"fallback"`
	Value       string          `json:"value"` // of a colour

	raw json.RawMessage // as it came
}

// UnmarshalJSON reads what can be read; the rest is kept as it came.
func (e *richElement) UnmarshalJSON(data []byte) error {
	type plain richElement
	if json.Unmarshal(data, (*plain)(e)) != nil {
		*e = richElement{}
	}
	e.raw = slices.Clone(data)
	return nil
}

// rich shows the elements of a rich_text block.
func (at *place) rich(elements []richElement) template.HTML {
	var b strings.Builder
	for _, e := range elements {
		at.richPart(&b, e)
	}
	return template.HTML(b.String())
}

func (at *place) richPart(b *strings.Builder, e richElement) {
	switch e.Type {
	case "rich_text_section":
		b.WriteString(`<div class="rich">`)
		at.richInlines(b, e.Elements)
		b.WriteString("</div>")
	case "rich_text_quote":
		b.WriteString("<blockquote>")
		at.richInlines(b, e.Elements)
		b.WriteString("</blockquote>")
	case "rich_text_preformatted":
		b.WriteString("<pre><code>")
		at.richInlines(b, e.Elements)
		b.WriteString("</code></pre>")
	case "rich_text_list":
		at.richList(b, e)
	default:
		b.WriteString(string(unknown(e)))
	}
}

func (at *place) richList(b *strings.Builder, e richElement) {
	tag := "ul"
	if string(e.Style) == `"ordered"` {
		tag = "ol"
	}
	b.WriteString("<" + tag + ` class="indent` + strconv.Itoa(min(max(e.Indent, 0), 8)) + `"`)
	if tag == "ol" && e.Offset > 0 {
		b.WriteString(` start="` + strconv.Itoa(e.Offset+1) + `"`)
	}
	b.WriteString(">")
	for _, item := range e.Elements {
		b.WriteString("<li>")
		at.richInlines(b, item.Elements)
		b.WriteString("</li>")
	}
	b.WriteString("</" + tag + ">")
}

func (at *place) richInlines(b *strings.Builder, elements []richElement) {
	for _, e := range elements {
		tags := e.tags()
		for _, tag := range tags {
			b.WriteString("<" + tag + ">")
		}
		at.richInline(b, e)
		for n := len(tags) - 1; n >= 0; n-- {
			b.WriteString("</" + tags[n] + ">")
		}
	}
}

// tags are the elements of HTML for a style.
func (e richElement) tags() (tags []string) {
	var style struct{ Bold, Italic, Strike, Code, Underline bool }
	if json.Unmarshal(e.Style, &style) != nil {
		return nil
	}
	for _, s := range []struct {
		on  bool
		tag string
	}{{style.Bold, "strong"}, {style.Italic, "em"}, {style.Strike, "s"}, {style.Underline, "u"}, {style.Code, "code"}} {
		if s.on {
			tags = append(tags, s.tag)
		}
	}
	return tags
}

func (at *place) richInline(b *strings.Builder, e richElement) {
	switch e.Type {
	case "text":
		b.WriteString(html.EscapeString(e.Text)) // lines break as they are, by the style sheet
	case "link":
		at.link(b, e.URL, e.Text)
	case "user":
		at.mention(b, e.UserID)
	case "usergroup":
		at.group(b, e.UsergroupID)
	case "channel":
		at.channelLink(b, e.ChannelID)
	case "broadcast":
		b.WriteString(`<span class="mention">@` + html.EscapeString(e.Range) + "</span>")
	case "emoji":
		b.WriteString(html.EscapeString(richEmoji(e)))
	case "date":
		b.WriteString("<time>" + html.EscapeString(at.date("!date^"+strconv.FormatInt(e.Timestamp, 10)+"^"+e.Format, e.Fallback)) + "</time>")
	case "color":
		b.WriteString("<code>" + html.EscapeString(e.Value) + "</code>")
	default:
		b.WriteString(string(unknown(e)))
	}
}

// richEmoji is an emoji by its characters, which Slack sends in hexadecimal, or by its name.
func richEmoji(e richElement) string {
	var chars strings.Builder
	for part := range strings.SplitSeq(e.Unicode, "-") {
		code, err := strconv.ParseInt(part, 16, 32)
		if err != nil {
			return glyph(e.Name)
		}
		chars.WriteRune(rune(code))
	}
	return chars.String()
}

// unknown shows an element that this page doesn't know as its JSON.
func unknown(e richElement) template.HTML {
	return template.HTML(`<code class="unknown">` + html.EscapeString(string(e.raw)) + "</code>")
}
