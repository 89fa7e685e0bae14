package sandbox

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
)

// sketch is rich text in short: "section(group:S text:x)".
func sketch(t *testing.T, blocks json.RawMessage) string {
	t.Helper()
	var list []richText
	if err := json.Unmarshal(blocks, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].Type != "rich_text" || list[0].BlockID == "" {
		t.Fatalf("blocks %s", blocks)
	}
	out := ""
	for _, e := range list[0].Elements {
		out += sketchElement(e)
	}
	return out
}

func sketchElement(e element) string {
	out := "[" + e.Type
	if style, ok := e.Style.(string); ok {
		out += " " + style
	}
	if style, ok := e.Style.(map[string]any); ok {
		for _, name := range []string{"bold", "italic", "strike", "code"} {
			if style[name] == true {
				out += " " + name
			}
		}
	}
	for _, v := range []string{e.Text, e.URL, e.UserID, e.UsergroupID, e.ChannelID, e.Range, e.Name} {
		if v != "" {
			out += " " + v
		}
	}
	for _, child := range e.Elements {
		out += " " + sketchElement(child)
	}
	return out + "]"
}

func TestTheComposerMakesRichTextAndMrkdwn(t *testing.T) {
	tests := map[string]struct{ typed, text, rich string }{
		"a user group's handle is a mention": {
			"@support it fails", "<!subteam^SSUPPORT> it fails",
			"[rich_text_section [usergroup SSUPPORT] [text  it fails]]"},
		"Japanese may follow a mention without a space": {
			"@supportロードできない", "<!subteam^SSUPPORT>ロードできない",
			"[rich_text_section [usergroup SSUPPORT] [text ロードできない]]"},
		"a longer word is no mention, nor is an address of mail": {
			"@supporters x@support", "@supporters x@support", "[rich_text_section [text @supporters x@support]]"},
		"people, channels and broadcasts are mentions": {
			"@alice see #general @here", "<@UALICE> see <#CGENERAL|> <!here>",
			"[rich_text_section [user UALICE] [text  see ] [channel CGENERAL] [text  ] [broadcast here]]"},
		"marks typed by hand are escaped and mention nobody": {
			"<!channel> & <@UALICE>", "&lt;!channel&gt; &amp; &lt;@UALICE&gt;",
			"[rich_text_section [text <!channel> & <@UALICE>]]"},
		"styles": {
			"*bold* _it_ ~no~ `a*b*` 2*3*4", "*bold* _it_ ~no~ `a*b*` 2*3*4",
			"[rich_text_section [text bold bold] [text  ] [text italic it] [text  ] [text strike no] [text  ] [text code a*b*] [text  2*3*4]]"},
		"a styled mention": {
			"*@support now*", "*<!subteam^SSUPPORT>** now*",
			"[rich_text_section [usergroup bold SSUPPORT] [text bold  now]]"},
		"links and emoji": {
			"see https://example.com/a?b=1&c=2. :tada: at 10:30:00", "see <https://example.com/a?b=1&amp;c=2>. :tada: at 10:30:00",
			"[rich_text_section [text see ] [link https://example.com/a?b=1&c=2] [text . ] [emoji tada] [text  at 10:30:00]]"},
		"preformatted text": {
			"@support log:\n```\n@support <b>\n```\nthanks", "<!subteam^SSUPPORT> log:\n```@support &lt;b&gt;```\nthanks",
			"[rich_text_section [usergroup SSUPPORT] [text  log:\n]][rich_text_preformatted [text @support <b>]][rich_text_section [text thanks]]"},
		"a quote of two lines": {
			"> @support a\n> b\nc", "&gt; <!subteam^SSUPPORT> a\n&gt; b\nc",
			"[rich_text_quote [usergroup SSUPPORT] [text  a] [text \n] [text b]][rich_text_section [text c]]"},
		"lists": {
			"- a\n- *b*\n1. c\n2. d", "• a\n• *b*\n1. c\n2. d",
			"[rich_text_list bullet [rich_text_section [text a]] [rich_text_section [text bold b]]]" +
				"[rich_text_list ordered [rich_text_section [text c]] [rich_text_section [text d]]]"},
	}
	s, _ := aWorkspace(t, SlackOptions{})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ts := s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: test.typed})
			m := s.Thread("CGENERAL", ts)[0]
			if m.Text != test.text {
				t.Errorf("text %q, want %q", m.Text, test.text)
			}
			if diff := cmp.Diff(test.rich, sketch(t, m.Blocks)); diff != "" {
				t.Error(diff)
			}
			var read slack.Blocks
			if err := json.Unmarshal(m.Blocks, &read); err != nil {
				t.Errorf("slack-go can't read the blocks: %v", err)
			}
		})
	}
}
