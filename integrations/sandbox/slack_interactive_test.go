package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

// aButton posts a message of the bot with one button, "close", and returns its ts.
func aButton(t *testing.T, s *Slack, options ...slack.MsgOption) string {
	t.Helper()
	button := slack.NewButtonBlockElement("close", "42", slack.NewTextBlockObject(slack.PlainTextType, "Not a request", false, false))
	options = append(options, slack.MsgOptionText("received", false), slack.MsgOptionBlocks(slack.NewActionBlock("b", button)))
	_, ts, err := aClient(s).PostMessage("CGENERAL", options...)
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

func TestAClickArrivesAsBlockActions(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{Events: []string{}})
	root := s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "help"})
	ts := aButton(t, s, slack.MsgOptionTS(root))
	got := listenSlack(t, s)
	i := s.Click("UALICE", "CGENERAL", ts, "close")
	e := await(t, got, socketmode.EventTypeInteractive).Data.(slack.InteractionCallback)
	type click struct{ Type, User, Channel, Message, Thread, Container, Action, Block, Value, Kind string }
	a := e.ActionCallback.BlockActions[0]
	want := click{"block_actions", "UALICE", "CGENERAL", ts, root, ts, "close", "b", "42", "button"}
	have := click{string(e.Type), e.User.ID, e.Channel.ID, e.Message.Timestamp, e.Container.ThreadTs, e.Container.MessageTs,
		a.ActionID, a.BlockID, a.Value, string(a.Type)}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
	if e.TriggerID == "" || e.ResponseURL == "" || a.ActionTs == "" || e.Team.ID != s.TeamID() {
		t.Errorf("click %+v", e)
	}
	if _, err := i.Wait(soon(t)); err != nil {
		t.Errorf("acknowledged, but Slack shows %v", err)
	}
}

func TestAClickIsNotRepeated(t *testing.T) {
	tests := map[string]struct {
		sockets int
		action  string
		want    error
	}{
		"without a socket it fails at once":             {0, "close", ErrNoSocket},
		"unacknowledged it fails after three seconds":   {1, "close", ErrNoAck},
		"there is no button with that name to press":    {1, "open", ErrNoButton},
		"without a socket there is no button either":    {0, "open", ErrNoButton},
		"an unacknowledged click is not sent to others": {2, "close", ErrNoAck},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, clock := aWorkspace(t, SlackOptions{Events: []string{}})
			ts := aButton(t, s)
			for range test.sockets {
				openSocket(t, s)
			}
			i := s.Click("UALICE", "CGENERAL", ts, test.action)
			clock.Advance(3 * time.Second)
			if _, err := i.Wait(soon(t)); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if err := s.WaitAcked(soon(t)); err != nil {
				t.Errorf("it is still on its way: %v", err)
			}
		})
	}
}

func TestACommandShowsWhatTheAcknowledgementSays(t *testing.T) {
	for _, test := range []struct {
		name, ack          string
		ephemeral, visible int
	}{
		{"nothing", ``, 0, 0},
		{"to the person alone", `,"payload":{"text":"on it"}`, 1, 0},
		{"to the channel", `,"payload":{"response_type":"in_channel","text":"on it"}`, 0, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _ := aWorkspace(t, SlackOptions{Events: []string{}})
			l, _ := openSocket(t, s)
			i := s.Command("UALICE", "CGENERAL", "/load", "sales now")
			f := l.read()
			var p slack.SlashCommand
			var envelope struct{ Payload json.RawMessage }
			if err := json.Unmarshal([]byte(f.raw), &envelope); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(envelope.Payload, &p); err != nil || p.Command != "/load" || p.Text != "sales now" || p.UserID != "UALICE" {
				t.Errorf("%+v, %v", p, err)
			}
			if f.Type != "slash_commands" || !f.Accepts {
				t.Errorf("envelope %s", f.raw)
			}
			l.answer(fmt.Sprintf(`{"envelope_id":%q%s}`, f.EnvelopeID, test.ack))
			if _, err := i.Wait(soon(t)); err != nil {
				t.Fatal(err)
			}
			if e, v := len(s.Ephemerals("UALICE")), len(s.History("CGENERAL")); e != test.ephemeral || v != test.visible {
				t.Errorf("shown to her %d, to all %d", e, v)
			}
		})
	}
}

func TestAResponseURLWorksFiveTimesWithinHalfAnHour(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{Events: []string{}})
	ts := aButton(t, s)
	l, _ := openSocket(t, s)
	url := func() string {
		s.Click("UALICE", "CGENERAL", ts, "close")
		var click struct {
			Payload struct {
				ResponseURL string `json:"response_url"`
			}
		}
		f := l.read()
		if err := json.Unmarshal([]byte(f.raw), &click); err != nil {
			t.Fatal(err)
		}
		l.ack(f)
		return click.Payload.ResponseURL
	}
	respond := func(url string, options ...slack.MsgOption) error {
		options = append(options, slack.MsgOptionText("closed", false))
		_, _, err := aClient(s).PostMessage("", append(options, slack.MsgOptionResponseURL(url, slack.ResponseTypeEphemeral))...)
		return err
	}
	first := url()
	for i := range responseUses {
		if err := respond(first); err != nil {
			t.Fatalf("use %d: %v", i+1, err)
		}
	}
	if err := respond(first); err == nil {
		t.Error("a sixth use")
	}
	if got := s.Ephemerals("UALICE"); len(got) != responseUses || got[0].Text != "closed" {
		t.Errorf("ephemerals %+v", got)
	}
	second := url()
	if err := respond(second, slack.MsgOptionReplaceOriginal(second)); err != nil || s.Thread("CGENERAL", ts)[0].Text != "closed" {
		t.Errorf("replacing the original: %v, %+v", err, s.Thread("CGENERAL", ts))
	}
	clock.Advance(responseLife + time.Second)
	if err := respond(second); err == nil {
		t.Error("a use after half an hour")
	}
}

func TestAnEphemeralMessageIsReplacedAndDeletedByItsResponseURL(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{Events: []string{}})
	c := aClient(s)
	button := slack.NewButtonBlockElement("ok", "", slack.NewTextBlockObject(slack.PlainTextType, "OK", false, false))
	ts, err := c.PostEphemeral("CGENERAL", "UALICE", slack.MsgOptionText("sure?", false), slack.MsgOptionBlocks(slack.NewActionBlock("b", button)))
	if err != nil {
		t.Fatal(err)
	}
	l, _ := openSocket(t, s)
	s.Click("UALICE", "CGENERAL", ts, "ok")
	f := l.read()
	var click struct{ Payload slack.InteractionCallback }
	if err := json.Unmarshal([]byte(f.raw), &click); err != nil || !click.Payload.Container.IsEphemeral {
		t.Fatalf("%s, %v", f.raw, err)
	}
	url := click.Payload.ResponseURL
	for _, step := range []struct {
		option slack.MsgOption
		want   string
	}{{slack.MsgOptionReplaceOriginal(url), "done"}, {slack.MsgOptionDeleteOriginal(url), ""}} {
		if _, _, err := c.PostMessage("", slack.MsgOptionText("done", false), step.option); err != nil {
			t.Fatal(err)
		}
		if got := s.Ephemerals("UALICE"); len(got) != 1 || got[0].Text != step.want || got[0].Blocks != nil {
			t.Errorf("ephemerals %+v, want %q", got, step.want)
		}
	}
	if _, err := s.Click("UBOB", "CGENERAL", ts, "ok").Wait(soon(t)); !errors.Is(err, ErrNoButton) {
		t.Errorf("somebody else sees no such button: %v", err)
	}
}
