package main

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"

	"supportbot/integrations/github"
)

// A Secret is a password or key. It prints as "[secret]" however it is printed; Reveal gives the value to the
// one call that needs it.
type Secret struct {
	// A pointer, since fmt looks past the methods of a field that is not exported and prints what it finds:
	// here an address.
	value *string
}

const hidden = "[secret]"

// NewSecret returns a secret that holds value.
func NewSecret(value string) Secret { return Secret{&value} }

// Reveal returns the value, or "" for the zero Secret.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero says whether there is no secret.
func (s Secret) IsZero() bool { return s.value == nil }

// Format prints "[secret]" for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// String returns "[secret]".
func (s Secret) String() string { return hidden }

// LogValue logs "[secret]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText writes "[secret]" into JSON, YAML and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Secrets are what the bot proves with who it is.
type Secrets struct {
	SlackApp    Secret // app-level token, for the sockets
	SlackBot    Secret // bot token, for everything else at Slack
	GitHubToken Secret // zero if a GitHub App is used
	GitHubApp   *github.App
}

// LoadSecrets takes the secrets from the environment, or from files that it names: for SLACK_BOT_TOKEN, the
// file named by SLACK_BOT_TOKEN_FILE, and so on. The error lists all that is wrong and shows no secret.
func LoadSecrets(getenv func(string) string) (Secrets, error) {
	r := &secretReader{getenv: getenv}
	s := Secrets{
		SlackApp: r.token("SLACK_APP_TOKEN", "the app-level token (xapp-…, from Basic Information of the app)"),
		SlackBot: r.token("SLACK_BOT_TOKEN", "the bot token (xoxb-…, from OAuth & Permissions of the app)"),
	}
	r.github(&s)
	return s, errors.Join(r.problems...)
}

// A secretReader collects what is wrong with the secrets.
type secretReader struct {
	getenv   func(string) string
	problems []error
}

func (r *secretReader) complain(format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf(format, args...))
}

// maxSecretSize is many times what a token or a key needs.
const maxSecretSize = 64 << 10

// lookup returns the value of the variable name, or what is in the file that name_FILE names.
func (r *secretReader) lookup(name string) string {
	value, path := r.getenv(name), r.getenv(name+"_FILE")
	switch {
	case path == "":
		return strings.TrimSpace(value)
	case value != "":
		r.complain("%s and %s_FILE are both set: keep one", name, name)
		return ""
	}
	data, err := readSecret(path)
	if err != nil {
		r.complain("%s_FILE: %w", name, err)
		return ""
	}
	if data == "" {
		r.complain("%s_FILE: the file is empty", name)
	}
	return data
}

// readSecret returns what is in a file. Its error doesn't show the path, which may be a secret that was put in
// the wrong variable.
func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("the file can't be read: %w", errors.Unwrap(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecretSize+1))
	if err != nil {
		return "", fmt.Errorf("the file can't be read: %w", errors.Unwrap(err))
	}
	if len(data) > maxSecretSize {
		return "", errors.New("the file is too large to be a secret")
	}
	return strings.TrimSpace(string(data)), nil
}

// A tokenKind is a sort of token, told by how it begins.
type tokenKind struct {
	prefix string
	what   string
	goesTo string // the variable that it belongs into; empty if the bot doesn't use it
}

// tokenKinds is read in order: the first that fits counts.
var tokenKinds = [...]tokenKind{
	{"xapp-", "an app-level token (xapp-…)", "SLACK_APP_TOKEN"},
	{"xoxb-", "a bot token (xoxb-…)", "SLACK_BOT_TOKEN"},
	{"xoxp-", "a user token (xoxp-…), which the bot doesn't use", ""},
	{"xoxe", "a token that expires (xoxe…): turn token rotation off for this app", ""},
	{"xox", "another kind of Slack token", ""},
	{"ghp_", "a personal token of GitHub (ghp_…)", "GITHUB_TOKEN"},
	{"github_pat_", "a personal token of GitHub (github_pat_…)", "GITHUB_TOKEN"},
	{"ghs_", "a token of a GitHub App (ghs_…)", "GITHUB_TOKEN"},
	{"-----BEGIN", "a private key", ""},
}

// kindOf returns the kind of a token, false if its beginning says nothing.
func kindOf(token string) (tokenKind, bool) {
	for _, k := range tokenKinds {
		if strings.HasPrefix(token, k.prefix) {
			return k, true
		}
	}
	return tokenKind{}, false
}

// token reads a secret that must be there.
func (r *secretReader) token(name, what string) Secret {
	before := len(r.problems)
	value := r.lookup(name)
	if value == "" {
		if len(r.problems) == before {
			r.complain("%s is not set: it holds %s", name, what)
		}
		return Secret{}
	}
	if kind, known := kindOf(value); known && kind.goesTo != name {
		r.complain("%s holds %s; it must hold %s", name, kind.what, what)
		return Secret{}
	}
	if strings.ContainsFunc(value, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\'' }) {
		r.complain("%s holds a space, a quote or another character that no token has", name)
		return Secret{}
	}
	return NewSecret(value)
}

// github reads either a token or an app.
func (r *secretReader) github(s *Secrets) {
	const app = "GITHUB_APP_ID, GITHUB_APP_INSTALLATION_ID and GITHUB_APP_PRIVATE_KEY"
	hasToken := r.isSet("GITHUB_TOKEN")
	var missing []string
	parts := [...]string{"GITHUB_APP_ID", "GITHUB_APP_INSTALLATION_ID", "GITHUB_APP_PRIVATE_KEY"}
	for _, name := range parts {
		if !r.isSet(name) {
			missing = append(missing, name)
		}
	}
	switch hasApp := len(missing) < len(parts); {
	case hasToken && hasApp:
		r.complain("GITHUB_TOKEN and a GitHub App (GITHUB_APP_…) are both set: keep one")
	case hasToken:
		s.GitHubToken = r.token("GITHUB_TOKEN", "a token of GitHub that may write issues of the repository")
	case !hasApp:
		r.complain("GitHub needs either GITHUB_TOKEN or an app: %s", app)
	case len(missing) > 0:
		r.complain("a GitHub App needs all of %s; not set: %s", app, strings.Join(missing, ", "))
	default:
		s.GitHubApp = &github.App{
			ID:             r.id("GITHUB_APP_ID"),
			InstallationID: r.id("GITHUB_APP_INSTALLATION_ID"),
			KeyFile:        r.keyFile("GITHUB_APP_PRIVATE_KEY"),
		}
	}
}

func (r *secretReader) isSet(name string) bool {
	return r.getenv(name) != "" || r.getenv(name+"_FILE") != ""
}

func (r *secretReader) id(name string) int64 {
	before := len(r.problems)
	n, err := strconv.ParseInt(r.lookup(name), 10, 64)
	if (err != nil || n <= 0) && len(r.problems) == before {
		r.complain("%s must be a number, as GitHub shows it on the app's page", name)
	}
	return n
}

// keyFile returns the path that the variable name holds, if a key of the right kind is there.
func (r *secretReader) keyFile(name string) string {
	if r.getenv(name+"_FILE") != "" {
		r.complain("%s_FILE is not used: %s is itself the path of the key file", name, name)
		return ""
	}
	path := r.getenv(name)
	if _, isToken := kindOf(strings.TrimSpace(path)); isToken {
		r.complain("%s must be the path of the key file (.pem), not the key", name)
		return ""
	}
	key, err := readSecret(path)
	switch {
	case err != nil:
		r.complain("%s: %w", name, err)
	case !isRSAKey(key):
		r.complain("%s: the file is not the private key of a GitHub App (RSA, in PEM); make one on the app's page", name)
	}
	return path
}

func isRSAKey(text string) bool {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return false
	}
	if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return true
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	_, isRSA := key.(*rsa.PrivateKey)
	return err == nil && isRSA
}
