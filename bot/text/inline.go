package text

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A style is a set of the looks that Markdown has marks for.
type style uint8

const (
	bold style = 1 << iota
	italic
	strike
)

var marks = map[style]string{bold: "**", italic: "_", strike: "~~"}

// An atom is a part of a line that is rendered in one way.
type atom struct {
	kind  atomKind
	text  string
	url   string // of an atomLink: where it goes
	code  bool   // of an atomLink: its label is code
	space bool   // of an atomText: white space at the edge of a style
	style style
}

type atomKind int

const (
	atomText atomKind = iota
	atomCode
	atomLink
	atomEmoji // a name in colons that GitHub may know
)

// A renderer renders the lines of one block.
type renderer struct {
	names   Names
	heading bool
	math    bool // two dollar signs or more could make a formula
	tildes  bool // tildes could strike through
	strike  bool // something is struck through
}

func newRenderer(b Block, n Names) renderer {
	visible := b.visible(n)
	return renderer{
		names:   n,
		heading: b.Kind == Heading,
		math:    strings.Count(visible, "$") > 1,
		tildes:  strings.Count(visible, "~") > 1 && closingTilde.MatchString(visible),
		strike:  slices.ContainsFunc(b.Inlines, func(in Inline) bool { return in.Strike }),
	}
}

// closingTilde matches a tilde that could end a text struck through; one after a space, as in ~/bin, can't.
var closingTilde = regexp.MustCompile(`\S~`)

// atomLines cuts the inlines of b into lines of atoms.
func (r renderer) atomLines(b Block) [][]atom {
	var lines [][]atom
	var line []atom
	for _, in := range b.Inlines {
		for _, a := range r.atoms(in) {
			for i, part := range strings.Split(a.text, "\n") {
				if i > 0 {
					lines = append(lines, r.showReferences(line))
					line = nil
				}
				a.text = part
				line = append(line, a)
			}
		}
	}
	return append(lines, r.showReferences(line))
}

// showReferences makes code of what GitHub would take for a reference in line.
func (r renderer) showReferences(line []atom) []atom {
	var out []atom
	joined := joinAtoms(line)
	for i, a := range joined {
		switch {
		case a.kind == atomText:
			for _, p := range splitReferences(a.text, r.math) {
				out = append(out, p.atom(a.style))
			}
			continue
		case a.kind == atomEmoji && (i > 0 && openColon(joined[i-1]) || i+1 < len(joined) && closingColon(joined[i+1])):
			a.kind = atomCode
		}
		out = append(out, a)
	}
	return joinAtoms(out)
}

func (p piece) atom(s style) atom {
	if p.code {
		return atom{kind: atomCode, text: p.text, style: s}
	}
	return atom{text: p.text, style: s}
}

// openColon says whether the end of a and an emoji's name after it could be read as another name.
func openColon(a atom) bool {
	end := strings.LastIndexByte(a.text, ':')
	return a.kind == atomText && end >= 0 && strings.Trim(a.text[end+1:], shortcodeLetters) == ""
}

// closingColon says the same of an emoji's name and what follows it.
func closingColon(a atom) bool {
	return a.kind == atomText && strings.HasPrefix(strings.TrimLeft(a.text, shortcodeLetters), ":")
}

// joinAtoms joins neighbours of one look and drops empty ones.
func joinAtoms(line []atom) []atom {
	var out []atom
	var text strings.Builder
	for i, a := range line {
		text.WriteString(a.text)
		if i+1 < len(line) && a.joins(line[i+1]) {
			continue
		}
		a.text = text.String()
		text.Reset()
		if a.text != "" {
			out = append(out, a)
		}
	}
	return out
}

func (a atom) joins(next atom) bool {
	return a.kind != atomLink && a.kind == next.kind && a.style == next.style && a.space == next.space
}

// atoms returns in as its reader sees it.
func (r renderer) atoms(in Inline) []atom {
	a := atom{text: in.visible(r.names), style: in.style()}
	switch {
	case in.Kind == Link:
		return in.linkAtoms(a)
	case in.Code || in.Kind == Group || in.Kind == Broadcast:
		a.kind = atomCode
	case in.Kind == Emoji && in.Text == "" && isShortcode(a.text):
		a.kind = atomEmoji
	}
	return []atom{a}
}

// linkAtoms returns a link, of which a is what shows. What can't be linked to shows its address as code.
func (in Inline) linkAtoms(a atom) []atom {
	if a.url = linkTarget(in.URL); a.url != "" {
		a.kind, a.code = atomLink, in.Code
		return []atom{a}
	}
	label, ok := strings.CutSuffix(a.text, " ("+in.address()+")")
	if !ok {
		a.kind = atomCode
		return []atom{a}
	}
	text := atom{text: label + " (", style: a.style}
	code := atom{kind: atomCode, text: in.address(), style: a.style}
	return []atom{text, code, {text: ")", style: a.style}}
}

func (in Inline) style() (s style) {
	if in.Bold {
		s |= bold
	}
	if in.Italic {
		s |= italic
	}
	if in.Strike {
		s |= strike
	}
	return s
}

const shortcodeLetters = "abcdefghijklmnopqrstuvwxyz0123456789_+-"

// plainShortcode matches names of emoji that hold no markup.
var plainShortcode = regexp.MustCompile(`^:[+-]?[a-z0-9]+(?:[_-][a-z0-9]+)*:$`)

// isShortcode says whether s, a name in colons, can stand in Markdown as it is.
func isShortcode(s string) bool {
	return plainShortcode.MatchString(s) && !isReference(strings.Trim(s, ":"))
}

// line renders one line.
func (r renderer) line(atoms []atom) string {
	atoms = trimEnd(moveSpace(atoms))
	w := lineWriter{renderer: r}
	for i, a := range atoms {
		w.atom(a, atoms[i+1:])
	}
	w.setStyle(0, nil, "")
	return w.out.String()
}

// moveSpace takes white space out of the edges of styles, where Markdown doesn't allow it. It keeps only the
// styles that go on at both sides.
func moveSpace(line []atom) []atom {
	var out []atom
	for _, a := range line {
		if a.kind != atomText || a.style == 0 {
			out = append(out, a)
			continue
		}
		rest := strings.TrimLeftFunc(a.text, unicode.IsSpace)
		core := strings.TrimRightFunc(rest, unicode.IsSpace)
		for _, part := range []atom{
			{text: a.text[:len(a.text)-len(rest)], space: true},
			{text: core, style: a.style},
			{text: rest[len(core):], space: true},
		} {
			if part.text != "" {
				out = append(out, part)
			}
		}
	}
	out = joinAtoms(out)
	for i := 1; i+1 < len(out); i++ {
		if out[i].space {
			out[i].style = out[i-1].style & out[i+1].style
		}
	}
	return out
}

// trimEnd drops white space at the end of line.
func trimEnd(line []atom) []atom {
	for n := len(line) - 1; n >= 0 && line[n].kind == atomText; n-- {
		line[n].text = strings.TrimRightFunc(line[n].text, unicode.IsSpace)
		if line[n].text != "" {
			break
		}
		line = line[:n]
	}
	return line
}

// A lineWriter writes the atoms of one line.
type lineWriter struct {
	renderer
	out  strings.Builder
	last rune    // the last rune written, 0 at the start
	open []style // the styles that are open, outermost first
}

func (w *lineWriter) write(s string) {
	if s != "" {
		w.out.WriteString(s)
		w.last, _ = utf8.DecodeLastRuneInString(s)
	}
}

func (w *lineWriter) atom(a atom, rest []atom) {
	if a.space {
		a.style = w.kept(a.style) // a style can't begin before white space
	}
	opens := a.style &^ w.kept(a.style)
	body := w.body(a, rest, w.out.Len() == 0 && opens == 0)
	w.setStyle(a.style, append([]atom{a}, rest[:min(len(rest), maxLookahead)]...), body)
	w.write(body)
}

const maxLookahead = 8 // atoms looked at to open the style first that lasts longest

// kept returns the open styles that can stay open when s is wanted: a style can only be closed with those inside.
func (w *lineWriter) kept(s style) (kept style) {
	for _, o := range w.open {
		if s&o == 0 {
			break
		}
		kept |= o
	}
	return kept
}

// setStyle closes and opens styles until s are open, before body. line is what they apply to.
func (w *lineWriter) setStyle(s style, line []atom, body string) {
	kept := w.kept(s)
	closing, opening := "", ""
	for n := len(w.open); n > 0 && kept&w.open[n-1] == 0; n-- {
		closing += marks[w.open[n-1]]
		w.open = w.open[:n-1]
	}
	for _, o := range byExtent(s&^kept, line) {
		opening += marks[o]
		w.open = append(w.open, o)
	}
	next, size := utf8.DecodeRuneInString(body)
	if size == 0 {
		next = 0
	}
	switch {
	case opening == "" && closing != "" && needsGap(next, w.last, closing):
		closing += gap
	case closing == "" && opening != "" && needsGap(w.last, next, opening):
		opening = gap + opening
	case closing != "" && opening != "" && strings.Contains(closing+opening, "~"):
		closing += gap // GitHub looks through "~~" when it asks what stands beside another mark
	}
	w.write(closing)
	w.write(opening)
}

// byExtent returns the single styles in s, first the one that lasts longest over line.
func byExtent(s style, line []atom) []style {
	var all []style
	extent := map[style]int{}
	for _, one := range []style{bold, italic, strike} {
		if s&one == 0 {
			continue
		}
		all = append(all, one)
		extent[one] = slices.IndexFunc(line, func(a atom) bool { return a.style&one == 0 })
		if extent[one] < 0 {
			extent[one] = len(line)
		}
	}
	slices.SortStableFunc(all, func(a, b style) int { return extent[b] - extent[a] })
	return all
}

// gap parts a mark from a letter where Markdown would not see the mark otherwise, as in **「太字」**は. It is a
// zero-width space, written so that its first and last characters are punctuation to Markdown, which is what
// counts: https://spec.commonmark.org/0.31.2/#left-flanking-delimiter-run
const gap = "&#8203;"

// needsGap says whether marks between the characters outside and inside of a style need a gap to be seen. What
// counts as punctuation differs between versions of Markdown for symbols, and GitHub looks through tildes, so these
// count as the worse.
func needsGap(outside, inside rune, marks string) bool {
	if outside == 0 || unicode.IsSpace(outside) || isPunct(outside) && outside != '~' {
		return false
	}
	single := marks == "**" || marks == "~~"
	return !single || isPunct(inside) || unicode.IsSymbol(inside)
}

func isPunct(r rune) bool { return unicode.IsPunct(r) || r < utf8.RuneSelf && unicode.IsSymbol(r) }

// body renders a without its style.
func (w *lineWriter) body(a atom, rest []atom, lineStart bool) string {
	switch a.kind {
	case atomCode:
		return codeSpan(a.text)
	case atomEmoji:
		return a.text
	case atomLink:
		return w.link(a)
	}
	return escape(a.text, position{
		lineStart:  lineStart,
		lineEnd:    len(rest) == 0,
		afterSpace: w.last == 0 || unicode.IsSpace(w.last),
		beforeLink: len(rest) > 0 && rest[0].kind == atomLink,
		heading:    w.heading,
		tildes:     w.tildes,
		strike:     w.strike,
	})
}

// codeSpan puts text between backticks, more of them than any inside.
func codeSpan(text string) string {
	text = breakComments(text)
	ticks := strings.Repeat("`", longestRun(text, '`')+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") ||
		strings.HasPrefix(text, " ") && strings.HasSuffix(text, " ") && strings.Trim(text, " ") != "" {
		text = " " + text + " "
	}
	return ticks + text + ticks
}

var shortcode = regexp.MustCompile(`:[a-z0-9_+-]+:`)

// link renders a link, in its short form where label and address are the same.
func (w *lineWriter) link(a atom) string {
	same := a.text == a.url || "mailto:"+a.text == a.url && mailAddress.MatchString(a.text) // which "a@b.c?subject=d" is not
	if same && !a.code && !shortcode.MatchString(a.text) && !(w.math && strings.Contains(a.text, "$")) {
		return "<" + a.text + ">"
	}
	return "[" + w.label(a) + "](" + a.url + ")"
}

func (w *lineWriter) label(a atom) string {
	if a.code {
		return codeSpan(a.text)
	}
	var label strings.Builder
	for _, p := range splitReferences(a.text, w.math) {
		if p.code {
			label.WriteString(codeSpan(p.text))
		} else {
			label.WriteString(escape(p.text, position{label: true, tildes: w.tildes, strike: w.strike}))
		}
	}
	return label.String()
}
