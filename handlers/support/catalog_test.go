package support

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"supportbot/integrations/redact"
)

// texts returns the texts of a language by their ids.
func texts(t *testing.T, lang string) map[string]string {
	t.Helper()
	data, err := catalogFiles.ReadFile("catalog/active." + lang + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]string
	if err := yaml.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// placeholders returns what a text has filled in, each once.
func placeholders(text string) []string {
	found := regexp.MustCompile(`\{\{[^}]*\}\}`).FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

func TestBothLanguagesSayTheSameThings(t *testing.T) {
	en, ja := texts(t, english), texts(t, japanese)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(en)), slices.Sorted(maps.Keys(ja))); diff != "" {
		t.Errorf("texts in one language only (-en +ja):\n%s", diff)
	}
	for id, text := range en {
		if diff := cmp.Diff(placeholders(text), placeholders(ja[id])); diff != "" {
			t.Errorf("%s fills in something else (-en +ja):\n%s", id, diff)
		}
	}
}

func TestEveryTextIsUsed(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(data)
	}
	for id := range texts(t, english) {
		if !strings.HasPrefix(id, "kind_") && !strings.Contains(code.String(), `"`+id+`"`) {
			t.Errorf("nobody says %q", id)
		}
	}
}

// values is one value for each that is filled in somewhere.
var values = map[string]any{
	"URL": "https://github.example/acme/support/issues/17", "Issue": 17, "Ticket": "aaaaaaaaaaaaaaaaaaaaaaaaaa",
	"Channel": "C0HELP", "Kinds": "password", "Link": "https://acme.slack.com/archives/C0HELP/p1", "Handover": "Use the vault.",
	"Who": "Alice", "Where": "#help", "When": "2026-11-23 09:00 UTC", "Late": true, "Ask": true, "Direct": false,
	"Name": "load.log", "Size": "1.2 kB",
}

// limits are Slack's, in characters, for texts that stand in buttons and dialogs
// (docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object and button-element).
var limits = map[string]int{
	"not_a_request": 75, "not_a_request_hint": 75, "not_a_request_title": 100, "not_a_request_text": 300, "not_a_request_yes": 30, "not_a_request_no": 30,
	"publish": 75, "publish_hint": 75, "publish_title": 100, "publish_text": 300, "publish_yes": 30, "publish_no": 30,
}

func TestEveryTextRendersWithItsValues(t *testing.T) {
	c, err := loadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{english, japanese} {
		for id := range texts(t, lang) {
			said, err := c.say(lang, id, values)
			if err != nil || said == "" || strings.Contains(said, "<no value>") || strings.Contains(said, "{{") {
				t.Errorf("%s in %s says %q, %v", id, lang, said, err)
			}
			if most, limited := limits[id]; limited && len([]rune(said)) > most {
				t.Errorf("%s in %s has %d characters, Slack takes %d", id, lang, len([]rune(said)), most)
			}
		}
	}
}

// What goes into mrkdwn is ours, GitHub's or the settings': nothing that people write. Names stand in Markdown
// and in titles only, where package text escapes them.
func TestNoTextForSlackFillsInWhatPeopleWrite(t *testing.T) {
	ours := []string{"{{.URL}}", "{{.Issue}}", "{{.Ticket}}", "{{.Channel}}", "{{if .Channel}}", "{{.Kinds}}", "{{.Link}}", "{{.Handover}}", "{{if .Handover}}", "{{if .Late}}", "{{if .Stranger}}", "{{if .Ask}}", "{{if .Direct}}", "{{else}}", "{{end}}"}
	for id, text := range texts(t, english) {
		if strings.HasPrefix(id, "issue_") {
			continue
		}
		for _, p := range placeholders(text) {
			if !slices.Contains(ours, p) {
				t.Errorf("%s fills in %s: may people control it?", id, p)
			}
		}
	}
}

func TestTheLanguageOfALocale(t *testing.T) {
	for locale, want := range map[string]string{"ja-JP": japanese, "ja": japanese, "en-US": english, "": english, "de-DE": english, "jam-JM": english} {
		if got := languageOf(locale); got != want {
			t.Errorf("%q is %q, want %q", locale, got, want)
		}
	}
}

func TestEveryKindOfSecretHasANameInBothLanguages(t *testing.T) {
	c, err := loadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	kinds := kindsOfSecrets(t)
	for _, kind := range kinds {
		if name := c.kind(english, kind); name == "" || strings.Contains(name, "-") {
			t.Errorf("%s in English is %q", kind, name)
		}
		if name := c.kind(japanese, kind); !strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII }) {
			t.Errorf("%s in Japanese is %q", kind, name)
		}
	}
	for id := range texts(t, english) {
		named, ok := strings.CutPrefix(id, "kind_")
		of := func(kind string) bool { return strings.HasPrefix(kind+"-", named+"-") }
		if ok && named != "other" && !slices.ContainsFunc(kinds, of) {
			t.Errorf("%s names nothing that is found", id)
		}
	}
}

// kindsOfSecrets returns all that can be withheld.
func kindsOfSecrets(t *testing.T) []string {
	t.Helper()
	r, err := redact.New()
	if err != nil {
		t.Fatal(err)
	}
	return append(r.Kinds(), redact.KeyFile, redact.WholeText)
}

func TestKindsOfSecretsAreNamed(t *testing.T) {
	c, err := loadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ lang, kind, want string }{
		{english, "url-password", "password in a URL"},
		{japanese, "url-password", "URL 内のパスワード"},
		{english, "slack-legacy-bot-token", "Slack token"},
		{japanese, "slack-webhook-url", "Slack の Webhook URL"},
		{english, "twilio-api-key", "token or key"},
		{japanese, "twilio-api-key", "トークンまたは鍵"},
	} {
		if got := c.kind(test.lang, test.kind); got != test.want {
			t.Errorf("%s in %s is %q, want %q", test.kind, test.lang, got, test.want)
		}
	}
}
