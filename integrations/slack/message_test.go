package slack

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supportbot/integrations"
)

var began = time.Unix(1764000000, 0)

func shown(t *testing.T) integrations.Call {
	return integrations.Call{
		Subject: "ticket:01J", Slot: "reply", Started: began,
		Body: body(t, Show{Channel: "C1", ThreadTS: "1.1", Text: "received", Blocks: json.RawMessage(`[{"type":"new_kind","x":1}]`)}),
	}
}

func TestShowPostsWhatWasNotPosted(t *testing.T) {
	f, c := newFake(t, map[string]http.HandlerFunc{"chat.postMessage": says(`{"ok":true,"channel":"C1","ts":"1.2"}`)})
	got, err := kind(t, c, "slack.show").Perform(t.Context(), shown(t))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != `{"channel":"C1","ts":"1.2"}` {
		t.Errorf("result is %s", got)
	}
	want := map[string]string{
		"channel": "C1", "thread_ts": "1.1", "text": "received", "blocks": `[{"type":"new_kind","x":1}]`,
		"unfurl_links": "false", "unfurl_media": "false",
		"metadata": `{"event_type":"supportbot_show","event_payload":{"key":"ticket:01J/reply"}}`,
	}
	if diff := cmp.Diff(want, f.requests[0].form); diff != "" {
		t.Errorf("form differs (-want +got):\n%s", diff)
	}
}

func TestShowEditsWhatWasPosted(t *testing.T) {
	f, c := newFake(t, map[string]http.HandlerFunc{"chat.update": says(`{"ok":true,"channel":"C1","ts":"1.2"}`)})
	call := shown(t)
	call.Ref = json.RawMessage(`{"channel":"C1","ts":"1.2"}`)
	if _, err := kind(t, c, "slack.show").Perform(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	if form := f.requests[0].form; form["ts"] != "1.2" || form["text"] != "received" {
		t.Errorf("edited with %v", form)
	}
	if _, found, err := kind(t, c, "slack.show").Find(t.Context(), call); found || err != nil {
		t.Errorf("an edit is looked for, instead of being repeated: %v, %v", found, err)
	}
}

func TestInvariant2_AShowIsFoundByItsMark(t *testing.T) {
	ours := `{"ts":"1.5","user":"U0BOT","bot_id":"B0BOT","metadata":{"event_type":"supportbot_show","event_payload":{"key":"ticket:01J/reply"}}}`
	page := func(messages, cursor string) http.HandlerFunc {
		return says(`{"ok":true,"messages":[{"ts":"1.1","user":"U1"}` + messages + `],"response_metadata":{"next_cursor":"` + cursor + `"}}`)
	}
	tests := []struct {
		name   string
		answer http.HandlerFunc
		found  bool
	}{
		{"our message with the mark", page(","+ours, ""), true},
		{"nothing but the root", page("", ""), false},
		{"a list that lags behind the write, then another look", lagging(page("", ""), page(","+ours, "")), true},
		{"the mark on the second page", lagging2(page("", "next"), page(","+ours, "")), true},
		{"the mark forged by another app", page(`,{"ts":"1.5","user":"U0EVIL","bot_id":"B0EVIL","metadata":{"event_type":"supportbot_show","event_payload":{"key":"ticket:01J/reply"}}}`, ""), false},
		{"another slot of the same ticket", page(`,{"ts":"1.5","bot_id":"B0BOT","metadata":{"event_type":"supportbot_show","event_payload":{"key":"ticket:01J/note"}}}`, ""), false},
		{"another kind of subject", page(`,{"ts":"1.5","bot_id":"B0BOT","metadata":{"event_type":"supportbot_show","event_payload":{"key":"run:01J/reply"}}}`, ""), false},
		// after a restore from a backup the thread has another ticket than the one that answered in it
		{"the same slot of a forgotten ticket", page(`,{"ts":"1.5","bot_id":"B0BOT","metadata":{"event_type":"supportbot_show","event_payload":{"key":"ticket:01H/reply"}}}`, ""), true},
		{"a message beside it that can't be read", page(`,{"ts":9,"blocks":"?"},{"ts":"1.4","metadata":{"event_payload":{"key":1}}},`+ours, ""), true},
		{"a thread whose root was deleted", says(`{"ok":false,"error":"thread_not_found"}`), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, c := newFake(t, map[string]http.HandlerFunc{"auth.test": says(iAm), "conversations.replies": tt.answer})
			find := kind(t, c, "slack.show").Find
			result, found, err := find(t.Context(), shown(t))
			if !found && err == nil {
				result, found, err = find(t.Context(), shown(t)) // the machine looks twice
			}
			if err != nil || found != tt.found {
				t.Fatalf("found is %v, want %v: %v", found, tt.found, err)
			}
			if found && string(result) != `{"channel":"C1","ts":"1.5"}` {
				t.Errorf("result is %s", result)
			}
			form := f.requests[1].form
			if form["ts"] != "1.1" || form["oldest"] != "" || form["include_all_metadata"] != "true" {
				t.Errorf("looked with %v", form)
			}
		})
	}
}

func TestAnEditFindsItsMessageThoughTheChannelsIdChanged(t *testing.T) {
	for _, tt := range []struct{ name, shown, want string }{
		{"a channel: by its latest id", "C2", "C2"},
		{"a group that was made a channel", "G2", "G2"},
		{"a person: in the conversation that was opened for it", "U1", "C1"},
		{"a person of an Enterprise Grid", "W1", "C1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, c := newFake(t, map[string]http.HandlerFunc{"chat.update": says(`{"ok":true,"channel":"C1","ts":"1.2"}`)})
			call := shown(t)
			call.Ref = json.RawMessage(`{"channel":"C1","ts":"1.2"}`)
			call.Body = body(t, Show{Channel: tt.shown, Text: "received"})
			if _, err := kind(t, c, "slack.show").Perform(t.Context(), call); err != nil {
				t.Fatal(err)
			}
			if got := f.requests[0].form["channel"]; got != tt.want {
				t.Errorf("edited in %s, want %s", got, tt.want)
			}
		})
	}
}

func TestShowCountsInTheLaneOfItsNextCall(t *testing.T) {
	_, c := newFake(t, nil)
	for _, tt := range []struct {
		name string
		call integrations.Call
		want string
	}{
		{"a post", shown(t), "C1"},
		{"an edit", integrations.Call{Ref: json.RawMessage(`{}`)}, laneUpdate},
		{"a look in a thread", integrations.Call{Looking: true, Body: shown(t).Body}, LaneReplies},
		{"a look in a channel", integrations.Call{Looking: true, Body: json.RawMessage(`{"channel":"C1"}`)}, LaneHistory},
	} {
		if got := kind(t, c, "slack.show").Lane(tt.call); got != tt.want {
			t.Errorf("%s counts as %q, want %q", tt.name, got, tt.want)
		}
	}
}

// lagging answers with first, and from the second time on with later.
func lagging(first, later http.HandlerFunc) http.HandlerFunc {
	n := 0
	return func(w http.ResponseWriter, r *http.Request) {
		n++
		if n == 1 {
			first(w, r)
			return
		}
		later(w, r)
	}
}

// lagging2 answers with second if the cursor of first is given.
func lagging2(first, second http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.PostForm.Get("cursor") == "next" {
			second(w, r)
			return
		}
		first(w, r)
	}
}

func TestShowInAChannelIsFoundInItsHistory(t *testing.T) {
	_, c := newFake(t, map[string]http.HandlerFunc{
		"auth.test": says(iAm),
		"conversations.history": says(`{"ok":true,"messages":[{"ts":"1.5","bot_id":"B0BOT",
			"metadata":{"event_type":"supportbot_show","event_payload":{"key":"alarm:github/ops"}}}]}`),
	})
	call := integrations.Call{Subject: "alarm:github", Slot: "ops", Started: began, Body: body(t, Show{Channel: "C9"})}
	if _, found, err := kind(t, c, "slack.show").Find(t.Context(), call); !found || err != nil {
		t.Errorf("found is %v: %v", found, err)
	}
}

func TestALookUpThatFailsIsNoAnswer(t *testing.T) {
	_, c := newFake(t, map[string]http.HandlerFunc{"auth.test": says(iAm), "conversations.replies": status(500, "")})
	_, found, err := kind(t, c, "slack.show").Find(t.Context(), shown(t))
	if found || integrations.AsError(err).Failure != integrations.Unknown {
		t.Errorf("found is %v, error %v", found, err)
	}
}

func TestAPostWhoseAnswerCannotBeReadIsLookedFor(t *testing.T) {
	answer := says(`{"ok":true,"channel":{"id":"C1"},"ts":"1.2"}`)
	_, c := newFake(t, map[string]http.HandlerFunc{"chat.postMessage": answer})
	_, err := kind(t, c, "slack.show").Perform(t.Context(), shown(t))
	if e := integrations.AsError(err); e.Failure != integrations.Unknown || e.Code != "unreadable answer" {
		t.Errorf("got %v", err)
	}
}

func TestAPostIsDoneWhateverElseItsAnswerHolds(t *testing.T) {
	answer := says(`{"ok":true,"channel":"C1","ts":"1.2","message":{"blocks":[{"type":"context","elements":[{"type":"new"}]}]}}`)
	_, c := newFake(t, map[string]http.HandlerFunc{"chat.postMessage": answer})
	got, err := kind(t, c, "slack.show").Perform(t.Context(), shown(t))
	if err != nil || string(got) != `{"channel":"C1","ts":"1.2"}` {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestBlocksThatAreNoListAreNotSent(t *testing.T) {
	f, c := newFake(t, nil)
	for _, ref := range []json.RawMessage{nil, json.RawMessage(`{"channel":"C1","ts":"1.2"}`)} {
		call := integrations.Call{Ref: ref, Body: body(t, Show{Channel: "C1", Blocks: json.RawMessage(`{"type":"divider"}`)})}
		_, err := kind(t, c, "slack.show").Perform(t.Context(), call)
		if err == nil || integrations.AsError(err).Failure != integrations.Rejected {
			t.Errorf("got %v", err)
		}
	}
	if len(f.requests) > 0 {
		t.Errorf("sent %v", f.requests)
	}
}

func TestBlocksAreSentAsPlanned(t *testing.T) {
	f, c := newFake(t, map[string]http.HandlerFunc{"chat.postMessage": says(`{"ok":true,"channel":"C1","ts":"1.2"}`)})
	planned := `[{"type":"section","new":1},{"type":"actions","elements":[{"type":"new"}]},{"type":"new","text":"<&>"}]`
	for _, blocks := range []string{"[]", planned} {
		call := integrations.Call{Body: body(t, Notify{Channel: "C1", Blocks: json.RawMessage(blocks)})}
		if _, err := kind(t, c, "slack.notify").Perform(t.Context(), call); err != nil {
			t.Fatal(err)
		}
		var want, got any
		sent := f.requests[len(f.requests)-1].form["blocks"]
		if err := errors.Join(json.Unmarshal([]byte(blocks), &want), json.Unmarshal([]byte(sent), &got)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("blocks differ (-planned +sent):\n%s", diff)
		}
	}
}

func TestWhisper(t *testing.T) {
	f, c := newFake(t, map[string]http.HandlerFunc{"chat.postEphemeral": says(`{"ok":true,"message_ts":"1.2"}`)})
	_, err := kind(t, c, "slack.whisper").Perform(t.Context(), integrations.Call{Body: body(t, Whisper{Channel: "C1", User: "U1", ThreadTS: "1.1", Text: "psst"})})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"channel": "C1", "user": "U1", "thread_ts": "1.1", "text": "psst"}
	if diff := cmp.Diff(want, f.requests[0].form); diff != "" {
		t.Errorf("form differs (-want +got):\n%s", diff)
	}
}

func TestLanes(t *testing.T) {
	_, c := newFake(t, nil)
	tests := []struct {
		name string
		kind string
		call integrations.Call
		want string
	}{
		{"a post counts in its channel", "slack.show", integrations.Call{Body: body(t, Show{Channel: "C1"})}, "C1"},
		{"an edit counts with all edits", "slack.show", integrations.Call{Body: body(t, Show{Channel: "C1"}), Ref: json.RawMessage(`{}`)}, "chat.update"},
		{"a notice counts in its channel", "slack.notify", integrations.Call{Body: body(t, Notify{Channel: "U1"})}, "U1"},
		{"a whisper counts with all whispers", "slack.whisper", integrations.Call{Body: body(t, Whisper{Channel: "C1"})}, "chat.postEphemeral"},
		{"a payload that can't be read has no lane", "slack.show", integrations.Call{Body: json.RawMessage(`7`)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := kind(t, c, tt.kind).Lane(tt.call); got != tt.want {
				t.Errorf("lane is %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLimitsKeepOneMessageASecondInAChannel(t *testing.T) {
	l := integrations.NewLimiter(limits(60))
	l.Started("C1", began)
	if got := l.Free("C1", began).Sub(began); got != time.Second {
		t.Errorf("the next message in a channel may go after %v", got)
	}
	if got := l.Free("C2", began).Sub(began); got != 0 {
		t.Errorf("another channel waits %v", got)
	}
	if limits(0) != nil {
		t.Error("a server of one's own is limited")
	}
}

func TestObservedAnswersKeepPlanningGoing(t *testing.T) {
	_, c := newFake(t, nil)
	for _, k := range c.Service(redactor(t), Options{}).Kinds {
		if k.Read {
			if k.Observed != nil {
				t.Errorf("%s: a read is performed in observe mode, not made up", k.Name)
			}
			continue
		}
		got := k.Observed(shown(t))
		if !json.Valid(got) {
			t.Errorf("%s: made-up answer is %q", k.Name, got)
		}
	}
	var p Posted
	if err := json.Unmarshal(kind(t, c, "slack.show").Observed(shown(t)), &p); err != nil || p.Channel != "C1" || p.TS == "" {
		t.Errorf("made-up answer of slack.show is %+v, %v", p, err)
	}
}

// The figures are those of Slack's tiers, as the stand-in's test has them too.
func TestTheBotKeepsToTheTierOfEachMethod(t *testing.T) {
	perMinute := map[string]int{
		"chat.update": 50, "chat.postEphemeral": 100, "users.info": 100, "usergroups.list": 20, "files.info": 100,
		"conversations.history": 50, "conversations.replies": 50, "conversations.info": 50, "users.conversations": 20,
		"conversations.list": 20, "conversations.join": 50,
	}
	now := time.Unix(1764000000, 0)
	for method, want := range perMinute {
		l, calls := integrations.NewLimiter(limits(60)), 0
		for calls <= want && !l.Free(method, now).After(now) {
			l.Started(method, now)
			calls++
		}
		if calls != want {
			t.Errorf("%s is called %d times in a minute, want %d", method, calls, want)
		}
	}
}
