package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed says what of ours a folder may import: itself, what is below a name that ends in "/", and no more.
var allowed = []struct {
	folder  string
	imports []string
}{
	{"cmd/supportbot", []string{"bot/", "handlers/", "integrations/", "store"}},
	{"handlers/", []string{"bot/", "integrations/", "store"}},
	{"bot/text", nil},
	{"bot", []string{"bot/", "store", "integrations", "integrations/slack", "integrations/redact"}},
	{"integrations/sandbox", nil},
	{"integrations/sandbox/page", []string{"integrations/sandbox"}},
	{"integrations/redact", nil},
	{"integrations/", []string{"integrations", "integrations/redact"}},
	{"integrations", nil},
	{"store", nil},
}

func TestImportsGoOneWay(t *testing.T) {
	for _, p := range packages(t) {
		folder := strings.TrimPrefix(p.ImportPath, "supportbot/")
		for _, i := range p.Imports {
			target, ours := strings.CutPrefix(i, "supportbot/")
			if ours && !mayImport(folder, target) {
				t.Errorf("%s imports %s", folder, target)
			}
			if i == "database/sql" && folder != "store" {
				t.Errorf("%s imports database/sql: SQL is for store alone", folder)
			}
		}
	}
}

func TestTheRulesOfImportsWouldCatchAWrongOne(t *testing.T) {
	for _, wrong := range [][2]string{
		{"store", "bot"}, {"bot", "handlers/support"}, {"bot", "integrations/github"}, {"bot", "integrations/sandbox"},
		{"handlers/support", "handlers/alarm"}, {"handlers/support", "integrations/sandbox"},
		{"integrations/slack", "integrations/github"}, {"integrations/sandbox/page", "store"}, {"bot", "integrations/sandbox/page"}, {"integrations", "store"}, {"utils", "store"},
	} {
		if mayImport(wrong[0], wrong[1]) {
			t.Errorf("%s may import %s", wrong[0], wrong[1])
		}
	}
}

func mayImport(folder, target string) bool {
	if under(target, "integrations/sandbox/") && folder != "cmd/supportbot" && folder != "integrations/sandbox/page" {
		return false
	}
	if strings.HasPrefix(folder, "handlers/") && strings.HasPrefix(target, "handlers/") {
		return false
	}
	for _, rule := range allowed {
		if under(folder, rule.folder) {
			return slices.ContainsFunc(rule.imports, func(name string) bool { return under(target, name) })
		}
	}
	return false
}

// under says whether a folder is the named one or, if the name ends in a slash, that or one below.
func under(folder, name string) bool {
	return folder == strings.TrimSuffix(name, "/") || strings.HasSuffix(name, "/") && strings.HasPrefix(folder, name)
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) (list []goPackage) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "supportbot/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	if len(list) < 8 {
		t.Fatalf("only %d packages found", len(list))
	}
	return list
}
