package page

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"testing"

	"supportbot/integrations/sandbox"
)

// What makes faults is in the files that end so: a new fault can't be forgotten here.
func TestEachFaultOfTheStandInsHasASwitch(t *testing.T) {
	files, err := filepath.Glob("../*faults.go")
	if err != nil || len(files) != 3 {
		t.Fatalf("files of faults: %v, %v", files, err)
	}
	without := map[string]bool{
		"Watch": true, "Choose": true, // let a test look, and choose a socket
		"Met": true, "Hits": true, // tell what was met
	}
	turned := map[string]bool{}
	ast.Inspect(parse(t, "switches.go"), func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			turned[s.Sel.Name] = true
		}
		return true
	})
	for _, file := range files {
		for _, name := range waysToFail(parse(t, file)) {
			if turned[name] == without[name] {
				t.Errorf("%s: %s has a switch: %t", file, name, turned[name])
			}
		}
	}
}

func parse(t *testing.T, name string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// waysToFail are the exported functions and constants of a file, and the fields of SocketFaults.
func waysToFail(f *ast.File) (names []string) {
	add := func(list ...*ast.Ident) {
		for _, id := range list {
			if id.IsExported() {
				names = append(names, id.Name)
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			add(n.Name)
		case *ast.ValueSpec:
			add(n.Names...)
		case *ast.TypeSpec:
			if s, ok := n.Type.(*ast.StructType); ok && n.Name.Name == "SocketFaults" {
				for _, field := range s.Fields.List {
					add(field.Names...)
				}
			}
		}
		return true
	})
	return names
}

func turn(t *testing.T, p *Page, service, id string) {
	t.Helper()
	if got := ask(p, aForm("/fault", "service", service, "fault", id)); got.Code != http.StatusNoContent {
		t.Fatalf("%s/%s: %s", service, id, got.Body)
	}
}

func TestASwitchTurnsItsFaultOnAndOffAndLeavesOthers(t *testing.T) {
	p := aPage(t)
	for _, id := range []string{"down", "lost", "down"} {
		turn(t, p, "github", id)
	}
	active := p.GitHub.Faults.Active()
	if len(active) != 1 || active[0].Kind != sandbox.LoseAnswer {
		t.Errorf("active are %+v", active)
	}
	for range 2 {
		turn(t, p, "slack", "off")
	}
	for _, l := range p.switches.all() {
		if l.On != (l.Service == "github" && l.ID == "lost") {
			t.Errorf("%s/%s is on: %t", l.Service, l.ID, l.On)
		}
	}
}

func TestWhatIsHealedTogetherIsPutOnAgain(t *testing.T) {
	p := aPage(t)
	for _, id := range []string{"archived", "noissues", "noissues"} {
		turn(t, p, "github", id)
	}
	if repo := p.GitHub.Repository(); !repo.Archived || !repo.HasIssues {
		t.Errorf("the repository is %+v", repo)
	}
}

func TestEachSwitchGoesOnAndOff(t *testing.T) {
	p := aPage(t)
	for _, l := range p.switches.all() {
		turn(t, p, l.Service, l.ID)
		turn(t, p, l.Service, l.ID)
	}
	for _, l := range p.switches.all() {
		if l.On {
			t.Errorf("%s/%s stays on", l.Service, l.ID)
		}
	}
	if repo := p.GitHub.Repository(); repo.FullName() != "acme/analytics-support" || repo.Archived || !repo.HasIssues {
		t.Errorf("the repository is %+v", repo)
	}
}
