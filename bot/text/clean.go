package text

import (
	"strings"
	"unicode/utf8"
)

// clean takes out of s what no reader sees and what harms others: invalid UTF-8, control characters except line
// breaks and tabs, and the marks that turn the direction of the text around them. All line breaks become "\n".
func clean(s string) string {
	if !strings.ContainsFunc(s, unclean) && utf8.ValidString(s) {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case !unclean(r):
			return r
		case isLineBreak(r):
			return '\n'
		}
		return -1
	}, s)
}

func unclean(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x20 || 0x7F <= r && r < 0xA0: // C0, DEL, C1
		return true
	case 0x2028 <= r && r <= 0x202E: // line and paragraph separator, embeddings and overrides
		return true
	case 0x2066 <= r && r <= 0x2069: // isolates
		return true
	case 0xFFF9 <= r && r <= 0xFFFB: // interlinear annotation
		return true
	}
	return r&0xFFFE == 0xFFFE // not a character
}

func isLineBreak(r rune) bool {
	return '\n' <= r && r <= '\r' || r == 0x85 || r == 0x2028 || r == 0x2029
}

// cleanLine is clean for what must stay on one line, such as a name: white space becomes single spaces.
func cleanLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }
