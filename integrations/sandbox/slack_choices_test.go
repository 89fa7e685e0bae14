package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

func plain(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// aChoice posts a message of the bot with an external select, a date that is set, an input and a button.
func aChoice(t *testing.T, s *Slack) (ts string) {
	t.Helper()
	date := slack.NewDatePickerBlockElement("until")
	date.InitialDate = "2026-12-01"
	_, ts, err := aClient(s).PostMessage("CGENERAL", slack.MsgOptionText("choose", false), slack.MsgOptionBlocks(
		slack.NewActionBlock("b", slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, plain("Table"), "table"), date,
			slack.NewButtonBlockElement("go", "42", plain("Go"))),
		slack.NewInputBlock("why", plain("Why"), nil, slack.NewPlainTextInputBlockElement(nil, "words")),
	))
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

// interactions acknowledges each envelope with payload, and hands on what is in it.
func interactions(t *testing.T, s *Slack, payload string) <-chan json.RawMessage {
	t.Helper()
	socket, _ := openSocket(t, s)
	told := make(chan json.RawMessage, 10)
	go func() {
		for {
			f, err := socket.next()
			if err != nil {
				return
			}
			var e struct{ Payload json.RawMessage }
			if json.Unmarshal([]byte(f.raw), &e) != nil {
				return
			}
			told <- e.Payload
			answer := fmt.Sprintf(`{"envelope_id":%q,"payload":%s}`, f.EnvelopeID, payload)
			if socket.conn.WriteMessage(websocket.TextMessage, []byte(answer)) != nil {
				return
			}
		}
	}()
	return told
}

func TestExternalOptionsAreAskedForAndToldAsTheyWereOffered(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{Events: []string{}})
	ts := aChoice(t, s)
	offer := `{"options":[{"text":{"type":"plain_text","text":"Orders"},"value":"orders"}]}`
	told := interactions(t, s, offer)

	table := Element{User: "UALICE", Channel: "CGENERAL", TS: ts, Block: "b", Action: "table"}
	ack, err := s.Suggest(table, "ord").Wait(soon(t))
	if err != nil || string(ack) != offer {
		t.Fatalf("offered %s, %v", ack, err)
	}
	var asked struct {
		Type, Value string
		TriggerID   string `json:"trigger_id"`
		ActionID    string `json:"action_id"`
		BlockID     string `json:"block_id"`
		Container   struct{ Type string }
		Message     struct{ TS string }
	}
	if err := json.Unmarshal(<-told, &asked); err != nil {
		t.Fatal(err)
	}
	if asked.Type != "block_suggestion" || asked.Value != "ord" || asked.ActionID != "table" || asked.BlockID != "b" ||
		asked.Container.Type != "message" || asked.Message.TS != ts || asked.TriggerID != "" {
		t.Errorf("asked %+v", asked)
	}

	s.Choose("UALICE", "CGENERAL", ts, "table", "orders")
	var click slack.InteractionCallback
	if err := json.Unmarshal(<-told, &click); err != nil {
		t.Fatal(err)
	}
	if got := click.ActionCallback.BlockActions[0].SelectedOption; got.Value != "orders" || got.Text.Text != "Orders" {
		t.Errorf("chosen %+v", got)
	}
	s.Choose("UALICE", "CGENERAL", ts, "table", "invented")
	var other slack.InteractionCallback
	if err := json.Unmarshal(<-told, &other); err != nil {
		t.Fatal(err)
	}
	if got := other.ActionCallback.BlockActions[0].SelectedOption; got.Value != "" {
		t.Errorf("what was never offered is chosen: %+v", got)
	}
}

func TestOptionsThatSlackCannotUse(t *testing.T) {
	option := `{"text":{"type":"plain_text","text":"A"},"value":"a"}`
	for name, tt := range map[string]struct {
		offer string
		want  error
	}{
		"groups":         {`{"option_groups":[{"label":{"type":"plain_text","text":"G"},"options":[` + option + `]}]}`, nil},
		"none":           {`{"options":[]}`, nil},
		"no JSON object": {`"nothing"`, ErrNoAck},
		"more than 100":  {`{"options":[` + option + strings.Repeat(","+option, 100) + `]}`, ErrNoAck},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := aWorkspace(t, SlackOptions{Events: []string{}})
			ts := aChoice(t, s)
			interactions(t, s, tt.offer)
			if _, err := s.Suggest(Element{User: "UALICE", Channel: "CGENERAL", TS: ts, Block: "b", Action: "table"}, "").Wait(soon(t)); !errors.Is(err, tt.want) {
				t.Errorf("Slack shows %v, want %v", err, tt.want)
			}
		})
	}
}

func TestOptionsForAModalAreAskedForWithIt(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{Events: []string{}})
	s.mu.Lock()
	trigger := s.newTrigger("UALICE")
	s.mu.Unlock()
	v, err := aClient(s).OpenView(trigger, slack.ModalViewRequest{
		Type: slack.VTModal, Title: plain("Load"), Submit: plain("Send"), Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewInputBlock("t", plain("Table"), nil, slack.NewOptionsMultiSelectBlockElement(slack.MultiOptTypeExternal, nil, "tables")),
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	told := interactions(t, s, `{"options":[{"text":{"type":"plain_text","text":"Orders"},"value":"orders"}]}`)
	tables := Element{User: "UALICE", View: v.ID, Block: "t", Action: "tables"}
	if _, err := s.Suggest(tables, "o").Wait(soon(t)); err != nil {
		t.Fatal(err)
	}
	if offered := string(s.Offered(tables)); !strings.Contains(offered, `"value":"orders"`) {
		t.Errorf("offered %s", offered)
	}
	if asked := string(<-told); !strings.Contains(asked, `"view_id":"`+v.ID+`"`) {
		t.Errorf("asked %s", asked)
	}
	if _, err := s.Suggest(Element{User: "UALICE", View: "VNONE"}, "o").Wait(soon(t)); !errors.Is(err, ErrNoView) {
		t.Errorf("of no modal: %v", err)
	}
	s.SubmitView("UALICE", v.ID, Given{"t": {"tables": {"orders"}}})
	var submitted slack.InteractionCallback
	if err := json.Unmarshal(<-told, &submitted); err != nil {
		t.Fatal(err)
	}
	if got := submitted.View.State.Values["t"]["tables"].SelectedOptions; len(got) != 1 || got[0].Text.Text != "Orders" {
		t.Errorf("submitted %+v", got)
	}
}

func TestAButtonTellsWhatElseTheMessageHolds(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{Events: []string{}})
	ts := aChoice(t, s)
	got := listenSlack(t, s)
	s.Fill("UALICE", "CGENERAL", ts, Given{"why": {"words": {"it is late"}}})
	s.Fill("UBOB", "CGENERAL", ts, Given{"why": {"words": {"somebody else's"}}})
	s.Click("UALICE", "CGENERAL", ts, "go")
	state := await(t, got, socketmode.EventTypeInteractive).Data.(slack.InteractionCallback).BlockActionState.Values
	if state["b"]["until"].SelectedDate != "2026-12-01" || state["why"]["words"].Value != "it is late" {
		t.Errorf("state %+v", state)
	}
	if _, told := state["b"]["go"]; told {
		t.Error("a button holds nothing")
	}
}

func TestAMessageShortcutComesWithItsMessage(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{Events: []string{}})
	ts := s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "it fails"})
	got := listenSlack(t, s)
	i := s.Shortcut("UALICE", "CGENERAL", ts, "make_ticket")
	e := await(t, got, socketmode.EventTypeInteractive).Data.(slack.InteractionCallback)
	type told struct{ Type, Callback, User, Channel, TS, Text string }
	want := told{"message_action", "make_ticket", "UALICE", "CGENERAL", ts, "it fails"}
	have := told{string(e.Type), e.CallbackID, e.User.ID, e.Channel.ID, e.MessageTs, e.Message.Text}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
	if e.TriggerID == "" || e.ResponseURL == "" || e.ActionTs == "" {
		t.Errorf("shortcut %+v", e)
	}
	if _, err := i.Wait(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestAGroupMessageIsOneForTheSamePeople(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	id := s.OpenGroup("UALICE", "UBOB", s.BotUserID())
	if again := s.OpenGroup(s.BotUserID(), "UBOB", "UALICE", "UBOB"); again != id {
		t.Errorf("%s and %s", id, again)
	}
	if other := s.OpenGroup("UALICE", "UBOB"); other == id {
		t.Error("without the bot it is the same")
	}
	c, err := aClient(s).GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: id})
	if err != nil || !c.IsMpIM || !strings.HasPrefix(c.Name, "mpdm-") {
		t.Errorf("%+v, %v", c, err)
	}
	got := listenSlack(t, s)
	s.Post(Post{Channel: id, User: "UALICE", Text: "hello"})
	if text := string(await(t, got, socketmode.EventTypeEventsAPI).Request.Payload); !strings.Contains(text, `"channel_type":"mpim"`) {
		t.Error(text)
	}
}
