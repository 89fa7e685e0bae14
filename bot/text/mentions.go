package text

import (
	"slices"
	"strings"
	"unicode"
)

// Mentions says whether d itself, not a quotation or code in it, mentions one of the ids (of groups or users).
func (d Doc) Mentions(ids ...string) bool {
	for _, b := range d {
		if b.Kind == Code || b.quoted() {
			continue
		}
		for _, in := range b.Inlines {
			if (in.Kind == User || in.Kind == Group) && !in.Code && slices.Contains(ids, in.ID) {
				return true
			}
		}
	}
	return false
}

// Refs returns the people, channels and groups that d mentions, each once, in order.
func (d Doc) Refs() []Ref {
	var refs []Ref
	seen := map[Ref]bool{}
	for _, b := range d {
		for _, in := range b.Inlines {
			r := Ref{in.Kind, in.ID}
			if in.isRef() && !seen[r] {
				seen[r] = true
				refs = append(refs, r)
			}
		}
	}
	return refs
}

// HasKana says whether d contains hiragana or katakana, and so is Japanese. The face of a shrug is no katakana.
func (d Doc) HasKana() bool {
	for _, b := range d {
		for _, in := range b.Inlines {
			if strings.ContainsFunc(strings.ReplaceAll(in.Text, "(ツ)", ""), isKana) {
				return true
			}
		}
	}
	return false
}

func isKana(r rune) bool { return unicode.In(r, unicode.Hiragana, unicode.Katakana) }

func (b Block) quoted() bool { return b.Quoted || b.Kind == Quote }

func (in Inline) isRef() bool { return in.Kind == User || in.Kind == Channel || in.Kind == Group }
