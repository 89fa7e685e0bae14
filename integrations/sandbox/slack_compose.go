package sandbox

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An element is a part of a rich_text block: a run of text or a mention, or what contains them.
type element struct {
	Type        string    `json:"type"`
	Elements    []element `json:"elements,omitempty"`
	Style       any       `json:"style,omitempty"` // a *style, or a list's "bullet" or "ordered"
	Indent      *int      `json:"indent,omitempty"`
	Border      *int      `json:"border,omitempty"`
	Text        string    `json:"text,omitempty"`
	URL         string    `json:"url,omitempty"`
	UserID      string    `json:"user_id,omitempty"`
	UsergroupID string    `json:"usergroup_id,omitempty"`
	ChannelID   string    `json:"channel_id,omitempty"`
	Range       string    `json:"range,omitempty"`
	Name        string    `json:"name,omitempty"` // of an emoji
}

type style struct {
	Bold   bool `json:"bold,omitempty"`
	Italic bool `json:"italic,omitempty"`
	Strike bool `json:"strike,omitempty"`
	Code   bool `json:"code,omitempty"`
}

type richText struct {
	Type     string    `json:"type"`
	BlockID  string    `json:"block_id"`
	Elements []element `json:"elements"`
}

// compose makes of what a person types what Slack's composer sends: rich text, and the same as mrkdwn.
func (s *Slack) compose(typed string) (blocks json.RawMessage, mrkdwn string) {
	var parts []element
	for i, piece := range strings.Split(typed, "```") {
		if i%2 == 1 {
			parts = append(parts, element{Type: "rich_text_preformatted", Border: new(int),
				Elements: []element{{Type: "text", Text: strings.Trim(piece, "\n")}}})
			continue
		}
		if i > 0 {
			piece = strings.TrimPrefix(piece, "\n")
		}
		parts = append(parts, s.paragraphs(piece)...)
	}
	if len(parts) == 0 {
		return nil, ""
	}
	block, err := json.Marshal([]richText{{Type: "rich_text", BlockID: s.newID("b"), Elements: parts}})
	if err != nil {
		panic("sandbox: rich text: " + err.Error())
	}
	return block, renderParts(parts)
}

// paragraphs reads lines outside of preformatted text.
func (s *Slack) paragraphs(text string) []element {
	if text == "" {
		return nil
	}
	var parts []element
	for _, line := range strings.SplitAfter(text, "\n") {
		kind, listStyle, rest := lineKind(line)
		if kind != "rich_text_section" {
			rest = strings.TrimSuffix(rest, "\n")
		}
		parts = s.addLine(parts, kind, listStyle, rest)
	}
	return parts
}

// lineKind says what sort of part a line belongs to, and what it is without its mark.
func lineKind(line string) (kind, listStyle, rest string) {
	if rest, ok := strings.CutPrefix(line, "> "); ok {
		return "rich_text_quote", "", rest
	}
	for _, mark := range []string{"- ", "• "} {
		if rest, ok := strings.CutPrefix(line, mark); ok {
			return "rich_text_list", "bullet", rest
		}
	}
	digits := strings.TrimLeft(line, "0123456789")
	if rest, ok := strings.CutPrefix(digits, ". "); ok && len(digits) < len(line) {
		return "rich_text_list", "ordered", rest
	}
	return "rich_text_section", "", line
}

// addLine adds a line to the last of parts if it is of the same sort, or begins another.
func (s *Slack) addLine(parts []element, kind, listStyle, line string) []element {
	inlines := s.inlines(line, style{})
	if len(inlines) == 0 && kind == "rich_text_section" {
		return parts
	}
	var last *element
	if len(parts) > 0 && parts[len(parts)-1].Type == kind {
		last = &parts[len(parts)-1]
	}
	switch {
	case kind == "rich_text_list":
		item := element{Type: "rich_text_section", Elements: inlines}
		if last != nil && last.Style == listStyle {
			last.Elements = append(last.Elements, item)
			return parts
		}
		return append(parts, element{Type: kind, Style: listStyle, Indent: new(int), Border: new(int), Elements: []element{item}})
	case last != nil:
		if kind == "rich_text_quote" {
			last.Elements = appendText(last.Elements, "\n", style{})
		}
		last.Elements = append(last.Elements, inlines...)
		return parts
	}
	return append(parts, element{Type: kind, Elements: inlines})
}

// inlines reads a line: mentions, links, emoji and styles.
func (s *Slack) inlines(line string, st style) []element {
	var out []element
	plain := 0 // where the text that is not yet in out begins
	for i := 0; i < len(line); {
		e, length := s.inlineAt(line, i, st)
		if length == 0 {
			i++
			continue
		}
		out = appendText(out, line[plain:i], st)
		out = append(out, e...)
		i += length
		plain = i
	}
	return appendText(out, line[plain:], st)
}

func appendText(out []element, text string, st style) []element {
	if text == "" {
		return out
	}
	return append(out, element{Type: "text", Text: text, Style: st.orNil()})
}

func (st style) orNil() any {
	if st == (style{}) {
		return nil
	}
	return &st
}

// inlineAt reads what begins at line[i]; its length is 0 if that is plain text.
func (s *Slack) inlineAt(line string, i int, st style) ([]element, int) {
	switch line[i] {
	case '@', '#':
		return s.mentionAt(line, i, st)
	case 'h':
		return linkAt(line, i, st)
	case ':':
		return emojiAt(line, i, st)
	case '`', '*', '_', '~':
		return s.styledAt(line, i, st)
	}
	return nil, 0
}

func (s *Slack) mentionAt(line string, i int, st style) ([]element, int) {
	if i > 0 && isWord(rune(line[i-1])) {
		return nil, 0
	}
	for end := min(len(line), i+s.longest); end > i+1; end-- {
		e, known := s.handles[line[i:end]]
		if !known {
			continue
		}
		next, _ := utf8.DecodeRuneInString(line[end:])
		if end < len(line) && isWord(next) {
			continue
		}
		e.Style = st.orNil()
		return []element{e}, end - i
	}
	return nil, 0
}

// isWord says whether r can't stand beside a mention or a mark of style. Japanese can.
func isWord(r rune) bool {
	return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) || r == '_'
}

func linkAt(line string, i int, st style) ([]element, int) {
	rest := line[i:]
	if !strings.HasPrefix(rest, "https://") && !strings.HasPrefix(rest, "http://") {
		return nil, 0
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || r == '<' || r == '>' || r == '|' })
	if end < 0 {
		end = len(rest)
	}
	url := strings.TrimRight(rest[:end], ".,;:!?)'\"*_~")
	return []element{{Type: "link", URL: url, Style: st.orNil()}}, len(url)
}

func emojiAt(line string, i int, st style) ([]element, int) {
	name, _, closed := strings.Cut(line[i+1:], ":")
	if !closed || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_+-") != "" {
		return nil, 0
	}
	if strings.Trim(name, "0123456789") == "" { // a time of day
		return nil, 0
	}
	return []element{{Type: "emoji", Name: name, Style: st.orNil()}}, len(name) + 2
}

func (s *Slack) styledAt(line string, i int, st style) ([]element, int) {
	mark := line[i : i+1]
	inner, after, closed := strings.Cut(line[i+1:], mark)
	opens := i == 0 || !isWord(rune(line[i-1]))
	next, _ := utf8.DecodeRuneInString(after)
	closes := after == "" || !isWord(next)
	if !closed || !opens || !closes || strings.TrimSpace(inner) != inner || inner == "" {
		return nil, 0
	}
	length := len(inner) + 2
	switch mark {
	case "`":
		st.Code = true
		return appendText(nil, inner, st), length
	case "*":
		st.Bold = true
	case "_":
		st.Italic = true
	case "~":
		st.Strike = true
	}
	return s.inlines(inner, st), length
}

// renderParts is rich text as mrkdwn, which is how Slack fills a message's text.
func renderParts(parts []element) string {
	var b strings.Builder
	for i, p := range parts {
		if i > 0 && !strings.HasSuffix(b.String(), "\n") {
			b.WriteByte('\n')
		}
		switch p.Type {
		case "rich_text_preformatted":
			b.WriteString("```" + escapeMrkdwn(p.Elements[0].Text) + "```")
		case "rich_text_quote":
			b.WriteString("&gt; " + strings.ReplaceAll(renderInlines(p.Elements), "\n", "\n&gt; "))
		case "rich_text_list":
			renderList(&b, p)
		default:
			b.WriteString(renderInlines(p.Elements))
		}
	}
	return b.String()
}

func renderList(b *strings.Builder, list element) {
	for i, item := range list.Elements {
		if i > 0 {
			b.WriteByte('\n')
		}
		if list.Style == "ordered" {
			b.WriteString(strconv.Itoa(i+1) + ". ")
		} else {
			b.WriteString("• ")
		}
		b.WriteString(renderInlines(item.Elements))
	}
}

func renderInlines(inlines []element) string {
	var b strings.Builder
	for _, e := range inlines {
		b.WriteString(renderInline(e))
	}
	return b.String()
}

func renderInline(e element) string {
	var text string
	switch e.Type {
	case "text":
		text = escapeMrkdwn(e.Text)
	case "user":
		text = "<@" + e.UserID + ">"
	case "usergroup":
		text = "<!subteam^" + e.UsergroupID + ">"
	case "channel":
		text = "<#" + e.ChannelID + "|>"
	case "broadcast":
		text = "<!" + e.Range + ">"
	case "emoji":
		text = ":" + e.Name + ":"
	case "link":
		text = "<" + escapeMrkdwn(e.URL) + ">"
	}
	st, ok := e.Style.(*style)
	if !ok {
		return text
	}
	for _, mark := range []struct {
		on   bool
		mark string
	}{{st.Code, "`"}, {st.Strike, "~"}, {st.Italic, "_"}, {st.Bold, "*"}} {
		if mark.on {
			text = mark.mark + text + mark.mark
		}
	}
	return text
}

// escapeMrkdwn escapes what Slack escapes (docs.slack.dev/messaging/formatting-message-text#escaping).
func escapeMrkdwn(text string) string {
	text = strings.ReplaceAll(text, "&", "&amp;")
	text = strings.ReplaceAll(text, "<", "&lt;")
	return strings.ReplaceAll(text, ">", "&gt;")
}
