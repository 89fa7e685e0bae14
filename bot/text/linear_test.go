package text

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// longest is the longest text that Slack delivers, in characters.
const longest = 40_000

func longHostile(length int) []string {
	var all []string
	for _, s := range append([]string{"<", "<a", "<a|", "*a ", "*a_b~c", "a* ", "`a", ":a", ":a:", "<@U1>", "&gt;", "&gt; a\n", "• a\n", "⟦", "a_", "://", "e\u0301", "\u0301", "あ", "hi ", "hi <!subteam^S1> ", "すみません、", "<https://a.b|c>", "@a", "$a ", "[", "`` `"}, hostile...) {
		if s != "" {
			all = append(all, strings.Repeat(s, length/len([]rune(s))))
		}
	}
	return all
}

// The work for a message grows with its length and no faster. Time isn't asserted: go test's own limit would end
// a test in which something is quadratic many times over.
func TestLongHostileMessages(t *testing.T) {
	for _, s := range longHostile(longest / 4) {
		d := Parse(nil, s)
		render(d)
		checkTitle(t, d)
		if got := len(d.Markdown(nil)); got > 10*len(s) {
			t.Errorf("%.12q: %d bytes became %d", s, len(s), got)
		}
	}
}

func render(d Doc) {
	d.Mentions("S1")
	d.Refs()
	d.HasKana()
	d.Plain(names)
	d.Markdown(names)
	d.Title(names, 60, "S1")
	d.Rewrite(func(s []string) []string { return s })
}

func BenchmarkLongHostile(b *testing.B) {
	for _, s := range longHostile(longest) {
		b.Run(fmt.Sprintf("%.12q", s), func(b *testing.B) {
			for b.Loop() {
				render(Parse(nil, s))
			}
		})
	}
}

func BenchmarkThousandMentions(b *testing.B) {
	element := `{"type":"user","user_id":"U1"},{"type":"text","text":", "}`
	blocks := json.RawMessage(`[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[` +
		strings.Repeat(element+",", 999) + element + `]}]}]`)
	b.ReportAllocs()
	for b.Loop() {
		render(Parse(blocks, ""))
	}
}

// typical is a message of a few lines with a log, as blocks.
const typical = `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[
	{"type":"usergroup","usergroup_id":"S1"},{"type":"text","text":" BigQuery にロードされません。\n"},
	{"type":"user","user_id":"U2"},{"type":"text","text":" さん、"},{"type":"text","text":"至急","style":{"bold":true}},
	{"type":"text","text":"お願いします "},{"type":"emoji","name":"pray","unicode":"1f64f"}]},
	{"type":"rich_text_preformatted","elements":[{"type":"text","text":"2026-03-01 ERROR load_job: Access Denied\n  at Loader.run(Loader.java:12)\n"}]},
	{"type":"rich_text_section","elements":[{"type":"text","text":"job は "},{"type":"text","text":"daily_sales","style":{"code":true}},
	{"type":"link","url":"https://jenkins.example.com/job/daily/12","text":"こちら"}]}]}]`

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Parse(json.RawMessage(typical), "")
	}
}

func BenchmarkMarkdown(b *testing.B) {
	d := Parse(json.RawMessage(typical), "")
	b.ReportAllocs()
	for b.Loop() {
		d.Markdown(names)
	}
}

func BenchmarkTitle(b *testing.B) {
	d := Parse(json.RawMessage(typical), "")
	b.ReportAllocs()
	for b.Loop() {
		d.Title(names, 60, "S1")
	}
}
