package sandbox

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

// aModal is a modal with one input and one select.
func aModal(title string) slack.ModalViewRequest {
	text := func(s string) *slack.TextBlockObject {
		return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
	}
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: text(title), Submit: text("Send"), CallbackID: "load", PrivateMetadata: "kept",
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewInputBlock("table", text("Table"), nil, slack.NewPlainTextInputBlockElement(nil, "name")),
			slack.NewInputBlock("mode", text("Mode"), nil, slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, nil, "how",
				slack.NewOptionBlockObject("append", text("Append"), nil), slack.NewOptionBlockObject("replace", text("Replace"), nil))),
		}},
	}
}

// aModalApp is an app that opens a modal at a click of Alice's, with the trigger of that click.
func aModalApp(t *testing.T) (s *Slack, got <-chan socketmode.Event, v *slack.ViewResponse) {
	t.Helper()
	s, _ = aWorkspace(t, SlackOptions{})
	ts := aButton(t, s)
	got = listenSlack(t, s)
	s.Click("UALICE", "CGENERAL", ts, "close")
	click := await(t, got, socketmode.EventTypeInteractive).Data.(slack.InteractionCallback)
	v, err := aClient(s).OpenView(click.TriggerID, aModal("Load"))
	if err != nil {
		t.Fatal(err)
	}
	return s, got, v
}

func titles(stack []View) (all []string) {
	for _, v := range stack {
		all = append(all, v.Title.Text)
	}
	return all
}

func TestATriggerOpensAModalOnceAndWithinThreeSeconds(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{})
	ts := aButton(t, s)
	got := listenSlack(t, s)
	trigger := func() string {
		s.Click("UALICE", "CGENERAL", ts, "close")
		return await(t, got, socketmode.EventTypeInteractive).Data.(slack.InteractionCallback).TriggerID
	}
	once := trigger()
	if _, err := aClient(s).OpenView(once, aModal("Load")); err != nil {
		t.Fatal(err)
	}
	_, again := aClient(s).OpenView(once, aModal("Load"))
	late := trigger()
	clock.Advance(triggerLife + time.Millisecond)
	_, expired := aClient(s).OpenView(late, aModal("Load"))
	_, invented := aClient(s).OpenView("1.2.3", aModal("Load"))
	want := []string{"exchanged_trigger_id", "expired_trigger_id", "invalid_trigger_id"}
	if diff := cmp.Diff(want, []string{slackCode(again), slackCode(expired), slackCode(invented)}); diff != "" {
		t.Error(diff)
	}
}

func TestASubmissionTellsWhatWasTypedAndDoesWhatTheAppAnswers(t *testing.T) {
	update, err := json.Marshal(aModal("Changed"))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		ack    string
		stack  []string
		errors map[string]string
		shown  error
	}{
		"nothing closes it":          {``, nil, nil, nil},
		"clear closes all":           {`{"response_action":"clear"}`, nil, nil, nil},
		"errors stay beside inputs":  {`{"response_action":"errors","errors":{"table":"There is no such table"}}`, []string{"Load"}, map[string]string{"table": "There is no such table"}, nil},
		"an update takes its place":  {`{"response_action":"update","view":` + string(update) + `}`, []string{"Changed"}, nil, nil},
		"a push lies on it":          {`{"response_action":"push","view":` + string(update) + `}`, []string{"Load", "Changed"}, nil, nil},
		"a view that can't be shown": {`{"response_action":"push","view":{"type":"modal"}}`, []string{"Load"}, nil, ErrNoAck},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := aWorkspace(t, SlackOptions{})
			s.mu.Lock()
			trigger := s.newTrigger("UALICE")
			s.mu.Unlock()
			v, err := aClient(s).OpenView(trigger, aModal("Load"))
			if err != nil {
				t.Fatal(err)
			}
			socket, _ := openSocket(t, s)
			i := s.SubmitView("UALICE", v.ID, map[string]map[string][]string{"table": {"name": {"orders"}}, "mode": {"how": {"replace"}}})
			e := socket.read()
			var envelope struct {
				Payload struct {
					Type string
					View struct {
						CallbackID      string `json:"callback_id"`
						PrivateMetadata string `json:"private_metadata"`
						State           ViewState
					}
				}
			}
			if err := json.Unmarshal([]byte(e.raw), &envelope); err != nil {
				t.Fatal(err)
			}
			told := envelope.Payload
			values := told.View.State.Values
			chosen, _ := values["mode"]["how"].(map[string]any)["selected_option"].(map[string]any)
			if told.Type != "view_submission" || told.View.CallbackID != "load" || told.View.PrivateMetadata != "kept" ||
				values["table"]["name"].(map[string]any)["value"] != "orders" || chosen["value"] != "replace" {
				t.Errorf("submission %s", e.raw)
			}
			if tt.ack == "" {
				socket.ack(e)
			} else {
				socket.answer(`{"envelope_id":"` + e.EnvelopeID + `","payload":` + tt.ack + `}`)
			}
			if _, err := i.Wait(soon(t)); !errors.Is(err, tt.shown) {
				t.Errorf("Slack shows %v, want %v", err, tt.shown)
			}
			stack := s.Views("UALICE")
			if diff := cmp.Diff(tt.stack, titles(stack)); diff != "" {
				t.Error(diff)
			}
			if len(stack) > 0 {
				if diff := cmp.Diff(tt.errors, stack[0].Errors); diff != "" {
					t.Error(diff)
				}
				if got := stack[0].Typed["table"]["name"]; len(got) != 1 || got[0] != "orders" {
					t.Errorf("what was typed is gone: %v", got)
				}
			}
		})
	}
}

func TestThreeModalsLieOnEachOther(t *testing.T) {
	s, got, first := aModalApp(t)
	push := func(view, title string) (string, error) {
		s.ChooseInView("UALICE", view, "mode", "how", "append")
		e := await(t, got, socketmode.EventTypeInteractive).Data.(slack.InteractionCallback)
		if e.ActionCallback.BlockActions[0].SelectedOption.Value != "append" {
			t.Errorf("%s: chosen %+v", title, e.ActionCallback.BlockActions[0])
		}
		v, err := aClient(s).PushView(e.TriggerID, aModal(title))
		if err != nil {
			return "", err
		}
		return v.ID, nil
	}
	second, err := push(first.ID, "Second")
	if err != nil {
		t.Fatal(err)
	}
	third, err := push(second, "Third")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := push(third, "Fourth"); slackCode(err) != "push_limit_reached" {
		t.Errorf("the fourth: %v", err)
	}
	if _, err := s.SubmitView("UALICE", first.ID, nil).Wait(soon(t)); !errors.Is(err, ErrNoView) {
		t.Errorf("the lowest can be submitted: %v", err)
	}
	s.CloseView("UALICE", third, false)
	if diff := cmp.Diff([]string{"Load", "Second"}, titles(s.Views("UALICE"))); diff != "" {
		t.Error(diff)
	}
	s.CloseView("UALICE", second, true)
	if left := s.Views("UALICE"); len(left) != 0 {
		t.Errorf("left are %v", titles(left))
	}
}

func TestAnUpdateOfAnOldViewIsAConflict(t *testing.T) {
	s, _, v := aModalApp(t)
	if _, err := aClient(s).UpdateView(aModal("New"), "", v.Hash, v.ID); err != nil {
		t.Fatal(err)
	}
	_, conflict := aClient(s).UpdateView(aModal("Newer"), "", v.Hash, v.ID)
	_, unknown := aClient(s).UpdateView(aModal("Newer"), "", "", "V404")
	if slackCode(conflict) != "hash_conflict" || slackCode(unknown) != "not_found" {
		t.Errorf("conflict %v, unknown %v", conflict, unknown)
	}
	if diff := cmp.Diff([]string{"New"}, titles(s.Views("UALICE"))); diff != "" {
		t.Error(diff)
	}
}

func TestModalsThatSlackRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		change  func(*slack.ModalViewRequest)
		problem string
	}{
		"a title of 25 characters":       {func(m *slack.ModalViewRequest) { m.Title.Text = strings.Repeat("x", 25) }, "/view/title/text"},
		"inputs without a submit button": {func(m *slack.ModalViewRequest) { m.Submit = nil }, "submit"},
		"private metadata too long":      {func(m *slack.ModalViewRequest) { m.PrivateMetadata = strings.Repeat("x", maxPrivate+1) }, "/view/private_metadata"},
		"101 blocks": {func(m *slack.ModalViewRequest) {
			for range maxInView {
				m.Blocks.BlockSet = append(m.Blocks.BlockSet, slack.NewDividerBlock())
			}
		}, "no more than 100 items"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := aWorkspace(t, SlackOptions{})
			m := aModal("Load")
			tt.change(&m)
			_, err := aClient(s).OpenView("1.2.3", m)
			var refused slack.SlackErrorResponse
			if !errors.As(err, &refused) || refused.Err != "invalid_arguments" ||
				!strings.Contains(strings.Join(refused.ResponseMetadata.Messages, "\n"), tt.problem) {
				t.Errorf("%v %+v", err, refused)
			}
		})
	}
}

func TestWhatIsChosenArrivesAsItsKindOfElementTellsIt(t *testing.T) {
	option := map[string]any{"text": map[string]any{"type": "plain_text", "text": "A"}, "value": "a"}
	for name, tt := range map[string]struct {
		kind   string
		values []string
		field  string
		want   any
	}{
		"a date":                    {"datepicker", []string{"2026-12-01"}, "selected_date", "2026-12-01"},
		"no date":                   {"datepicker", []string{""}, "selected_date", nil},
		"an option":                 {"static_select", []string{"a"}, "selected_option", option},
		"an option that is no more": {"static_select", []string{"b"}, "selected_option", nil},
		"boxes":                     {"checkboxes", []string{"a"}, "selected_options", []any{option}},
		"no boxes":                  {"checkboxes", nil, "selected_options", []any{}},
		"people":                    {"multi_users_select", []string{"U1", "U2"}, "selected_users", []string{"U1", "U2"}},
		"a button":                  {"button", []string{"a"}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			field, got := new(Slack).chosen(Element{}, "", map[string]any{"type": tt.kind, "options": []any{option}}, tt.values)
			if diff := cmp.Diff(tt.want, got); field != tt.field || diff != "" {
				t.Errorf("%s: %s", field, diff)
			}
		})
	}
}
