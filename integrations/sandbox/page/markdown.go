package page

import (
	"bytes"
	"html"
	"html/template"
	"net/url"
	"regexp"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// harmless are the elements of HTML that GitHub shows in Markdown and that are let through, without attributes.
var harmless = regexp.MustCompile(`&lt;(/?(?:details|summary|sub|sup|br|hr|kbd|ins|del|b|i|em|strong|code|pre|p|blockquote|ul|ol|li)) ?(/?)&gt;`)

// markdownComment is what HTML doesn't show, such as the marker by which the bot finds its issues again.
var markdownComment = regexp.MustCompile(`(?s)<!--.*?(?:-->|$)`)

// markdown shows Markdown as GitHub does. HTML in it is text, but for a few elements without attributes; links lead to
// the web only, pictures are shown only from this machine.
func (at *place) markdown(source string) template.HTML {
	md := goldmark.New(
		goldmark.WithExtensions(extension.GFM),
		goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(linkRewriter{at}, 100))),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(rawHTML{}, 100))),
	)
	var b bytes.Buffer
	if err := md.Convert([]byte(source), &b); err != nil {
		return template.HTML("<pre>" + html.EscapeString(source) + "</pre>")
	}
	return template.HTML(b.String())
}

// A linkRewriter leads links to where they lead on this page.
type linkRewriter struct{ at *place }

func (l linkRewriter) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			href, outside := l.at.href(string(n.Destination))
			n.Destination = []byte(href)
			if outside {
				n.SetAttributeString("target", []byte("_blank"))
				n.SetAttributeString("rel", []byte("noopener noreferrer"))
			}
		case *ast.Image:
			if !local(string(n.Destination)) {
				n.Destination = nil
			}
		}
		return ast.WalkContinue, nil
	})
}

// local says whether an address is of this machine.
func local(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "http" && u.Hostname() == "127.0.0.1"
}

// rawHTML shows HTML in Markdown as text, but for what is harmless.
type rawHTML struct{}

func (rawHTML) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindRawHTML, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			raw := n.(*ast.RawHTML)
			for i := range raw.Segments.Len() {
				segment := raw.Segments.At(i)
				_, _ = w.WriteString(disarm(string(segment.Value(source))))
			}
		}
		return ast.WalkSkipChildren, nil
	})
	r.Register(ast.KindHTMLBlock, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			var raw bytes.Buffer
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				raw.Write(line.Value(source))
			}
			if block := n.(*ast.HTMLBlock); block.HasClosure() {
				raw.Write(block.ClosureLine.Value(source))
			}
			_, _ = w.WriteString(disarm(raw.String()))
		}
		return ast.WalkContinue, nil
	})
}

// disarm makes text of HTML, but for what is harmless.
func disarm(raw string) string {
	return harmless.ReplaceAllString(html.EscapeString(markdownComment.ReplaceAllString(raw, "")), "<$1$2>")
}
