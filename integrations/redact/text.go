package redact

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// Text is text that may leave Slack. Only a Redactor makes one; the zero value is empty.
type Text struct{ s string }

// Text takes secrets out of s once more and numbers the placeholders.
func (r *Redactor) Text(s string) Text {
	clean, _ := r.String(s)
	return Text{Number(clean)}
}

func (t Text) String() string { return t.s }

// Placeholder returns what stands for a secret of this kind in stored text.
func Placeholder(kind string) string { return "⟦withheld: " + kind + "⟧" }

// Forms of our own that are not searched for passwords. They are strict, so that nothing hides in them.
var (
	placeholderForm = regexp.MustCompile(`⟦withheld(?: [0-9]{1,4})?: ([a-z-]{1,60})⟧`)
	markerForm      = regexp.MustCompile(`<!-- supportbot(?: [a-z][a-z0-9_-]{0,30}=[A-Za-z0-9._/:-]{1,200})+ -->`)
	markerKey       = regexp.MustCompile(` ([a-z0-9_-]+)=`)
	linkForm        = regexp.MustCompile(`https?://[a-z0-9.-]{1,253}(?::[0-9]{1,5})?/(?:` +
		`archives/[CDG][A-Z0-9]{1,20}/p[0-9]{7,20}(?:\?thread_ts=[0-9]{1,12}\.[0-9]{1,6}(?:&(?:amp;)?cid=[CDG][A-Z0-9]{1,20})?)?` +
		`|[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}/(?:issues|pull)/[0-9]{1,10}(?:#issuecomment-[0-9]{1,20})?)`)
)

// typedForm matches whatever looks like a placeholder to a reader.
var typedForm = regexp.MustCompile(`⟦withheld[^⟦⟧\n]{0,80}⟧`)

// withoutPlaceholders returns parts without what looks like a placeholder in the text that they make. Leaving one out may
// make another of what stood around it.
func withoutPlaceholders(parts []string) []string {
	for range maxRounds {
		var edits []edit
		for _, loc := range typedForm.FindAllStringIndex(strings.Join(parts, ""), -1) {
			edits = append(edits, edit{span: span{loc[0], loc[1]}})
		}
		if edits == nil {
			return parts
		}
		parts = edited(parts, edits)
	}
	bare := make([]string, len(parts))
	for i, part := range parts {
		bare[i] = strings.ReplaceAll(part, "⟦", "")
	}
	return bare
}

// Number renders the placeholders in s numbered in order: "⟦withheld 1: password⟧". Numbered ones are numbered
// anew, so that numbering twice changes nothing.
func Number(s string) string {
	n := 0
	return placeholderForm.ReplaceAllStringFunc(s, func(p string) string {
		n++
		_, kind, _ := strings.Cut(p, ": ")
		return fmt.Sprintf("⟦withheld %d: %s", n, kind)
	})
}

// ownForms returns where text has placeholders, hidden markers and links that we write, in order and apart. One
// that holds a token, or a placeholder of a kind that we don't have, is not ours.
func (r *Redactor) ownForms(text string) []span {
	var forms []span
	add := func(form *regexp.Regexp, ours func(string) bool) {
		for _, loc := range form.FindAllStringIndex(text, -1) {
			if ours(text[loc[0]:loc[1]]) {
				forms = append(forms, span{loc[0], loc[1]})
			}
		}
	}
	if strings.Contains(text, "⟦withheld") {
		add(placeholderForm, r.isPlaceholder)
	}
	if strings.Contains(text, "<!-- supportbot") {
		add(markerForm, r.isMarker)
	}
	if strings.Contains(text, "/archives/") || strings.Contains(text, "/issues/") || strings.Contains(text, "/pull/") {
		add(linkForm, r.isLink)
	}
	slices.SortFunc(forms, func(a, b span) int { return a.from - b.from })
	return slices.CompactFunc(forms, func(next, last span) bool { return next.to <= last.to }) // a link in a marker
}

func (r *Redactor) isPlaceholder(s string) bool {
	_, kind, _ := strings.Cut(strings.TrimSuffix(s, "⟧"), ": ")
	return r.kinds[kind] || kind == "text"
}

func (r *Redactor) isMarker(s string) bool {
	for _, key := range markerKey.FindAllStringSubmatch(s, -1) {
		words := wordsOf(key[1])
		if anyIn(words, secretWords) || hasWord(words, "token") || hasWord(words, "key") {
			return false
		}
	}
	return r.isLink(s)
}

// isLink says whether s holds nothing that is a token by its form.
func (r *Redactor) isLink(s string) bool { return len(r.search(s, true)) == 0 }

// mask stands for text that is not searched: no rule takes it for a part of a secret.
const mask = "\xff"

func masked(text string, forms []span) string {
	if len(forms) == 0 {
		return text
	}
	b := []byte(text)
	for _, f := range forms {
		copy(b[f.from:f.to], strings.Repeat(mask, f.to-f.from))
	}
	return string(b)
}

// trimmed returns s without the forms at its ends, and empty if nothing is left that could be a secret. forms are
// in order and apart.
func trimmed(text string, s span, forms []span) span {
	i := sort.Search(len(forms), func(i int) bool { return forms[i].to > s.from })
	for ; i < len(forms) && forms[i].from <= s.from; i++ {
		s.from = forms[i].to
	}
	j := sort.Search(len(forms), func(i int) bool { return forms[i].from >= s.to }) - 1
	for ; j >= 0 && forms[j].to >= s.to && s.from < s.to; j-- {
		s.to = forms[j].from
	}
	if s.from >= s.to || strings.Trim(text[s.from:s.to], " \t\r\n.,:;!?'\"()[]{}<>|&-_*~`\\") == "" {
		return span{}
	}
	return s
}
