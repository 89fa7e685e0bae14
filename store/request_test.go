package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestARequestIsServedOnceWithItsAnswer(t *testing.T) {
	db, c, path := openTest(t)
	beside, err := OpenBeside(path, c.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	for _, test := range []struct {
		name    string
		refusal error
		want    Request
	}{
		{"one that is done", nil, Request{ID: 1, Answer: "done"}},
		{"one that is refused, with its changes undone", errors.New("no"), Request{ID: 2, Refused: true, Answer: "no"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			id, err := beside.Ask(PauseService, "github")
			if err != nil {
				t.Fatal(err)
			}
			waiting := requests(t, db)
			if len(waiting) != 1 || waiting[0].ID != id {
				t.Fatalf("waiting are %v", waiting)
			}
			_, _, err = db.Serve(waiting[0], func(o *Operation) (string, error) {
				if _, err := o.Pause(test.name); err != nil {
					t.Error(err)
				}
				return "done", test.refusal
			})
			if err != nil {
				t.Fatal(err)
			}
			if left := requests(t, db); len(left) > 0 {
				t.Errorf("still waiting: %v", left)
			}
			test.want.Verb, test.want.What, test.want.AnsweredAt = PauseService, "github", noon
			var got Request
			if err := beside.View(func(v *View) (err error) {
				got, err = v.Request(id)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("the request is (-want +got):\n%s", diff)
			}
			if _, kept := paused(t, db)[test.name]; kept != (test.refusal == nil) {
				t.Errorf("its change is kept: %t", kept)
			}
		})
	}
}

func requests(t *testing.T, db *DB) (all []Request) {
	t.Helper()
	if err := db.View(func(v *View) (err error) {
		all, err = v.Requests()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func paused(t *testing.T, db *DB) (services map[string]bool) {
	t.Helper()
	services = map[string]bool{}
	if err := db.View(func(v *View) error {
		since, err := v.Paused()
		for s := range since {
			services[s] = true
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return services
}

// park parks the next event of a subject.
func park(t *testing.T, db *DB, subject string) {
	t.Helper()
	for range MaxTries {
		if _, err := db.Decide(subject, &decider{decide: func(*View, Event) (Decision, error) { return Decision{}, errors.New("a bug") }}); err != nil {
			t.Fatal(err)
		}
	}
	decideWith(t, db, subject, Decision{}) // of the notice that it was parked
}

func TestAParkedEventIsRetriedOrDropped(t *testing.T) {
	for _, test := range []struct {
		name  string
		do    func(*Operation, int64) (bool, error)
		state string
		due   []string
	}{
		{"retried it is new again, and its subject due", (*Operation).Retry, "new", []string{"ticket:a"}},
		{"dropped it is never decided", (*Operation).Drop, "dropped", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			db, _, _ := openTest(t)
			take(t, db, event("1", "ticket:a"), event("2", "ticket:b"))
			park(t, db, "ticket:a")
			serve := func(id int64) (found bool, due []string) {
				_, due, err := db.Serve(Request{}, func(o *Operation) (_ string, err error) {
					found, err = test.do(o, id)
					return "", err
				})
				if err != nil {
					t.Fatal(err)
				}
				return found, due
			}
			if found, _ := serve(2); found {
				t.Error("an event that is not parked was found")
			}
			if found, due := serve(1); !found || fmt.Sprint(due) != fmt.Sprint(test.due) {
				t.Errorf("found is %t, due are %v; want %v", found, due, test.due)
			}
			var got Event
			if err := db.View(func(v *View) error {
				events, err := v.Events("ticket:a")
				got = events[0]
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if got.State != test.state {
				t.Errorf("is %s, want %s", got.State, test.state)
			}
			if found, _ := serve(1); found {
				t.Error("it was found twice")
			}
			due, err := db.Undecided()
			if err != nil || cmp.Diff(due, append(test.due, "ticket:b")) != "" {
				t.Errorf("due are %v: %v", due, err)
			}
		})
	}
}

func TestAGuestNeedsTheSchemaThatItKnows(t *testing.T) {
	db, c, path := openTest(t)
	if err := db.update(func(c *connection) error { return c.exec("PRAGMA user_version = 1") }); err != nil {
		t.Fatal(err)
	}
	if guest, err := OpenBeside(path, c.Now); err == nil {
		t.Errorf("it was opened: %v", guest.Close())
	}
}

func TestABackupIsTheDatabaseOfThatMoment(t *testing.T) {
	db, c, path := openTest(t)
	take(t, db, event("1", "ticket:a"))
	beside, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := beside.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	take(t, db, event("2", "ticket:b"))
	info, err := os.Stat(copied)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v: %v", info.Mode(), err)
	}
	restored, err := Open(copied, c.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer restored.Close()
	if due, err := restored.Undecided(); err != nil || fmt.Sprint(due) != "[ticket:a]" {
		t.Errorf("restored are %v: %v", due, err)
	}
}

func TestABackupReplacesNothingAndLeavesNothingHalf(t *testing.T) {
	db, _, _ := openTest(t)
	folder := t.TempDir()
	there := filepath.Join(folder, "there.db")
	if err := os.WriteFile(there, []byte("a backup"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), there); !errors.Is(err, os.ErrExist) {
		t.Errorf("got %v", err)
	}
	if kept, err := os.ReadFile(there); string(kept) != "a backup" {
		t.Errorf("it now says %q: %v", kept, err)
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != 1 {
		t.Errorf("the folder holds %v: %v", files, err)
	}
}
