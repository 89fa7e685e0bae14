package redact

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
	"unicode/utf8"
)

// A rule knows one form of secret.
type rule struct {
	kind     string
	keywords []string // in lower case; text without any of them has no such secret
	rank     int      // of several that find the same, the highest names it
	specific bool     // the secret is known by its own form, not by what stands beside it
	start    bool     // a match starts at the keyword; otherwise it may be anywhere in the text
	boundary bool     // no word character stands before the keyword
	reach    int      // a match is no longer than this from the keyword on, in bytes

	far bool // a match may start long before its secret: what failed here fails a little on too
	// likely is a cheap test that any text with the secret passes; nil if there is none.
	likely func(text string, at int) bool
	// find returns the secret whose keyword is at text[at], or whose text begins there if !start. window
	// is how far it may look.
	find func(text string, at, window int) (span, bool)
	// findAll is in place of find where one keyword has several secrets, in order: a table's heading. It says too how
	// far it looked.
	findAll func(text string, at, window int) (found []span, to int)
}

// A span is a part of a text, in bytes.
type span struct{ from, to int }

// A hit is a secret in a text.
type hit struct {
	span
	rule *rule
}

// maxReach bounds a match whose pattern has no bound. What goes on beyond it in one token goes too.
const maxReach = 4096

// A match is what a pattern found and where.
type match struct {
	text string
	at   int   // where the keyword is
	loc  []int // as of FindStringSubmatchIndex, in text
}

func (m match) group(n int) string {
	if 2*n+1 >= len(m.loc) || m.loc[2*n] < 0 {
		return ""
	}
	return m.text[m.loc[2*n]:m.loc[2*n+1]]
}

func (m match) span(n int) span { return span{m.loc[2*n], m.loc[2*n+1]} }

// secret takes the secret out of a match, if there is one.
type secret func(m match) (span, bool)

// patternRule returns a rule for a regular expression. It is compiled when a keyword is first met: most rules
// never are, and all of them together take tens of megabytes.
func patternRule(kind, pattern string, keywords []string, take secret) (*rule, error) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	r := &rule{kind: kind, keywords: keywords, reach: maxReach, boundary: startsAtBoundary(tree)}
	if n := longest(tree); n >= 0 && n < maxReach {
		r.reach = n + utf8.UTFMax // what follows the match decides \b and $
	}
	r.start = startsWith(tree, keywords)
	if r.start {
		pattern = `\A(?:` + pattern + `)`
	}
	compiled := sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
	r.find = func(text string, at, window int) (span, bool) {
		end := min(len(text), at+window)
		if !compiled().MatchString(text[at:end]) { // most tries end here, at a third of the cost
			return span{}, false
		}
		loc := compiled().FindStringSubmatchIndex(text[at:end])
		for i := range loc {
			if loc[i] >= 0 {
				loc[i] += at
			}
		}
		s, ok := take(match{text, at, loc})
		if !ok {
			return span{loc[0], loc[1]}, false
		}
		if s.to == end {
			s.to = tokenEnd(text, end)
		}
		return s, true
	}
	return r, nil
}

// startsAtBoundary says whether a pattern begins with \b.
func startsAtBoundary(t *syntax.Regexp) bool {
	switch t.Op {
	case syntax.OpWordBoundary:
		return true
	case syntax.OpConcat, syntax.OpCapture:
		return startsAtBoundary(t.Sub[0])
	}
	return false
}

// startsWith says whether whatever a pattern matches begins with one of the keywords.
func startsWith(t *syntax.Regexp, keywords []string) bool {
	for _, opening := range openings(t) {
		if !anyPrefix(opening, keywords) {
			return false
		}
	}
	return len(keywords) > 0
}

func anyPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

const maxOpenings = 200

// openings returns how a match of t can begin, in lower case, as far as that is literal.
func openings(t *syntax.Regexp) []string {
	all, _ := expand(t)
	return all
}

// expand returns the beginnings of t, and whether they are all of t.
func expand(t *syntax.Regexp) (all []string, whole bool) {
	switch t.Op {
	case syntax.OpLiteral:
		return []string{strings.ToLower(string(t.Rune))}, true
	case syntax.OpEmptyMatch, syntax.OpWordBoundary:
		return []string{""}, true
	case syntax.OpCapture:
		return expand(t.Sub[0])
	case syntax.OpCharClass:
		return expandClass(t)
	case syntax.OpQuest:
		all, whole = expand(t.Sub[0])
		return append(all, ""), whole
	case syntax.OpAlternate:
		whole = true
		for _, sub := range t.Sub {
			some, w := expand(sub)
			all, whole = append(all, some...), whole && w
		}
		return all, whole
	case syntax.OpConcat:
		all, whole = []string{""}, true
		for _, sub := range t.Sub {
			if !whole || len(all) > maxOpenings {
				return all, false
			}
			var tails []string
			tails, whole = expand(sub)
			all = product(all, tails)
		}
		return all, whole
	}
	return []string{""}, false
}

func expandClass(t *syntax.Regexp) (all []string, whole bool) {
	for i := 0; i < len(t.Rune); i += 2 {
		for r := t.Rune[i]; r <= t.Rune[i+1]; r++ {
			if len(all) == 40 {
				return []string{""}, false
			}
			if r < utf8.RuneSelf { // keywords are matched by ASCII case only, as gitleaks does
				all = append(all, strings.ToLower(string(r)))
			}
		}
	}
	return all, true
}

func product(heads, tails []string) []string {
	all := make([]string, 0, len(heads)*len(tails))
	for _, h := range heads {
		for _, t := range tails {
			all = append(all, h+t)
		}
	}
	return all
}

// longest returns the most bytes that t can match, or -1 if there is no bound.
func longest(t *syntax.Regexp) int {
	switch t.Op {
	case syntax.OpLiteral:
		return len(t.Rune) * utf8.UTFMax
	case syntax.OpCharClass:
		return max(1, utf8.RuneLen(t.Rune[len(t.Rune)-1]))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return utf8.UTFMax
	case syntax.OpStar, syntax.OpPlus:
		return -1
	case syntax.OpRepeat:
		if n := longest(t.Sub[0]); n >= 0 && t.Max >= 0 {
			return n * t.Max
		}
		return -1
	}
	sum := 0
	for _, sub := range t.Sub {
		n := longest(sub)
		if n < 0 {
			return -1
		}
		if t.Op == syntax.OpAlternate {
			sum = max(sum, n)
		} else {
			sum += n
		}
	}
	return sum
}

// tokenEnd returns where the token that goes on at text[i] ends.
func tokenEnd(text string, i int) int {
	for i < len(text) && isToken(text[i]) {
		i++
	}
	return i
}

// isToken says whether b stands in keys and tokens.
func isToken(b byte) bool { return isWord(b) || strings.IndexByte("-+/=.", b) >= 0 }

func isWord(b byte) bool { return isLetter(b) || isDigit(b) || b == '_' }

func isLetter(b byte) bool { return 'a' <= lower(b) && lower(b) <= 'z' }

func isDigit(b byte) bool { return '0' <= b && b <= '9' }
