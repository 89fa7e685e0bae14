package bot

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"supportbot/store"
)

// threadKeeper takes mentions, and then all that is said in their threads.
func threadKeeper() Handler {
	return Handler{Prefix: "test:", Message: func(v *store.View, m Message, id string) (store.Taken, error) {
		thread, err := v.Thread(m.Team, m.Channel, m.Thread)
		if err != nil || thread == nil && !m.Mentions {
			return store.Taken{}, err
		}
		body, err := json.Marshal(m)
		taken := store.Taken{Events: []store.Event{{Key: m.Key(), Subject: "test:1", Kind: "message", At: m.At, Body: body}}}
		if thread == nil {
			taken.Threads = []store.Thread{{Team: m.Team, Channel: m.Channel, TS: m.Thread, Ticket: id, Sender: m.Sender, At: m.At}}
		}
		return taken, err
	}}
}

// says is the payload of a message in C1; a root if thread is empty.
func says(ts, thread, text string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"type":"event_callback","team_id":"T0ACME","event":{"type":"message","channel":"C1",
		"channel_type":"channel","user":"U0ALICE","ts":%q,"thread_ts":%q,"text":%q}}`, ts, thread, text))
}

const mention = "<!subteam^S0SUPPORT> it fails"

func keptTexts(t *testing.T, m *Machine) string {
	t.Helper()
	var texts []string
	for _, e := range view(t, m, func(v *store.View) ([]store.Event, error) { return v.Events("test:1") }) {
		var said Message
		if err := json.Unmarshal(e.Body, &said); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, said.Doc.Plain(nil))
	}
	return strings.Join(texts, ", ")
}

func TestRepliesMayComeBeforeTheirMention(t *testing.T) {
	for _, test := range []struct {
		name  string
		waits time.Duration
		want  string
	}{
		{"a minute before", rememberedFor, "@S0SUPPORT it fails, since noon, since eleven"},
		{"longer before, they are left to catch-up", rememberedFor + time.Second, "@S0SUPPORT it fails"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, clock := newMachine(t, nil, threadKeeper())
			for _, payload := range []json.RawMessage{says("2.1", "1.1", "since noon"), says("2.2", "1.1", "since eleven"), says("2.3", "1.9", "elsewhere")} {
				if err := m.door.event(payload); err != nil {
					t.Fatal(err)
				}
			}
			if got := keptTexts(t, m); got != "" {
				t.Errorf("stored %q", got)
			}
			clock.pass(test.waits)
			if err := m.door.event(says("1.1", "", mention)); err != nil {
				t.Fatal(err)
			}
			if got := keptTexts(t, m); got != test.want {
				t.Errorf("stored %q, want %q", got, test.want)
			}
		})
	}
}

// A thread can be given out by a decision too, such as that of a message of our own.
func TestEarlyRepliesToAThreadThatADecisionGivesOut(t *testing.T) {
	h := threadKeeper()
	h.Decide = func(*store.View, store.Event) (store.Decision, error) {
		return store.Decision{Records: []store.Record{&store.Thread{Team: "T0ACME", Channel: "C1", TS: "1.1", Ticket: "a", At: noon}}}, nil
	}
	m, _ := newMachine(t, nil, h)
	for _, payload := range []json.RawMessage{says("2.1", "1.1", "since noon"), says("1.5", "", mention)} {
		if err := m.door.event(payload); err != nil {
			t.Fatal(err)
		}
	}
	m.decide("test:1")
	if got := keptTexts(t, m); got != "@S0SUPPORT it fails, since noon" {
		t.Errorf("stored %q", got)
	}
}

// While one worker has looked at a reply, and not remembered it yet, another stores its mention.
func TestNoReplyIsLostBetweenTwoWorkers(t *testing.T) {
	h := threadKeeper()
	look := h.Message
	var m *Machine
	h.Message = func(v *store.View, said Message, id string) (store.Taken, error) {
		taken, err := look(v, said, id)
		if said.TS == "2.1" && len(taken.Events) == 0 {
			if err := m.door.event(says("1.1", "", mention)); err != nil {
				t.Error(err)
			}
		}
		return taken, err
	}
	m, _ = newMachine(t, nil, h)
	if err := m.door.event(says("2.1", "1.1", "since noon")); err != nil {
		t.Fatal(err)
	}
	if got := keptTexts(t, m); got != "@S0SUPPORT it fails, since noon" {
		t.Errorf("stored %q", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	thread := func(n int) threadID { return threadID{"T", "C", fmt.Sprint(n)} }
	for _, test := range []struct {
		name    string
		replies int
		payload json.RawMessage
		oldest  int // that is still there
	}{
		{"by number", maxRemembered + 5, json.RawMessage("{}"), 5},
		{"by bytes", 40, make(json.RawMessage, 1<<20), 8},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMemory()
			for n := range test.replies {
				m.keep(thread(n), test.payload, noon)
			}
			for n := range test.replies {
				if there := len(m.recall(thread(n), noon)) == 1; there != (n >= test.oldest) {
					t.Fatalf("reply %d is there: %t", n, there)
				}
			}
			m.keep(thread(0), test.payload, noon.Add(2*rememberedFor))
			if len(m.order) != 1 || len(m.threads) != 1 || m.bytes != len(test.payload) {
				t.Errorf("a memory of %d bytes, %d replies, %d threads is left", m.bytes, len(m.order), len(m.threads))
			}
		})
	}
}
