package text

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata")

// Each file of testdata holds a message, as blocks or mrkdwn or both, and what becomes of it.
func TestMessages(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { testMessage(t, file) })
	}
}

func testMessage(t *testing.T, file string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := Parse(section(a, "blocks.json"), strings.TrimSuffix(string(section(a, "mrkdwn")), "\n"))
	checkMarkdown(t, d)
	if *update {
		updateMessage(t, file, a, d)
		return
	}
	for _, out := range outputs(d) {
		if diff := cmp.Diff(string(section(a, out.Name)), string(out.Data)); diff != "" {
			t.Errorf("%s differs (-want +got):\n%s", out.Name, diff)
		}
	}
}

func section(a *txtar.Archive, name string) []byte {
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

func outputs(d Doc) []txtar.File {
	return []txtar.File{
		{Name: "markdown", Data: []byte(d.Markdown(names) + "\n")},
		{Name: "title", Data: []byte(d.Title(names, 60, "S1") + "\n")},
		{Name: "plain", Data: []byte(d.Plain(names) + "\n")},
	}
}

func updateMessage(t *testing.T, file string, a *txtar.Archive, d Doc) {
	kept := a.Files[:0]
	for _, f := range a.Files {
		if f.Name == "blocks.json" || f.Name == "mrkdwn" {
			kept = append(kept, f)
		}
	}
	a.Files = append(kept, outputs(d)...)
	if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A Doc is stored as JSON, which must not change it.
func TestDocSurvivesStorage(t *testing.T) {
	d := Parse(nil, "*bold* `code` <https://example.com|here>\n> quote <@U1>\n• item :flag-jp:\n```code```")
	stored, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var back Doc
	if err := json.Unmarshal(stored, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, back); diff != "" {
		t.Error(diff)
	}
}
