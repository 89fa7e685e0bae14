package slack

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"supportbot/integrations"
	"supportbot/integrations/sandbox"
)

// onSandbox returns a stand-in of Slack with a channel C1 that Alice and the bot are in, and a client of it.
func onSandbox(t *testing.T) (*sandbox.Slack, *sandbox.Clock, *Client) {
	t.Helper()
	clock := sandbox.NewClock(time.Unix(1764000000, 0))
	s := sandbox.NewSlack(sandbox.SlackOptions{Clock: clock})
	t.Cleanup(s.Close)
	s.AddPerson(sandbox.Person{ID: "U0ALICE", DisplayName: "Alice"})
	s.AddChannel(sandbox.Channel{ID: "C1", Name: "data", Members: []string{"U0ALICE", s.BotUserID()}})
	return s, clock, New(Config{APIURL: s.URL(), BotToken: s.BotToken(), AppToken: s.AppToken()})
}

// reply returns a reply to what Alice says now.
func reply(t *testing.T, s *sandbox.Slack, now time.Time) integrations.Call {
	t.Helper()
	root := s.Post(sandbox.Post{Channel: "C1", User: "U0ALICE", Text: "it fails"})
	return integrations.Call{
		Subject: "ticket:01J", Slot: "reply", Started: now,
		Body: body(t, Show{Channel: "C1", ThreadTS: root, Text: "received"}),
	}
}

func TestShowIsSettledAfterItsAnswerWasLost(t *testing.T) {
	tests := []struct {
		name  string
		fault sandbox.Fault
		after time.Duration // until the write has landed
		found bool
	}{
		{"the answer was lost after the write", sandbox.Fault{Kind: sandbox.LoseAnswer, On: "chat.postMessage", Times: 1}, 0, true},
		{"the write lands after the connection broke", sandbox.Fault{Kind: sandbox.LandLate, On: "chat.postMessage", Times: 1, Delay: 2 * time.Second}, 3 * time.Second, true},
		{"nothing was written", sandbox.Fault{Kind: sandbox.Fail, On: "chat.postMessage", Times: 1, Status: 503}, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, clock, c := onSandbox(t)
			call := reply(t, s, clock.Now())
			landed := make(chan bool, 1)
			s.OnPost = func(sandbox.Message) { landed <- true }
			s.Faults.Add(tt.fault)
			show := kind(t, c, "slack.show")
			_, err := show.Perform(t.Context(), call)
			if integrations.AsError(err).Failure != integrations.Unknown {
				t.Fatalf("the outcome is not Unknown: %v", err)
			}
			clock.Advance(tt.after)
			if tt.found {
				<-landed
			}
			ref, found, err := show.Find(t.Context(), call)
			if err != nil || found != tt.found {
				t.Fatalf("found is %v, want %v: %v", found, tt.found, err)
			}
			if !found {
				return
			}
			call.Ref = ref
			if _, err := show.Perform(t.Context(), call); err != nil {
				t.Errorf("what was found can't be edited: %v", err)
			}
		})
	}
}

func TestKindsWorkOnTheSandbox(t *testing.T) {
	s, clock, c := onSandbox(t)
	call := reply(t, s, clock.Now())
	group := s.AddGroup(sandbox.Group{Handle: "support", Name: "Support", Members: []string{"U0ALICE"}})
	payloads := map[string]any{
		"slack.show":         json.RawMessage(call.Body),
		"slack.notify":       Notify{Channel: "U0ALICE", Text: "psst"},
		"slack.whisper":      Whisper{Channel: "C1", User: "U0ALICE", Text: "psst"},
		"slack.read_person":  Read{ID: "U0ALICE"},
		"slack.read_channel": Read{ID: "C1"},
		"slack.read_groups":  struct{}{},
	}
	for name, payload := range payloads {
		call.Body = body(t, payload)
		if _, err := kind(t, c, name).Perform(t.Context(), call); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	groups, err := c.Groups(t.Context())
	if err != nil || len(groups) != 1 || groups[0].ID != group.ID || len(groups[0].Members) != 1 {
		t.Errorf("groups are %+v, %v", groups, err)
	}
	self, err := c.Identity(t.Context())
	if err != nil || self.UserID != s.BotUserID() || self.BotID != s.BotID() || len(self.Scopes) == 0 {
		t.Errorf("identity is %+v, %v", self, err)
	}
	if err := c.TestAppToken(t.Context()); err != nil {
		t.Errorf("app token: %v", err)
	}
}

// The scopes of Needs suffice for all kinds.
func TestNeedsSuffice(t *testing.T) {
	s, clock, c := onSandbox(t)
	call := reply(t, s, clock.Now())
	s.Post(sandbox.Post{Channel: "C1", User: "U0ALICE", Files: []sandbox.File{{ID: "F1", Name: "load.log", Content: []byte("it fails")}}})
	var scopes []string
	for _, n := range Needs() {
		scopes = append(scopes, n.Scope)
	}
	s.SetScopes(scopes...)
	for _, k := range c.Service(redactor(t), Options{}).Kinds {
		payload := call
		if k.Read {
			payload.Body = body(t, Read{ID: map[string]string{"slack.read_person": "U0ALICE", "slack.read_channel": "C1", "slack.read_file": "F1"}[k.Name]})
		}
		if k.Name == "slack.whisper" {
			payload.Body = body(t, Whisper{Channel: "C1", User: "U0ALICE", Text: "psst"})
		}
		if _, err := k.Perform(t.Context(), payload); err != nil {
			t.Errorf("%s: %v", k.Name, err)
		}
		if k.Find != nil {
			if _, _, err := k.Find(t.Context(), payload); err != nil {
				t.Errorf("find %s: %v", k.Name, err)
			}
		}
	}
}

func TestSocketOnTheSandbox(t *testing.T) {
	s, _, c := onSandbox(t)
	hellos, delivered := make(chan int, 10), make(chan Envelope, 100)
	var socket *Socket
	socket = c.Socket(SocketOptions{
		Hello: func(n int) { hellos <- n },
		Deliver: func(e Envelope) {
			delivered <- e
			if err := socket.Ack(t.Context(), e.ID, nil); err != nil {
				t.Error(err)
			}
		},
		After: func(time.Duration) <-chan time.Time {
			free := make(chan time.Time, 1)
			free <- time.Time{}
			return free
		},
	})
	run(t, socket)
	for _, before := range []func(){func() {}, s.RefreshSockets, s.DropSockets} {
		before()
		<-hellos
		ts := s.Post(sandbox.Post{Channel: "C1", User: "U0ALICE", Text: "hello"})
		for e := range delivered {
			if strings.Contains(string(e.Payload), ts) {
				break
			}
		}
		if err := s.WaitAcked(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Lost(); n > 0 {
		t.Errorf("%d events were lost", n)
	}
}
