package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"supportbot/integrations/sandbox"
	"supportbot/store"
)

// TestScenarios runs handlers/*/testdata/*.txtar. A scenario tells what happens in Slack and at GitHub (the
// file "script", a step a line) and what people then see (the file "want"). README.md beside them lists the
// steps.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("../../handlers/*/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := playScenario(t, archive)
			if *update {
				setFile(archive, "want", got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(getFile(archive, "want"), got); diff != "" {
				t.Errorf("people see something else (-want +got):\n%s", diff)
			}
		})
	}
}

func getFile(a *txtar.Archive, name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

func setFile(a *txtar.Archive, name, data string) {
	for i := range a.Files {
		if a.Files[i].Name == name {
			a.Files[i].Data = []byte(data)
			return
		}
	}
	a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(data)})
}

// scenarioStart is when every scenario begins: a Monday.
var scenarioStart = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// A stage is one scenario while it is played.
type stage struct {
	*world
	t       *testing.T
	archive *txtar.Archive
	app     *app
	stop    func() error
	said    []said   // by number, from 1
	uploads []string // names of files, F001 and so on
	deaf    bool     // Slack's deliveries are disturbed on purpose: don't wait for them
	cut     bool     // Slack opens no sockets
	sockets int      // that were open when the clock was last moved
	out     strings.Builder
	log     diary

	mistaken atomic.Bool // handlers fail at every decision of a ticket

	slackCalls, githubCalls int // that were written down already
}

// A diary is what the bot logs.
type diary struct {
	mu   sync.Mutex
	text strings.Builder
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

// said is where a message of the script is.
type said struct{ channel, ts, root string }

// waitAtMost bounds a step, so that a bot that hangs fails its scenario.
const waitAtMost = 30 * time.Second

func playScenario(t *testing.T, archive *txtar.Archive) string {
	seen, err := playWithout(t, archive, "")
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

// playWithout plays a scenario with all scopes that the manifest asks for but one, and returns what people see.
func playWithout(t *testing.T, archive *txtar.Archive, scope string) (seen string, err error) {
	s := &stage{t: t, archive: archive}
	s.world = newWorld(sandbox.NewClock(scenarioStart), t.TempDir())
	t.Cleanup(s.close)
	s.slack.SetScopes(slices.DeleteFunc(scopes(), func(given string) bool { return given == scope })...)
	defer s.end()
	for n, line := range strings.Split(getFile(archive, "script"), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		line, atOnce := strings.CutPrefix(line, "+ ")
		if err := errors.Join(s.pause(atOnce), s.step(line)); err != nil {
			return "", fmt.Errorf("line %d, %s: %w\nlog:\n%s", n+1, line, err, s.log.String())
		}
	}
	s.end()
	return s.out.String(), nil
}

// pause lets a moment pass between two steps, so that nothing waits for a limit when the next begins.
func (s *stage) pause(atOnce bool) error {
	if s.app == nil || atOnce {
		return nil
	}
	return s.advance("2s")
}

// begin starts the bot, unless it runs.
func (s *stage) begin() error {
	if s.app != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), waitAtMost)
	defer cancel()
	first := s.stop == nil
	var err error
	if s.app, err = s.bot(ctx, slog.New(slog.NewTextHandler(&s.log, nil))); err != nil {
		return err
	}
	s.makeMistakes()
	s.stop = start(context.Background(), s.app)
	if err := s.slack.WaitSockets(ctx, 1); err != nil {
		return err
	}
	s.slack.Emit("", []byte(`{"type": "nothing"}`)) // once that is acknowledged the bot knows that it has a socket
	if err := s.settle(); err != nil {
		return err
	}
	if first { // what a start costs is not what people's doings cost
		s.slackCalls, s.githubCalls = len(s.slack.Calls()), len(s.github.Calls())
	}
	return nil
}

// makeMistakes has the handler of tickets fail while it is mistaken; but it can still say that it did.
func (s *stage) makeMistakes() {
	for i, h := range s.app.machine.Handlers {
		if h.Prefix != "ticket:" {
			continue
		}
		s.app.machine.Handlers[i].Decide = func(v *store.View, e store.Event) (store.Decision, error) {
			if s.mistaken.Load() && e.Kind != store.Parked {
				return store.Decision{}, errors.New("a mistake in the bot")
			}
			return h.Decide(v, e)
		}
	}
}

// end stops the bot as SIGTERM does.
func (s *stage) end() {
	if s.app == nil {
		return
	}
	if err := s.stop(); err != nil {
		s.t.Error(err)
	}
	if err := s.app.close(); err != nil {
		s.t.Error(err)
	}
	s.app = nil
}

// settle waits until everything that is due has been done, and Slack's events about that were heard too.
func (s *stage) settle() error {
	ctx, cancel := context.WithTimeout(context.Background(), waitAtMost)
	defer cancel()
	for range 2 {
		if err := s.heard(ctx); err != nil {
			return err
		}
		if err := s.app.machine.WaitIdle(ctx); err != nil {
			return fmt.Errorf("the bot does not come to rest: %w", err)
		}
	}
	return s.heard(ctx) // of what it said last: a bot that stops may leave that unacknowledged
}

// heard waits until the bot has acknowledged all events, unless some are held back on purpose.
func (s *stage) heard(ctx context.Context) error {
	if s.deaf {
		return nil
	}
	if err := s.slack.WaitAcked(ctx); err != nil {
		return fmt.Errorf("envelopes were not acknowledged: %w", err)
	}
	return nil
}
