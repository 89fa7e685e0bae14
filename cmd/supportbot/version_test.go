package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionSaysWhatWasBuilt(t *testing.T) {
	const revision = "540ba26c3c3b7d33f7a0f6b4e1b5d6f7a8b9c0d1"
	vcs := []debug.BuildSetting{{Key: "vcs.revision", Value: revision}, {Key: "vcs.time", Value: "2026-11-28T15:00:00Z"}, {Key: "vcs.modified", Value: "true"}}
	for _, test := range []struct {
		name string
		info *debug.BuildInfo
		want string
	}{
		{"a checkout with changes", &debug.BuildInfo{GoVersion: "go1.26", Main: debug.Module{Version: "v1.2.3+dirty"}, Settings: vcs},
			"supportbot v1.2.3+dirty, revision " + revision + " of 2026-11-28T15:00:00Z, changed since, go1.26"},
		{"a clean checkout", &debug.BuildInfo{GoVersion: "go1.26", Main: debug.Module{Version: "v1.2.3"}, Settings: vcs[:2]},
			"supportbot v1.2.3, revision " + revision + " of 2026-11-28T15:00:00Z, go1.26"},
		{"no checkout", &debug.BuildInfo{GoVersion: "go1.26", Main: debug.Module{Version: "(devel)"}}, "supportbot (devel), go1.26"},
		{"nothing known", nil, "supportbot, of unknown version"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := version(test.info, test.info != nil); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestVersionIsOneLine(t *testing.T) {
	code, stdout, stderr := command(t, environ(), "--version")
	if code != exitOK || stderr != "" || !strings.HasPrefix(stdout, "supportbot") || strings.Count(stdout, "\n") != 1 {
		t.Errorf("exit status %d\nstdout:\n%s\nstderr:\n%s", code, stdout, stderr)
	}
}
