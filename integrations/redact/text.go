package redact

import (
	"fmt"
	"regexp"
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

// placeholderForm is a placeholder, stored or numbered.
func placeholderForm() *regexp.Regexp {
	return regexp.MustCompile(`⟦withheld(?: [0-9]{1,4})?: ([a-z-]{1,60})⟧`)
}

// Number renders the placeholders in s numbered in order: "⟦withheld 1: password⟧". Numbered ones are numbered
// anew, so that numbering twice changes nothing.
func Number(s string) string {
	n := 0
	form := placeholderForm()
	return form.ReplaceAllStringFunc(s, func(p string) string {
		n++
		return fmt.Sprintf("⟦withheld %d: %s⟧", n, form.FindStringSubmatch(p)[1])
	})
}
