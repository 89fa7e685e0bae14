package text

import "strings"

// Plain returns d as the plain text a reader sees: one block a line, list items with their marker, quotations
// after ">". People are shown by their name, without "@"; groups with it.
func (d Doc) Plain(n Names) string {
	var s strings.Builder
	for _, b := range d {
		prefix, rest := b.plainPrefix()
		lines := strings.Split(strings.Trim(b.visible(n), "\n"), "\n")
		for i, line := range lines {
			if i > 0 {
				prefix = rest
			}
			s.WriteString(strings.TrimRight(prefix+line, " \t") + "\n")
		}
	}
	return strings.TrimSuffix(s.String(), "\n")
}

// plainPrefix returns what stands before the first line of b, and before the others.
func (b Block) plainPrefix() (first, rest string) {
	switch b.Kind {
	case Item:
		indent := strings.Repeat("  ", min(max(b.Indent, 0), maxIndent))
		first = indent + "• "
		if b.Number > 0 {
			first = indent + itemNumber(b.Number) + ". "
		}
		rest = strings.Repeat(" ", len([]rune(first)))
	case Rule:
		first = "---"
	}
	if b.quoted() {
		first, rest = "> "+first, "> "+rest
	}
	return first, rest
}

// visible returns the text of b as a reader sees it.
func (b Block) visible(n Names) string {
	var s strings.Builder
	for _, in := range b.Inlines {
		s.WriteString(in.visible(n))
	}
	return s.String()
}

// visible returns the text that a reader sees of in.
func (in Inline) visible(n Names) string {
	switch in.Kind {
	case Link:
		return in.visibleLink()
	case User:
		return in.name(n)
	case Group:
		return "@" + in.name(n)
	case Channel:
		return "#" + in.name(n)
	case Broadcast:
		return "@" + cleanLine(in.ID)
	case Emoji:
		return cleanLine(plainEmoji(in))
	default:
		return clean(in.Text)
	}
}

// name is the display name of a person, channel or group, without the sign before it.
func (in Inline) name(n Names) string {
	name := ""
	if n != nil {
		name = n(Ref{in.Kind, in.ID})
	}
	for _, s := range []string{name, in.Text, in.ID} {
		if s = strings.TrimLeft(cleanLine(s), "@# "); s != "" {
			return s
		}
	}
	return "?"
}

// visibleLink is the label of a link; the address stands in for it, or beside it if it can't be linked to.
func (in Inline) visibleLink() string {
	label, address := in.label(), in.address()
	switch {
	case label == "" || label == address:
		return address
	case address == "" || linkTarget(in.URL) != "":
		return label
	}
	return label + " (" + address + ")"
}

// address is what a reader sees of the address of a link.
func (in Inline) address() string { return strings.TrimPrefix(cleanLine(in.URL), "mailto:") }

func (in Inline) label() string { return cleanLine(in.Text) }
