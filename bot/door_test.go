package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"supportbot/integrations/slack"
	"supportbot/store"
)

func TestBeyondCapacityEnvelopesAreLeftForSlackToSendAgain(t *testing.T) {
	m, _ := newMachine(t, nil)
	m.open.Add(1)
	socket := new(acks)
	for i := range doorCapacity {
		m.Receive(slack.Envelope{ID: fmt.Sprint(i)}, socket)
	}
	if got := readiness(m); got != "200 ready" {
		t.Errorf("with a full queue: %s", got)
	}
	for range 3 {
		m.Receive(slack.Envelope{ID: "one too many"}, socket)
	}
	if got := readiness(m); !strings.HasPrefix(got, "503") || !strings.Contains(got, "3 were left") {
		t.Errorf("beyond capacity: %s", got)
	}
	m.door.take(<-m.door.queue)
	m.Receive(slack.Envelope{ID: "sent again"}, socket)
	if got := readiness(m); got != "200 ready" {
		t.Errorf("with room again: %s", got)
	}
	if len(socket.ids) != 1 || socket.ids[0] != "0" {
		t.Errorf("acknowledged %v, want only what was taken", socket.ids)
	}
}

func readiness(m *Machine) string {
	answer := httptest.NewRecorder()
	m.Health().ServeHTTP(answer, httptest.NewRequest("GET", "/readyz", nil))
	return fmt.Sprintf("%d %s", answer.Code, strings.TrimSpace(answer.Body.String()))
}

func TestWithoutASocketTheBotIsNotReady(t *testing.T) {
	m, _ := newMachine(t, nil)
	if got := readiness(m); !strings.HasPrefix(got, "503 no socket") {
		t.Errorf("not ready is %s", got)
	}
}

func TestWhatIsAcknowledged(t *testing.T) {
	message := event(t, "message")
	for _, test := range []struct {
		name     string
		envelope slack.Envelope
		message  func(*store.View, Message, string) (store.Taken, error)
		acked    bool
	}{
		{"what concerns nobody", slack.Envelope{Type: "events_api", Payload: message}, nothing, true},
		{"what can't be read, as it would be the same again", slack.Envelope{Type: "events_api", Payload: event(t, "payload-that-ends-early")}, nothing, true},
		{"an envelope of another kind", slack.Envelope{Type: "telepathy"}, nothing, true},
		{"a payload that makes us panic", slack.Envelope{Type: "events_api", Payload: message}, panics, true},
		{"not what could not be stored", slack.Envelope{Type: "events_api", Payload: message}, fails, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, _ := newMachine(t, nil, Handler{Prefix: "test:", Message: test.message})
			socket := new(acks)
			test.envelope.ID = "e"
			m.door.take(delivery{envelope: test.envelope, socket: socket, came: noon})
			if acked := len(socket.ids) == 1; acked != test.acked {
				t.Errorf("acknowledged %t, want %t", acked, test.acked)
			}
		})
	}
}

// A deadline notes by when an acknowledgement must be sent.
type deadline struct{ at time.Time }

func (d *deadline) Ack(ctx context.Context, _ string, _ any) error {
	d.at, _ = ctx.Deadline()
	return nil
}

func TestAnAcknowledgementIsTriedForThreeSeconds(t *testing.T) {
	m, _ := newMachine(t, nil)
	var socket deadline
	before := time.Now()
	m.door.take(delivery{envelope: slack.Envelope{ID: "e"}, socket: &socket, came: noon})
	if socket.at.Before(before.Add(3*time.Second)) || socket.at.After(time.Now().Add(3*time.Second)) {
		t.Errorf("tried until %s, begun at %s", socket.at, before)
	}
}

func nothing(*store.View, Message, string) (store.Taken, error) { return store.Taken{}, nil }
func panics(*store.View, Message, string) (store.Taken, error)  { panic("a bug") }
func fails(*store.View, Message, string) (store.Taken, error) {
	return store.Taken{}, fmt.Errorf("the disk is full")
}

// event returns the payload of a file of testdata.
func event(t *testing.T, name string) json.RawMessage {
	t.Helper()
	data, err := os.ReadFile("testdata/decode/" + name + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	return txtar.Parse(data).Files[0].Data
}

func TestSecretsAreOutBeforeAMessageIsStored(t *testing.T) {
	m, _ := newMachine(t, nil, Handler{Prefix: "test:", Message: func(_ *store.View, m Message, _ string) (store.Taken, error) {
		body, err := json.Marshal(m)
		return store.Taken{Events: []store.Event{{Key: m.Key(), Subject: "test:1", Kind: "message", At: m.At, Body: body}}}, err
	}})
	const secret = "Kz7-not-a-real-one"
	payload := strings.ReplaceAll(string(event(t, "message")), "it fails", "password: "+secret)
	if err := m.door.event(json.RawMessage(payload)); err != nil {
		t.Fatal(err)
	}
	events := view(t, m, func(v *store.View) ([]store.Event, error) { return v.Events("test:1") })
	if len(events) != 1 || strings.Contains(string(events[0].Body), secret) || !strings.Contains(string(events[0].Body), `"withheld":["password"]`) {
		t.Errorf("stored %+v", events)
	}
}

func TestEventsThatSlackHeldBackRaiseAnAlarm(t *testing.T) {
	m, _ := newMachine(t, nil)
	err := m.door.event(json.RawMessage(`{"token": "no-secret", "type": "app_rate_limited", "team_id": "T0ACME",
		"minute_rate_limited": 1764000000, "api_app_id": "A0BOT"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(raised(t, m, "slack-events-limited")); got != "[raised]" {
		t.Errorf("the alarm was %s", got)
	}
}
