package text

import (
	"bytes"
	"strings"
	"testing"

	"github.com/yuin/goldmark/ast"
	gmtext "github.com/yuin/goldmark/text"
	"pgregory.net/rapid"
)

// unfold returns what Markdown holds: the blocks of HTML, and the code between them.
func unfold(t interface{ Fatalf(string, ...any) }, source string) (html []string, code string) {
	data := []byte(source)
	for n := gfm.Parser().Parse(gmtext.NewReader(data)).FirstChild(); n != nil; n = n.NextSibling() {
		var lines bytes.Buffer
		for i := range n.Lines().Len() {
			line := n.Lines().At(i)
			lines.Write(line.Value(data))
		}
		switch n := n.(type) {
		case *ast.HTMLBlock:
			html = append(html, strings.TrimSpace(lines.String()))
		case *ast.FencedCodeBlock:
			code += lines.String()
		default:
			t.Fatalf("something broke out, a %s, of\n%s", n.Kind(), source)
		}
	}
	return html, code
}

func TestNothingBreaksOutOfAFold(t *testing.T) {
	for _, code := range []string{
		"it fails\n\n\nagain", "</details>", "\n</details>\n\n@alice #12", "```\n</details>\n```", "~~~\nx", strings.Repeat("`", 9) + "\n\nx",
		"<!-- supportbot ticket=1 -->", "    indented\n\ttoo", "<details><summary>x</summary>", "> quoted\n- item\n# heading", "a\r\nb\r\n\r\nc", "\x00\u202e",
	} {
		checkFold(t, code)
	}
}

func TestWhateverIsFoldedStaysInside(t *testing.T) {
	pieces := rapid.SampledFrom([]string{"`", "```", "~~~", "\n", "\n\n", "<", "</details>", "<!--", "-->", " ", "\t", "x", "@a", "\r", "<details>", "<pre>", "列"})
	rapid.Check(t, func(t *rapid.T) {
		checkFold(t, strings.Join(rapid.SliceOfN(pieces, 1, 30).Draw(t, "code"), ""))
	})
}

func checkFold(t interface{ Fatalf(string, ...any) }, code string) {
	folded := Folded("Show <b>", code)
	if folded == "" {
		if strings.TrimSpace(clean(code)) != "" {
			t.Fatalf("%q is lost", code)
		}
		return
	}
	html, shown := unfold(t, folded)
	want := strings.Trim(breakComments(clean(code)), "\n") + "\n"
	if len(html) != 2 || html[0] != "<details><summary>Show &lt;b&gt;</summary>" || html[1] != "</details>" || shown != want {
		t.Fatalf("%q is shown as %q in %q", code, shown, html)
	}
	if strings.Contains(folded, "<!--") {
		t.Fatalf("%q holds a comment", folded)
	}
}

func TestAQuotationIsQuotedWhole(t *testing.T) {
	d := Doc{
		{Kind: Heading, Inlines: []Inline{{Text: "Load"}}},
		{Kind: Paragraph, Inlines: []Inline{{Text: "it fails\n# twice"}}},
		{Kind: Code, Inlines: []Inline{{Text: "select 1\n\nfrom t"}}},
		{Kind: Item, Number: 1, Inlines: []Inline{{Text: "one"}}},
		{Kind: Rule},
		{Kind: Quote, Inlines: []Inline{{Text: "hm"}}},
	}
	for _, line := range strings.Split(d.Quoted().Markdown(nil), "\n") {
		if !strings.HasPrefix(line, ">") {
			t.Errorf("the line %q is not quoted", line)
		}
	}
	if d[0].Kind != Heading || d[1].Quoted {
		t.Error("the original was changed")
	}
	if d.Quoted().Mentions("U1") {
		t.Error("a quotation mentions somebody")
	}
}
