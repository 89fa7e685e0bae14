package text

import (
	"encoding/json"
	"testing"
)

func TestAttachmentsAreReadAsPeopleSeeThem(t *testing.T) {
	for _, test := range []struct{ name, attachment, want string }{
		{"a build that failed", `{"color":"danger","pretext":"Nightly","title":"orders #42","title_link":"https://ci.example/42","text":"*FAILED* after 3 min",
			"fields":[{"title":"Branch","value":"main","short":true},{"title":"","value":"12 tests"}],"fallback":"orders #42 failed","ts":1764000000}`,
			"Nightly\n\n[orders `#42`](https://ci.example/42)\n\n**FAILED** after 3 min\n\nBranch: main\n\n12 tests"},
		{"a title without a link", `{"title":"Disk is full"}`, "Disk is full"},
		{"blocks come before the older fields", `{"text":"old","fallback":"old","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"new"}}]}`, "new"},
		{"a table that somebody pasted", `{"fallback":"[no preview available]","blocks":[{"type":"table","rows":[
			[{"type":"raw_text","text":"day"},{"type":"raw_text","text":"rows"}],[{"type":"raw_text","text":"Monday"},{"type":"raw_text","text":"0"}]]}]}`,
			"day | rows\nMonday | 0"},
		{"only a fallback", `{"fallback":"<b> & co"}`, "\\<b> & co"},
		{"nothing to show", `{"fallback":"[no preview available]"}`, ""},
		{"a field of another type", `{"title":7,"text":"it fails"}`, "it fails"},
		{"no attachment", `"?"`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := ParseAttachment(json.RawMessage(test.attachment)).Markdown(nil); got != test.want {
				t.Errorf("got\n%q\nwant\n%q", got, test.want)
			}
		})
	}
}
