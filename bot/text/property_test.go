package text

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// randomDoc makes docs of hostile pieces in all styles and kinds.
func randomDoc() *rapid.Generator[Doc] {
	piece := rapid.SampledFrom(append([]string{"a", "b1", "次", "。", "「", " ", "\n", "é", "€", "🎉", "x_y", "  "}, hostile...))
	words := rapid.Custom(func(t *rapid.T) string {
		return clean(strings.Join(rapid.SliceOfN(piece, 1, 3).Draw(t, "pieces"), ""))
	})
	inline := rapid.Custom(func(t *rapid.T) Inline {
		style := rapid.IntRange(0, 15).Draw(t, "style")
		in := Inline{Text: words.Draw(t, "text"), Bold: style&1 > 0, Italic: style&2 > 0, Strike: style&4 > 0, Code: style == 15}
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			return link(rapid.SampledFrom([]string{"https://example.com/a", "http://x.y", "mailto:a@b.c", "x:y"}).Draw(t, "url"), in.Text)
		case 1:
			in.Kind, in.ID = User, "U1"
		case 2:
			in.Kind, in.ID, in.Text = Emoji, cleanLine(in.Text), ""
		}
		return in
	})
	return rapid.Custom(func(t *rapid.T) Doc {
		var d Doc
		for range rapid.IntRange(1, 4).Draw(t, "blocks") {
			b := Block{
				Kind:    rapid.SampledFrom([]BlockKind{Paragraph, Paragraph, Quote, Item, Item, Heading, Code, Rule}).Draw(t, "block"),
				Quoted:  rapid.Bool().Draw(t, "quoted"),
				Inlines: rapid.SliceOfN(inline, 0, 4).Draw(t, "inlines"),
			}
			switch b.Kind {
			case Item:
				b.Indent, b.Number = rapid.IntRange(0, 3).Draw(t, "indent"), rapid.IntRange(0, 11).Draw(t, "number")
			case Code:
				b.Inlines = []Inline{{Text: words.Draw(t, "code")}}
			case Rule:
				b.Inlines = nil
			case Quote, Paragraph, Heading:
				b.Quoted = b.Quoted && b.Kind != Heading
			}
			d = append(d, b)
		}
		return d
	})
}

func TestRandomDocsAreShownAsMeant(t *testing.T) {
	program, _ := exec.LookPath("cmark-gfm")
	var docs []Doc
	rapid.Check(t, func(r *rapid.T) {
		d := randomDoc().Draw(r, "doc")
		docs = append(docs, d)
		checkMarkdown(r, d)
		checkTitle(r, d)
	})
	if program == "" {
		t.Log("cmark-gfm is not installed; only goldmark was asked")
		return
	}
	for i, page := range cmarkPages(t, program, docs) {
		checkPage(t, docs[i], page)
		if t.Failed() {
			return
		}
	}
}

// checkTitle checks what must hold for the title of any d.
func checkTitle(t rapid.TB, d Doc) {
	t.Helper()
	for _, max := range []int{0, 1, 5, 60} {
		title := d.Title(names, max, "S1")
		switch {
		case utf8.RuneCountInString(title) > max:
			t.Errorf("title %q is longer than %d", title, max)
		case strings.ContainsAny(title, "\n\t") || title != strings.TrimSpace(title):
			t.Errorf("title %q is not one tidy line", title)
		case !utf8.ValidString(title):
			t.Errorf("title %q is not UTF-8", title)
		case max == 60 && title != "" && !hasWord(title):
			t.Errorf("title %q has no word", title)
		case inert.MatchString(title):
			t.Errorf("title %q could refer to something", title)
		}
	}
}

func checkDoc(t *testing.T, d Doc) {
	t.Helper()
	checkMarkdown(t, d)
	checkTitle(t, d)
	for _, r := range d.Refs() {
		if r.ID == "" {
			t.Errorf("a mention of nobody in %v", d)
		}
	}
	same := d.Rewrite(func(all []string) []string { return all })
	if d.Plain(names) != same.Plain(names) {
		t.Error("rewriting nothing changed something")
	}
	if s := d.Plain(names); clean(s) != s || !utf8.ValidString(s) {
		t.Errorf("not clean: %q", s)
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Add("<!subteam^S1|@support> *b* _i_ ~s~ `c` <https://a.b|l> <mailto:a@b.c|a@b.c> <#C1|n> <@U1> <!here> <!date^1^{d}|f>\n&gt; q\n• i\n    ◦ j\n```c```")
	f.Fuzz(func(t *testing.T, s string) {
		checkDoc(t, parseMrkdwn(s))
	})
}

func FuzzParseBlocks(f *testing.F) {
	f.Add(`[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"a","style":{"bold":true}},{"type":"link","url":"https://x.y","text":"l"},{"type":"emoji","name":"wave","unicode":"1f44b"}]},{"type":"rich_text_list","style":"ordered","indent":1,"offset":2,"elements":[{"type":"rich_text_section","elements":[{"type":"user","user_id":"U1"}]}]},{"type":"rich_text_quote","elements":[{"type":"usergroup","usergroup_id":"S1"}]},{"type":"rich_text_preformatted","border":1,"elements":[{"type":"text","text":"c"}]}]}]`)
	f.Add(`[{"type":"header","text":{"type":"plain_text","text":"h"}},{"type":"section","text":{"type":"mrkdwn","text":"*b*"},"fields":[{"type":"plain_text","text":"f"}]},{"type":"context","elements":[{"type":"image","alt_text":"i"}]},{"type":"markdown","text":"m"},{"type":"divider"}]`)
	f.Fuzz(func(t *testing.T, blocks string) {
		checkDoc(t, Parse(json.RawMessage(blocks), "text"))
	})
}

// A mention that is alone in its message and surrounded by anything is found unless it is quoted or in code, and
// never found where its brackets are missing.
func FuzzMentions(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, "")
		f.Add("", s)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		mention := "<!subteam^SFUZZ|@support>"
		plain := parseMrkdwn(before + "\n" + after)
		if plain.Mentions("SFUZZ") && !strings.Contains(clean(before+"\n"+after), "SFUZZ") {
			t.Error("a mention of nothing")
		}
		if strings.ContainsAny(before+after, "`<>&\n\r\x0b\x0c\u0085\u2028\u2029") {
			return // may quote, hold code, or break the mention
		}
		d := parseMrkdwn(before + mention + after)
		if !d.Mentions("SFUZZ") {
			t.Errorf("missed the mention in %q", before+mention+after)
		}
		for _, quoted := range []string{"> ", ">>> ", "&gt;", "```", "`"} {
			end := map[string]string{"```": "```", "`": "`"}[quoted]
			if d := parseMrkdwn(quoted + mention + end); d.Mentions("SFUZZ") {
				t.Errorf("found the mention in %q", quoted+mention)
			}
		}
	})
}
