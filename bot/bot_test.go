package bot

import (
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"supportbot/integrations"
	"supportbot/integrations/redact"
	"supportbot/store"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// A hand is a clock that stands still until it is set.
type hand struct {
	mu  sync.Mutex
	now time.Time
}

func (h *hand) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hand) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// newMachine returns a machine on a database of its own that does not run.
func newMachine(t *testing.T, services []integrations.Service, handlers ...Handler) (*Machine, *hand) {
	t.Helper()
	clock := &hand{now: noon}
	return machineOf(t, Options{
		Services: services, Handlers: handlers, Redactor: newRedactor(t), Identity: us,
		Now: clock.Now, After: func(time.Duration) <-chan time.Time { return nil },
	}), clock
}

// machineOf returns a machine made of o, with a database of its own.
func machineOf(t *testing.T, o Options) *Machine {
	t.Helper()
	return machineAt(t, filepath.Join(t.TempDir(), "bot.db"), o)
}

// machineAt returns a machine made of o, with its database at path.
func machineAt(t *testing.T, path string, o Options) *Machine {
	t.Helper()
	db, err := store.Open(path, o.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	o.Store, o.Log, o.Metrics = db, slog.New(slog.DiscardHandler), NewMetrics(prometheus.NewRegistry(), db)
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newRedactor(t *testing.T) *redact.Redactor {
	t.Helper()
	r, err := redact.New()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// view reads from m's database.
func view[T any](t *testing.T, m *Machine, read func(*store.View) (T, error)) T {
	t.Helper()
	got, err := store.Look(m.Store, read)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// raised returns the names of the alarms that were given or cleared, in order.
func raised(t *testing.T, m *Machine, what string) (names []string) {
	t.Helper()
	for _, e := range view(t, m, func(v *store.View) ([]store.Event, error) { return v.Events(AlarmPrefix + what) }) {
		var body AlarmBody
		if err := json.Unmarshal(e.Body, &body); err != nil {
			t.Fatal(err)
		}
		name := "raised"
		if body.Over {
			name = "cleared"
		}
		names = append(names, name)
	}
	return names
}

func failing(f integrations.Failure) *integrations.Error {
	return &integrations.Error{Op: "test", Code: f.String(), Failure: f}
}

// acks notes what was acknowledged.
type acks struct {
	mu  sync.Mutex
	ids []string
}

func (a *acks) Ack(_ context.Context, id string, _ any) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ids = append(a.ids, id)
	return nil
}

// A deciding decides events in their turn, and claims nothing.
type deciding func(*store.View, store.Event) (store.Decision, error)

func (deciding) Anew() {}

func (deciding) Hold(string) bool { return false }

func (d deciding) Decide(v *store.View, e store.Event) (store.Decision, error) { return d(v, e) }

func (deciding) Free(store.Claimer, string) error { return nil }

// sabotage has SQLite refuse all changes of a table of the database at path that a trigger meets, until it is mended.
func sabotage(t *testing.T, path, trigger string) (mend func()) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err == nil {
		_, err = db.Exec("CREATE TRIGGER sabotage BEFORE " + trigger + " BEGIN SELECT raise(ABORT, 'sabotage'); END")
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := db.Exec("DROP TRIGGER sabotage"); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
