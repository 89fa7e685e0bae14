package text

import (
	"regexp"
	"strings"
)

// What GitHub takes for a reference in text is found here, by word: a word is a run of ASCII characters without
// spaces. A word that holds one is shown as code. Found are, beyond
// https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
// (@name, @org/team, #12, GH-12, owner/repo#12, hashes, addresses), the names of emoji.

// reference matches what GitHub would link, notify or replace.
// Each holds one of referenceSigns.
var reference = regexp.MustCompile(`@[A-Za-z0-9_.-]` + // people, teams, mail addresses, owner/repo@hash
	`|#[0-9]|://|(?i:(?:^|[^A-Za-z0-9])(?:GH-[0-9]|GHSA-|www\.))` +
	`|:[a-z0-9_+-]*[a-z][a-z0-9_+-]*:|:(?:[+-]1|100|1234):`)

const referenceSigns = "@#:-."

// hash matches what may be a commit's hash, whole or shortened.
var hash = regexp.MustCompile(`\b[0-9a-fA-F]{7,40}\b`)

const shortestHash = 7

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
	if strings.ContainsAny(word, referenceSigns) && reference.MatchString(word) {
		return true
	}
	if len(word) < shortestHash {
		return false
	}
	for _, h := range hash.FindAllString(word, -1) {
		if !isNumber(h) {
			return true
		}
	}
	return false
}

// isNumber says whether h is a number, such as a date, an amount or a time in nanoseconds. A hash of twenty
// places without a letter is too rare to count with (0.01 %), and GitHub links only hashes of existing commits.
func isNumber(h string) bool { return len(h) < 20 && strings.Trim(h, "0123456789") == "" }

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
