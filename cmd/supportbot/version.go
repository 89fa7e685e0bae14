package main

import (
	"fmt"
	"runtime/debug"
)

// version is one line about the build: the module's version, and the revision that it was built from if that is known.
func version(info *debug.BuildInfo, ok bool) string {
	if !ok || info.Main.Version == "" {
		return "supportbot, of unknown version"
	}
	line := "supportbot " + info.Main.Version
	of := map[string]string{}
	for _, s := range info.Settings {
		of[s.Key] = s.Value
	}
	if revision := of["vcs.revision"]; revision != "" {
		line += fmt.Sprintf(", revision %s of %s", revision, of["vcs.time"])
	}
	if of["vcs.modified"] == "true" {
		line += ", changed since"
	}
	return line + ", " + info.GoVersion
}
