package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
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

// liveSettings writes settings for a run in w, and returns their path and the environment.
func (w *world) liveSettings(t *testing.T, listen string) (path string, getenv func(string) string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "supportbot.yml")
	text := fmt.Sprintf("slack: {api_url: %q, support_group: %s}\ngithub: {base_url: %q, repository: acme/analytics-support}\nstore: {path: %q}\nhttp: {listen: %q}\n",
		w.settings.Slack.APIURL, supportGroup, w.settings.GitHub.BaseURL, w.settings.Store.Path, listen)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, environ("SLACK_APP_TOKEN", w.slack.AppToken(), "SLACK_BOT_TOKEN", w.slack.BotToken(), "GITHUB_TOKEN", w.github.Token())
}

func TestARunThatCannotBeginSaysWhatToDo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	for _, test := range []struct {
		name   string
		listen string
		change func(*world)
		want   string
	}{
		{"the bot token was revoked", "127.0.0.1:0", func(w *world) { w.slack.Revoke() },
			"supportbot: the bot token is refused: token_revoked\nCopy the token or key again from where it was made"},
		{"the port is taken", taken.Addr().String(), func(*world) {},
			"supportbot: http.listen: another program listens at " + taken.Addr().String() + "; choose another port"},
		{"the address is another machine's", "192.0.2.7:80", func(*world) {}, "192.0.2.7:80 is no address of this machine"},
		{"the folder of the database is not there", "127.0.0.1:0", func(w *world) {
			w.settings.Store.Path = filepath.Join(filepath.Dir(w.settings.Store.Path), "none", "supportbot.db")
		}, "no such file or directory\nMake its folder first"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(sandbox.NewClock(scenarioStart), t.TempDir())
			defer w.close()
			test.change(w)
			config, env := w.liveSettings(t, test.listen)
			if code, _, stderr := command(t, env, "run", "--config", config); code != exitFailed || !strings.Contains(stderr, test.want) {
				t.Errorf("exit status %d, and no %q: %s", code, test.want, stderr)
			}
		})
	}
}

func TestARunThatIsStoppedBeforeSlackAnswersEndsWell(t *testing.T) {
	w := newWorld(sandbox.NewClock(scenarioStart), t.TempDir())
	defer w.close()
	w.slack.Faults.Add(sandbox.Fault{Kind: sandbox.Fail, On: "auth.test", Status: 502})
	config, env := w.liveSettings(t, "127.0.0.1:0")
	ctx, stop := context.WithCancel(t.Context())
	var out, problems bytes.Buffer
	var address string
	asked := writerFunc(func(p []byte) (int, error) {
		if _, serving, ok := strings.Cut(string(p), "address="); ok {
			address = strings.TrimSpace(serving)
		}
		if strings.Contains(string(p), "asking again") {
			for path, want := range map[string]int{"/healthz": http.StatusOK, "/readyz": http.StatusServiceUnavailable, "/metrics": http.StatusOK} {
				if code, body := get(t, "http://"+address+path); code != want {
					t.Errorf("%s meanwhile: %d %s", path, code, body)
				}
			}
			stop()
		}
		return problems.Write(p)
	})
	if code := run(ctx, []string{"run", "--config", config}, nil, &out, asked, env); code != exitOK {
		t.Errorf("exit status %d: %s", code, &problems)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
