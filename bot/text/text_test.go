package text

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTitle(t *testing.T) {
	for _, c := range []struct {
		name, mrkdwn, want string
		max                int
	}{
		{"the mention of the team is no word", "<!subteam^S1|@support> load fails", "load fails", 60},
		{"a mention at the end is none either", "load fails <!subteam^S1>", "load fails", 60},
		{"punctuation after the mention goes with it", "<!subteam^S1>: load fails", "load fails", 60},
		{"other people are named", "can <@U1> help", "can Alice Smith help", 60},
		{"a mention alone makes no title", "<!subteam^S1>", "", 60},
		{"an emoji alone makes no title", ":tada: 🎉 :flag-jp:", "", 60},
		{"thanks is a title if nothing else is said", "<!subteam^S1> thanks!", "thanks!", 60},
		{"an English greeting is skipped", "hi team,\nload fails", "load fails", 60},
		{"a greeting on the same line is skipped", "Hello! The load of sales fails", "The load of sales fails", 60},
		{"a greeting by name is skipped", "Hi Bob, load fails", "load fails", 60},
		{"a word that starts like a greeting stays", "Help needed with load", "Help needed with load", 60},
		{"Japanese greetings are skipped", "お疲れ様です。田中です。\nいつもお世話になっております、\nロードが失敗します", "ロードが失敗します", 60},
		{"an apology is skipped", "すみません、ロードが失敗します", "ロードが失敗します", 60},
		{"a Japanese sentence that starts like a greeting stays", "お願いがあります", "お願いがあります", 60},
		{"greetings alone are kept", "お疲れ様です", "お疲れ様です", 60},
		{"a link becomes its host", "see <https://example.com/a/b?c=1>", "see example.com", 60},
		{"a labelled link becomes its label", "see <https://example.com/a|the log>", "see the log", 60},
		{"an address in a label becomes its host", "see <https://example.com/a|https://example.com/a>", "see example.com", 60},
		{"code becomes its words", "`daily_sales` fails", "daily_sales fails", 60},
		{"white space is folded", "  load \u3000\t  fails  ", "load fails", 60},
		{"code is a title if nothing else is said", "<!subteam^S1> ```ERROR 42\nat x```", "ERROR 42", 60},
		{"a quotation is a title if nothing else is said", "&gt; it broke", "it broke", 60},
		{"code rather than a greeting", "<!subteam^S1> please help ```ERROR 42```", "ERROR 42", 60},
		{"a quotation rather than a greeting", "<!subteam^S1> please help\n&gt; it broke", "it broke", 60},
		{"a quotation is not the first choice", "&gt; it broke\nwhy?", "why?", 60},
		{"the cut is at a word", "the load of daily sales fails", "the load of…", 15},
		{"the cut takes punctuation along", "the load, then sales", "the load…", 13},
		{"a long word is cut", "abcdefghijklmnop", "abcdefghi…", 10},
		{"Japanese is cut at a character", "日本語の長い文章です", "日本語の…", 5},
		{"a family stays together", "家族👨‍👩‍👧‍👦です", "家族…", 6},
		{"an accent stays with its letter", "ab\u3042\u3099\u3042\u3099", "ab…", 4},
		{"what fits is not cut", "日本語", "日本語", 3},
		{"a placeholder stays whole", "key ⟦withheld: password⟧ is wrong", "key ⟦withheld: password⟧…", 26},
		{"a placeholder that does not fit goes whole", "key ⟦withheld: password⟧ is wrong", "key…", 20},
		{"a greeting may have the mention in it", "Hi <!subteam^S1> can you look at the load?", "can you look at the load?", 60},
		{"a greeting may go on after the mention", "Good morning <!subteam^S1> 👋 The load fails", "The load fails", 60},
		{"a greeting may end in an emoji", "Hi team 🙏\nload fails", "load fails", 60},
		{"a greeting may have two ends", "Good morning, team. Could you check the load?", "Could you check the load?", 60},
		{"a team has a name of several words", "Hi Data Platform team, load fails", "load fails", 60},
		{"a name may have an ending", "Hi Tanaka-san, load fails", "load fails", 60},
		{"all is no greeting in a sentence", "all loads fail", "all loads fail", 60},
		{"a Japanese greeting may end in an emoji", "おはようございます☀️\nロード失敗", "ロード失敗", 60},
		{"a Japanese greeting may end in a bow", "お疲れ様です m(_ _)m\nロード失敗", "ロード失敗", 60},
		{"a drawn out Japanese greeting is skipped", "お疲れさまでーす\nロード失敗", "ロード失敗", 60},
		{"an apology for the message is skipped", "突然のご連絡失礼いたします。\nロード失敗", "ロード失敗", 60},
		{"an introduction with a space is skipped", "お疲れ様です。営業部 田中です。\nロード失敗", "ロード失敗", 60},
		{"an announced question is skipped", "すみません！質問させてください！\nロード失敗", "ロード失敗", 60},
		{"the team's さん goes with its mention", "<!subteam^S1> さん\nロード失敗", "ロード失敗", 60},
		{"its 様 too", "<!subteam^S1>様、ロード失敗", "ロード失敗", 60},
		{"its 皆様 too", "<!subteam^S1> チームの皆様\nお疲れ様です。ロード失敗", "ロード失敗", 60},
		{"the さん of others stays", "<@U2> さん、ロード失敗", "田中 太郎 さん、ロード失敗", 60},
		{"the heading of what follows is skipped", "■依頼内容\nロード失敗", "ロード失敗", 60},
		{"urgency alone is skipped", "【至急】\nロード失敗", "ロード失敗", 60},
		{"urgency before more stays", "【至急】ロード失敗", "【至急】ロード失敗", 60},
		{"urgency alone is kept", "urgent!!!", "urgent!!!", 60},
		{"a name left blank is no mark", "○○社のロード失敗", "○○社のロード失敗", 60},
		{"a typed list's mark is dropped", "1. load fails\n2. help", "load fails", 60},
		{"a number that belongs to the text stays", "3.5 of pandas fails", "3.5 of pandas fails", 60},
		{"brackets go with their mention", "load fails (cc <!subteam^S1>)", "load fails", 60},
		{"cc goes with its mention", "load fails, cc: <!subteam^S1>", "load fails", 60},
		{"a mention leaves no gap before punctuation", "load fails <!subteam^S1>, thanks <!subteam^S1>!", "load fails, thanks!", 60},
		{"an open end is closed", "the load fails as follows:", "the load fails as follows", 60},
		{"in Japanese too", "以下のエラーです：", "以下のエラーです", 60},
		{"references are made inert", "@bob see #12", "@\u200Bbob see #\u200B12", 60},
		{"a name on a line of its own is skipped", "お疲れ様です。\n営業部の田中です。\nロード失敗", "ロード失敗", 60},
		{"a matter is no name", "お疲れ様です。本番の障害です。\nログを貼ります。", "本番の障害です。", 60},
		{"a matter after a greeting line is none either", "お疲れ様です。\nロードの件です。", "ロードの件です。", 60},
		{"an announcement is skipped", "<!subteam^S1> 以下について確認お願いします。\nロード失敗", "ロード失敗", 60},
		{"an announcement in English is skipped", "Hi,\nI have a question.\nDoes it support gzip?", "Does it support gzip?", 60},
		{"code rather than an announcement", "I'm getting this error:\n```ERROR 42```", "ERROR 42", 60},
		{"an announcement alone is kept", "<!subteam^S1> please see attached", "please see attached", 60},
		{"what is announced in the same sentence stays", "以下のテーブルを確認してください", "以下のテーブルを確認してください", 60},
		{"the label of a subject is dropped", "■件名：ロード失敗\n■内容：orders", "ロード失敗", 60},
		{"so it is in brackets", "【件名】ロード失敗の件", "ロード失敗の件", 60},
		{"so it is in English", "Title: Load fails\nDescription: since Monday", "Load fails", 60},
		{"an apology for the hour is skipped", "夜分にすみません。ロード失敗", "ロード失敗", 60},
		{"an apology for the day is skipped", "休日にすみません、ロード失敗", "ロード失敗", 60},
		{"a courtesy at the end is dropped", "ロードが失敗します。よろしくお願いいたします🙇", "ロードが失敗します。", 60},
		{"a courtesy that is the request stays", "再実行よろしくお願いします", "再実行よろしくお願いします", 60},
		{"a question announced to the team is skipped", "<!subteam^S1> さんに質問です。ロードは何時ですか", "ロードは何時ですか", 60},
		{"what goes on after さん stays", "<!subteam^S1> さんに聞きました", "さんに聞きました", 60},
		{"an address with a withheld password becomes its host", "<https://etl:⟦withheld: url-password⟧@jenkins.example/> fails", "jenkins.example fails", 60},
		{"so it does in code", "`https://etl:⟦withheld: url-password⟧@jenkins.example/x` fails", "jenkins.example fails", 60},
		{"no room is no title", "load fails", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Parse(nil, c.mrkdwn).Title(names, c.max, "S1")
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestMentions(t *testing.T) {
	inRichText := func(part, more string) string {
		return `[{"type":"rich_text","elements":[{"type":"` + part + `","elements":[` +
			`{"type":"usergroup","usergroup_id":"S1"` + more + `}]}]}]`
	}
	for _, c := range []struct {
		name, blocks, mrkdwn string
		want                 bool
	}{
		{"a group in the text", "", "<!subteam^S1|@support> help", true},
		{"a group without label", "", "help <!subteam^S1>", true},
		{"a person", "", "<@B1> help", true},
		{"another group", "", "<!subteam^S12> help", false},
		{"the name alone", "", "@support help", false},
		{"typed brackets", "", "&lt;!subteam^S1&gt;", false},
		{"in a quotation", "", "&gt; <!subteam^S1> help", false},
		{"in a quotation to the end", "", "&gt;&gt;&gt; a\n<!subteam^S1> help", false},
		{"after a quotation", "", "&gt; a\n<!subteam^S1> help", true},
		{"in code", "", "`<!subteam^S1>`", false},
		{"in a code block", "", "```\n<!subteam^S1>\n```", false},
		{"bold", "", "*<!subteam^S1> now*", true},
		{"in a list", "", "• <!subteam^S1>", true},
		{"an element of a section", inRichText("rich_text_section", ""), "", true},
		{"an element of a quotation", inRichText("rich_text_quote", ""), "", false},
		{"an element in code", inRichText("rich_text_section", `,"style":{"code":true}`), "", false},
		{"an element of code", inRichText("rich_text_preformatted", ""), "", false},
		{"blocks rule over the text", inRichText("rich_text_quote", ""), "<!subteam^S1> x", false},
		{"the text rules over unknown blocks", `[{"type":"new"}]`, "<!subteam^S1> x", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Parse(json.RawMessage(c.blocks), c.mrkdwn).Mentions("S1", "B1"); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestMarkdown(t *testing.T) {
	for _, c := range []struct {
		name string
		doc  Doc
		want string
	}{
		{"an empty message", nil, ""},
		{"blocks with nothing in them", Doc{{Kind: Paragraph}, {Kind: Item}, {Kind: Code}, {Kind: Quote}}, ""},
		{"an emoji that only its workspace knows", paragraph([]Inline{{Text: "a "}, {Kind: Emoji, ID: "party-parrot"}}), "a :party-parrot:"},
		{"an emoji that what stands beside it would make another", paragraph([]Inline{{Text: "a:b"}, {Kind: Emoji, ID: "x"}}), "a:b`:x:`"},
		{"an emoji whose name is a hash", paragraph([]Inline{{Kind: Emoji, ID: "a1b2c3d"}}), "`:a1b2c3d:`"},
		{"a placeholder", paragraph([]Inline{{Text: "key ⟦withheld: password⟧."}}), "key ⟦withheld: password⟧."},
		{"what logs are made of", paragraph([]Inline{{Text: "[INFO] load_job: 100% of ~/data (a + b) = 3 < 4 & 5; C:\\dir at 10:30:45"}}),
			"[INFO] load_job: 100% of ~/data (a + b) = 3 < 4 & 5; C:\\dir at 10:30:45"},
		{"bold next to italic", paragraph([]Inline{{Text: "a", Bold: true}, {Text: "b", Italic: true}}), "**a**_b_"},
		{"italic that begins inside of bold and outlasts it", paragraph([]Inline{{Text: "a ", Bold: true}, {Text: "b ", Bold: true, Italic: true}, {Text: "c", Italic: true}}),
			"**a _b_** _c_"},
		{"a sublist without a list", Doc{{Kind: Item, Indent: 5, Inlines: []Inline{{Text: "a"}}}}, "- a"},
		{"a person of unknown name", paragraph([]Inline{{Kind: User, ID: "U404"}}), "U404"},
		{"a person of unknown name with a label", paragraph([]Inline{{Kind: User, ID: "U404", Text: "@dan"}}), "dan"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.doc.Markdown(names); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestRefsAreEachOnceInOrder(t *testing.T) {
	d := Parse(nil, "<@U2> <@U1> <#C1> <@U2>\n&gt; <!subteam^S1> <!here>")
	want := []Ref{{User, "U2"}, {User, "U1"}, {Channel, "C1"}, {Group, "S1"}}
	if diff := cmp.Diff(want, d.Refs()); diff != "" {
		t.Error(diff)
	}
}

func TestHasKana(t *testing.T) {
	for _, c := range []struct {
		name, mrkdwn string
		want         bool
	}{
		{"hiragana", "load できない", true},
		{"katakana", "ロード", true},
		{"half-width katakana", "ﾛｰﾄﾞ", true},
		{"in a label", "<https://example.com|こちら>", true},
		{"Chinese characters alone", "数据加载失败", false},
		{"English", "load fails", false},
		{"a shrug", `¯\_(ツ)_/¯`, false},
	} {
		if got := Parse(nil, c.mrkdwn).HasKana(); got != c.want {
			t.Errorf("%s: got %t", c.name, got)
		}
	}
}

func TestParseFallsBackToTheTextWhole(t *testing.T) {
	section := func(element string) string {
		return `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"half"},` + element + `]}]}]`
	}
	for _, c := range []struct{ name, blocks, want string }{
		{"no blocks", ``, "whole"},
		{"null", `null`, "whole"},
		{"not an array", `{"type":"section"}`, "whole"},
		{"broken JSON", `[{"type":`, "whole"},
		{"an unknown block", `[{"type":"header","text":{"type":"plain_text","text":"half"}},{"type":"new"}]`, "whole"},
		{"an unknown part of rich text", `[{"type":"rich_text","elements":[{"type":"rich_text_new","elements":[{"type":"text","text":"x"}]}]}]`, "whole"},
		{"an unknown element with nothing to read", section(`{"type":"new"}`), "whole"},
		{"an unknown element with a text", section(`{"type":"new","text":" and half"}`), "half and half"},
		{"an unknown element with an address", section(`{"type":"new","url":"https://x.y"}`), "halfhttps://x.y"},
		{"a field of another type", section(`{"type":"text","text":7}`), "whole"},
		{"blocks with nothing to read", `[{"type":"divider"},{"type":"image"}]`, "whole"},
		{"a thousand levels", strings.Repeat(`[{"elements":`, 1000) + "1" + strings.Repeat(`}]`, 1000), "whole"},
		{"a million levels", strings.Repeat(`[`, 1_000_000), "whole"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Parse(json.RawMessage(c.blocks), "whole").Plain(nil); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestParseKeepsWhatItCanReadIfThereIsNoText(t *testing.T) {
	rich := func(part string) string { return `[{"type":"rich_text","elements":[` + part + `]}]` }
	for _, c := range []struct{ name, blocks, want string }{
		{"an unknown block", `[{"type":"section","text":{"type":"plain_text","text":"half"}},{"type":"new"}]`, "half"},
		{"an unknown part of rich text", rich(`{"type":"rich_text_new"},{"type":"rich_text_quote","elements":[{"type":"text","text":"half"}]}`), "> half"},
		{"an unknown element", rich(`{"type":"rich_text_section","elements":[{"type":"new"},{"type":"text","text":"half"}]}`), "half"},
		{"an element of nobody", rich(`{"type":"rich_text_section","elements":[{"type":"user"},{"type":"text","text":"half"}]}`), "half"},
		{"a field of another type", rich(`{"type":"rich_text_section","elements":[{"type":"text","text":7},{"type":"text","text":"half"}]}`), "half"},
		{"an unknown item", rich(`{"type":"rich_text_list","elements":[{"type":"new"},{"type":"rich_text_section","elements":[{"type":"text","text":"half"}]}]}`), "•\n• half"},
		{"an unknown cell", `[{"type":"table","rows":[[{"type":"new"},{"type":"raw_text","text":"half"}]]}]`, " | half"},
		{"rows that are none", `[{"type":"header","text":{"type":"plain_text","text":"half"}},{"type":"table","rows":7}]`, "half"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, mrkdwn := range []string{"", " "} {
				if got := Parse(json.RawMessage(c.blocks), mrkdwn).Plain(nil); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
			}
			if got := Parse(json.RawMessage(c.blocks), "whole").Plain(nil); got != "whole" {
				t.Errorf("with a text, got %q", got)
			}
		})
	}
}

func TestElementsOfRichText(t *testing.T) {
	for _, c := range []struct{ name, element, want string }{
		{"color", `{"type":"color","value":"#ff0000"}`, "#ff0000"},
		{"team", `{"type":"team","team_id":"T1"}`, "T1"},
		{"date with a fallback", `{"type":"date","timestamp":1700000000,"format":"{date}","fallback":"Nov 14"}`, "Nov 14"},
		{"date without", `{"type":"date","timestamp":1700000000,"format":"{date}"}`, "2023-11-14 22:13 UTC"},
		{"emoji with its character", `{"type":"emoji","name":"wave","unicode":"1f44b-1f3fd","skin_tone":4}`, "👋🏽"},
		{"emoji that only Slack knows", `{"type":"emoji","name":"face_palm"}`, "🤦"},
		{"custom emoji", `{"type":"emoji","name":"party-parrot"}`, ":party-parrot:"},
		{"emoji with a character that is none", `{"type":"emoji","name":"x","unicode":"zz"}`, ":x:"},
		{"broadcast", `{"type":"broadcast","range":"channel"}`, "@channel"},
		{"channel", `{"type":"channel","channel_id":"C1"}`, "#data-help"},
		{"control characters", `{"type":"text","text":"a\u0000\u001b[31mb\u007f\r\nc\u2028d"}`, "a[31mb\nc\nd"},
		{"marks that turn the direction", `{"type":"text","text":"a\u202Eb\u2066c\u2069"}`, "abc"},
		{"half a surrogate pair", `{"type":"text","text":"a\ud800b"}`, "a\uFFFDb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			blocks := `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[` + c.element + `]}]}]`
			if got := Parse(json.RawMessage(blocks), "").Plain(names); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestLinkTarget(t *testing.T) {
	for _, c := range []struct{ name, url, want string }{
		{"an ordinary address", "https://example.com/a_b?c=1&d=2#e", "https://example.com/a_b?c=1&d=2#e"},
		{"parentheses and brackets", "https://example.com/(a)[b]", "https://example.com/%28a%29%5Bb%5D"},
		{"what looks like an HTML entity", "https://example.com/?a=1&copy;=2", "https://example.com/?a=1&copy%3B=2"},
		{"Japanese", "https://例え.jp/パス", "https://例え.jp/パス"},
		{"mail", "mailto:a@example.com", "mailto:a@example.com"},
		{"mail with more than an address", "mailto:a@example.com,<b>", ""},
		{"script", "javascript:alert(1)", ""},
		{"data", "data:text/html,x", ""},
		{"upper-case script", "JavaScript:alert(1)", ""},
		{"without a host", "https:///x", ""},
		{"with a placeholder", "https://u:⟦withheld: password⟧@example.com", ""},
		{"an issue", "https://github.com/o/r/issues/1", "https://redirect.github.com/o/r/issues/1"},
		{"a comment", "http://www.GitHub.com/o/r/issues/1#issuecomment-2", "https://redirect.github.com/o/r/issues/1#issuecomment-2"},
		{"a pull request's files", "https://github.com:443/o/r/pull/1/files", "https://redirect.github.com/o/r/pull/1/files"},
		{"a commit", "https://github.com/o/r/commit/abc", "https://redirect.github.com/o/r/commit/abc"},
		{"a discussion of an organisation", "https://github.com/orgs/o/discussions/1", "https://redirect.github.com/orgs/o/discussions/1"},
		{"an issue, hidden by encoding", "https://github.com./o//r/%69ssues/1", "https://redirect.github.com/o//r/%69ssues/1"},
		{"an issue through the redirecting host", "https://redirect.github.com/o/r/issues/1", "https://redirect.github.com/o/r/issues/1"},
		{"an issue on another host", "https://ghe.example.com/o/r/issues/1", ""},
		{"a file at GitHub", "https://github.com/o/r/blob/main/x.go", "https://github.com/o/r/blob/main/x.go"},
	} {
		if got := linkTarget(c.url); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestRewriteGivesAllStringsInReadingOrder(t *testing.T) {
	d := Parse(nil, "*to*_ken_ <https://example.com/x|label>end <@U1|al> :smile: <https://example.com/y>\n```code```")
	var got []string
	same := d.Rewrite(func(all []string) []string {
		got = all
		return all
	})
	want := "token labelend  al  :smile: https://example.com/y https://example.com/x\ncode"
	if joined := strings.Join(got, ""); joined != want {
		t.Errorf("got %q, want %q", joined, want)
	}
	if diff := cmp.Diff(d, same); diff != "" {
		t.Error(diff)
	}
}

func TestRewriteReplaces(t *testing.T) {
	replace := func(old string) func([]string) []string {
		return func(all []string) []string {
			out := make([]string, len(all))
			for i, s := range all {
				out[i] = strings.ReplaceAll(s, old, "⟦x⟧")
			}
			return out
		}
	}
	for _, c := range []struct{ name, mrkdwn, old, want string }{
		{"text", "my secret is", "secret", "my ⟦x⟧ is"},
		{"a label", "<https://example.com|secret>", "secret", "[⟦x⟧](https://example.com)"},
		{"an address", "<https://secret.example.com|label>", "secret", "label (`https://⟦x⟧.example.com`)"},
		{"a label that the address repeats", "<http://secret.com|secret.com>", "secret.com", "⟦x⟧"},
		{"an emoji", "a :secret: b", "secret", "a ⟦x⟧ b"},
		{"separators stay", "a <@U1> b\n• c", " ", "a⟦x⟧Alice Smith⟦x⟧b\n\n- c"},
		{"a label that goes leaves the rest in place", "<https://a.b/secret|secret> x <https://c.d|y>", "secret", "⟦x⟧ x [y](https://c.d)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Parse(nil, c.mrkdwn)
			before := d.Markdown(names)
			if got := d.Rewrite(replace(c.old)).Markdown(names); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if d.Markdown(names) != before {
				t.Error("the original changed")
			}
		})
	}
}

// hostile are texts that tried to be more than text somewhere.
var hostile = []string{
	"", " ", "\n\n", "\\", "\\\\", "`", "``", "` `", "```", "*", "**", "***", "_", "__", "~", "~~", "~~~", "[", "]", "![", "](x)", "<", "<!", "<!-", "<!--", "<!-- support:1 -->",
	"&", "&amp;", "&amp", "&#0;", "&#x41;", "#", "##", "# a", "#1", "#1a", "a#1", "@", "@a", "a@b", "a@b.c", "@a/b", "GH-1", "gh-1", "o/r#1", "o/r@0123456",
	"0123abc", "0123456", "deadbeef", "DEADBEEF", "0123456789abcdef0123456789abcdef01234567", "-", "- ", "- a", "+ a", "* a", "1. a", "1) a", "1.", "-\ta",
	"a\n---", "a\n===", "a\n=", "---", "- - -", "* * *", "_ _ _", "    a", "\ta", "a\n    b", "> a", ">a", "> [!NOTE]\n> a", "| a |\n|---|\n| b |", "a | b\n--|--\nc | d", "a\n:-\nb",
	"[a](b)", "[a][b]", "[a]: b", "[a]: <b>", "[^1]: a\n\n[^1]", "![a](b)", "<a href=x>", "<b>", "</b>", "<a@b.c>", "<http://a.b>", "http://a.b", "HTTPS://A.B", "ftp://a.b", "www.a.b", "mailto:a@b.c",
	"$a$", "$$a$$", "$`a`$", "$5 or $6", ":smile:", ":+1:", "a:b:c", "10:30:45", ":100:", "- [ ] a", "- [x] a", "[ ] a", "a  \nb", "a\\\nb", "\u202Eabc", "a\u200Bb", "\uFEFF", "e\u0301", "👨‍👩‍👧", "日本語。", "「", "」",
	"⟦withheld: password⟧", "<details><summary>a</summary>", "<script>", "<?php", "<![CDATA[x]]>", "<!DOCTYPE html>", "fixes #1", "closes https://github.com/o/r/issues/1", "\x00", "a\rb", "{{a}}", "```go\nx\n```", "~~~\nx", "*a*", "_a_", "a*b*c", "a_b_c", "~a~ ~b~",
}

// Each hostile text is looked at alone and beside each other one, as text, in every style, as label, name of an
// emoji, item, quotation and heading.
func TestHostileTextsAreShownAsTyped(t *testing.T) {
	for _, s := range hostile {
		for _, d := range hostileDocs(s) {
			checkMarkdown(t, d)
		}
	}
}

func hostileDocs(s string) []Doc {
	s = clean(s)
	line := cleanLine(s)
	var docs []Doc
	for _, in := range []Inline{
		{Text: s}, {Text: s, Bold: true}, {Text: s, Italic: true}, {Text: s, Strike: true}, {Text: s, Code: true},
		{Text: s, Bold: true, Italic: true, Strike: true}, {Text: s, Bold: true, Code: true},
		{Kind: Link, Text: line, URL: "https://example.com/a"}, {Kind: Link, URL: "https://example.com/" + line},
		{Kind: Link, Text: "label", URL: line}, {Kind: Emoji, ID: line}, {Kind: User, Text: line}, {Kind: Channel, Text: line},
		{Kind: Group, Text: line}, {Kind: Broadcast, ID: line},
	} {
		docs = append(docs, Doc{{Kind: Paragraph, Inlines: []Inline{in}}},
			Doc{{Kind: Paragraph, Inlines: []Inline{{Text: "a"}, in, {Text: "b"}}}},
			Doc{{Kind: Paragraph, Inlines: []Inline{{Text: "次", Italic: true}, in, {Kind: Link, Text: "x", URL: "https://x.y"}}}},
			Doc{{Kind: Paragraph, Inlines: []Inline{{Kind: Emoji, ID: "a"}, in, {Text: "c", Code: true}}}},
			Doc{{Kind: Quote, Inlines: []Inline{in}}, {Kind: Item, Inlines: []Inline{in}}, {Kind: Item, Indent: 1, Number: 3, Inlines: []Inline{in}}},
			Doc{{Kind: Heading, Inlines: []Inline{in}}, {Kind: Code, Inlines: []Inline{{Text: s}}}, {Kind: Rule}})
	}
	return docs
}
