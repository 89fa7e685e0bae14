package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supportbot/store"
)

func TestStepsOfOneMomentAreInTheOrderOfCauseAndEffect(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	answer, err := json.Marshal(store.Answer{Action: 1, Kind: "github.create_issue", State: store.Done})
	if err != nil {
		t.Fatal(err)
	}
	events := []store.Event{
		{ID: 1, Kind: "message", Key: "msg:1", At: now, TakenAt: now, DecidedAt: now},
		{ID: 2, Kind: store.Answered, Body: answer, At: now, TakenAt: now, DecidedAt: now},
	}
	actions := []store.Action{
		{ID: 1, Kind: "github.create_issue", State: store.Done, PlannedAt: now, Started: now, FinishedAt: now, Epoch: 1},
		{ID: 2, Kind: "slack.show", State: store.Done, PlannedAt: now, Started: now, FinishedAt: now, Epoch: 2},
	}
	var got []string
	for _, s := range allSteps(events, actions) {
		got = append(got, strings.TrimSpace(s.text))
	}
	want := []string{
		"event   message        msg:1 (happened 09:00:00.000)",
		"decided message        msg:1",
		"planned github.create_issue",
		"began   github.create_issue",
		"done    github.create_issue",
		"event   answered       github.create_issue is done (happened 09:00:00.000)",
		"decided answered       github.create_issue is done",
		"planned slack.show",
		"began   slack.show, claim 2",
		"done    slack.show",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestALongResultIsCutInExplain(t *testing.T) {
	long := fmt.Sprintf("[%s]", strings.Repeat(`{"id":"S0"},`, 500))
	for _, s := range actionSteps(store.Action{Kind: "slack.read_groups", State: store.Done, PlannedAt: time.Unix(1, 0), FinishedAt: time.Unix(2, 0), Result: []byte(long)}) {
		if n := len([]rune(s.text)); n > 300 {
			t.Errorf("a line has %d characters", n)
		}
	}
}

func TestObserveModeExplainsWhatItWouldHaveWritten(t *testing.T) {
	a := store.Action{Kind: "github.create_issue", State: store.Observed, PlannedAt: time.Unix(1, 0), Body: []byte(`{"title":"it\u001b[31m fails","body":"**Alice** asked\n\nit fails"}`)}
	if got, want := actionSteps(a)[0].says, "it\x1b[31m fails | **Alice** asked it fails"; got != want {
		t.Errorf("says %q, want %q", got, want)
	}
	var out bytes.Buffer
	writeSteps(&out, actionSteps(a))
	if strings.Contains(out.String(), "\x1b") {
		t.Errorf("a text steers the terminal: %q", &out)
	}
}
