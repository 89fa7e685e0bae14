package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Ids of world.yml that tests name.
const (
	supportGroup = "S0SUPPORT"
	helpChannel  = "C0HELP"
	opsChannel   = "C0OPS"
)

func TestTheCompanyOfTheSandboxIsWhole(t *testing.T) {
	c, err := parseCompany("world.yml", defaultWorld)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range c.History {
		if strings.Contains(h.Text, "@"+c.SupportGroup) {
			t.Errorf("%q mentions the support group before the bot came: catching up would make a ticket of it", h.Text)
		}
	}
	if len(c.Guide) < 5 {
		t.Errorf("only %d steps in the guide", len(c.Guide))
	}
}

func TestAWorldThatNamesWhatIsNotThereIsRefused(t *testing.T) {
	whole := string(defaultWorld)
	for name, tt := range map[string]struct{ old, new, says string }{
		"a key that is none":          {"company:", "compagny:", `unknown field "compagny"`},
		"nobody in a group":           {"members: [kenji, mia]", "members: [kenji, zoe]", "b.yml: group support: there is no @zoe; there are alice"},
		"no such support group":       {"support_group: support", "support_group: help", "b.yml: support_group: there is no group @help"},
		"no such channel":             {"in: partner-studio", "in: nowhere", "b.yml: history: there is no #nowhere; there are help-data"},
		"nobody to begin with":        {"begin: {as: alice", "begin: {as: zoe", "b.yml: begin: there is no @zoe"},
		"a step to no tab":            {"tab: github", "tab: gitlab", `b.yml: guide, step 2: tab: must be github or inside, not "gitlab"`},
		"a duration that is none":     {"ago: 50h", "ago: long", "long"},
		"a repository with a blank":   {"acme/analytics-support", "foo bar", `b.yml: repository: must be owner/name, such as acme/analytics-support, not "foo bar"`},
		"no repository":               {"repository:", "# repository:", `b.yml: repository: must be owner/name, such as acme/analytics-support, not ""`},
		"a time zone of no place":     {"locale: en-GB", "tz: Mars/Base", `b.yml: person mia: tz: must be a time zone, such as Asia/Tokyo, not "Mars/Base"`},
		"a language that is no code":  {"locale: en-GB", "locale: English", `b.yml: person mia: locale: must be a locale, such as ja-JP, not "English"`},
		"an id of another kind":       {"C0GAMES", "U0GAMES", `b.yml: channel game-analytics: id: must be the id of a channel, such as C0123456789, not "U0GAMES"`},
		"two channels with one id":    {"C0GAMES", "C0HELP", "b.yml: channel game-analytics: C0HELP is given twice"},
		"two people with one id":      {"U0AYA", "U0ALICE", "b.yml: person aya: U0ALICE is given twice"},
		"two channels with one name":  {"name: game-analytics", "name: help-data", "b.yml: channel help-data: #help-data is given twice"},
		"a group with one's name":     {"handle: support", "handle: mia", "b.yml: group mia: @mia is given twice"},
		"nobody's name":               {"name: mia,", "", `b.yml: person : name: must be a name without blanks`},
		"a beginning where one isn't": {"id: C0HELP,", "id: C0HELP, members: [ben],", "b.yml: begin: @alice is not in #help-data"},
		"a step where one isn't":      {"id: C0GAMES,", "id: C0GAMES, members: [ben],", "b.yml: guide, step 3: @aya is not in #game-analytics"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseCompany("b.yml", []byte(strings.Replace(whole, tt.old, tt.new, 1)))
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
		})
	}
}

func TestAllThatIsWrongWithAWorldIsSaidALineEach(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.yml")
	text := strings.NewReplacer("acme/analytics-support", "foo bar", "C0GAMES", "C0HELP", "ops_channel: data-platform-ops", "ops_channel: ops").Replace(string(defaultWorld))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, problems := command(t, environ(), "sandbox", "--world", path)
	lines := strings.Split(strings.TrimSpace(problems), "\n")
	if code != exitUsage || len(lines) != 3 {
		t.Errorf("exit status %d: %s", code, problems)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, path+": ") {
			t.Errorf("%q does not begin with the file", line)
		}
	}
}
