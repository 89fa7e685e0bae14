package main

import (
	"strings"
	"testing"
	"time"

	"supportbot/integrations/sandbox"
)

func TestSinceIsADayOrHowLongAgo(t *testing.T) {
	tokyo := time.FixedZone("Tokyo", 9*60*60)
	now := time.Date(2026, 11, 23, 18, 0, 0, 0, tokyo)
	for _, test := range []struct {
		name, value string
		want        time.Time
		wrong       bool
	}{
		{name: "without it the bot goes on where it was", value: ""},
		{name: "a day begins at midnight where the bot runs", value: "2026-11-01", want: time.Date(2026, 11, 1, 0, 0, 0, 0, tokyo)},
		{name: "today", value: "2026-11-23", want: time.Date(2026, 11, 23, 0, 0, 0, 0, tokyo)},
		{name: "hours", value: "72h", want: now.Add(-72 * time.Hour)},
		{name: "hours and minutes", value: "1h30m", want: now.Add(-90 * time.Minute)},
		{name: "tomorrow", value: "2026-11-24", wrong: true},
		{name: "a day that no calendar has", value: "2026-02-30", wrong: true},
		{name: "a day as Americans write it", value: "11/01/2026", wrong: true},
		{name: "a day with a time", value: "2026-11-01T09:00", wrong: true},
		{name: "a number without a unit", value: "72", wrong: true},
		{name: "days, which have no unit in Go", value: "3d", wrong: true},
		{name: "no time at all", value: "0h", wrong: true},
		{name: "the future", value: "-72h", wrong: true},
		{name: "before there was Slack", value: "2001-01-01", wrong: true},
		{name: "longer ago than time goes back", value: "2562047h", wrong: true},
		{name: "blanks", value: " ", wrong: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := since(test.value, now)
			if !got.Equal(test.want) || (err != nil) != test.wrong {
				t.Errorf("%q is %v, %v; want %v", test.value, got, err, test.want)
			}
		})
	}
}

func TestAWrongSinceIsSaidBeforeAnythingRuns(t *testing.T) {
	w := newWorld(sandbox.NewClock(scenarioStart), t.TempDir())
	defer w.close()
	env := environ("SLACK_APP_TOKEN", w.slack.AppToken(), "SLACK_BOT_TOKEN", w.slack.BotToken(), "GITHUB_TOKEN", w.github.Token())
	code, _, stderr := command(t, env, "run", "--config", w.settingsFile(t), "--since", "3d")
	if code != exitUsage || !strings.Contains(stderr, `--since must be a day in the past, such as 2026-11-01, or a time such as 72h, not "3d"`) {
		t.Errorf("exit status %d: %s", code, stderr)
	}
}
