package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supportbot/bot"
	"supportbot/handlers/support"
	"supportbot/integrations/github"
	"supportbot/integrations/slack"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file of testdata, or writes it with -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; if that is right, run go test with -update (-want +got):\n%s", path, diff)
	}
}

func TestSettingsOfWhichOnlyTheRequiredOnesAreGivenHaveTheDefaultsOfTheManual(t *testing.T) {
	got, err := ParseSettings("supportbot.yml", []byte("slack:\n  support_group: S0123456789\ngithub:\n  repository: acme/analytics-support\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{
		Mode:   bot.Live,
		Slack:  SlackSettings{APIURL: "https://slack.com/api/", SupportGroup: "S0123456789", Sockets: 2, Settle: 3 * time.Second, Join: JoinPublic, CatchUpDays: 14, Sweep: time.Hour},
		GitHub: GitHubSettings{BaseURL: "https://api.github.com/", Repository: "acme/analytics-support", Settle: 10 * time.Second},
		Store:  StoreSettings{Path: "supportbot.db"},
		Limits: LimitSettings{
			GitHubWritesPerMinute: 55, GitHubCreationsPerHour: 500,
			SlackPostsPerChannelPerMinute: 60, TicketsPerSenderPer10Minutes: 10,
		},
		HTTP:    HTTPSettings{Listen: "127.0.0.1:8080"},
		Log:     LogSettings{Format: "text"},
		Support: SupportSettings{Mode: bot.Live, Private: support.Ask, SafeHandover: defaultSettings().Support.SafeHandover},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got.Support.SafeHandover.EN == "" || got.Support.SafeHandover.JA == "" {
		t.Error("there is no text that says how to hand over a secret")
	}
}

func TestEverySettingCanBeGiven(t *testing.T) {
	got, err := LoadSettings("testdata/settings/everything.yml")
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{
		Mode: bot.Observe,
		Slack: SlackSettings{
			APIURL: "http://127.0.0.1:9000/api/", SupportGroup: "S0AAAAAAAAA", OpsChannel: "G0BBBBBBBBB",
			Sockets: 3, Settle: 1500 * time.Millisecond, Join: JoinNone, CatchUpDays: 30, Sweep: 90 * time.Minute,
			Bots:   map[string]BotSettings{"B0CCCCCCCCC": {TicketsPer10Minutes: 100}, "B0DDDDDDDDD": {}},
			Shared: []string{"C0EEEEEEEEE", "C0FFFFFFFFF"},
		},
		GitHub:  GitHubSettings{BaseURL: "https://github.example.com/api/v3/", Repository: "data_corp/support.desk", Settle: time.Minute},
		Store:   StoreSettings{Path: "/var/lib/supportbot/supportbot.db"},
		Limits:  LimitSettings{GitHubWritesPerMinute: 0, GitHubCreationsPerHour: 1, SlackPostsPerChannelPerMinute: 2, TicketsPerSenderPer10Minutes: 3},
		HTTP:    HTTPSettings{Listen: "[::1]:0"},
		Log:     LogSettings{Format: "json"},
		Support: SupportSettings{Mode: bot.Live, Private: support.LinkOnly, SafeHandover: Localized{EN: "Use the vault:\nhttps://vault.example.com", JA: "保管庫をお使いください。"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSupportIsInTheModeOfEverythingUnlessItHasOneOfItsOwn(t *testing.T) {
	for _, test := range []struct {
		name, lines string
		want        bot.Mode
	}{
		{"nothing said is live", "", bot.Live},
		{"everything observes, so support does", "mode: observe\n", bot.Observe},
		{"support alone observes", "support:\n  mode: observe\n", bot.Observe},
		{"everything observes but support", "mode: observe\nsupport:\n  mode: live\n", bot.Live},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := ParseSettings("s.yml", []byte(test.lines+"slack: {support_group: S0123456789}\ngithub: {repository: a/b}\n"))
			if err != nil {
				t.Fatal(err)
			}
			if s.Support.Mode != test.want {
				t.Errorf("support.mode is %s, want %s", s.Support.Mode, test.want)
			}
		})
	}
}

func TestAServiceNeverSettlesAtOnce(t *testing.T) {
	settings := defaultSettings()
	settings.Slack.Settle, settings.GitHub.Settle, settings.GitHub.Repository = 0, 0, "acme/support"
	hub, err := github.New(githubConfig(settings, Secrets{GitHubToken: NewSecret("made up")}, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range services(settings, slack.New(slack.Config{}), hub, nil) {
		if s.Settle < time.Second {
			t.Errorf("what %s was asked counts as done or not done after %v", s.Name, s.Settle)
		}
	}
}

// Each file of testdata/settings/wrong has a golden list of its problems beside it.
func TestAllProblemsOfASettingsFileAreListedAtOnceEachWithItsLine(t *testing.T) {
	files, err := filepath.Glob("testdata/settings/wrong/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal("no test data", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = ParseSettings("supportbot.yml", data)
			if err == nil {
				t.Fatal("taken, but should be refused")
			}
			golden(t, strings.TrimSuffix(file, ".yml")+".golden", err.Error()+"\n")
		})
	}
}

func TestAFileThatIsNoSettingsFileGetsAClearError(t *testing.T) {
	for _, test := range []struct {
		name, data, want string
	}{
		{"an empty file lacks what is required", "", "slack.support_group is missing"},
		{"so does one of comments", "# mode: live\n", "slack.support_group is missing"},
		{"ten megabytes", strings.Repeat("a: b\n", 2<<20), "is larger than 64 kB"},
		{"a binary file", "\x7fELF\x00\x01\x02", "is not a text file"},
		{"another character set", "mode: caf\xe9\n", "is not a text file in UTF-8"},
		{"a list", "- a\n- b\n", `the file must hold lines of "name: value"`},
		{"a word", "supportbot\n", `the file must hold lines of "name: value"`},
		{"tabs", "slack:\n\tsupport_group: S0123456789\n", "line 2 is indented with a tab; use spaces"},
		{"tabs are not shown", "slack:\n\tsupport_group: S0123456789\n", "supportbot.yml:2:1: is not valid YAML here: there is a tab (line 2"},
		{"an anchor bomb", "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n", "supportbot.yml:1:4: is not valid YAML here: \"&\" has a meaning of its own"},
		{"a merge", "<<: {mode: live}\n", "is not valid YAML here"},
		{"a tag", "mode: !!str live\n", "has a meaning of its own"},
		{"two documents", "mode: live\n---\nmode: live\n", "starts a second document"},
		{"ten thousand open brackets", strings.Repeat("[", 60_000), "too many brackets are open"},
		{"a deep mapping", "mode: " + strings.Repeat("{a: ", 10_000), "too many brackets are open"},
		{"a mapping as a key", "? {a: b}\n: c\n", "is not valid YAML"},
		{"a colon alone", ":\n", "supportbot.yml:1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseSettings("supportbot.yml", []byte(test.data))
			if err == nil {
				t.Fatal("taken, but should be refused")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is\n%v\nand lacks %q", err, test.want)
			}
		})
	}
}

func TestAFileThatCantBeReadGetsAClearError(t *testing.T) {
	for _, test := range []struct {
		name, path, want string
	}{
		{"no such file", "testdata/nowhere.yml", "testdata/nowhere.yml: there is no such file; name your settings file with --config"},
		{"a folder", "testdata", "testdata: can't be read: is a directory"},
		{"no name", "", "--config: there is no such file; name your settings file with --config"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := LoadSettings(test.path)
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestWindowsLineEndsAndAByteOrderMarkAreTaken(t *testing.T) {
	s, err := ParseSettings("s.yml", []byte("\uFEFFslack:\r\n  support_group: S0123456789\r\ngithub:\r\n  repository: a/b\r\n"))
	if err != nil || s.Slack.SupportGroup != "S0123456789" || s.GitHub.Repository != "a/b" {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestASecretInTheSettingsFileIsRefusedAndNeverShown(t *testing.T) {
	const hidden = "Zq8wRt5yUi2o"
	for _, test := range []struct {
		name, data string
		line       string
	}{
		{"a key that asks for one", "slack:\n  bot_token: " + hidden, ":2:3:"},
		{"in braces", "slack: {bot_token: " + hidden + "}", ":1:9:"},
		{"in a nested mapping", "github:\n  app:\n    private_key: " + hidden, ":2:3:"},
		{"a Slack token under a name that is known", "slack:\n  support_group: " + "xo" + "xb-1234-" + hidden, ":2:18:"},
		{"a GitHub token under a name that is not", "x: gh" + "p_0123456789" + hidden, ":1:4:"},
		{"a token in a comment", "mode: live # xa" + "pp-1-" + hidden, ":1:14:"},
		{"a token as a key", "xo" + "xb-1234-" + hidden + ": x", ":1:1:"},
		{"a private key over several lines", "github:\n  pem: |\n    -----BEGIN RSA " + "PRIVATE KEY-----\n    " + hidden + "\n    -----END RSA " + "PRIVATE KEY-----\n", ":3:5:"},
		{"a token in a file that is not valid", "a: [\n  xo" + "xb-1234-" + hidden, ":2:3:"},
		{"a password in an address", "slack:\n  api_url: https://me:" + hidden + "@slack.example/api/", ":2:12: slack.api_url must not hold a user or a password"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseSettings("supportbot.yml", []byte(test.data))
			if err == nil {
				t.Fatal("taken, but should be refused")
			}
			if strings.Contains(err.Error(), hidden) {
				t.Errorf("the secret is shown:\n%v", err)
			}
			if !strings.Contains(err.Error(), "supportbot.yml"+test.line) {
				t.Errorf("no problem at %s:\n%v", test.line, err)
			}
		})
	}
}

func FuzzParseSettings(f *testing.F) {
	for _, pattern := range []string{"testdata/settings/*.yml", "testdata/settings/wrong/*.yml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseSettings("supportbot.yml", data)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error that says nothing")
			}
			return
		}
		if !groupID.MatchString(s.Slack.SupportGroup) || s.Slack.Sockets < 2 || !strings.HasSuffix(s.Slack.APIURL, "/") {
			t.Errorf("taken, but not as it should be: %+v", s)
		}
	})
}
