package text

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A position says where in a line a text stands, and so what in it Markdown would take for markup.
type position struct {
	lineStart  bool // nothing stands before it
	lineEnd    bool // nothing stands after it
	afterSpace bool // white space or nothing stands before it
	beforeLink bool
	label      bool // inside the label of a link
	heading    bool
	tildes     bool // tildes could strike through
	strike     bool // something near is struck through
}

// lineMarkup matches what makes a line more than text if it starts with it; the character to escape is the
// group's: a heading, a quotation, a list item, an underline, a table's second row, a check box, an alert, the
// definition of a link or footnote.
var lineMarkup = regexp.MustCompile(`^(?:(#)#{0,5}(?:[ \t]|$)|(>)|([-+])(?:[ \t]|$)|[0-9]{1,9}([.)])(?:[ \t]|$)|` +
	`(=)=*[ \t]*$|([|:-])[|:\- \t]*$|(\[))`)

// bracketed matches a word in brackets, as logs begin with, that is none of these.
var bracketed = regexp.MustCompile(`^\[[A-Za-z0-9._-][A-Za-z0-9 ._-]+\](?: |$)`)

// lineMarkupAt returns the index of the character to escape in a text that starts a line, -1 if it needs none.
func lineMarkupAt(s string) int {
	if bracketed.MatchString(s) {
		return -1
	}
	m := lineMarkup.FindStringSubmatchIndex(s)
	for i := 2; i < len(m); i += 2 {
		if m[i] >= 0 {
			return m[i]
		}
	}
	return -1
}

// escape returns s, which has no line breaks, so that GitHub shows it as it is. It escapes only where Markdown
// would see markup, and keeps spaces that HTML would fold, by making them no-break spaces.
func escape(s string, at position) string {
	var out strings.Builder
	markup := -1
	if at.lineStart {
		markup = lineMarkupAt(s)
	}
	prev := rune(0)
	for i, r := range s {
		next, size := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		if size == 0 {
			next = 0
		}
		switch {
		case r == ' ' || r == '\t':
			writeSpace(&out, r, prev == 0 && at.afterSpace || prev == ' ' || prev == '\t')
		case r == '~' && at.strike && (next == 0 || prev == 0):
			out.WriteString("&#126;") // beside marks of ours even an escaped one would be read as a part of them
		case i == markup || isMarkup(s, i, r, prev, next, at):
			out.WriteByte('\\')
			out.WriteRune(r)
		default:
			out.WriteRune(r)
		}
		prev = r
	}
	return out.String()
}

// writeSpace writes a space or tab so that its width shows.
func writeSpace(out *strings.Builder, r rune, afterSpace bool) {
	width := 1
	if r == '\t' {
		width = 4
	}
	if !afterSpace {
		out.WriteByte(' ')
		width--
	}
	out.WriteString(strings.Repeat("\u00A0", width))
}

// isMarkup says whether r, at s[i] between prev and next (0 at the edges of s), could be markup inside a line.
func isMarkup(s string, i int, r, prev, next rune, at position) bool {
	atEnd := next == 0
	switch r {
	case '\\':
		return atEnd || isASCIIPunct(next)
	case '`':
		return true
	case '*':
		return !unicode.IsSpace(prev) || !unicode.IsSpace(next)
	case '_':
		return !isLetterOrDigit(prev) || !isLetterOrDigit(next) // inside a word it is none
	case '~':
		return at.tildes || at.strike || atEnd || prev == 0 && !at.lineStart
	case '<':
		return atEnd || next < utf8.RuneSelf && unicode.IsLetter(next) || strings.ContainsRune("/!?", next)
	case '&':
		return entity.MatchString(s[i:min(len(s), i+maxEntity)])
	case '[':
		return at.label || next == '^' // a footnote
	case ']':
		return at.label || atEnd && !at.lineEnd || strings.ContainsRune("([:", next)
	case '!':
		return prev == '<' || atEnd && at.beforeLink
	case '#':
		return at.heading && at.lineEnd && atEnd
	}
	return false
}

func isLetterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func isASCIIPunct(r rune) bool {
	return r < utf8.RuneSelf && (unicode.IsPunct(r) || unicode.IsSymbol(r))
}
