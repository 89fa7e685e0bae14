package text

import (
	"os/exec"
	"strings"
	"testing"
)

// What goldmark shows, GitHub's own renderer must show as well. It is looked for on the PATH, as the Debian
// package cmark-gfm installs it.
func TestHostileTextsInGitHubsRenderer(t *testing.T) {
	program, err := exec.LookPath("cmark-gfm")
	if err != nil {
		t.Skip("cmark-gfm is not installed")
	}
	var docs []Doc
	for _, s := range hostile {
		docs = append(docs, hostileDocs(s)...)
	}
	for i, page := range cmarkPages(t, program, docs) {
		checkPage(t, docs[i], page)
	}
}

// cmarkPages renders all docs in one go, with a heading between them that no doc has.
func cmarkPages(t *testing.T, program string, docs []Doc) []page {
	t.Helper()
	var in strings.Builder
	for i, d := range docs {
		if i > 0 {
			in.WriteString("\n\n# BETWEEN\n\n")
		}
		in.WriteString(d.Markdown(names))
	}
	cmd := exec.Command(program, "--hardbreaks", "--extension", "table", "--extension", "strikethrough",
		"--extension", "autolink", "--extension", "tasklist", "--extension", "footnotes")
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	parts := strings.Split(string(out), "<h1>BETWEEN</h1>")
	if len(parts) != len(docs) {
		t.Fatalf("%d pages of %d: one runs into the next", len(parts), len(docs))
	}
	pages := make([]page, len(parts))
	for i, part := range parts {
		pages[i] = readPage(t, part)
	}
	return pages
}
