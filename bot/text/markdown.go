package text

import (
	"strconv"
	"strings"
	"unicode"
)

const (
	maxIndent = 9       // Slack allows 8 levels below the first
	maxNumber = 999_999 // of a list item; Markdown allows nine digits
)

func itemNumber(n int) string { return strconv.Itoa(min(n, 2*maxNumber)) }

// Markdown renders d as GitHub Markdown in which nothing notifies or cross-links by accident and no HTML, and
// so no hidden marker, survives. It ends without a line break.
func (d Doc) Markdown(n Names) string {
	w := writer{names: n}
	for _, b := range d {
		w.block(b)
	}
	return strings.TrimRight(w.out.String(), "\n")
}

// A writer writes blocks as Markdown.
type writer struct {
	out    strings.Builder
	names  Names
	quoted bool    // what was written last is quoted
	list   []level // the open list items, outermost first; nil outside lists
}

// A level is the newest item at one depth of a list.
type level struct {
	number int    // 0 in a list of bullets
	sign   string // after the number: "." or ")"
	indent string // what the item's own text and its sublists stand behind
}

// block writes b after a blank line, except between items of one list.
func (w *writer) block(b Block) {
	if b.Kind == Item {
		w.item(b)
		return
	}
	lines := w.lines(b)
	if len(lines) == 0 {
		return
	}
	w.list = nil
	w.gap(b.quoted())
	w.write(b.quoted(), lines)
}

// gap leaves a blank line before a block, inside a quotation one that keeps it together.
func (w *writer) gap(quoted bool) {
	switch {
	case w.out.Len() == 0:
	case quoted && w.quoted:
		w.out.WriteString(">\n")
	default:
		w.out.WriteString("\n")
	}
}

func (w *writer) write(quoted bool, lines []string) {
	w.quoted = quoted
	for _, line := range lines {
		if quoted {
			line = strings.TrimRight("> "+line, " ")
		}
		w.out.WriteString(line + "\n")
	}
}

// lines renders all but an Item.
func (w *writer) lines(b Block) []string {
	switch b.Kind {
	case Rule:
		return []string{"---"}
	case Code:
		return fence(b.visible(w.names))
	case Heading:
		b = b.oneLine()
		lines := w.textLines(b)
		for i := range lines {
			lines[i] = "### " + lines[i]
		}
		return lines
	}
	return w.textLines(b)
}

// oneLine returns b with its line breaks turned into spaces.
func (b Block) oneLine() Block {
	inlines := make([]Inline, len(b.Inlines))
	for i, in := range b.Inlines {
		in.Text = strings.ReplaceAll(clean(in.Text), "\n", " ")
		inlines[i] = in
	}
	b.Inlines = inlines
	return b
}

// fence puts code between fences longer than any inside.
func fence(code string) []string {
	code = strings.Trim(breakComments(code), "\n")
	if strings.TrimSpace(code) == "" {
		return nil
	}
	ticks := strings.Repeat("`", max(3, longestRun(code, '`')+1))
	return append(append([]string{ticks}, strings.Split(code, "\n")...), ticks)
}

// breakComments makes sure that code, which can't be escaped, holds no HTML comment, since our hidden markers
// are found by theirs: a zero-width space goes into its beginning.
func breakComments(code string) string { return strings.ReplaceAll(code, "<!--", "<!\u200B--") }

func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		run++
		if s[i] != c {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

// item writes a list item.
func (w *writer) item(b Block) {
	b.Inlines = trimStart(b.Inlines)
	lines := w.textLines(b)
	if len(lines) == 0 {
		return
	}
	if b.quoted() != w.quoted {
		w.list = nil
	}
	depth := min(max(b.Indent, 0), len(w.list))
	if w.startsApart(b, depth) {
		w.gap(b.quoted())
	}
	marker, item := w.nextItem(b, depth)
	for i := range lines {
		if i == 0 {
			lines[i] = marker + lines[i]
		} else if lines[i] != "" {
			lines[i] = item.indent + lines[i]
		}
	}
	w.list = append(w.list[:depth], item)
	w.write(b.quoted(), lines)
}

// startsApart says whether a blank line must stand before an item: before a list, and before a sublist that
// can't follow a text directly since it doesn't start with 1.
func (w *writer) startsApart(b Block, depth int) bool {
	return w.list == nil || depth == len(w.list) && b.Number > 1
}

// nextItem returns the marker of b with its indentation, and its level. A list that follows another one directly
// takes the other sign after its numbers, which is how Markdown tells them apart.
func (w *writer) nextItem(b Block, depth int) (marker string, item level) {
	indent := ""
	if depth > 0 {
		indent = w.list[depth-1].indent
	}
	if b.Number <= 0 {
		return indent + "- ", level{indent: indent + "  "}
	}
	item = level{number: b.Number, sign: "."}
	if depth < len(w.list) && w.list[depth].number > 0 {
		before := w.list[depth]
		item.sign = before.sign
		if b.Number != before.number+1 {
			item.sign = otherSign(before.sign)
		}
	}
	number := itemNumber(b.Number) + item.sign + " "
	item.indent = indent + strings.Repeat(" ", len(number))
	return indent + number, item
}

func otherSign(sign string) string {
	if sign == "." {
		return ")"
	}
	return "."
}

// trimStart drops white space at the start of inlines.
func trimStart(inlines []Inline) []Inline {
	for i, in := range inlines {
		if in.Kind != Text {
			return inlines[i:]
		}
		if in.Text = strings.TrimLeftFunc(clean(in.Text), unicode.IsSpace); in.Text != "" {
			return append([]Inline{in}, inlines[i+1:]...)
		}
	}
	return nil
}

// textLines renders the text of b line by line, with at most one blank line in a row and none around them.
func (w *writer) textLines(b Block) []string {
	r := newRenderer(b, w.names)
	var lines []string
	for _, atoms := range r.atomLines(b) {
		line := r.line(atoms)
		if line != "" || len(lines) > 0 && lines[len(lines)-1] != "" {
			lines = append(lines, line)
		}
	}
	if n := len(lines); n > 0 && lines[n-1] == "" {
		lines = lines[:n-1]
	}
	return lines
}
