package page

import (
	"html"
	"html/template"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// mrkdwn shows Slack's markup. All text in it is escaped; only what is written here becomes HTML.
func (at *place) mrkdwn(text string) template.HTML {
	var b strings.Builder
	for i, piece := range strings.Split(text, "```") {
		if i%2 == 1 && strings.Count(text, "```") > i {
			b.WriteString("<pre><code>" + html.EscapeString(unescape(strings.Trim(piece, "\n"))) + "</code></pre>")
			continue
		}
		if i%2 == 1 {
			piece = "```" + piece // never closed
		}
		at.lines(&b, strings.Trim(piece, "\n"))
	}
	return template.HTML(b.String())
}

// lines shows text outside of code blocks: quotes, and lines.
func (at *place) lines(b *strings.Builder, text string) {
	quoting := false
	for i, line := range strings.Split(text, "\n") {
		rest, quoted := strings.CutPrefix(line, "&gt;")
		if !quoted {
			rest, quoted = strings.CutPrefix(line, ">")
		}
		switch {
		case quoted && !quoting:
			b.WriteString("<blockquote>")
		case !quoted && quoting:
			b.WriteString("</blockquote>")
		case i > 0:
			b.WriteString("<br>")
		}
		quoting = quoted
		if quoted {
			line = strings.TrimPrefix(rest, " ")
		}
		at.inline(b, line)
	}
	if quoting {
		b.WriteString("</blockquote>")
	}
}

// marks are the marks of styles, and their elements.
var marks = map[byte]string{'*': "strong", '_': "em", '~': "s", '`': "code"}

var shortcode = regexp.MustCompile(`^:([a-z0-9_+'-]+(?:::[a-z0-9-]+)?):`)

// inline shows one line.
func (at *place) inline(b *strings.Builder, line string) {
	before := ' '
	for i := 0; i < len(line); {
		if taken := at.special(b, line[i:], before); taken > 0 {
			i += taken
			before = 'x'
			continue
		}
		r, size := utf8.DecodeRuneInString(line[i:])
		if r == '&' { // an entity is one character
			for _, e := range []string{"&amp;", "&lt;", "&gt;"} {
				if strings.HasPrefix(line[i:], e) {
					size = len(e)
				}
			}
		}
		b.WriteString(html.EscapeString(unescape(line[i : i+size])))
		i += size
		before = r
	}
}

// special shows what begins at the start of rest, if that is more than plain text, and says how long it is.
func (at *place) special(b *strings.Builder, rest string, before rune) (taken int) {
	switch rest[0] {
	case '<':
		end := strings.IndexByte(rest, '>')
		if end < 0 {
			return 0
		}
		at.reference(b, rest[1:end])
		return end + 1
	case ':':
		if m := shortcode.FindStringSubmatch(rest); m != nil && emoji[strings.Split(m[1], "::")[0]] != "" {
			b.WriteString(glyph(m[1]))
			return len(m[0])
		}
	case '*', '_', '~', '`':
		return at.styled(b, rest, before)
	}
	return 0
}

func (at *place) styled(b *strings.Builder, rest string, before rune) (taken int) {
	inner, after, closed := strings.Cut(rest[1:], rest[:1])
	next, _ := utf8.DecodeRuneInString(after)
	if !closed || inner == "" || strings.TrimSpace(inner) != inner || isWord(before) || after != "" && isWord(next) {
		return 0
	}
	element := marks[rest[0]]
	b.WriteString("<" + element + ">")
	if element == "code" {
		b.WriteString(html.EscapeString(unescape(inner)))
	} else {
		at.inline(b, inner)
	}
	b.WriteString("</" + element + ">")
	return len(inner) + 2
}

// isWord says whether r can't stand beside a mark of style. Japanese can.
func isWord(r rune) bool {
	return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

func unescape(text string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text)
}

// reference shows what stood between angle brackets: a mention, a date or a link.
func (at *place) reference(b *strings.Builder, inner string) {
	target, label, _ := strings.Cut(inner, "|")
	target, label = unescape(target), unescape(label)
	switch {
	case strings.HasPrefix(target, "@"):
		at.mention(b, target[1:])
	case strings.HasPrefix(target, "#"):
		at.channelLink(b, target[1:])
	case strings.HasPrefix(target, "!subteam^"):
		at.group(b, strings.TrimPrefix(target, "!subteam^"))
	case strings.HasPrefix(target, "!date^"):
		b.WriteString("<time>" + html.EscapeString(at.date(target, label)) + "</time>")
	case strings.HasPrefix(target, "!"):
		b.WriteString(`<span class="mention">@` + html.EscapeString(strings.TrimPrefix(target, "!")) + "</span>")
	default:
		at.link(b, target, label)
	}
}

func (at *place) mention(b *strings.Builder, id string) {
	class := "mention"
	if id == at.Me.ID {
		class = "mention me"
	}
	b.WriteString(`<span class="` + class + `">@` + html.EscapeString(at.names.person(id)) + "</span>")
}

func (at *place) group(b *strings.Builder, id string) {
	name := id
	if g, ok := at.names.groups[id]; ok {
		name = g.Handle
	}
	b.WriteString(`<span class="mention">@` + html.EscapeString(name) + "</span>")
}

func (at *place) channelLink(b *strings.Builder, id string) {
	c, ok := at.names.channels[id]
	if !ok {
		b.WriteString(`<span class="mention">#` + html.EscapeString(id) + "</span>")
		return
	}
	b.WriteString(`<a class="mention" href="` + html.EscapeString(at.In(id)) + `">#` + html.EscapeString(c.Name) + "</a>")
}

// link shows a link, or its text if the address is of a kind that pages must not follow.
func (at *place) link(b *strings.Builder, address, label string) {
	if label == "" {
		label = strings.TrimPrefix(address, "mailto:")
	}
	href, outside := at.href(address)
	if href == "" {
		b.WriteString(html.EscapeString(label))
		return
	}
	b.WriteString(`<a href="` + html.EscapeString(href) + `"`)
	if outside {
		b.WriteString(` target="_blank" rel="noopener noreferrer"`)
	}
	b.WriteString(">" + html.EscapeString(label) + "</a>")
}

var (
	permalink = regexp.MustCompile(`^/archives/([A-Z0-9]+)/p(\d{10})(\d{6})$`)
	issueLink = regexp.MustCompile(`/issues/(\d+)$`)
)

// href is where a link leads from here: what the stand-ins have is on this page. It is empty for an address that a
// page must not follow.
func (at *place) href(address string) (href string, outside bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" {
		return "", false
	}
	if m := permalink.FindStringSubmatch(u.Path); m != nil && strings.HasSuffix(u.Host, ".slack.com") {
		ts := m[2] + "." + m[3]
		if thread := u.Query().Get("thread_ts"); thread != "" {
			ts = thread
		}
		return at.InThread(m[1], ts), false
	}
	if strings.HasPrefix(address, at.hub.URL()) {
		if m := issueLink.FindStringSubmatch(u.Path); m != nil {
			number, _ := strconv.Atoi(m[1]) // digits
			return at.AtIssue(number), false
		}
	}
	return address, true
}

// dateForms are the placeholders of a date, and how Go writes them.
// docs.slack.dev/messaging/formatting-message-text#date-formatting
var dateForms = strings.NewReplacer(
	"{date_num}", "2006-01-02", "{date_short_pretty}", "Jan 2, 2006", "{date_long_pretty}", "Monday, January 2, 2006",
	"{date_short}", "Jan 2, 2006", "{date_long}", "Monday, January 2, 2006", "{date_pretty}", "January 2, 2006", "{date}", "January 2, 2006",
	"{time_secs}", "15:04:05", "{time}", "15:04",
)

// date shows "!date^seconds^form^link" in the reader's zone.
func (at *place) date(target, fallback string) string {
	parts := strings.Split(target, "^")
	if len(parts) < 3 {
		return fallback
	}
	seconds, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return fallback
	}
	return time.Unix(seconds, 0).In(at.zone).Format(dateForms.Replace(parts[2]))
}
