package support

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"supportbot/bot/text"
	"supportbot/store"
)

func TestFilesOfVersionsAreMerged(t *testing.T) {
	log := store.File{ID: "F1", Name: "load.log", State: store.FileUnread}
	read := store.File{ID: "F1", Name: "load.log", State: store.FileRead, Text: "it fails"}
	gone := store.File{ID: "F1", Gone: true}
	for _, test := range []struct {
		name                string
		known, newer, merge []store.File
	}{
		{"what was read is kept", []store.File{read}, []store.File{log}, []store.File{read}},
		{"a deleted file keeps only its name", []store.File{read}, []store.File{gone}, []store.File{{ID: "F1", Name: "load.log", Gone: true}}},
		{"a file stays deleted, whatever comes late", []store.File{gone}, []store.File{log}, []store.File{{ID: "F1", Name: "load.log", Gone: true}}},
		{"a file that Slack hides keeps all that was known", []store.File{read}, []store.File{{ID: "F1"}}, []store.File{read}},
		{"a file that was taken out is forgotten", []store.File{read}, nil, nil},
		{"a file that was put in is new", nil, []store.File{log}, []store.File{log}},
	} {
		if diff := cmp.Diff(test.merge, mergeFiles(test.known, test.newer)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestWhatATicketShowsOfFilesIsBounded(t *testing.T) {
	db, _ := openStore(t)
	know(t, db)
	full := &store.Message{Channel: "C0HELP"}
	for range 49 {
		full.Files = append(full.Files, store.File{ID: "F0", State: store.FileRead, Text: strings.Repeat("x", 20_000)})
	}
	next := &store.Message{Channel: "C0HELP"}
	next.Files = []store.File{{ID: "F1", Size: 20_000, State: store.FileUnread}, {ID: "F2", Size: 20_000, State: store.FileUnread}}
	err := db.View(func(v *store.View) error {
		x := &ticket{view: v, row: &store.Ticket{}, messages: []*store.Message{full, next}, entries: map[string]*store.Entry{}}
		_, _, err := x.readFiles()
		if len(x.result.Actions) != 1 || next.Files[0].State != store.FileReading || next.Files[1].State != "" {
			t.Errorf("%d files are read; the first beyond is %q", len(x.result.Actions), next.Files[1].State)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSizesAreThoseThatPeopleRead(t *testing.T) {
	for bytes, want := range map[int64]string{
		-1: "", 0: "", 1: "1 B", 999: "999 B", 1000: "1.0 kB", 1234: "1.2 kB", 9949: "9.9 kB", 9951: "10 kB", 20480: "20 kB",
		999_499: "999 kB", 999_500: "1.0 MB", 34_567_890: "35 MB", 1_500_000_000: "1.5 GB", 5_000_000_000_000: "5000 GB",
	} {
		if got := humanSize(bytes); got != want {
			t.Errorf("%d bytes are %q, want %q", bytes, got, want)
		}
	}
}

// GitHub takes 65,536 characters, and cuts nothing by itself.
func TestWhatDoesNotFitBesideALongMessageIsLinkedTo(t *testing.T) {
	db, _ := openStore(t)
	know(t, db)
	texts, err := loadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	words := func(n int) text.Doc {
		return text.Doc{{Kind: text.Paragraph, Inlines: []text.Inline{{Text: strings.Repeat("word ", n/5)}}}}
	}
	m := &store.Message{Channel: "C0HELP", TS: "1764000000.000100"}
	m.Doc = encode(words(30_000))
	m.Forwards = []store.Forward{{Link: "https://acme.slack.com/archives/C0HELP/p1", Channel: "C0HELP", Doc: encode(words(30_000))}}
	m.Files = []store.File{
		{ID: "F1", Name: "a.log", Link: "https://acme.slack.com/files/U/F1", State: store.FileRead, Text: strings.Repeat("long\n", 4000)},
		{ID: "F2", Name: "b.log", Link: "https://acme.slack.com/files/U/F2", State: store.FileRead, Text: strings.Repeat("more\n", 4000)},
	}
	err = db.View(func(v *store.View) error {
		x := &ticket{handler: handler{texts: texts, zones: &zones{}}, view: v, row: &store.Ticket{Language: english}, docs: map[*store.Message]text.Doc{}, entries: map[string]*store.Entry{}}
		got, err := x.renderText(m)
		if length := utf8.RuneCountInString(got); length > maxPart+1000 {
			t.Errorf("%d characters", length)
		}
		if strings.Count(got, "long") != 4000 || strings.Contains(got, "more") || strings.Count(got, "word") != 6000 {
			t.Errorf("the first file is shown %d times, the second %d, words %d", strings.Count(got, "long"), strings.Count(got, "more"), strings.Count(got, "word"))
		}
		for _, link := range []string{"archives/C0HELP/p1", "U/F1", "U/F2"} {
			if !strings.Contains(got, link) {
				t.Errorf("%s is not linked to", link)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A channel may be public or not: only one that is known to be lets out what was said there.
func TestWhatIsForwardedIsShownOnlyFromAPublicChannel(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name   string
		entry  *store.Entry
		public bool
	}{
		{"a public one", &store.Entry{ID: "C1", Kind: store.ChannelEntry}, true},
		{"one that was public a while before", &store.Entry{ID: "C1", Kind: store.ChannelEntry, ReadAt: at.Add(-2 * time.Minute)}, false},
		{"one that nobody knows", nil, false},
		{"one that Slack would not name", &store.Entry{ID: "C1", Kind: store.ChannelEntry, EntryDetails: store.EntryDetails{Unknown: true}}, false},
		{"a private one", &store.Entry{ID: "C1", Kind: store.ChannelEntry, EntryDetails: store.EntryDetails{Private: true}}, false},
		{"one that other companies read", &store.Entry{ID: "C1", Kind: store.ChannelEntry, EntryDetails: store.EntryDetails{Shared: true}}, false},
		{"a person", &store.Entry{ID: "C1", Kind: store.PersonEntry}, false},
	} {
		db, _ := openStore(t)
		err := db.View(func(v *store.View) error {
			if test.entry != nil && test.entry.ReadAt.IsZero() {
				test.entry.ReadAt = at
			}
			x := &ticket{view: v, entries: map[string]*store.Entry{"C1": test.entry}}
			m := &store.Message{MessageDetails: store.MessageDetails{At: at}}
			public, err := x.public("C1", m)
			if public != test.public {
				t.Errorf("%s: public is %t", test.name, public)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
