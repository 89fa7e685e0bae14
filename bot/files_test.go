package bot

import (
	"encoding/json"
	"strings"
	"testing"

	"supportbot/store"
)

// version returns the message in a file of testdata, as change would have it.
func version(t *testing.T, name string, change func(*Message)) Message {
	t.Helper()
	d := decode("event", event(t, name))
	if d.Message == nil {
		t.Fatalf("%s is no message: %s", name, d.Error)
	}
	if change != nil {
		change(d.Message)
	}
	return *d.Message
}

// Slack does not call it an edit that a file was deleted. Such a version still has its place among the others,
// in whatever order they come.
func TestTheVersionWithoutAFileHasItsPlaceAmongTheOthers(t *testing.T) {
	first := version(t, "file-share", nil)
	deleted := version(t, "message-changed-by-a-deleted-file", nil)
	edited := version(t, "message-changed-by-a-deleted-file", func(m *Message) { m.Edited, m.Seen = "1764000200.000000", "1764000200.000100" })
	again := version(t, "message-changed-by-a-deleted-file", func(m *Message) { m.Edited, m.Seen = "1764000200.000000", "1764000300.000100" })
	order := []Message{first, deleted, edited, again}
	for i, a := range order {
		for j, b := range order {
			if before := a.Before(b.Edited, b.Seen); before != (i < j) {
				t.Errorf("version %d is before version %d: %t", i, j, before)
			}
		}
	}
}

func TestAVersionWithoutAFileHasAKeyOfItsOwn(t *testing.T) {
	first := version(t, "file-share", nil)
	deleted := version(t, "message-changed-by-a-deleted-file", nil)
	found := version(t, "message-changed-by-a-deleted-file", func(m *Message) { m.Seen, m.Found = "", true })
	both := version(t, "message-changed-by-a-deleted-file", func(m *Message) { m.Files[1].Gone = true })
	if first.Key() == deleted.Key() || deleted.Key() == both.Key() {
		t.Errorf("versions with other files share a key: %s, %s, %s", first.Key(), deleted.Key(), both.Key())
	}
	if deleted.Key() != found.Key() {
		t.Errorf("heard live it is %s, found later %s", deleted.Key(), found.Key())
	}
}

// Invariant 3: no secret leaves Slack. The names of files are in their addresses too.
func TestSecretsInFilesAndForwardsAreOutBeforeAMessageIsStored(t *testing.T) {
	var got Message
	m, _ := newMachine(t, nil, Handler{Prefix: "test:", Message: func(_ *store.View, m Message, _ string) (store.Taken, error) {
		got = m
		return store.Taken{}, nil
	}})
	const secret, inForward = "kz7-not-a-real-one", "Mikan-not-real-9"
	payload := string(event(t, "message-that-forwards-another"))
	payload = strings.ReplaceAll(payload, "load.log", "password is "+secret+".log")
	payload = strings.ReplaceAll(payload, "it failed there too", "password: "+inForward)
	if err := m.door.event(json.RawMessage(payload)); err != nil {
		t.Fatal(err)
	}
	stored, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{secret, inForward} {
		if strings.Contains(string(stored), s) {
			t.Errorf("%q is stored: %s", s, stored)
		}
	}
	if len(got.Withheld) != 2 || len(got.Forwards) != 1 || got.Forwards[0].Files[0].Link != "https://acme.slack.com/files/U0ALICE/F0LOG" {
		t.Errorf("stored %s", stored)
	}
}

func TestAKeyFileIsWithheldByItsName(t *testing.T) {
	m, _ := newMachine(t, nil)
	got := m.door.redact(version(t, "files-of-many-kinds", nil))
	if len(got.Withheld) != 1 || got.Withheld[0] != "key-file" {
		t.Errorf("withheld %v, want the key file", got.Withheld)
	}
}

func TestSecretsInChangedNamesAreOutBeforeTheyAreStored(t *testing.T) {
	m, _ := newMachine(t, nil)
	learn(t, m, &store.Entry{ID: "U0ALICE", Kind: store.PersonEntry, Name: "Alice", ReadAt: noon})
	payload := strings.Replace(string(event(t, "user-change")), "Alice Nováková", "password: mikan-not-real-99", 1)
	if err := m.door.event(json.RawMessage(payload)); err != nil {
		t.Fatal(err)
	}
	e := view(t, m, func(v *store.View) (*store.Entry, error) { return v.Entry("U0ALICE") })
	if e.Name != "password: ⟦withheld: password⟧" {
		t.Errorf("known as %q", e.Name)
	}
}

// learn puts an entry into the directory.
func learn(t *testing.T, m *Machine, e *store.Entry) {
	t.Helper()
	_, err := m.Store.Take(func(*store.View) (store.Taken, error) {
		return store.Taken{Events: []store.Event{{Key: "seed", Subject: "seed:1", Kind: "seed", At: noon, Body: json.RawMessage(`{}`)}}}, nil
	}, nil)
	if err == nil {
		_, err = m.Store.Decide("seed:1", deciding(func(*store.View, store.Event) (store.Decision, error) {
			return store.Decision{Records: []store.Record{e}}, nil
		}))
	}
	if err != nil {
		t.Fatal(err)
	}
}
