package main

import (
	"bytes"
	"strings"
	"testing"
)

// command runs a whole command and returns its exit status and what it printed.
func command(t *testing.T, getenv func(string) string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, problems bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(""), &out, &problems, getenv)
	return code, out.String(), problems.String()
}

func TestHelpAndMistakesOnTheCommandLine(t *testing.T) {
	for _, test := range []struct {
		name           string
		args           []string
		code           int
		stdout, stderr string
	}{
		{"help lists the commands", []string{"--help"}, exitOK, "Print the manifest of the Slack app", ""},
		{"help says what the exit status means", []string{"--help"}, exitOK, "2 if the\ncommand line, the settings or the secrets are wrong", ""},
		{"a command has help of its own", []string{"check", "--help"}, exitOK, "--config=FILE", ""},
		{"help of run says where secrets come from", []string{"run", "--help"}, exitOK, "Secrets come from the environment", ""},
		{"no command", nil, exitUsage, "", "supportbot: expected one of"},
		{"a command with a slip", []string{"chek"}, exitUsage, "", `did you mean "check"?`},
		{"a flag with a slip", []string{"check", "--cofig", "x"}, exitUsage, "", `did you mean "--config"?`},
		{"a log format that isn't one", []string{"manifest", "--log-format", "xml"}, exitUsage, "", "--log-format must be one of"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, stdout, stderr := command(t, environ(), test.args...)
			if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) {
				t.Errorf("exit status %d, want %d\nstdout:\n%s\nstderr:\n%s", code, test.code, stdout, stderr)
			}
			if test.stderr == "" && stderr != "" {
				t.Errorf("unexpected on stderr: %s", stderr)
			}
		})
	}
}

func TestTheLogIsInTheFormatOfTheFlagElseOfTheSettings(t *testing.T) {
	for _, test := range []struct {
		name, flag, settings, want string
	}{
		{"text by the settings", "settings", "text", "msg=hello"},
		{"json by the settings", "settings", "json", `"msg":"hello"`},
		{"the flag wins over text", "json", "text", `"msg":"hello"`},
		{"the flag wins over json", "text", "json", "msg=hello"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log bytes.Buffer
			e := &environment{stderr: &log, logFormat: test.flag}
			e.logger(LogSettings{Format: test.settings}).Info("hello")
			if !strings.Contains(log.String(), test.want) {
				t.Errorf("logged %s, want %s", &log, test.want)
			}
		})
	}
}
