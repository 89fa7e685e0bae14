package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Tokens that are plainly fake, put together here so that no scanner takes them for real ones.
const (
	fakeBot    = "xo" + "xb-1-fake"
	fakeApp    = "xa" + "pp-1-fake"
	fakeGitHub = "gh" + "p_fake"
)

func TestASecretPrintsAsSecretHoweverItIsPrinted(t *testing.T) {
	s := NewSecret("hunter2")
	type nested struct {
		Public  Secret
		private Secret
		pointer *Secret
		list    []Secret
	}
	n := nested{s, s, &s, []Secret{s}}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "s", s, "n", n, "p", &n)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "s", s, "n", n, "p", &n)
	asJSON, err := json.Marshal(map[string]any{"s": s, "n": n, "p": &s})
	if err != nil {
		t.Fatal(err)
	}
	printed := []string{log.String(), string(asJSON), s.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p"} {
		one := fmt.Sprintf(verb, s)
		if verb != "%p" && one != "[secret]" {
			t.Errorf("%s prints %q", verb, one)
		}
		printed = append(printed, one, fmt.Sprintf(verb, &s), fmt.Sprintf(verb, n), fmt.Sprintf(verb, &n), fmt.Sprintf(verb, fmt.Errorf("e: %v", s)))
	}
	for _, p := range printed {
		if strings.Contains(p, "hunter2") || strings.Contains(strings.ToLower(p), fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("the secret is shown: %s", p)
		}
	}
	if s.Reveal() != "hunter2" {
		t.Error("Reveal doesn't give the value")
	}
}

func TestSecretsComeFromTheEnvironmentOrAFileNamedThere(t *testing.T) {
	folder := t.TempDir()
	write := func(name, data string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rsaKey := write("rsa.pem", rsaPEM(t))
	ecKey := write("ec.pem", ecPEM(t))
	botFile := write("bot", fakeBot+"\n")
	slack := func(more ...string) []string {
		return append([]string{"SLACK_APP_TOKEN", fakeApp, "SLACK_BOT_TOKEN", fakeBot}, more...)
	}
	for _, test := range []struct {
		name string
		env  []string
		want []string // the problems, in order; none if it works
	}{
		{"tokens in the environment", slack("GITHUB_TOKEN", fakeGitHub), nil},
		{"a token with a line end", slack("GITHUB_TOKEN", fakeGitHub+"\n"), nil},
		{"a token in a file", []string{"SLACK_APP_TOKEN", fakeApp, "SLACK_BOT_TOKEN_FILE", botFile, "GITHUB_TOKEN", fakeGitHub}, nil},
		{"a GitHub App", slack("GITHUB_APP_ID", "1", "GITHUB_APP_INSTALLATION_ID", "2", "GITHUB_APP_PRIVATE_KEY", rsaKey), nil},
		{"a token of a server of one's own", []string{"SLACK_APP_TOKEN", "own-1", "SLACK_BOT_TOKEN", "own-2", "GITHUB_TOKEN", "own-3"}, nil},

		{"nothing", nil, []string{"SLACK_APP_TOKEN is not set: it holds the app-level token", "SLACK_BOT_TOKEN is not set: it holds the bot token", "GitHub needs either GITHUB_TOKEN or an app"}},
		{"Slack's tokens in each other's place", []string{"SLACK_APP_TOKEN", fakeBot, "SLACK_BOT_TOKEN", fakeApp, "GITHUB_TOKEN", fakeGitHub}, []string{
			"SLACK_APP_TOKEN holds a bot token (xoxb-…); it must hold the app-level token",
			"SLACK_BOT_TOKEN holds an app-level token (xapp-…); it must hold the bot token",
		}},
		{"a user token", []string{"SLACK_APP_TOKEN", fakeApp, "SLACK_BOT_TOKEN", "xo" + "xp-1-fake", "GITHUB_TOKEN", fakeGitHub}, []string{"SLACK_BOT_TOKEN holds a user token (xoxp-…)"}},
		{"a token that expires", []string{"SLACK_APP_TOKEN", fakeApp, "SLACK_BOT_TOKEN", "xoxe." + fakeBot, "GITHUB_TOKEN", fakeGitHub}, []string{"turn token rotation off"}},
		{"Slack's token for GitHub", slack("GITHUB_TOKEN", fakeBot), []string{"GITHUB_TOKEN holds a bot token"}},
		{"quotes around a token", slack("GITHUB_TOKEN", `"fake"`), []string{"GITHUB_TOKEN holds a space, a quote"}},
		{"a header smuggled in", slack("GITHUB_TOKEN", "fake\r\nX-Evil: 1"), []string{"GITHUB_TOKEN holds a space, a quote"}},
		{"the variable and its file", slack("SLACK_BOT_TOKEN_FILE", botFile, "GITHUB_TOKEN", fakeGitHub), []string{"SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both set"}},
		{"a file that is not there", []string{"SLACK_APP_TOKEN", fakeApp, "SLACK_BOT_TOKEN_FILE", fakeBot, "GITHUB_TOKEN", fakeGitHub}, []string{"SLACK_BOT_TOKEN_FILE: the file can't be read: no such file"}},
		{"an empty file", []string{"SLACK_APP_TOKEN", fakeApp, "SLACK_BOT_TOKEN_FILE", write("empty", "\n"), "GITHUB_TOKEN", fakeGitHub}, []string{"SLACK_BOT_TOKEN_FILE: the file is empty"}},
		{"a huge file", []string{"SLACK_APP_TOKEN", fakeApp, "SLACK_BOT_TOKEN_FILE", "/dev/zero", "GITHUB_TOKEN", fakeGitHub}, []string{"the file is too large"}},
		{"a token and an app", slack("GITHUB_TOKEN", fakeGitHub, "GITHUB_APP_ID", "1"), []string{"GITHUB_TOKEN and a GitHub App (GITHUB_APP_…) are both set"}},
		{"half an app", slack("GITHUB_APP_ID", "1"), []string{"not set: GITHUB_APP_INSTALLATION_ID, GITHUB_APP_PRIVATE_KEY"}},
		{"an app's name for its id", slack("GITHUB_APP_ID", "my-app", "GITHUB_APP_INSTALLATION_ID", "-2", "GITHUB_APP_PRIVATE_KEY", rsaKey), []string{"GITHUB_APP_ID must be a number", "GITHUB_APP_INSTALLATION_ID must be a number"}},
		{"the key itself for its path", slack("GITHUB_APP_ID", "1", "GITHUB_APP_INSTALLATION_ID", "2", "GITHUB_APP_PRIVATE_KEY", rsaPEM(t)), []string{"GITHUB_APP_PRIVATE_KEY must be the path of the key file"}},
		{"a key of another kind", slack("GITHUB_APP_ID", "1", "GITHUB_APP_INSTALLATION_ID", "2", "GITHUB_APP_PRIVATE_KEY", ecKey), []string{"GITHUB_APP_PRIVATE_KEY: the file is not the private key of a GitHub App"}},
		{"a file that is no key", slack("GITHUB_APP_ID", "1", "GITHUB_APP_INSTALLATION_ID", "2", "GITHUB_APP_PRIVATE_KEY", botFile), []string{"GITHUB_APP_PRIVATE_KEY: the file is not the private key of a GitHub App"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := LoadSecrets(environ(test.env...))
			var problems []string
			if err != nil {
				problems = strings.Split(err.Error(), "\n")
			}
			if len(problems) != len(test.want) {
				t.Fatalf("problems %q, want %q", problems, test.want)
			}
			for i, p := range problems {
				if !strings.Contains(p, test.want[i]) {
					t.Errorf("problem %q, want %q", p, test.want[i])
				}
				if strings.Contains(p, "fake") || strings.Contains(p, "MII") {
					t.Errorf("a secret is shown: %s", p)
				}
			}
			if len(test.want) == 0 && (got.SlackApp.IsZero() || got.SlackBot.IsZero() || got.GitHubToken.IsZero() == (got.GitHubApp == nil)) {
				t.Errorf("something is missing: %+v", got)
			}
		})
	}
}

func TestAFileGivesTheSameSecretAsTheVariable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(fakeBot+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := LoadSecrets(environ("SLACK_APP_TOKEN", fakeApp, "SLACK_BOT_TOKEN_FILE", path, "GITHUB_TOKEN", fakeGitHub))
	if err != nil || got.SlackBot.Reveal() != fakeBot {
		t.Errorf("got %q, %v", got.SlackBot.Reveal(), err)
	}
}

// environ returns an environment of the given names and values.
func environ(pairs ...string) func(string) string {
	env := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		env[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return env[name] }
}

func rsaPEM(t *testing.T) string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

func ecPEM(t *testing.T) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
