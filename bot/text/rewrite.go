package text

import (
	"slices"
	"strings"
)

// Rewrite returns d with its strings replaced. f gets every text, label and address in reading order, with
// separators as elements of their own, so that what a reader sees as one piece is one piece when the strings are
// joined: "\n" between blocks, " " where a mention stands. The addresses of a block's links, which don't show if
// there is a label, follow its text, each after a " ". An emoji is given as its name between two ":". f returns
// a slice of the same length; changed separators are ignored.
//
// A link whose label was changed and is a part of its address becomes plain text: the address would tell what
// the label no longer does. An emoji that was changed becomes plain text.
func (d Doc) Rewrite(f func([]string) []string) Doc {
	out := slices.Clone(d)
	for i := range out {
		out[i].Inlines = slices.Clone(out[i].Inlines)
	}
	places := out.strings()
	all := make([]string, len(places))
	for i, p := range places {
		all[i] = *p
	}
	for i, s := range f(all) {
		*places[i] = s
	}
	for i := range out {
		for j := range out[i].Inlines {
			out[i].Inlines[j].settle(d[i].Inlines[j])
		}
	}
	return out
}

// strings returns where the strings that Rewrite is about are, and separators between them.
func (d Doc) strings() []*string {
	var places []*string
	for i := range d {
		if i > 0 {
			places = append(places, separator("\n"))
		}
		for j := range d[i].Inlines {
			places = append(places, d[i].Inlines[j].strings()...)
		}
		for j := range d[i].Inlines {
			if in := &d[i].Inlines[j]; in.Kind == Link && in.Text != "" {
				places = append(places, separator(" "), &in.URL)
			}
		}
	}
	return places
}

func separator(s string) *string { return &s }

// strings returns what shows of in where it stands.
func (in *Inline) strings() []*string {
	switch {
	case in.Kind == Link && in.Text == "":
		return []*string{&in.URL}
	case in.Kind == Emoji:
		return []*string{separator(":"), &in.ID, separator(":")}
	case in.isRef():
		return []*string{separator(" "), &in.Text, separator(" ")}
	case in.Kind == Broadcast:
		return []*string{separator(" ")}
	}
	return []*string{&in.Text}
}

// settle makes plain text of an inline that its rewritten strings no longer fit.
func (in *Inline) settle(before Inline) {
	labelGone := in.Kind == Link && in.Text != before.Text && strings.Contains(before.URL, before.Text)
	emojiGone := in.Kind == Emoji && in.ID != before.ID
	switch {
	case labelGone:
		in.Kind, in.URL = Text, ""
	case emojiGone:
		in.Kind, in.Text, in.ID = Text, in.ID, ""
	}
}
