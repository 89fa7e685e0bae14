package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"supportbot/integrations/sandbox"
	"supportbot/store"
)

func TestSandboxSaysWhatPeopleSee(t *testing.T) {
	for name, tt := range map[string]struct {
		say   string
		code  int
		shows []string
	}{
		"a mention is answered, with its issue": {"@support it fails", exitOK, []string{
			"Alice Novak: @support it fails", "Support Bot: Received: this is issue #1", "Issue #1 (open) it fails", "labels: support, medium:slack, turn:team",
		}},
		"a mention in Japanese too":        {"@support ロードできません", exitOK, []string{"受け付けました", "ロードできません"}},
		"without a mention nobody answers": {"it fails", exitFailed, []string{"Alice Novak: it fails"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out, problems bytes.Buffer
			code := run(t.Context(), []string{"sandbox", "--say", tt.say}, nil, &out, &problems, environ())
			if code != tt.code {
				t.Errorf("exit status %d, want %d: %s", code, tt.code, &problems)
			}
			for _, want := range tt.shows {
				if !strings.Contains(out.String(), want) {
					t.Errorf("does not show %q:\n%s", want, &out)
				}
			}
		})
	}
}

func TestSandboxSaysWhatIsWrongWithItsFlags(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	narrow := filepath.Join(t.TempDir(), "narrow.yml")
	if err := os.WriteFile(narrow, bytes.Replace(defaultWorld, []byte("id: C0HELP,"), []byte("id: C0HELP, members: [alice, mia, kenji],"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		args []string
		code int
		want string
	}{
		"nothing to say":            {[]string{"--say", ""}, exitUsage, "--say is empty: give it a text"},
		"blanks to say":             {[]string{"--say", " \n"}, exitUsage, "--say is empty: give it a text"},
		"nobody of that name":       {[]string{"--as", "@bob", "--say", "@support x"}, exitUsage, "there is no @bob; there are alice, aya, ben, kenji, mia"},
		"no such channel":           {[]string{"--in", "#general", "--say", "@support x"}, exitUsage, "there is no #general; there are help-data, game-analytics"},
		"where somebody isn't":      {[]string{"--world", narrow, "--as", "ben"}, exitUsage, "@ben is not in #help-data"},
		"settings that are there":   {[]string{"--settings", narrow}, exitUsage, "--settings: " + narrow + " is there already; delete it, or choose another name"},
		"settings and a mention":    {[]string{"--settings", "x.yml", "--say", "@support x"}, exitUsage, "--say and --settings can't be used together"},
		"settings in no folder":     {[]string{"--settings", "/nowhere/x.yml"}, exitUsage, "/nowhere/x.yml can't be written: no such file or directory"},
		"a person and a channel":    {[]string{"--as", "@aya", "--in", "#game-analytics", "--say", "@support x"}, exitOK, ""},
		"no such world":             {[]string{"--world", "nope.yml"}, exitUsage, `--world: "nope.yml" can't be read: no such file or directory`},
		"an address without a port": {[]string{"--listen", "localhost"}, exitUsage, "--listen must be host:port, such as 127.0.0.1:8080"},
		"a port that is taken":      {[]string{"--listen", taken.Addr().String()}, exitFailed, "--listen: another program listens at " + taken.Addr().String() + "; choose another port"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, problems bytes.Buffer
			code := run(t.Context(), append([]string{"sandbox"}, tt.args...), strings.NewReader("/quit\n"), &out, &problems, environ())
			if code != tt.code || !strings.Contains(problems.String(), tt.want) {
				t.Errorf("exit status %d, want %d and %q: %s", code, tt.code, tt.want, &problems)
			}
		})
	}
}

func TestThePageOfTheSandboxIsForThisMachineOnly(t *testing.T) {
	for name, address := range map[string]string{
		"all addresses":       "0.0.0.0:0",
		"all of IPv6 too":     "[::]:0",
		"no address":          ":0",
		"a neighbour's":       "192.0.2.7:0",
		"what is no address":  "here",
		"a port out of range": "127.0.0.1:99999",
	} {
		t.Run(name, func(t *testing.T) {
			var out, problems bytes.Buffer
			code := run(t.Context(), []string{"sandbox", "--listen", address}, strings.NewReader("/quit\n"), &out, &problems, environ())
			if code != exitUsage || !strings.Contains(problems.String(), "--listen") {
				t.Errorf("exit status %d: %s%s", code, &out, &problems)
			}
		})
	}
}

// openSandbox runs the command with these flags until the test ends, and returns the address of its page and what it
// printed until then.
func openSandbox(t *testing.T, flags ...string) (address, printed string) {
	t.Helper()
	ctx, interrupt := context.WithCancel(context.Background())
	screen, out := io.Pipe()
	var problems bytes.Buffer
	code := make(chan int)
	go func() {
		status := run(ctx, append([]string{"sandbox"}, flags...), strings.NewReader(""), out, &problems, environ())
		_ = out.Close()
		code <- status
	}()
	t.Cleanup(func() {
		interrupt()
		if got := <-code; got != exitOK {
			t.Errorf("exit status %d: %s", got, &problems)
		}
	})
	lines := bufio.NewScanner(screen)
	for address == "" && lines.Scan() {
		printed += lines.Text() + "\n"
		address = pageAddress.FindString(lines.Text())
	}
	go func() { _, _ = io.Copy(io.Discard, screen) }()
	return address, printed
}

var pageAddress = regexp.MustCompile(`http://127\.0\.0\.1:\d+/`)

func TestThePageBeginsWithThePersonAndThePlaceOfTheFlags(t *testing.T) {
	address, _ := openSandbox(t, "--as", "@aya", "--in", "#game-analytics")
	_, page := get(t, address)
	for _, want := range []string{`<html lang="ja">`, `value="U0AYA" selected`, `</a>
    <h1># game-analytics</h1>`} {
		if !strings.Contains(page, want) {
			t.Errorf("lacks %s:\n%s", want, page)
		}
	}
}

func TestABotOfItsOwnRunsBesideTheSandbox(t *testing.T) {
	config := filepath.Join(t.TempDir(), "sandbox.yml")
	t.Cleanup(func() {
		if _, err := os.Stat(config); err == nil {
			t.Error("the settings are there when the sandbox has ended")
		}
	})
	address, printed := openSandbox(t, "--settings", config)
	var env []string
	for _, set := range regexp.MustCompile(`([A-Z_]+)=(\S+)`).FindAllStringSubmatch(printed, -1) {
		env = append(env, set[1], set[2])
	}
	if code, report, problems := command(t, environ(env...), "check", "--config", config); code != exitOK {
		t.Fatalf("check: exit status %d: %s%s", code, report, problems)
	}
	ctx, interrupt := context.WithCancel(context.Background())
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"run", "--config", config}, strings.NewReader(""), io.Discard, io.Discard, environ(env...))
	}()
	t.Cleanup(func() {
		interrupt()
		if code := <-ended; code != exitOK {
			t.Errorf("run: exit status %d", code)
		}
	})
	awaitPage(t, address+"inside", "alarm:slack-sockets") // the bot has begun: what was said before is not for it
	postOnPage(t, address, "@support it fails")
	awaitPage(t, address, "1 reply")
	awaitPage(t, address+"inside", "github.create_issue")
	if code, told, problems := command(t, environ(), "explain", "1", "--config", config); code != exitOK || !strings.Contains(told, "github.create_issue") {
		t.Errorf("explain: exit status %d: %s%s", code, told, problems)
	}
}

// awaitPage waits until a page says something.
func awaitPage(t *testing.T, address, text string) {
	t.Helper()
	for end := time.Now().Add(waitAtMost); ; time.Sleep(20 * time.Millisecond) {
		_, page := get(t, address)
		if strings.Contains(page, text) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s never says %q:\n%s", address, text, page)
		}
	}
}

// postOnPage says something as who the page begins with, where it begins.
func postOnPage(t *testing.T, address, text string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, address+"post", strings.NewReader(url.Values{"text": {text}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", strings.TrimSuffix(address, "/"))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("status %d", answer.StatusCode)
	}
}

func TestSandboxIsPlayedByLines(t *testing.T) {
	lines := strings.Join([]string{
		"/nonsense", "/reply x", "/as", "/as support", "/in",
		"@support it fails", "/reply", "/edit", "/as @kenji", "/click", "/issues", "/explain", "/in nowhere", "/help", "/quit",
	}, "\n")
	var out, problems bytes.Buffer
	if code := run(t.Context(), []string{"sandbox"}, strings.NewReader(lines), &out, &problems, environ()); code != exitOK {
		t.Fatalf("exit status %d: %s", code, &problems)
	}
	for _, want := range []string{
		"You are alice in #help-data", "closed issue", "Issue #1 (closed) it fails", "done    github.close_issue",
		"/reply needs a text", "/edit needs a text", "there is no #nowhere", "there is no /nonsense; /help lists",
		"write a message first", "say who: there are alice, aya", "there is no @support; there are", "say where: there are help-data", "/outage MINUTES",
		"listens for @support.", "alice, aya, ben, kenji, mia (the support team: kenji, mia)", "help-data, game-analytics, data-platform-ops, partner-studio, new-title",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("does not show %q:\n%s", want, &out)
		}
	}
}

// runningWorld starts the bot in a world of its own, with one answered mention, and returns its thread's ts.
func runningWorld(t *testing.T) (*world, *app, string) {
	t.Helper()
	return runningWorldBy(t, sandbox.NewClock(scenarioStart))
}

func runningWorldBy(t *testing.T, clock *sandbox.Clock) (*world, *app, string) {
	t.Helper()
	w := newWorld(clock, t.TempDir())
	t.Cleanup(w.close)
	return startedWorld(t, w)
}

// startedWorld starts the bot in w, with one mention.
func startedWorld(t *testing.T, w *world) (*world, *app, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitAtMost)
	t.Cleanup(cancel)
	a, err := w.bot(ctx, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.serve(ctx); err != nil {
		t.Fatal(err)
	}
	stop := start(ctx, a)
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.slack.WaitSockets(ctx, 1); err != nil {
		t.Fatal(err)
	}
	ts := w.slack.Post(sandbox.Post{Channel: helpChannel, User: "U0ALICE", Text: "@support it fails"})
	if err := w.slack.WaitAcked(ctx); err != nil {
		t.Fatal(err)
	}
	if err := a.machine.WaitIdle(ctx); err != nil {
		t.Fatal(err)
	}
	return w, a, ts
}

func get(t *testing.T, address string) (int, string) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestHealthAndMetricsAreServed(t *testing.T) {
	_, a, _ := runningWorld(t)
	for path, want := range map[string]string{
		"/healthz": "ok",
		"/readyz":  "ready",
		"/metrics": `supportbot_actions_total{kind="github.create_issue",state="done"} 1`,
	} {
		if code, body := get(t, "http://"+a.address+path); code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d, lacks %q:\n%.2000s", path, code, want, body)
		}
	}
}

func TestExplainFindsATicketByIssueByLinkAndByID(t *testing.T) {
	w, a, ts := runningWorld(t)
	a.machine.Alarm("test", "a thing to mend")
	if err := a.machine.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	ticket, err := store.Look(a.store, func(v *store.View) (*store.Ticket, error) { return v.TicketByIssue(1) })
	if err != nil {
		t.Fatal(err)
	}
	config := w.settingsFile(t)
	issue := strings.TrimSuffix(w.github.URL(), "/") + "/acme/analytics-support/issues/1"
	link := "https://acme.slack.com/archives/" + helpChannel + "/p" + strings.ReplaceAll(ts, ".", "")
	for name, tt := range map[string]struct {
		what  string
		code  int
		shows string
	}{
		"by its number":               {"1", exitOK, "done    slack.show [reply"},
		"by its number with a sign":   {"#1", exitOK, "done    github.create_issue [issue]"},
		"by the link of its message":  {link, exitOK, "is open. Issue 1"},
		"by the link of a reply":      {"https://acme.slack.com/archives/C0HELP/p1111111111111111?thread_ts=" + ts + "&cid=C0HELP", exitOK, "is open. Issue 1"},
		"a number that nobody has":    {"99", exitFailed, "no ticket has issue 99"},
		"by the link of its issue":    {"ISSUE", exitOK, "is open. Issue 1"},
		"by the link of a comment":    {"ISSUE#issuecomment-7", exitOK, "is open. Issue 1"},
		"by a link with a slash":      {"ISSUE/", exitOK, "is open. Issue 1"},
		"by a link of GitHub's mails": {"ISSUE?notification_referrer_id=3#issuecomment-5", exitOK, "is open. Issue 1"},
		"by its id":                   {"TICKET", exitOK, "is open. Issue 1"},
		"by its id as Slack shows it": {"`TICKET`", exitOK, "is open. Issue 1"},
		"by its subject":              {"ticket:TICKET", exitOK, "Ticket TICKET is open"},
		"an id that nobody has":       {"mx0jvnay47vmhycozblesihz64", exitFailed, "no ticket has the id mx0jvnay47vmhycozblesihz64, as far as the bot's database says: give the number"},
		"an alarm":                    {"alarm:test", exitOK, "planned slack.notify [notice]"},
		"what the alarm says":         {"alarm:test", exitOK, "a thing to mend"},
		"an alarm that never was":     {"alarm:none", exitFailed, `there never was "alarm:none"`},
		"with what is around a link":  {" <" + link + "/> ", exitOK, "is open. Issue 1"},
		"another repository's issue":  {"https://github.com/acme/other/issues/1", exitFailed, "no ticket has issue https://github.com/acme/other/issues/1: number 1 is ISSUE here"},
		"who asked, and where":        {"1", exitOK, "in #help-data (C0HELP), asked by Alice Novak (U0ALICE)"},
		"what the issue says":         {"1", exitOK, "  it fails | **Alice Novak** asked in #help-data on"},
		"what the reply says":         {"1", exitOK, "  Received: this is issue"},
		"a message that nobody heard": {"https://acme.slack.com/archives/C0HELP/p1111111111111111", exitFailed, "no ticket has the thread"},
		"neither a number nor a link": {"it fails", exitUsage, "neither"},
		"a link to something else":    {"https://example.com/", exitUsage, "neither"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			names := strings.NewReplacer("ISSUE", issue, "TICKET", ticket.ID)
			what, shows := names.Replace(tt.what), names.Replace(tt.shows)
			code := run(t.Context(), []string{"explain", "--config", config, what}, nil, &out, &out, environ())
			if code != tt.code || !strings.Contains(out.String(), shows) {
				t.Errorf("exit status %d, want %d, and %q:\n%s", code, tt.code, tt.shows, &out)
			}
		})
	}
}
