package slack

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"supportbot/integrations"
)

// An answer of chat.postMessage in its real shape: Slack repeats the message, with blocks that it adds.
const postedAnswer = `{"ok":true,"channel":"C1","ts":"1764000000.000200","message":{"user":"U0BOT","type":"message",
"ts":"1764000000.000200","bot_id":"B0BOT","app_id":"A1","text":"Received: <https://github.com/acme/support/issues/12|#12>",
"team":"T1","bot_profile":{"id":"B0BOT","app_id":"A1","user_id":"U0BOT","name":"support","icons":{"image_36":"https://a.example/36.png"},
"deleted":false,"updated":1764000000,"team_id":"T1"},"thread_ts":"1764000000.000100","parent_user_id":"U1","blocks":[
{"type":"section","block_id":"a","text":{"type":"mrkdwn","text":"Received: <https://github.com/acme/support/issues/12|#12>","verbatim":false}},
{"type":"actions","block_id":"b","elements":[{"type":"button","action_id":"ticket.not_a_request","text":{"type":"plain_text","text":"Not a request","emoji":true},"value":"01J"}]}]}}`

// BenchmarkShow is a reply with a button, posted over HTTP on loopback to a server that answers at once; both
// ends are counted.
func BenchmarkShow(b *testing.B) {
	server := httptest.NewServer(says(postedAnswer))
	defer server.Close()
	c := New(Config{APIURL: server.URL, BotToken: botToken})
	call := integrations.Call{Subject: "ticket:01J", Slot: "reply", Body: json.RawMessage(`{"channel":"C1",
		"thread_ts":"1764000000.000100","text":"Received: <https://github.com/acme/support/issues/12|#12>","blocks":[
		{"type":"section","text":{"type":"mrkdwn","text":"Received: <https://github.com/acme/support/issues/12|#12>"}},
		{"type":"actions","elements":[{"type":"button","action_id":"ticket.not_a_request",
		"text":{"type":"plain_text","text":"Not a request"},"value":"01J"}]}]}`)}
	show := c.show()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := show.Perform(b.Context(), call); err != nil {
			b.Fatal(err)
		}
	}
}
