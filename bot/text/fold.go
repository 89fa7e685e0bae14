package text

import "html"

// Quoted returns d as a quotation.
func (d Doc) Quoted() Doc {
	quoted := make(Doc, len(d))
	for i, b := range d {
		b.Quoted = true
		if b.Kind == Paragraph || b.Kind == Heading {
			b.Kind = Quote
		}
		quoted[i] = b
	}
	return quoted
}

// Folded renders code as Markdown, folded under a title until its reader opens it. Nothing in code can end the fold.
// It is empty if code is blank.
func Folded(title, code string) string {
	block := Doc{{Kind: Code, Inlines: []Inline{{Text: code}}}}.Markdown(nil)
	if block == "" {
		return ""
	}
	return "<details><summary>" + html.EscapeString(title) + "</summary>\n\n" + block + "\n\n</details>"
}
