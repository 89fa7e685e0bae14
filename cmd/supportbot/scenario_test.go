package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"supportbot/integrations/sandbox"
)

// TestScenarios runs handlers/*/testdata/*.txtar. A scenario tells what happens in Slack and at GitHub (the
// file "script", a step a line) and what people then see (the file "want"). README.md beside them lists the
// steps.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("../../handlers/*/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := playScenario(t, archive)
			if *update {
				setFile(archive, "want", got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(getFile(archive, "want"), got); diff != "" {
				t.Errorf("people see something else (-want +got):\n%s", diff)
			}
		})
	}
}

func getFile(a *txtar.Archive, name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

func setFile(a *txtar.Archive, name, data string) {
	for i := range a.Files {
		if a.Files[i].Name == name {
			a.Files[i].Data = []byte(data)
			return
		}
	}
	a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(data)})
}

// scenarioStart is when every scenario begins: a Monday.
var scenarioStart = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// ticketID is the random part of a marker.
var ticketID = regexp.MustCompile(`ticket=[a-z0-9]{26}`)

// A stage is one scenario while it is played.
type stage struct {
	*world
	t       *testing.T
	archive *txtar.Archive
	app     *app
	stop    func() error
	said    []said // by number, from 1
	deaf    bool   // Slack's deliveries are disturbed on purpose: don't wait for them
	log     strings.Builder
	out     strings.Builder
}

type said struct{ channel, ts, root string }

// waitAtMost bounds a step, so that a bot that hangs fails its scenario.
const waitAtMost = 30 * time.Second

func playScenario(t *testing.T, archive *txtar.Archive) string {
	s := &stage{t: t, archive: archive}
	s.world = newWorld(sandbox.NewClock(scenarioStart), t.TempDir())
	t.Cleanup(s.close)
	for n, line := range strings.Split(getFile(archive, "script"), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := s.step(line); err != nil {
			t.Fatalf("line %d, %s: %v\nlog:\n%s", n+1, line, err, s.log.String())
		}
	}
	s.end()
	return s.out.String()
}

// begin starts the bot, unless it runs.
func (s *stage) begin() error {
	if s.app != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), waitAtMost)
	defer cancel()
	var err error
	if s.app, err = s.bot(ctx, slog.New(slog.NewTextHandler(&s.log, nil))); err != nil {
		return err
	}
	s.stop = start(context.Background(), s.app)
	return s.slack.WaitSockets(ctx, 1)
}

// end stops the bot as SIGTERM does.
func (s *stage) end() {
	if s.app == nil {
		return
	}
	if err := s.stop(); err != nil {
		s.t.Error(err)
	}
	if err := s.app.close(); err != nil {
		s.t.Error(err)
	}
	s.app = nil
}

// settle waits until everything that is due has been done.
func (s *stage) settle() error {
	ctx, cancel := context.WithTimeout(context.Background(), waitAtMost)
	defer cancel()
	if !s.deaf {
		if err := s.slack.WaitAcked(ctx); err != nil {
			return fmt.Errorf("envelopes were not acknowledged: %w", err)
		}
	}
	return s.app.machine.Settle(ctx)
}

// step does one line of a script. All but "set" and "fault" have the bot running.
func (s *stage) step(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch verb {
	case "set":
		return s.set(rest)
	case "fault":
		return s.fault(rest)
	case "stop":
		s.end()
		return nil
	}
	if err := s.begin(); err != nil {
		return err
	}
	if shown, err := s.look(verb, rest); shown || err != nil {
		return err
	}
	if err := s.act(verb, rest); err != nil {
		return err
	}
	return s.settle()
}

// set changes a setting before the bot starts, by its name in the file.
func (s *stage) set(rest string) error {
	name, value, _ := strings.Cut(rest, " ")
	switch name {
	case "support.mode":
		s.settings.Support.Mode = Mode(value)
	case "slack.ops_channel":
		s.settings.Slack.OpsChannel = value
	case "slack.bots":
		id, limit, _ := strings.Cut(value, " ")
		n, err := strconv.Atoi(limit)
		s.settings.Slack.Bots = map[string]BotSettings{id: {TicketsPer10Minutes: n}}
		return err
	case "tickets_per_sender_per_10_minutes":
		n, err := strconv.Atoi(value)
		s.settings.Limits.TicketsPerSenderPer10Minutes = n
		return err
	case "github.push":
		if value == "no" {
			s.github.DropPush()
		} else {
			s.github.GrantPush()
		}
	default:
		return fmt.Errorf("there is no setting %q for scenarios", name)
	}
	return nil
}

// fault disturbs a service: "fault github fail status=502 times=3 on=create issue", "fault slack hang
// delay=2s", "fault github over".
func (s *stage) fault(rest string) error {
	service, rest, _ := strings.Cut(rest, " ")
	faults := map[string]*sandbox.Faults{"github": &s.github.Faults, "slack": s.slack.Faults}[service]
	if faults == nil {
		return fmt.Errorf("there is no service %q", service)
	}
	if rest == "over" {
		faults.Clear()
		return nil
	}
	rest, operation, _ := strings.Cut(rest, " on=")
	words := strings.Fields(rest)
	f := sandbox.Fault{On: operation}
	if len(words) == 0 {
		return fmt.Errorf("which fault?")
	}
	kinds := []sandbox.FaultKind{sandbox.Fail, sandbox.Limited, sandbox.Hang, sandbox.LoseAnswer, sandbox.LandLate, sandbox.Refuse, sandbox.Lag}
	for _, k := range kinds {
		if words[0] == strings.ReplaceAll(string(k), " ", "-") {
			f.Kind = k
		}
	}
	if f.Kind == "" {
		return fmt.Errorf("there is no fault %q", words[0])
	}
	for _, w := range words[1:] {
		name, value, _ := strings.Cut(w, "=")
		var err error
		switch name {
		case "times":
			f.Times, err = strconv.Atoi(value)
		case "status":
			f.Status, err = strconv.Atoi(value)
		case "delay":
			f.Delay, err = time.ParseDuration(value)
		default:
			err = fmt.Errorf("a fault has no %q", name)
		}
		if err != nil {
			return err
		}
	}
	faults.Add(f)
	return nil
}

// act does what a person, Slack or time does.
func (s *stage) act(verb, rest string) error {
	switch verb {
	case "start":
		return nil
	case "say": // say alice #help-data TEXT
		return s.say(rest, sandbox.Post{})
	case "bot": // bot B0FORM #help-data TEXT
		id, rest, _ := strings.Cut(rest, " ")
		return s.say("- "+rest, sandbox.Post{BotID: id, Username: "Request form"})
	case "reply": // reply alice 1 TEXT
		user, rest, _ := strings.Cut(rest, " ")
		m, text, err := s.message(rest)
		if err != nil {
			return err
		}
		return s.post(user, m.channel, text, sandbox.Post{ThreadTS: m.root})
	case "edit": // edit 1 TEXT
		m, text, err := s.message(rest)
		if err == nil {
			s.slack.Edit(m.channel, m.ts, s.text(text))
		}
		return err
	case "delete":
		m, _, err := s.message(rest)
		if err == nil {
			s.slack.Delete(m.channel, m.ts)
		}
		return err
	case "unfurl":
		m, _, err := s.message(rest)
		if err == nil {
			s.slack.Unfurl(m.channel, m.ts)
		}
		return err
	case "event": // event #help-data FILE: a raw event
		channel, file, _ := strings.Cut(rest, " ")
		id, err := s.slack.Find(channel)
		if err == nil {
			s.slack.Emit(id, []byte(getFile(s.archive, file)))
		}
		return err
	case "click": // click kenji 1
		return s.click(rest)
	case "rename": // rename alice Alice Nováková
		name, display, _ := strings.Cut(rest, " ")
		id, err := s.slack.Find("@" + name)
		if err == nil {
			s.slack.ChangePerson(sandbox.Person{ID: id, Name: name, DisplayName: display})
		}
		return err
	case "advance":
		return s.advance(rest)
	case "deaf":
		s.deaf = rest != "over"
		return nil
	case "slack":
		return s.disturb(rest)
	case "github":
		return s.atGitHub(rest)
	}
	return fmt.Errorf("there is no step %q", verb)
}

func (s *stage) say(rest string, p sandbox.Post) error {
	user, rest, _ := strings.Cut(rest, " ")
	channel, text, _ := strings.Cut(rest, " ")
	id, err := s.slack.Find(channel)
	if err != nil {
		return err
	}
	return s.post(user, id, text, p)
}

func (s *stage) post(user, channel, text string, p sandbox.Post) error {
	p.Channel, p.Text = channel, s.text(text)
	if p.BotID == "" {
		id, err := s.slack.Find("@" + user)
		if err != nil {
			return err
		}
		p.User = id
	}
	ts := s.slack.Post(p)
	root := p.ThreadTS
	if root == "" {
		root = ts
	}
	s.said = append(s.said, said{channel, ts, root})
	return nil
}

// text is a text of a script: \n is a new line, and "file NAME" is what that file of the archive holds.
func (s *stage) text(text string) string {
	if name, ok := strings.CutPrefix(text, "file "); ok {
		return strings.TrimSuffix(getFile(s.archive, name), "\n")
	}
	return strings.ReplaceAll(text, `\n`, "\n")
}

// message returns the message whose number begins rest.
func (s *stage) message(rest string) (said, string, error) {
	number, rest, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(s.said) {
		return said{}, "", fmt.Errorf("there is no message %q yet", number)
	}
	return s.said[n-1], rest, nil
}

func (s *stage) click(rest string) error {
	user, rest, _ := strings.Cut(rest, " ")
	m, _, err := s.message(rest)
	if err != nil {
		return err
	}
	id, err := s.slack.Find("@" + user)
	if err != nil {
		return err
	}
	for _, reply := range s.slack.Thread(m.channel, m.root) {
		if action := sandbox.FirstButton(reply); action != "" {
			s.slack.Click(id, m.channel, reply.TS, action)
			return nil
		}
	}
	return fmt.Errorf("there is no button in that thread")
}

// advance moves the clock on by seconds, so that what is due on the way happens in its turn.
func (s *stage) advance(rest string) error {
	left, err := time.ParseDuration(rest)
	for err == nil && left > 0 {
		pace := min(left, time.Second)
		if left > 2*time.Minute {
			pace = min(left, 10*time.Second)
		}
		s.clock.Advance(pace)
		left -= pace
		err = s.settle()
	}
	return err
}

func (s *stage) disturb(rest string) error {
	switch rest {
	case "drops sockets":
		s.slack.DropSockets()
	case "holds the next event":
		s.slack.HoldNext(1)
	case "releases it":
		s.slack.Release()
	case "redelivers":
		s.slack.SetSocketFaults(sandbox.SocketFaults{Redeliver: 1})
	case "revokes the token":
		s.slack.Revoke()
	default:
		return fmt.Errorf("Slack can't do that")
	}
	return nil
}

func (s *stage) atGitHub(rest string) error {
	switch rest {
	case "revokes the token":
		s.github.Revoke()
	case "removes the repository":
		s.github.RemoveRepository()
	case "restores":
		s.github.Restore()
	default:
		return fmt.Errorf("GitHub can't do that")
	}
	return nil
}

// look writes down what somebody sees. It returns false if verb is no way of looking.
func (s *stage) look(verb, rest string) (bool, error) {
	switch verb {
	case "thread":
		m, _, err := s.message(rest)
		if err != nil {
			return true, err
		}
		fmt.Fprintf(&s.out, "thread of message %s:\n", rest)
		s.write(s.slack.Thread(m.channel, m.root))
	case "dms", "whispers", "channel":
		handle := map[string]string{"dms": "@", "whispers": "@", "channel": ""}[verb] + rest
		id, err := s.slack.Find(handle)
		if err != nil {
			return true, err
		}
		messages := map[string]func(string) []sandbox.Message{
			"dms": s.slack.DMs, "whispers": s.slack.Ephemerals, "channel": s.slack.History,
		}[verb](id)
		fmt.Fprintf(&s.out, "%s %s:\n", verb, rest)
		s.write(messages)
	case "issues":
		s.issues()
	case "calls":
		s.calls()
	default:
		return false, nil
	}
	return true, nil
}

func (s *stage) write(messages []sandbox.Message) {
	if len(messages) == 0 {
		fmt.Fprintln(&s.out, "  (nothing)")
	}
	for _, m := range messages {
		fmt.Fprintf(&s.out, "  %s: %s\n", s.slack.NameOf(m), s.indent(s.slack.Readable(m)))
	}
}

func (s *stage) issues() {
	issues := s.github.Issues()
	if len(issues) == 0 {
		fmt.Fprintln(&s.out, "issues: none")
	}
	for _, i := range issues {
		fmt.Fprintf(&s.out, "issue %d, %s", i.Number, i.State)
		if i.StateReason != "" {
			fmt.Fprintf(&s.out, " as %s", i.StateReason)
		}
		fmt.Fprintf(&s.out, ", %v: %s\n  %s\n", i.Labels, i.Title, s.indent(i.Body))
		for _, c := range i.Comments {
			fmt.Fprintf(&s.out, "  comment: %s\n", s.indent(c.Body))
		}
	}
}

// calls writes down how often each service was called for what since the last time.
func (s *stage) calls() {
	count := map[string]int{}
	for _, c := range s.slack.Calls() {
		if c.Method != "apps.connections.open" && c.Method != "auth.test" {
			count["slack "+c.Method]++
		}
	}
	for _, c := range s.github.Calls() {
		count[fmt.Sprintf("github %s → %d", c.Operation, c.Status)]++
	}
	var lines []string
	for call, n := range count {
		lines = append(lines, fmt.Sprintf("  %s: %d", call, n))
	}
	slices.Sort(lines)
	fmt.Fprintf(&s.out, "calls so far:\n%s\n", strings.Join(lines, "\n"))
}

// indent makes a text readable inside a list, and the same in every run.
func (s *stage) indent(text string) string {
	text = strings.ReplaceAll(text, strings.TrimSuffix(s.github.URL(), "/"), "https://github.example")
	text = ticketID.ReplaceAllString(text, "ticket=…")
	return strings.ReplaceAll(text, "\n", "\n    ")
}
