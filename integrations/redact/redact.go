// Package redact takes secrets out of text. It is the only maker of Text, the type that may leave Slack.
//
// A text is searched with the default rules of gitleaks and with rules for what people write to each other
// ("the password is …", "パスワードは…"), in views of it that undo what hides a token: invisible characters,
// formatting, line breaks. Rules are found by keyword and tried where the keyword stands, so that ordinary text
// costs little.
package redact

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Redactor takes secrets out of text. It is safe for concurrent use.
type Redactor struct {
	rules []*rule // those that name a secret best come first
	index index
	kinds map[string]bool
}

// New returns a Redactor with gitleaks' default rules and ours.
func New() (*Redactor, error) {
	theirs, err := gitleaksRules()
	if err != nil {
		return nil, err
	}
	ours, err := tokenRules()
	if err != nil {
		return nil, err
	}
	talk, err := passwordRules()
	if err != nil {
		return nil, err
	}
	r := &Redactor{rules: slices.Concat(keyRules(), theirs, ours, talk), kinds: map[string]bool{}}
	slices.SortStableFunc(r.rules, func(a, b *rule) int { return b.rank - a.rank })
	for i, rule := range r.rules {
		r.kinds[rule.kind] = true
		for _, k := range rule.keywords {
			r.index.add(k, i)
		}
	}
	return r, nil
}

// Kinds returns the kinds of secret that r knows by its rules.
func (r *Redactor) Kinds() []string { return slices.Sorted(maps.Keys(r.kinds)) }

// maxRounds bounds how often what is left is searched again. Text that still shows secrets then is made to, and
// goes whole.
const maxRounds = 8

// Strings searches parts as the one text that they make when joined, and returns as many parts, each secret
// replaced by a placeholder in the part where it starts, and of each its kind, which says in [a-z-] what it looked like:
// "password", "aws-access-token", "private-key". Parts without a secret are returned as they are. What it returns has no
// secret that it would find.
func (r *Redactor) Strings(parts []string) (clean, kinds []string) {
	for range maxRounds {
		text := strings.Join(parts, "")
		hits := r.find(text)
		if len(hits) == 0 {
			return parts, kinds
		}
		var edits []edit
		for _, h := range hits {
			kinds = append(kinds, h.rule.kind)
			edits = append(edits, edit{h.span, Placeholder(h.rule.kind)})
		}
		parts = edited(parts, edits)
	}
	whole := make([]string, len(parts))
	whole[0] = Placeholder(WholeText)
	return whole, append(kinds, WholeText)
}

// WholeText is the kind of a text that goes whole.
const WholeText = "text"

// String is Strings for one part.
func (r *Redactor) String(s string) (clean string, kinds []string) {
	parts, kinds := r.Strings([]string{s})
	return parts[0], kinds
}

// Typed is Strings for what people typed. It leaves placeholders out: only we write them, and nothing hides behind one.
func (r *Redactor) Typed(parts []string) (clean, kinds []string) {
	return r.Strings(withoutPlaceholders(parts))
}

// TypedString is Typed for one part.
func (r *Redactor) TypedString(s string) (clean string, kinds []string) {
	parts, kinds := r.Typed([]string{s})
	return parts[0], kinds
}

// find returns the secrets in text, in order and apart.
func (r *Redactor) find(text string) []hit {
	ours := r.ownForms(text)
	var hits []hit
	for _, v := range views(masked(text, ours)) {
		for _, h := range r.search(v.text, v.strict) {
			if !v.counts(h.span) {
				continue
			}
			h.span = trimmed(text, wholeRunes(text, v.source(h.span)), ours)
			if h.from < h.to {
				hits = append(hits, h)
			}
		}
	}
	return merged(hits)
}

// wholeRunes returns s from the start of its first character on: a fullwidth one is found by its last byte.
func wholeRunes(text string, s span) span {
	for n := 1; n < utf8.UTFMax && s.from > 0 && !utf8.RuneStart(text[s.from]); n++ {
		s.from--
	}
	return s
}

// merged joins hits that overlap or touch. The best name stays.
func merged(hits []hit) []hit {
	slices.SortFunc(hits, func(a, b hit) int { return a.from - b.from })
	var out []hit
	for _, h := range hits {
		if len(out) == 0 || out[len(out)-1].to < h.from {
			out = append(out, h)
			continue
		}
		last := &out[len(out)-1]
		last.to = max(last.to, h.to)
		if h.rule.rank > last.rule.rank {
			last.rule = h.rule
		}
	}
	return out
}

// An edit puts something in place of a part of a text.
type edit struct {
	span
	put string
}

// edited does edits, which are in order and apart, to the text that parts make: what an edit puts goes into the part where
// it starts, and the rest of its span is removed.
func edited(parts []string, edits []edit) []string {
	out := make([]string, len(parts))
	at, n := 0, 0 // offset of the part, next edit
	for i, part := range parts {
		var b strings.Builder
		done := 0
		for ; n < len(edits) && edits[n].from < at+len(part); n++ {
			e := edits[n]
			if e.from >= at {
				b.WriteString(part[done : e.from-at])
				b.WriteString(e.put)
			}
			done = min(len(part), e.to-at)
			if e.to > at+len(part) {
				break
			}
		}
		b.WriteString(part[done:])
		out[i] = b.String()
		at += len(part)
	}
	return out
}
