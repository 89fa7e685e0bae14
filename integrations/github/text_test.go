package github

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMarkerRefusesWhatCouldHideInIt(t *testing.T) {
	tests := []struct {
		name string
		kv   []string
		ok   bool
	}{
		{"a ticket and its thread", []string{"ticket", "01J", "thread", "T1/C1/1764000000.000100"}, true},
		{"nothing", nil, false},
		{"a key without value", []string{"ticket"}, false},
		{"an empty value", []string{"ticket", ""}, false},
		{"a value that ends the comment", []string{"ticket", "x-->"}, false},
		{"a value with two hyphens, which HTML doesn't allow", []string{"ticket", "a--b"}, false},
		{"a value with a second key", []string{"ticket", "a thread=b"}, false},
		{"a value of two lines", []string{"ticket", "a\nb"}, false},
		{"a key that is none", []string{"a=b", "c"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if m, err := Marker(tt.kv...); (err == nil) != tt.ok {
				t.Errorf("marker is %q, error %v", m, err)
			}
		})
	}
}

func TestBodyText(t *testing.T) {
	r := redactor(t)
	t.Run("text can't carry a marker", func(t *testing.T) {
		got := bodyText(r, "quote:\n"+issueMarker, commentMarker).String()
		if markOf(got, "thread", "T1/C1/1764000000.000100") != nil || markOf(got, "message", "1764000001.000200") == nil {
			t.Errorf("body is %q", got)
		}
	})
	t.Run("a long body is cut, says so, and keeps its marker", func(t *testing.T) {
		for _, body := range []string{strings.Repeat("長い話。\n", 40_000), "```\n" + strings.Repeat("log\n", 40_000) + "```"} {
			got := bodyText(r, body, issueMarker).String()
			if n := utf8.RuneCountInString(got); n > maxBody || n < maxBody-300 {
				t.Errorf("%d characters are left", n)
			}
			if !strings.HasSuffix(got, cutNote+"\n\n"+issueMarker) {
				t.Errorf("the body ends with %q", got[len(got)-200:])
			}
			if strings.Count(got, "```")%2 != 0 {
				t.Error("the cut leaves a code block open")
			}
		}
	})
	t.Run("the cut leaves no mention", func(t *testing.T) {
		for shift := range 12 {
			got := bodyText(r, strings.Repeat("a", shift)+strings.Repeat(" `@octocat`", 10_000), issueMarker).String()
			if plain := strings.ReplaceAll(got, "`@octocat`", ""); strings.Contains(plain, "@") {
				t.Errorf("shifted by %d, the body ends with %q", shift, got[len(got)-200:])
			}
		}
	})
	t.Run("a body just short enough is whole", func(t *testing.T) {
		body := strings.Repeat("あ", maxBody-2-len(issueMarker))
		if got := bodyText(r, body, issueMarker).String(); got != body+"\n\n"+issueMarker {
			t.Errorf("%d characters are left", utf8.RuneCountInString(got))
		}
	})
	t.Run("a secret at the cut does not show in part", func(t *testing.T) {
		secret := "AKIA" + "QYLPMN5HFIQR7XYA"
		for shift := range 40 {
			body := strings.Repeat("あ", maxBody-len(cutNote)-len(issueMarker)-40+shift) + " " + secret + strings.Repeat(" a", 200)
			if got := bodyText(r, body, issueMarker).String(); strings.Contains(got, secret[:8]) {
				t.Fatalf("shifted by %d, the body ends with %q", shift, got[len(got)-300:])
			}
		}
	})
}

func TestTitleText(t *testing.T) {
	r := redactor(t)
	if got := titleText(r, strings.Repeat("あ", 300)).String(); got != strings.Repeat("あ", 255)+"…" {
		t.Errorf("a long title becomes one of %d characters", utf8.RuneCountInString(got))
	}
	if got := titleText(r, strings.Repeat("あ", 256)).String(); got != strings.Repeat("あ", 256) {
		t.Errorf("a title just short enough is changed")
	}
}

func TestCloseCode(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"no code", "a\nb", "a\nb"},
		{"a closed block", "```\na\n```", "```\na\n```"},
		{"an open block", "```sql\na", "```sql\na\n```"},
		{"an open block with a shorter fence in it", "````\n```\na", "````\n```\na\n````"},
		{"code in a line", "a `b` ``c`d`` \\` e…", "a `b` ``c`d`` \\` e…"},
		{"open code in a line, which would be a mention", "a `@b` `@octo…", "a `@b` …"},
		{"open code with ticks in it", "a ``x`@octo` …", "a …"},
		{"ticks cut in half", "a ``x@octo`…", "a …"},
		{"a line before has its own", "a `b\nc `d…", "a `b\nc …"},
		{"ticks in an open block", "```\na `@octo…", "```\na `@octo…\n```"},
		{"a fence with a language does not close", "```\n```go\n", "```\n```go\n\n```"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := closeCode(tt.body); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
