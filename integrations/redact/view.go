package redact

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A view is a text as a secret may show in it: without what hides it from the rules. It knows where each of its
// bytes came from.
type view struct {
	text   string
	origin []int // by byte: offset in the original; nil if the text is the original
	strict bool  // only rules whose secret is known by its own form
	joins  []int // offsets where text was put together; if set, only hits over one of them count
}

// source returns where s is in the original.
func (v view) source(s span) span {
	if v.origin == nil {
		return s
	}
	last := v.origin[s.to-1]
	return span{v.origin[s.from], last + 1}
}

// counts says whether a hit is one that only this view shows.
func (v view) counts(s span) bool {
	if v.joins == nil {
		return true
	}
	i := sort.SearchInts(v.joins, s.from+1)
	return i < len(v.joins) && v.joins[i] < s.to
}

// views returns the views of text that are worth searching. Most text is its own only view.
func views(text string) []view {
	plain := view{text: text}
	all := []view{plain}
	if c, removed, any := cleaned(text); any {
		plain = c
		if removed {
			all = append(all, plain)
		} else {
			all[0] = plain
		}
	}
	if v, any := unformatted(plain); any {
		all = append(all, v)
		plain = v
	}
	if v, any := withoutUnderscores(plain); any {
		all = append(all, v)
	}
	if v, any := unbroken(plain); any {
		all = append(all, v)
	}
	return all
}

// A builder makes a view out of another.
type builder struct {
	from   view
	text   strings.Builder
	origin []int
	joins  []int
}

// keep takes bytes i to j of the view over.
func (b *builder) keep(i, j int) {
	b.text.WriteString(b.from.text[i:j])
	for ; i < j; i++ {
		b.origin = append(b.origin, b.at(i))
	}
}

// put writes s in place of byte i.
func (b *builder) put(s string, i int) {
	b.text.WriteString(s)
	for range len(s) {
		b.origin = append(b.origin, b.at(i))
	}
}

func (b *builder) at(i int) int {
	if b.from.origin == nil {
		return i
	}
	return b.from.origin[i]
}

func (b *builder) view() view {
	return view{text: b.text.String(), origin: b.origin, joins: b.joins}
}

// cleaned returns text without invisible characters and with fullwidth ones made ordinary. removed says whether
// letters may have come together or changed, so that the original must be searched too.
func cleaned(text string) (v view, removed, any bool) {
	i := suspicious(text)
	if i < 0 {
		return view{}, false, false
	}
	b := builder{from: view{text: text}}
	b.keep(0, i)
	for i < len(text) {
		c, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case c == 0x1b:
			n = escapeLength(text[i:])
			removed = true
		case isInvisible(c):
			removed = true
		case isFullwidth(c):
			f := fold(c)
			removed = removed || isToken(f)
			b.put(string(rune(f)), i+n-1)
		default:
			b.keep(i, i+n)
		}
		i += n
	}
	return b.view(), removed, true
}

// suspicious returns where the first character is that cleaned would change, or -1.
func suspicious(text string) int {
	for i, c := range text {
		if c < ' ' || c >= 0x7f {
			if c == 0x1b || isInvisible(c) || isFullwidth(c) {
				return i
			}
		}
	}
	return -1
}

func isFullwidth(c rune) bool { return 0xff01 <= c && c <= 0xff5e || c == 0x3000 }

func fold(c rune) byte {
	if c == 0x3000 {
		return ' '
	}
	return byte(c - 0xff01 + '!')
}

// isInvisible says whether a reader doesn't see c, so that it may hide in a token.
func isInvisible(c rune) bool {
	switch {
	case c < 0x7f:
		return c < ' ' && c != '\n' && c != '\r' && c != '\t'
	case 0x3040 <= c && c <= 0x30ff || 0x4e00 <= c && c <= 0x9fff:
		return false
	case c < 0xa0, // C1 controls and DEL
		0x300 <= c && c <= 0x36f,   // combining marks
		0xfe00 <= c && c <= 0xfe0f, // variation selectors
		0xe0100 <= c && c <= 0xe01ef,
		c == 0x115f, c == 0x1160, c == 0x3164, c == 0xffa0, c == 0x2800, // blanks that are letters
		0x17b4 <= c && c <= 0x17b5, 0x180b <= c && c <= 0x180f:
		return true
	}
	return unicode.Is(unicode.Cf, c)
}

// escapeLength returns the length of the terminal's escape sequence that s begins with.
func escapeLength(s string) int {
	if len(s) < 2 || s[1] != '[' {
		return 1
	}
	for i := 2; i < len(s) && i < 20; i++ {
		if '@' <= s[i] && s[i] <= '~' {
			return i + 1
		}
	}
	return 1
}

func isFormat(b byte) bool { return b == '*' || b == '~' || b == '`' }

// unformatted returns v without the formatting characters that stand inside tokens.
func unformatted(v view) (view, bool) {
	b := builder{from: v}
	done := 0
	for i := 1; i < len(v.text); i++ {
		if !isFormat(v.text[i]) || !isToken(v.text[i-1]) {
			continue
		}
		j := i
		for j < len(v.text) && isFormat(v.text[j]) {
			j++
		}
		if j < len(v.text) && isToken(v.text[j]) {
			b.keep(done, i)
			done = j
		}
		i = j
	}
	if done == 0 {
		return view{}, false
	}
	b.keep(done, len(v.text))
	return b.view(), true
}

// minHidden is the length from which a token with underscores in it may be a key in italics.
const minHidden = 20

// withoutUnderscores returns the long tokens of v that have underscores, twice: without any, and with the first.
func withoutUnderscores(v view) (view, bool) {
	b := builder{from: v}
	for i := 0; i < len(v.text); i++ {
		if !isToken(v.text[i]) {
			continue
		}
		end := tokenEnd(v.text, i)
		token := v.text[i:end]
		if len(token) >= minHidden && strings.Count(token, "_") > 1 && strings.ContainsAny(token, "0123456789") {
			b.dropUnderscores(i, end, false)
			b.dropUnderscores(i, end, true)
		}
		i = end
	}
	w := b.view()
	w.strict = true
	return w, len(w.text) > 0
}

func (b *builder) dropUnderscores(i, end int, keepFirst bool) {
	for ; i < end; i++ {
		if b.from.text[i] != '_' || keepFirst {
			b.keep(i, i+1)
		}
		keepFirst = keepFirst && b.from.text[i] != '_'
	}
	b.put("\n", end-1)
}

// minBroken is the length that the end of a line must have to be the first part of a broken token.
const minBroken = 8

// unbroken returns the tokens of v that go on in the next line, put together.
func unbroken(v view) (view, bool) {
	b := builder{from: v}
	for nl := strings.IndexByte(v.text, '\n'); nl >= 0; {
		end, start := aroundBreak(v.text, nl)
		from := tokenStart(v.text, end)
		if end-from >= minBroken && start < len(v.text) && isToken(v.text[start]) && mixed(v.text[from:end]) {
			nl = b.joinLines(from, end, start)
		} else {
			nl = nextLine(v.text, nl+1)
		}
	}
	w := b.view()
	w.strict = true
	return w, len(w.joins) > 0
}

// joinLines keeps the token from..end and what goes on at start, over as many lines as it fills. It returns the
// next line break, or -1.
func (b *builder) joinLines(from, end, start int) int {
	text := b.from.text
	b.keep(from, end)
	for {
		b.joins = append(b.joins, b.text.Len())
		to := tokenEnd(text, start)
		b.keep(start, to)
		nl := nextLine(text, start)
		if nl < 0 {
			b.put("\n", to-1)
			return -1
		}
		last, next := aroundBreak(text, nl)
		if last != to || to-start < minBroken || next >= len(text) || !isToken(text[next]) {
			b.put("\n", to-1)
			return nl
		}
		start = next
	}
}

// aroundBreak returns where the line that breaks at nl ends and the next begins, without indents, quote marks
// and a backslash.
func aroundBreak(text string, nl int) (end, start int) {
	end, start = nl, nl+1
	for end > 0 && nl-end < 4 && strings.IndexByte(" \t\r\\", text[end-1]) >= 0 {
		end--
	}
	for start < len(text) && start-nl < 40 && strings.IndexByte(" \t>|", text[start]) >= 0 {
		start++
	}
	return end, start
}

func nextLine(text string, i int) int {
	if n := strings.IndexByte(text[i:], '\n'); n >= 0 {
		return i + n
	}
	return -1
}

// tokenStart returns where the token that ends at text[:end] begins, looking back no further than needed.
func tokenStart(text string, end int) int {
	i := end
	for i > 0 && end-i < maxReach && isToken(text[i-1]) {
		i--
	}
	return i
}

// mixed says whether s has digits and letters, or both cases inside, as keys have.
func mixed(s string) bool {
	var digit, up, low bool
	for i := 0; i < len(s); i++ {
		digit = digit || isDigit(s[i])
		up = up || 'A' <= s[i] && s[i] <= 'Z'
		low = low || 'a' <= s[i] && s[i] <= 'z'
	}
	return digit && (up || low) || up && low
}
