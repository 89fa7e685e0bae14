package text

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// What GitHub takes for a reference in text is found here, by word: a word is a run of ASCII characters without
// spaces. A word that holds one is shown as code. Found are, beyond
// https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
// (@name, @org/team, #12, GH-12, owner/repo#12, hashes, addresses), the names of emoji.

// reference matches what GitHub would link, notify or replace. Where mayRefer says no, nothing matches.
var reference = regexp.MustCompile(`@[A-Za-z0-9_.-]` + // people, teams, mail addresses, owner/repo@hash
	`|#[0-9]|://|(?i:(?:^|[^A-Za-z0-9])(?:GH-[0-9]|GHSA-|www\.))` +
	`|:[a-z0-9_+-]*[a-z][a-z0-9_+-]*:|:(?:[+-]1|100|1234):`)

// mayRefer says whether reference can match in word, in a fraction of its time: most words are plain.
func mayRefer(word string) bool {
	if strings.ContainsAny(word, "@#:") {
		return true
	}
	if !strings.ContainsAny(word, "-.") {
		return false
	}
	lower := strings.ToLower(word)
	return strings.Contains(lower, "gh-") || strings.Contains(lower, "ghsa-") || strings.Contains(lower, "www.")
}

// splitReferences cuts s into plain text and words that must be shown as code. math says that dollar signs could
// pair up to a formula in this block, so words with one are shown as code as well.
func splitReferences(s string, math bool) []piece {
	var pieces []piece
	plainFrom := 0
	for start := 0; start < len(s); {
		end := wordEnd(s, start)
		if end == start {
			start++
			continue
		}
		if from, to := codePart(s[start:end], math); to > 0 {
			pieces = appendPiece(pieces, s[plainFrom:start+from], false)
			pieces = appendPiece(pieces, s[start+from:start+to], true)
			plainFrom = start + to
		}
		start = end
	}
	return appendPiece(pieces, s[plainFrom:], false)
}

// A piece is text in one look: code or not.
type piece struct {
	text string
	code bool
}

func appendPiece(pieces []piece, text string, code bool) []piece {
	if text == "" {
		return pieces
	}
	return append(pieces, piece{text, code})
}

// wordEnd returns where the word ends that starts at start; start itself if none does.
func wordEnd(s string, start int) int {
	for start < len(s) && ' ' < s[start] && s[start] < 0x7F {
		start++
	}
	return start
}

// codePart returns the part of word that must be shown as code, without the punctuation around it; to is 0 if
// nothing must.
func codePart(word string, math bool) (from, to int) {
	if !isReference(word) && !(math && strings.Contains(word, "$")) {
		return 0, 0
	}
	const around = "\"'`*_~<>()[]{}|,.;!?\\"
	from = len(word) - len(strings.TrimLeft(word, around))
	to = len(strings.TrimRight(word, around))
	if strings.Count(word, ":") == 1 {
		to = len(strings.TrimRight(word[:to], around+":"))
	}
	return from, to
}

func isReference(word string) bool {
	if mayRefer(word) && reference.MatchString(word) {
		return true
	}
	for run := range strings.FieldsFuncSeq(word, func(r rune) bool { return !isWordSign(r) }) {
		if isHash(run) {
			return true
		}
	}
	return false
}

// isHash says whether run may be a commit's hash, whole or shortened, and is no number, such as a date, an amount or a
// time in nanoseconds. A hash of twenty places without a letter is too rare to count with (0.01 %), and GitHub links
// only hashes of existing commits.
func isHash(run string) bool {
	return 7 <= len(run) && len(run) <= 40 && strings.Trim(run, "0123456789abcdefABCDEF") == "" &&
		(len(run) >= 20 || strings.Trim(run, "0123456789") != "")
}

// isWordSign says whether r belongs to a word in the sense of regular expressions.
func isWordSign(r rune) bool { return r == '_' || r < utf8.RuneSelf && isAlphanumeric(byte(r)) }

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
