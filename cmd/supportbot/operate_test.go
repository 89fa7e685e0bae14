package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"supportbot/integrations/sandbox"
	"supportbot/store"
)

// settingsFile writes settings that name the database of w, and returns their path.
func (w *world) settingsFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "supportbot.yml")
	settings := fmt.Sprintf("slack: {support_group: %s}\ngithub: {repository: acme/analytics-support}\nstore: {path: %q}\n",
		supportGroup, w.settings.Store.Path)
	if err := os.WriteFile(path, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A commandCase is a command, and what it says.
type commandCase struct {
	name  string
	args  string
	code  int
	shows string
}

func (tt commandCase) check(t *testing.T, config string) {
	t.Helper()
	var out bytes.Buffer
	args := append(strings.Fields(tt.args), "--config", config)
	code := run(t.Context(), args, nil, &out, &out, environ())
	if code != tt.code || !strings.Contains(out.String(), tt.shows) {
		t.Errorf("%s: exit status %d, want %d, and %q:\n%s", tt.name, code, tt.code, tt.shows, &out)
	}
}

func TestOperatorsCommandTheRunningBot(t *testing.T) {
	t.Parallel()
	w, a, _ := runningWorldBy(t, sandbox.RealClock())
	config := w.settingsFile(t)
	commandCase{"pause", "pause github", exitOK, "GitHub is paused: what is for it waits"}.check(t, config)
	commandCase{"what is paused", "pause github", exitOK, "GitHub is paused already"}.check(t, config)
	for path, want := range map[string]string{
		"/readyz": "ready\nGitHub is paused since 20", "/metrics": `supportbot_service_paused{service="github"} 1`,
	} {
		if code, body := get(t, "http://"+a.address+path); code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d, lacks %q:\n%.2000s", path, code, want, body)
		}
	}
	for _, tt := range []commandCase{
		{"resume", "resume github", exitOK, "GitHub goes on."},
		{"a service that there is not", "pause jenkins", exitUsage, "must be one of"},
		{"nothing parked", "parked list", exitOK, "No event is parked."},
		{"all of nothing", "parked retry all", exitOK, "Events to be decided again: 0."},
		{"an event that is not parked", "parked drop 1", exitFailed, "event 1 is not parked"},
		{"what is no number", "parked drop x", exitUsage, `"x" is neither`},
	} {
		tt.check(t, config)
	}
	if _, body := get(t, "http://"+a.address+"/metrics"); !strings.Contains(body, `supportbot_service_paused{service="github"} 0`) {
		t.Error("the pause is not over")
	}
}

func TestWithoutARunningBotARequestWaitsForItsStart(t *testing.T) {
	w := newWorld(sandbox.NewClock(scenarioStart), t.TempDir())
	t.Cleanup(w.close)
	w.settings.Slack.OpsChannel = "" // a post before the first socket is open would be an event that nobody hears
	config := w.settingsFile(t)
	commandCase{"before the first start", "pause github", exitFailed, "there is no database at"}.check(t, config)
	db, err := store.Open(w.settings.Store.Path, w.clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	commandCase{"stopped", "pause github", exitOK, "It will do this when it starts."}.check(t, config)
	_, a, _ := startedWorld(t, w)
	if issues := w.github.Issues(); len(issues) > 0 {
		t.Errorf("paused before it started, the bot opened %v", issues)
	}
	if _, body := get(t, "http://"+a.address+"/readyz"); !strings.Contains(body, "GitHub is paused") {
		t.Errorf("readyz says %q", body)
	}
}

func TestOperatorsHearOfAGroupThatIsNotThere(t *testing.T) {
	for _, ops := range []string{opsChannel, ""} {
		w := newWorld(sandbox.NewClock(scenarioStart), t.TempDir())
		t.Cleanup(w.close)
		w.settings.Slack.SupportGroup, w.settings.Slack.OpsChannel = "S0NOPE", ops
		said := logOf(t, w)
		const want = "Slack has no user group S0NOPE"
		if n := strings.Count(said, want); n != 1 {
			t.Errorf("with the channel %q the log has the alarm %d times:\n%s", ops, n, said)
		}
		told := w.slack.History(opsChannel)
		if len(told) != len(ops)/len(opsChannel) || len(told) > 0 && !strings.Contains(told[0].Text, want) {
			t.Errorf("the channel %q was told %v", ops, told)
		}
	}
}

// logOf returns what the bot logs while it starts in w and comes to rest.
func logOf(t *testing.T, w *world) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitAtMost)
	defer cancel()
	var said bytes.Buffer
	a, err := w.bot(ctx, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	stop := start(ctx, a)
	if err := w.slack.WaitSockets(ctx, 1); err != nil {
		t.Fatal(err)
	}
	w.slack.Emit("", []byte(`{"type": "nothing"}`)) // once that is acknowledged the bot knows that it has a socket
	if err := errors.Join(w.slack.WaitAcked(ctx), a.machine.WaitIdle(ctx)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(stop(), a.close()); err != nil {
		t.Fatal(err)
	}
	return said.String()
}

func TestAServiceThatDoesNotWorkIsNamed(t *testing.T) {
	w := newWorld(sandbox.NewClock(scenarioStart), t.TempDir())
	t.Cleanup(w.close)
	w.github.Revoke()
	_, a, _ := startedWorld(t, w)
	if _, body := get(t, "http://"+a.address+"/readyz"); body != "ready\nGitHub refuses the bot\n" {
		t.Errorf("readyz says %q", body)
	}
}

func TestCommandsSayWhatToDoAboutADatabase(t *testing.T) {
	for name, tt := range map[string]struct {
		version int
		args    string
		shows   string
	}{
		"nothing in it to explain":              {0, "explain 1", "there is nothing in the database yet; the first run fills it"},
		"nothing in it to list":                 {0, "parked list", "there is nothing in the database yet"},
		"nothing in it to copy":                 {0, "backup monday.db", "there is nothing in the database yet"},
		"nothing in it to leave a request with": {0, "pause github", "there is nothing in the database yet"},
		"one of a newer supportbot":             {99, "explain 1", "it was written by a newer one\nUse the newer supportbot"},
		"one of an older supportbot":            {1, "explain 1", "the next run brings it up to date"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(sandbox.NewClock(scenarioStart), t.TempDir())
			t.Cleanup(w.close)
			databaseOf(t, w.settings.Store.Path, tt.version)
			commandCase{name, tt.args, exitFailed, tt.shows}.check(t, w.settingsFile(t))
		})
	}
}

// A mistaken decides nothing, but fails.
type mistaken struct{}

func (mistaken) Anew() {}

func (mistaken) Hold(string) bool { return false }

func (mistaken) Decide(*store.View, store.Event) (store.Decision, error) {
	return store.Decision{}, fmt.Errorf("a mistake in the bot")
}

func (mistaken) Free(store.Claimer, string) error { return nil }

// parkOne has the bot's database hold one parked event.
func parkOne(t *testing.T, db *store.DB, subject, key string) {
	t.Helper()
	_, err := db.Take(func(*store.View) (store.Taken, error) {
		return store.Taken{Events: []store.Event{{Key: key, Subject: subject, Kind: "message", At: time.Unix(1764000000, 0), Body: []byte("{}")}}}, nil
	}, nil)
	for range store.MaxTries {
		if err == nil {
			_, err = db.Decide(subject, mistaken{})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestParkedEventsAreListedAndADroppedOneExplained(t *testing.T) {
	w, a, _ := runningWorld(t)
	config := w.settingsFile(t)
	var ticket *store.Ticket
	if err := a.store.View(func(v *store.View) (err error) {
		ticket, err = v.TicketByIssue(1)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	parkOne(t, a.store, "ticket:"+ticket.ID, "msg:late")
	var parked []store.Event
	if err := a.store.View(func(v *store.View) (err error) {
		parked, err = v.Parked()
		return err
	}); err != nil || len(parked) != 1 {
		t.Fatal(parked, err)
	}
	commandCase{"the list", "parked list", exitOK,
		fmt.Sprintf("%d  message of ticket:%s, 2025-11-24 16:00:00 UTC\n    msg:late\n    a mistake in the bot\n", parked[0].ID, ticket.ID)}.check(t, config)
	if _, err := a.store.Ask(store.DropParked, fmt.Sprint(parked[0].ID)); err != nil {
		t.Fatal(err)
	}
	if err := a.machine.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	commandCase{"the list without it", "parked list", exitOK, "No event is parked."}.check(t, config)
	commandCase{"its history", "explain 1", exitOK, "dropped message        msg:late, by an operator (a mistake in the bot)"}.check(t, config)
}

func TestBackupCopiesTheDatabaseOfTheRunningBot(t *testing.T) {
	w, _, _ := runningWorld(t)
	config := w.settingsFile(t)
	file := filepath.Join(t.TempDir(), "monday.db")
	commandCase{"a backup", "backup " + file, exitOK, "monday.db is written"}.check(t, config)
	commandCase{"another one to the same file", "backup " + file, exitFailed, "is there already"}.check(t, config)
	commandCase{"one to nowhere", "backup /no/such/folder/monday.db", exitFailed, "no such file"}.check(t, config)
	commandCase{"one to nowhere, with what to do", "backup /no/such/folder/monday.db", exitFailed, "write /no/such/folder/monday.db: no such file or directory\nMake its folder first"}.check(t, config)
	restored := *w
	restored.settings.Store.Path = file
	commandCase{"its history", "explain 1", exitOK, "done    github.create_issue [issue]"}.check(t, restored.settingsFile(t))
}
