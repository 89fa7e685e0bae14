package text

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	"pgregory.net/rapid"
)

// A shown is a character as a reader of the issue sees it, with its look.
type shown struct {
	Char                 rune
	Bold, Italic, Strike bool
}

// A page is what a browser would show of Markdown.
type page struct {
	chars    []shown
	elements map[string]int
	links    []string
	loose    []string // texts outside of code and links, where GitHub looks for references
	problems []string
}

// known are the elements that Markdown of ours may become.
var known = map[string]bool{"root": true, "p": true, "br": true, "strong": true, "em": true, "del": true, "code": true,
	"pre": true, "a": true, "h3": true, "ul": true, "ol": true, "li": true, "blockquote": true, "hr": true}

// gfm renders as GitHub renders issues: with its extensions, and line breaks kept. Mail addresses are those of
// https://github.github.com/gfm/#extended-email-autolink; goldmark alone takes a backtick for a part of one.
var gfm = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList, extension.Footnote,
	extension.NewLinkify(extension.WithLinkifyEmailRegexp(regexp.MustCompile(`^[\w.+-]+@[\w-]+(\.[\w-]+)+`)))),
	goldmark.WithRendererOptions(html.WithHardWraps(), html.WithXHTML()))

func renderPage(t rapid.TB, markdown string) page {
	t.Helper()
	var out bytes.Buffer
	if err := gfm.Convert([]byte(markdown), &out); err != nil {
		t.Fatal(err)
	}
	return readPage(t, out.String())
}

func readPage(t rapid.TB, xhtml string) page {
	t.Helper()
	p := page{elements: map[string]int{}}
	depth := map[string]int{}
	d := xml.NewDecoder(strings.NewReader("<root>" + xhtml + "</root>"))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	for {
		token, err := d.Token()
		if err == io.EOF {
			return p
		}
		if err != nil {
			t.Fatalf("not XHTML: %v\n%s", err, xhtml)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			depth[name]++
			p.elements[name]++
			if !known[name] {
				p.problems = append(p.problems, "element "+name)
			}
			if name == "a" {
				p.links = append(p.links, token.Attr[0].Value)
			}
		case xml.EndElement:
			depth[token.Name.Local]--
		case xml.CharData:
			look := shown{Bold: depth["strong"] > 0, Italic: depth["em"] > 0, Strike: depth["del"] > 0}
			p.chars = append(p.chars, chars(string(token), look)...)
			if depth["code"]+depth["a"]+depth["pre"] == 0 {
				p.loose = append(p.loose, string(token))
			}
		default:
			p.problems = append(p.problems, fmt.Sprintf("%T", token))
		}
	}
}

// chars returns the characters of s that can be seen.
func chars(s string, look shown) []shown {
	var all []shown
	for _, r := range s {
		if !unicode.IsSpace(r) && r != '\u200B' {
			look.Char = r
			all = append(all, look)
		}
	}
	return all
}

// wantChars are the characters that a page of d must show. Goldmark shows an emoji's name.
func wantChars(d Doc) []shown {
	var all []shown
	for _, b := range d {
		for _, in := range b.Inlines {
			look := shown{Bold: in.Bold, Italic: in.Italic, Strike: in.Strike}
			if b.Kind == Code {
				look = shown{}
			}
			all = append(all, chars(in.visible(names), look)...)
		}
	}
	return all
}

// referenceOf is GitHub's idea of a reference, written down independently of the one in the package, for texts
// outside of code and links.
var referenceOf = regexp.MustCompile(`(?i)(^|[^\w])@[a-z0-9]|[\w.-]@[\w-]+\.\w|(^|\W)#\d|\bgh-\d|(https?|ftp)://\S|(^|\W)www\.\S` +
	`|\b(?:[0-9a-f]*[a-f][0-9a-f]*)\b|(?-i::[a-z0-9+_-]*[a-z][a-z0-9+_-]*:)|\$\S[^$]*\$`)

// checkMarkdown checks what must hold for the Markdown of any d.
func checkMarkdown(t rapid.TB, d Doc) {
	t.Helper()
	checkPage(t, d, renderPage(t, d.Markdown(names)))
}

// checkPage checks what must hold for p, the page that d's Markdown becomes.
func checkPage(t rapid.TB, d Doc, p page) {
	t.Helper()
	md := d.Markdown(names)
	fail := func(format string, args ...any) {
		t.Helper()
		t.Errorf(format+"\nMarkdown:\n%q", append(args, md)...)
	}
	if strings.Contains(md, "<!--") {
		fail("holds an HTML comment")
	}
	if len(p.problems) > 0 {
		fail("page has %q", p.problems)
	}
	if diff := cmp.Diff(look(wantChars(d)), look(p.chars)); diff != "" {
		fail("page shows other characters (-want +got):\n%s", diff)
	}
	checkElements(d, p, fail)
	for _, l := range p.links {
		if !regexp.MustCompile(`^(?i:https?://|mailto:)`).MatchString(l) {
			fail("links to %q", l)
		}
	}
	emoji := d.hasNamedEmoji()
	for _, s := range p.loose {
		for _, m := range referenceOf.FindAllString(s, -1) {
			if isHexWord(m) && len(m) < 7 || isHexWord(m) && len(m) > 40 || emoji && strings.HasPrefix(m, ":") {
				continue
			}
			fail("%q in %q is a reference", m, s)
		}
	}
}

func isHexWord(s string) bool { return strings.Trim(s, "0123456789abcdefABCDEF") == "" }

func (d Doc) hasNamedEmoji() bool {
	for _, b := range d {
		for _, in := range b.Inlines {
			if in.Kind == Emoji && in.Text == "" {
				return true
			}
		}
	}
	return false
}

// checkElements checks that only what the author made is there.
func checkElements(d Doc, p page, fail func(string, ...any)) {
	made := map[string]bool{}
	for _, b := range d {
		made["li"] = made["li"] || b.Kind == Item
		made["blockquote"] = made["blockquote"] || b.quoted()
		made["h3"] = made["h3"] || b.Kind == Heading
		made["pre"] = made["pre"] || b.Kind == Code
		made["hr"] = made["hr"] || b.Kind == Rule
		for _, in := range b.Inlines {
			made["a"] = made["a"] || in.Kind == Link
		}
	}
	for _, element := range []string{"li", "blockquote", "h3", "pre", "hr", "a"} {
		if p.elements[element] > 0 && !made[element] {
			fail("page has an element %q that nobody made", element)
		}
	}
}

// look writes characters with their looks so that a difference is readable.
func look(all []shown) string {
	var s strings.Builder
	var last shown
	for _, c := range all {
		char := c.Char
		c.Char = 0
		if c != last {
			fmt.Fprintf(&s, "\n[bold %t italic %t strike %t] ", c.Bold, c.Italic, c.Strike)
			last = c
		}
		s.WriteRune(char)
	}
	return s.String()
}

// names knows some friendly and some hostile names.
func names(r Ref) string { return nameOf[r.ID] }

var nameOf = map[string]string{
	"U1": "Alice Smith", "U2": "田中 太郎", "S1": "support", "C1": "data-help",
	"U9": "@bob #12 <!-- x --> **b**\n# h", "C9": "12-and `deadbeef1`", "S9": "@org/team",
}
