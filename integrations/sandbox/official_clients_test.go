package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// nodeModulesVariable names the node_modules folder made by npm from testdata/fidelity/package.json.
const nodeModulesVariable = "SUPPORTBOT_NODE_MODULES"

// A clientScript is a script of testdata/fidelity at work.
type clientScript struct {
	t     *testing.T
	ctx   context.Context
	lines chan string
	stdin io.Writer
}

// runClient starts a script, which must end well, without a word on its standard error but for those expected.
func runClient(t *testing.T, name string, warnings []string, env ...string) *clientScript {
	t.Helper()
	modules := os.Getenv(nodeModulesVariable)
	if modules == "" {
		t.Skipf("%s is not set to a node_modules folder with the packages of testdata/fidelity, so the official clients are not tried", nodeModulesVariable)
	}
	folder := t.TempDir()
	if err := os.Symlink(modules, filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("testdata", "fidelity", name))
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(folder, name)
	if err := os.WriteFile(script, text, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // t.Context() ends before the script may
	cmd := exec.CommandContext(ctx, "node", script)
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &clientScript{t: t, ctx: ctx, lines: make(chan string, 100), stdin: stdin}
	go s.read(stdout)
	t.Cleanup(func() {
		defer cancel()
		if t.Failed() {
			cancel()
		}
		for line := range s.lines {
			t.Errorf("%s says more: %s", name, line)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		checkWarnings(t, stderr.String(), warnings)
	})
	return s
}

func (s *clientScript) read(stdout io.Reader) {
	defer close(s.lines)
	scanner := bufio.NewScanner(stdout)
	for scanner.Scan() {
		s.lines <- scanner.Text()
	}
}

func checkWarnings(t *testing.T, said string, expected []string) {
	for line := range strings.Lines(said) {
		known := false
		for _, w := range expected {
			known = known || strings.Contains(line, w)
		}
		if !known {
			t.Errorf("unexpected on standard error: %s", line)
		}
	}
}

// says waits for the next line of the script.
func (s *clientScript) says(want string) {
	s.t.Helper()
	select {
	case got, ok := <-s.lines:
		if !ok {
			s.t.Fatalf("the script ended; want %s", want)
		}
		if got != want {
			s.t.Fatalf("the script says\n%s\nwant\n%s", got, want)
		}
	case <-s.ctx.Done():
		s.t.Fatalf("the script says nothing; want %s", want)
	}
}

// goOn lets a script continue that waits for the test.
func (s *clientScript) goOn() {
	s.t.Helper()
	if _, err := fmt.Fprintln(s.stdin, "go on"); err != nil {
		s.t.Fatal(err)
	}
}

func TestOfficialClientsOfSlack(t *testing.T) {
	s := NewSlack(SlackOptions{})
	t.Cleanup(s.Close)
	s.AddPerson(Person{ID: "UALICE", Name: "alice", DisplayName: "Alice", Locale: "ja-JP"})
	s.AddChannel(Channel{ID: "CGENERAL", Name: "general", Members: []string{s.BotUserID(), "UALICE"}})
	s.AddChannel(Channel{ID: "CELSE", Name: "elsewhere", Members: []string{"UALICE"}})
	script := runClient(t, "slack.js",
		[]string{"A rate limit was exceeded", "unsupported type: odd [json-pointer:/blocks/0/type]"},
		"SLACK_API_URL="+s.URL(), "SLACK_BOT_TOKEN="+s.BotToken(), "SLACK_APP_TOKEN="+s.AppToken())
	ctx := script.ctx
	wait := func(i *Interaction) {
		t.Helper()
		if _, err := i.Wait(ctx); err != nil {
			t.Fatalf("Slack shows %v", err)
		}
	}
	stack := func(want ...string) View {
		t.Helper()
		views := s.Views("UALICE")
		if diff := cmp.Diff(want, titles(views)); diff != "" {
			t.Fatalf("modals that she sees: %s", diff)
		}
		if len(views) == 0 {
			return View{}
		}
		return views[len(views)-1]
	}
	typed := func(text string) map[string]map[string][]string {
		return map[string]map[string][]string{"table": {"name": {text}}}
	}

	script.says(`connected {}`)

	root := s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "help <b> & 表"})
	script.says(`message {"type":"message","user":"UALICE","channel":"CGENERAL","channel_type":"channel",` +
		`"text":"help &lt;b&gt; &amp; 表","team":"T0SANDBOX","retry":0}`)
	script.says(`posted {"sameMessage":true,"inThread":true,"replies":1,"bot":true,` +
		`"metadata":{"event_type":"ticket","event_payload":{"id":"42"}}}`)
	reply := s.Thread("CGENERAL", root)[1]

	wait(s.Click("UALICE", "CGENERAL", reply.TS, "open"))
	script.says(`clicked {"user":"UALICE","block":"b","value":"open it","type":"button"}`)
	script.says(`opened {"title":"Load","state":{"values":{}},"sameView":true,` +
		`"again":"exchanged_trigger_id","outdated":"hash_conflict"}`)
	load := stack("Load")
	wait(s.SubmitView("UALICE", load.ID, typed("nothing")))
	script.says(`refused {"user":"UALICE","value":"nothing","metadata":"kept"}`)
	if got := stack("Load").Errors["table"]; got != "There is no such table." {
		t.Errorf("she sees the error %q", got)
	}
	wait(s.SubmitView("UALICE", load.ID, typed("sales")))
	script.says(`asked {"user":"UALICE","value":"sales","metadata":"kept"}`)
	wait(s.SubmitView("UALICE", stack("Load", "Sure").ID, typed("yes")))
	script.says(`submitted {"value":"yes","below":true}`)
	stack()

	wait(s.Suggest(Element{User: "UALICE", Channel: "CGENERAL", TS: reply.TS, Block: "b", Action: "owner"}, "ana"))
	script.says(`options {"type":"block_suggestion","block_id":"b","action_id":"owner","value":"ana"}`)
	wait(s.Choose("UALICE", "CGENERAL", reply.TS, "owner", "ana"))
	script.says(`chosen {"option":{"text":{"text":"analytics","type":"plain_text"},"value":"ana"},"inState":true}`)
	wait(s.Shortcut("UALICE", "CGENERAL", root, "ticket"))
	script.says(`shortcut {"type":"message_action","user":"UALICE","channel":"CGENERAL","text":"help &lt;b&gt; &amp; 表","same":true,"opened":"Ticket"}`)
	s.CloseView("UALICE", stack("Ticket").ID, false)

	wait(s.Click("UALICE", "CGENERAL", reply.TS, "done"))
	script.says(`replaced {"thread":true}`)
	if got := s.Thread("CGENERAL", root)[1].Text; got != "done by <@UALICE>" {
		t.Errorf("the message clicked on says %q", got)
	}

	wait(s.Command("UALICE", "CGENERAL", "/load", "sales now"))
	script.says(`command {"command":"/load","text":"sales now","user":"UALICE","channel":"general"}`)
	script.says(`opened for the command {"app":true}`)
	s.CloseView("UALICE", stack("Load").ID, false)
	script.says(`closed {"cleared":false,"user":"UALICE"}`)

	wait(s.Command("UALICE", "CGENERAL", "/burst", ""))
	script.says(`burst {"posted":7,"refused":true,"secondsToWait":true}`)
	if refused, posted := bursts(s); refused == 0 || posted != 7 {
		t.Errorf("%d posts were refused and %d of 7 are there", refused, posted)
	}
	wait(s.Command("UALICE", "CGENERAL", "/look", ""))
	script.says(`refusals {"channel":{"code":"slack_webapi_platform_error","error":"channel_not_found"},` +
		`"method":{"code":"slack_webapi_platform_error","error":"unknown_method"},` +
		`"user":{"code":"slack_webapi_platform_error","error":"user_not_found"},` +
		`"blocks":{"code":"slack_webapi_platform_error","error":"invalid_blocks"}}`)
	script.says(`lists {"pages":true,"locale":"ja-JP","name":"Alice","bot":true,"channels":["elsewhere","general"]}`)

	s.RefreshSockets()
	if err := s.WaitSockets(ctx, 1); err != nil {
		t.Fatalf("it did not come back: %v", err)
	}
	wait(s.Command("UALICE", "CGENERAL", "/load", "after a refresh"))
	script.says(`command {"command":"/load","text":"after a refresh","user":"UALICE","channel":"general"}`)
	script.says(`opened for the command {"app":true}`)
	wait(s.Command("UALICE", "CGENERAL", "/stop", ""))
	script.says(`stopped {}`)
}

// bursts says how many posts a limit refused, and how many messages of the burst are there all the same.
func bursts(s *Slack) (refused, posted int) {
	for _, c := range s.Calls() {
		if c.Method == "chat.postMessage" && c.Status == http.StatusTooManyRequests {
			refused++
		}
	}
	for _, m := range s.History("CGENERAL") {
		if strings.HasPrefix(m.Text, "burst ") {
			posted++
		}
	}
	return refused, posted
}

func TestOfficialClientsOfGitHub(t *testing.T) {
	clock := NewClock(time.Now().Add(-24 * time.Hour))
	g := NewGitHub(GitHubOptions{Clock: clock, CanPush: true})
	t.Cleanup(g.Close)
	for n := range 25 {
		g.OpenIssueAs("alice", fmt.Sprint(n+1), "", "support")
	}
	script := runClient(t, "github.js",
		[]string{" - 304 with id ", " - 401 with id ", " - 403 with id ", " - 404 with id ", " - 422 with id ", " - 429 with id "},
		"GITHUB_URL="+g.URL(), "GITHUB_TOKEN="+g.Token(), "REPOSITORY="+g.Repository().FullName())

	script.says(`user {"login":"support-bot","remaining":"4999"}`)
	script.says(`pages {"name":"plain","sizes":[10,10,5],"inOrder":true}`)
	script.says(`pages {"name":"enterprise","sizes":[10,10,5],"inOrder":true}`)
	script.says(`first page only {"titles":25}`)
	script.says(`created {"status":201,"location":true,"body":"line\n\n日本語 <b>","labels":["support"],"author":"support-bot"}`)
	script.says(`changed {"closed":"not_planned","reopened":"reopened","labels":["support","turn:team"],` +
		`"events":["labeled","labeled","labeled","unlabeled","closed","reopened"]}`)
	script.says(`comments {"bodies":["two"],"deleted":204}`)
	script.says(`refusals {"unchanged":{"name":"HttpError","status":304},` +
		`"missing":{"name":"HttpError","status":404,"message":"Not Found","page":"https://docs.github.com/rest/issues/issues#get-an-issue"},` +
		`"invalid":{"name":"HttpError","status":422,"message":"Validation Failed",` +
		`"errors":[{"resource":"Issue","field":"title","code":"missing_field"}],"page":"https://docs.github.com/rest/issues/issues#create-an-issue"},` +
		`"stranger":{"name":"HttpError","status":401,"message":"Bad credentials","page":"https://docs.github.com/rest"}}`)

	script.says(`before the secondary limit {}`)
	g.HoldContent(2 * time.Second)
	script.goOn()
	script.says(`secondary limit {"method":"POST","url":"/repos/{owner}/{repo}/issues/{issue_number}/comments","seconds":true,"retries":0}`)
	clock.Advance(2 * time.Second)
	script.says(`after the secondary limit {"comments":1}`)

	script.says(`before a fault {}`)
	g.Faults.Add(Fault{Kind: Limited, On: "create comment", Times: 1, Delay: time.Second})
	script.goOn()
	script.says(`secondary limit {"method":"POST","url":"/repos/{owner}/{repo}/issues/{issue_number}/comments","seconds":true,"retries":0}`)
	script.says(`after a fault {"comments":2}`)

	script.says(`before the primary limit {}`)
	clock.Advance(time.Since(clock.Now()) - time.Hour + 2*time.Second) // so that the hour ends soon in real time
	g.ExhaustQuota()
	script.goOn()
	script.says(`primary limit {"method":"GET","url":"/repos/{owner}/{repo}/issues/{issue_number}","seconds":true,"retries":0}`)
	clock.Advance(time.Hour)
	script.says(`after the primary limit {"used":"1"}`)

	script.says(`before the new name {}`)
	g.Rename("renamed")
	script.goOn()
	script.says(`renamed {"read":true,"redirected":true}`)
	if n := held(g); n != 0 {
		t.Errorf("%d calls were sent before their time", n)
	}
}
