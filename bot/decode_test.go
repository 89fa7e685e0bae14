package bot

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"supportbot/store"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var us = Identity{Team: "T0ACME", User: "U0BOT", Bot: "B0BOT", Group: "S0SUPPORT"}

// decoded is what we understand of a payload of Slack.
type decoded struct {
	Message *Message     `json:"message,omitempty"`
	Key     string       `json:"key,omitempty"` // of the message
	Clicks  []Click      `json:"clicks,omitempty"`
	Entry   *store.Entry `json:"entry,omitempty"` // of the directory, as changed
	News    *news        `json:"news,omitempty"`  // of channels
	Error   string       `json:"error,omitempty"`
}

// news is what the door makes of an event that it hands to no handler.
type news struct {
	Asked    []string `json:"asked,omitempty"`    // channels that Slack is asked about
	In       []string `json:"in,omitempty"`       // where the bot is from then on, if that changes
	HeldBack bool     `json:"heldBack,omitempty"` // Slack held events back: all channels are read, and operators told
}

// tell has the door of a machine take a payload in that knows #help and the private #talk, and returns what comes of it.
func tell(t *testing.T, payload []byte) *news {
	t.Helper()
	w := newTownThat(t, CatchUp{Days: 14})
	w.Identity = us
	for _, c := range []store.Channel{{ID: "C0HELP", Team: us.Team, Kind: publicChannel}, {ID: "G0TALK", Team: us.Team, Kind: privateChannel}} {
		if err := w.Store.AddChannel(c); err != nil {
			t.Fatal(err)
		}
	}
	in := func() (list []string) {
		for _, c := range view(t, w.Machine, (*store.View).Channels) {
			list = append(list, c.ID+" "+c.Kind)
		}
		slices.Sort(list)
		return list
	}
	before := in()
	if err := w.door.event(payload); err != nil && !errors.Is(err, errUnreadable) {
		t.Fatal(err)
	}
	var n news
	for _, ch := range w.catchUp.chores {
		_ = ch.do(t.Context()) // of channels that the stand-in doesn't know
	}
	for _, call := range w.slack.Calls() {
		n.Asked = append(n.Asked, call.Args["channel"])
	}
	if after := in(); !slices.Equal(before, after) {
		n.In = after
	}
	alarmed := fmt.Sprint(raised(t, w.Machine, heldBackAlarm)) == "[raised]"
	if n.HeldBack = alarmed && w.catchUp.wanted; alarmed != w.catchUp.wanted {
		t.Errorf("operators are told: %t, all is read: %t", alarmed, w.catchUp.wanted)
	}
	if reflect.DeepEqual(n, news{}) {
		return nil
	}
	return &n
}

// decode reads an event's or an interaction's payload as the door does.
func decode(kind string, payload []byte) (d decoded) {
	var err error
	if kind == "interactive" {
		d.Clicks, err = us.clicks(payload)
	} else {
		err = d.event(payload)
	}
	if err != nil {
		return decoded{Error: err.Error()}
	}
	return d
}

func (d *decoded) event(payload []byte) error {
	c, err := readCallback(payload)
	if err != nil {
		return err
	}
	if c.Event.Type == messageType {
		m, ok, err := us.message(c)
		if ok {
			d.Message, d.Key = &m, m.Key()
		}
		return err
	}
	var other struct{ Event json.RawMessage }
	if err := json.Unmarshal(payload, &other); err != nil {
		return err
	}
	id, change, err := refresh(c.Event.Type, other.Event)
	if id != "" && err == nil {
		d.Entry = &store.Entry{ID: id}
		change(d.Entry)
	}
	return err
}

func TestEventsAreDecodedAsSlackSendsThem(t *testing.T) {
	files, err := filepath.Glob("testdata/decode/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no payloads: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			payload, want := archive.Files[0], &archive.Files[1]
			kind := strings.TrimSuffix(payload.Name, ".json")
			understood := decode(kind, payload.Data)
			if kind == "event" && understood.Message == nil {
				understood.News = tell(t, payload.Data)
			}
			got, err := json.MarshalIndent(understood, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			if *update {
				want.Data = got
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want.Data), string(got)); diff != "" {
				t.Errorf("understood something else; if that is right, run go test with -update (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzDecode shows that no payload makes the decoder panic, and that what it takes can be stored: it has a key,
// a time and a channel, and survives JSON.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/decode/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Name == "interactive.json", archive.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, interactive bool, payload []byte) {
		kind := "event"
		if interactive {
			kind = "interactive"
		}
		d := decode(kind, payload)
		m := d.Message
		if m == nil {
			return
		}
		if m.Channel == "" || m.TS == "" || m.Thread == "" || m.At.IsZero() {
			t.Errorf("took a message that can't be found again: %+v", m)
		}
		if m.Deleted && (m.Mentions || m.Doc != nil) || m.Bot && m.Sender == us.Bot {
			t.Errorf("took %+v", m)
		}
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var again Message
		if err := json.Unmarshal(data, &again); err != nil || again.Key() != m.Key() {
			t.Errorf("stored as %s, key %s, read back with key %s, %v", data, m.Key(), again.Key(), err)
		}
	})
}

// Slack dates edits, and its lists, to the second. If somebody edits twice within one, and the list that shows the second
// edit is read within it too, the first edit, heard later, seems to be the younger one. Then the second must not be missed.
func TestInvariant1_AnEditFoundInItsSecondIsHeardAgain(t *testing.T) {
	edited := json.RawMessage(`{"type":"message","user":"U0ALICE","ts":"1764000000.000100","text":"it fails again","edited":{"user":"U0ALICE","ts":"1764000060.000000"}}`)
	live, err := readCallback(json.RawMessage(`{"type":"event_callback","team_id":"T0ACME","event":{"type":"message","subtype":"message_changed",
		"channel":"C0HELP","channel_type":"channel","ts":"1764000060.000200","message":` + string(edited) + `}}`))
	if err != nil {
		t.Fatal(err)
	}
	heard, _, err := us.message(live)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		at   time.Time
		same bool
	}{
		{"read in the second of the edit", time.Unix(1764000060, 0), false},
		{"read later", time.Unix(1764000061, 0), true},
	} {
		found, _, err := us.listed(edited, place{"T0ACME", "C0HELP", publicChannel, false}, test.at)
		if err != nil {
			t.Fatal(err)
		}
		if same := found.Key() == heard.Key(); same != test.same {
			t.Errorf("%s: %s and %s", test.name, found.Key(), heard.Key())
		}
	}
}

func TestEachEventThatTheMachineListensToIsDecodedInATest(t *testing.T) {
	files, err := filepath.Glob("testdata/decode/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{}
	for _, file := range files {
		var payload callback
		_ = json.Unmarshal(event(t, strings.TrimSuffix(filepath.Base(file), ".txtar")), &payload) // of some only the type can be read
		if payload.Event.Type != "" {
			tested[payload.Event.Type] = true
		}
	}
	for _, need := range Needs() {
		for _, name := range need.Events {
			if !tested[name] {
				t.Errorf("no payload of %s in testdata/decode", name)
			}
		}
	}
}
