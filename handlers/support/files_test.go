package support

import (
	"testing"

	"github.com/google/go-cmp/cmp"

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
		{"a file that was taken out is forgotten", []store.File{read}, nil, nil},
		{"a file that was put in is new", nil, []store.File{log}, []store.File{log}},
	} {
		if diff := cmp.Diff(test.merge, mergeFiles(test.known, test.newer)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
