package text

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parseMrkdwn reads Slack's mrkdwn, in which &, < and > of the author's are escaped. Rules:
// https://docs.slack.dev/messaging/formatting-message-text
func parseMrkdwn(s string) Doc {
	var p blockParser
	for _, f := range splitFences(clean(s)) {
		if f.code && p.allQuoted {
			p.addQuote(codeMrkdwn(f.text))
			continue
		}
		if f.code {
			p.flush()
			p.doc = append(p.doc, Block{Kind: Code, Inlines: []Inline{{Text: codeMrkdwn(f.text)}}})
			continue
		}
		for line := range strings.SplitSeq(f.text, "\n") {
			p.addLine(line)
		}
	}
	p.flush()
	return p.doc
}

// parseVerbatim reads text whose markup is not Slack's: only ``` has a meaning.
func parseVerbatim(s string) Doc {
	var d Doc
	for _, f := range splitFences(clean(s)) {
		if f.code {
			_, body, ok := strings.Cut(f.text, "\n") // the first line names the language
			if !ok {
				body = f.text
			}
			d = append(d, Block{Kind: Code, Inlines: []Inline{{Text: body}}})
		} else if t := strings.Trim(f.text, "\n"); t != "" {
			d = append(d, Block{Kind: Paragraph, Inlines: []Inline{{Text: t}}})
		}
	}
	return d
}

type fenced struct {
	text string
	code bool
}

// splitFences cuts s at its pairs of ```; one without a partner stays text.
func splitFences(s string) []fenced {
	const fence = "```"
	var parts []fenced
	for {
		before, rest, ok := strings.Cut(s, fence)
		code, after, closed := strings.Cut(rest, fence)
		if !ok || !closed || code == "" {
			return append(parts, fenced{text: s})
		}
		parts = append(parts, fenced{text: strings.TrimSuffix(before, "\n")})
		parts = append(parts, fenced{text: strings.Trim(code, "\n"), code: true})
		s = strings.TrimPrefix(after, "\n")
	}
}

// A blockParser gathers lines of mrkdwn into blocks.
type blockParser struct {
	doc       Doc
	lines     []string // of the block being read
	kind      BlockKind
	allQuoted bool // after ">>>"
}

func (p *blockParser) addLine(line string) {
	if p.allQuoted {
		p.add(Quote, line)
		return
	}
	if rest, ok := cutQuoteSign(line, 3); ok {
		p.allQuoted = true
		p.add(Quote, rest)
		return
	}
	if rest, ok := cutQuoteSign(line, 1); ok {
		p.add(Quote, rest)
		return
	}
	if indent, rest, ok := cutBullet(line); ok {
		p.flush()
		p.doc = append(p.doc, Block{Kind: Item, Indent: indent, Inlines: parseLine(rest)})
		return
	}
	p.add(Paragraph, line)
}

func (p *blockParser) add(kind BlockKind, line string) {
	if kind != p.kind {
		p.flush()
	}
	p.kind = kind
	p.lines = append(p.lines, line)
}

func (p *blockParser) addQuote(code string) {
	p.flush()
	p.doc = append(p.doc, Block{Kind: Code, Quoted: true, Inlines: []Inline{{Text: code}}})
}

// flush ends the block being read. Blank lines around it are dropped.
func (p *blockParser) flush() {
	if len(strings.TrimSpace(strings.Join(p.lines, ""))) > 0 {
		var inlines []Inline
		for i, line := range p.lines {
			if i > 0 {
				inlines = append(inlines, Inline{Text: "\n"})
			}
			inlines = append(inlines, parseLine(line)...)
		}
		p.doc = append(p.doc, Block{Kind: p.kind, Inlines: joinText(inlines)})
	}
	p.lines = nil
}

// cutQuoteSign cuts n signs ">", escaped or not, and one space off the start of line.
func cutQuoteSign(line string, n int) (rest string, ok bool) {
	for range n {
		if rest, ok = strings.CutPrefix(line, "&gt;"); !ok {
			rest, ok = strings.CutPrefix(line, ">")
		}
		if !ok {
			return "", false
		}
		line = rest
	}
	return strings.TrimPrefix(line, " "), true
}

// cutBullet reads a list item as Slack writes lists into the text of a message: four spaces a level.
func cutBullet(line string) (indent int, rest string, ok bool) {
	item := strings.TrimLeft(line, " ")
	r, size := utf8.DecodeRuneInString(item)
	if !strings.ContainsRune("•◦▪", r) || r == utf8.RuneError {
		return 0, "", false
	}
	rest = strings.TrimPrefix(item[size:], "\uFE0E") // ▪︎
	if !strings.HasPrefix(rest, " ") {
		return 0, "", false
	}
	return min((len(line)-len(item))/4, maxIndent), strings.TrimLeft(rest, " "), true
}

var unescaper = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// unescape undoes Slack's escaping, once.
func unescape(s string) string { return unescaper.Replace(s) }

// codeMrkdwn is the text of code: addresses that Slack put in brackets are shown as typed.
func codeMrkdwn(s string) string {
	var out strings.Builder
	for {
		start := strings.IndexByte(s, '<')
		if start < 0 {
			break
		}
		out.WriteString(unescape(s[:start]))
		in, length := parseEntity(s[start:])
		if length == 0 {
			in, length = Inline{Text: "<"}, 1
		}
		out.WriteString(in.visible(nil))
		s = s[start+length:]
	}
	out.WriteString(unescape(s))
	return out.String()
}

// A lineParser reads the inlines of one line.
type lineParser struct {
	line   string
	pos    int
	tokens []token
	open   map[byte]int // index of the open mark in tokens
	noCode bool         // no backtick from here on closes anything
}

// A token is an Inline, or a mark that may begin or end a style.
type token struct {
	in   Inline
	mark byte // '*', '_', '~', or 0
	pair bool // the mark has its partner
}

// parseLine reads one line of mrkdwn.
func parseLine(line string) []Inline {
	p := lineParser{line: line, open: map[byte]int{}}
	for p.pos < len(line) {
		p.next()
	}
	return p.inlines()
}

func (p *lineParser) next() {
	rest := p.line[p.pos:]
	switch c := rest[0]; c {
	case '<':
		p.entity(rest)
	case '`':
		p.code(rest)
	case ':':
		p.emoji(rest)
	case '*', '_', '~':
		p.mark(c)
	default:
		n := strings.IndexAny(rest[1:], "<`:*_~") + 1
		if n == 0 {
			n = len(rest)
		}
		p.text(n)
	}
}

// text takes the next n bytes as they are.
func (p *lineParser) text(n int) {
	p.take(Inline{Text: unescape(p.line[p.pos : p.pos+n])}, n)
}

func (p *lineParser) take(in Inline, n int) {
	p.tokens = append(p.tokens, token{in: in})
	p.pos += n
}

func (p *lineParser) entity(rest string) {
	in, length := parseEntity(rest)
	if length == 0 {
		p.text(1)
		return
	}
	p.take(in, length)
}

func (p *lineParser) code(rest string) {
	if p.noCode || !p.boundaryBefore() {
		p.text(1)
		return
	}
	end := closingTick(rest)
	if end < 0 {
		p.noCode = true
		p.text(1)
		return
	}
	p.take(Inline{Text: codeMrkdwn(rest[1:end]), Code: true}, end+1)
}

// closingTick finds the backtick that ends the code that starts at s[0]; -1 if there is none.
func closingTick(s string) int {
	for i := 2; i < len(s); i++ {
		if s[i] == '`' && boundary(s[i+1:]) {
			return i
		}
	}
	return -1
}

func (p *lineParser) emoji(rest string) {
	name, length := emojiAt(rest)
	if length == 0 || p.pos > 0 && isAlphanumeric(p.line[p.pos-1]) {
		p.text(1)
		return
	}
	p.take(emoji(name), length)
}

// mark reads a mark: it ends a style if it can, else may begin one.
func (p *lineParser) mark(c byte) {
	before, after := p.line[:p.pos], p.line[p.pos+1:]
	prev, _ := utf8.DecodeLastRuneInString(before)
	next, _ := utf8.DecodeRuneInString(after)
	start, isOpen := p.open[c]
	p.pos++
	p.tokens = append(p.tokens, token{in: Inline{Text: string(c)}, mark: c})
	here := len(p.tokens) - 1
	switch {
	case isOpen && before != "" && !unicode.IsSpace(prev) && prev != rune(c) && boundary(after):
		p.tokens[start].pair, p.tokens[here].pair = true, true
		for m, i := range p.open { // what was opened inside and not closed is no mark
			if i >= start {
				delete(p.open, m)
			}
		}
	case !isOpen && after != "" && !unicode.IsSpace(next) && next != rune(c) && (before == "" || !isWord(prev)):
		p.open[c] = here
	}
}

func (p *lineParser) boundaryBefore() bool {
	r, size := utf8.DecodeLastRuneInString(p.line[:p.pos])
	return size == 0 || !isWord(r)
}

// boundary says whether a word may end before s.
func boundary(s string) bool {
	r, size := utf8.DecodeRuneInString(s)
	return size == 0 || !isWord(r)
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// inlines applies the marks to the tokens between them.
func (p *lineParser) inlines() []Inline {
	var out []Inline
	style := map[byte]bool{}
	for _, t := range p.tokens {
		if t.pair {
			style[t.mark] = !style[t.mark]
			continue
		}
		in := t.in
		in.Bold, in.Italic, in.Strike = style['*'], style['_'], style['~']
		out = append(out, in)
	}
	return joinText(out)
}

// joinText joins neighbouring texts of the same look.
func joinText(inlines []Inline) []Inline {
	var out []Inline
	var text strings.Builder
	for i, in := range inlines {
		text.WriteString(in.Text)
		if i+1 < len(inlines) && sameLook(in, inlines[i+1]) {
			continue
		}
		in.Text = text.String()
		text.Reset()
		out = append(out, in)
	}
	return out
}

// sameLook says whether a and b are texts of the same style.
func sameLook(a, b Inline) bool {
	a.Text, b.Text = "", ""
	return a.Kind == Text && a == b
}

// parseEntity reads the reference or link in brackets at the start of s; its length is 0 if there is none.
func parseEntity(s string) (in Inline, length int) {
	end := strings.IndexAny(s[1:], "<>\n") + 1
	if end < 2 || s[end] != '>' {
		return Inline{}, 0
	}
	target, label, _ := strings.Cut(s[1:end], "|")
	target, label = unescape(target), unescape(label)
	if target == "" {
		return Inline{}, 0
	}
	in = Inline{ID: cleanLine(target[1:]), Text: cleanLine(label)}
	switch target[0] {
	case '@':
		in.Kind = User
	case '#':
		in.Kind = Channel
	case '!':
		in = special(target[1:], label)
	default:
		if !strings.Contains(target, ":") {
			return Inline{}, 0
		}
		in = link(target, label)
	}
	if in.isRef() && in.ID == "" {
		return Inline{}, 0
	}
	return in, end + 1
}

// special reads what stands in brackets after "!".
func special(what, label string) Inline {
	kind, id, _ := strings.Cut(what, "^")
	switch kind {
	case "here", "channel", "everyone":
		return Inline{Kind: Broadcast, ID: kind}
	case "subteam":
		return Inline{Kind: Group, ID: cleanLine(id), Text: cleanLine(label)}
	case "date":
		return Inline{Kind: Date, Text: cleanLine(label)}
	}
	if label != "" {
		return Inline{Text: label}
	}
	return Inline{Text: "<!" + what + ">"}
}

// plainInlines reads a plain_text object: only emoji have a meaning.
func plainInlines(s string) []Inline {
	s = clean(s)
	var out []Inline
	start := 0
	for i := 0; i < len(s); i++ {
		if s[i] != ':' {
			continue
		}
		if name, length := emojiAt(s[i:]); length > 0 {
			out = append(out, Inline{Text: s[start:i]}, emoji(name))
			start = i + length
			i = start - 1
		}
	}
	return slices.DeleteFunc(append(out, Inline{Text: s[start:]}), isEmpty)
}

func isEmpty(in Inline) bool { return in.Kind == Text && in.Text == "" }
