package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var readmeLink = regexp.MustCompile("\\[(`?)([^\\]`]+)`?\\]\\(([^)#:]+)\\)")

// TestREADMETellsTheTruth follows the README's links: files must exist, and functions named by a link must be in
// the file that it leads to.
func TestREADMETellsTheTruth(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	links := readmeLink.FindAllStringSubmatch(string(readme), -1)
	if len(links) < 20 {
		t.Fatalf("only %d links found", len(links))
	}
	for _, l := range links {
		quoted, name, path := l[1] != "", l[2], filepath.Join("../..", l[3])
		if _, err := os.Stat(path); err != nil {
			t.Errorf("[%s] leads nowhere: %v", name, err)
			continue
		}
		if !quoted || !strings.HasSuffix(path, ".go") {
			continue
		}
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !defines(string(source), name) {
			t.Errorf("%s is not in %s", name, l[3])
		}
	}
}

// defines says whether Go source defines a type or function, or a method as "receiver.method".
func defines(source, name string) bool {
	receiver, method, isMethod := strings.Cut(name, ".")
	pattern := `(?m)^(func|type) ` + regexp.QuoteMeta(name) + `\b`
	if isMethod {
		pattern = `(?m)^func \(\w* ?\*?` + regexp.QuoteMeta(receiver) + `\) ` + regexp.QuoteMeta(method) + `\b`
	}
	return regexp.MustCompile(pattern).MatchString(source)
}
