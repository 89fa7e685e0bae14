package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"supportbot/integrations/sandbox"
	"supportbot/integrations/sandbox/page"
	"supportbot/store"
)

// sandboxCmd runs the real bot against stand-ins in the same process: no account, no token, no network.
type sandboxCmd struct {
	Say *string `xor:"how" placeholder:"TEXT" help:"Send one mention, print what people see, and exit; for example '@support it fails'."`
	As  string  `placeholder:"NAME" help:"Who speaks at first; in the games company alice (if not given), aya, ben, kenji or mia."`
	In  string  `placeholder:"CHANNEL" help:"Where they speak at first; in the games company help-data (if not given), game-analytics, data-platform-ops, partner-studio or new-title."`
	Log bool    `help:"Write the bot's log to standard error too."`

	World    string `placeholder:"FILE" help:"The company to play in, as world.yml in the sources has it; a games company if not given."`
	Settings string `xor:"how" type:"path" placeholder:"FILE" help:"Write settings there for a bot that you run in another terminal, and run none here."`
	Listen   string `default:"127.0.0.1:0" placeholder:"ADDRESS" help:"Where the page is; a free port of 127.0.0.1 if not given."`
}

func (sandboxCmd) Help() string {
	return `Without --say, prints the address of a page where the workspace is shown, and reads lines from standard input: each is a message, or a command that begins with a slash. /help lists the commands. Ends with /quit or the last line; without any line, when it is interrupted.

With --settings it only plays Slack and GitHub, and says how to run, check, pause and ask the bot beside them. Their clock is then not the bot's: leave it as it is.`
}

// patience is how long the sandbox waits for the bot. Everything is on this machine: it is never needed.
const patience = 30 * time.Second

func (s sandboxCmd) Run(ctx context.Context, e *environment) (err error) {
	if s.Say != nil && strings.TrimSpace(*s.Say) == "" {
		return usageError{errors.New("--say is empty: give it a text, such as --say '@support it fails'")}
	}
	dir, err := os.MkdirTemp("", "supportbot-sandbox-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	log := slog.New(slog.DiscardHandler)
	if s.Log {
		log = e.logger(LogSettings{})
	}
	c, err := readCompany(s.World)
	if err != nil {
		return err
	}
	if c, err = c.beginning(s.As, s.In); err != nil {
		return usageError{err}
	}
	w := worldWith(c, sandbox.RealClock(), dir)
	defer w.close()
	w.recall()
	if s.Settings != "" {
		return s.standBy(ctx, e, w)
	}
	a, err := w.bot(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	stop := start(ctx, a)
	defer func() { err = errors.Join(err, stop()) }()

	p := player{world: w, app: a, out: e.stdout, user: c.Begin.As, channel: c.Begin.In}
	if err := p.ready(ctx); err != nil {
		return err
	}
	if s.Say != nil {
		return p.sayOnce(ctx, *s.Say)
	}
	address, unserve, err := servePage(w, func() ([]page.Row, error) { return latestRows(a.store) }, s.Listen)
	if err != nil {
		return err
	}
	defer unserve()
	fmt.Fprintf(e.stdout, "The sandbox is at http://%s/ in your browser.\n", address)
	return p.play(ctx, e.stdin)
}

// start runs a in the background. stop ends it and waits.
func start(ctx context.Context, a *app) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	var err error
	running.Go(func() { err = a.run(ctx) })
	return func() error {
		cancel()
		running.Wait()
		return err
	}
}

// A player is the person at the keyboard, who speaks as somebody in some channel.
type player struct {
	*world
	app     *app
	out     io.Writer
	user    string // by name
	channel string // by name
	last    string // ts of the message that replies, edits and clicks are about
}

// ready waits until the bot listens.
func (p *player) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return p.slack.WaitSockets(ctx, 1)
}

// sayOnce sends one message and shows what comes of it. It is an error if nobody answers.
func (p *player) sayOnce(ctx context.Context, text string) error {
	if err := p.say(ctx, text, ""); err != nil {
		return err
	}
	if thread := p.slack.Thread(p.place(), p.last); len(thread) < 2 {
		return fmt.Errorf("the bot did not answer: was it mentioned? Write @%s", p.company.SupportGroup)
	}
	p.showIssues()
	return nil
}

// hurries is how many seconds the sandbox moves its clock on, at most, for what a limit holds up.
const hurries = 5

// settle waits until the bot has done what it can do now. What only waits for a limit need not keep the person
// waiting: the clock is moved on for it.
func (p *player) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for range hurries {
		if err := errors.Join(p.slack.WaitAcked(ctx), p.app.machine.WaitIdle(ctx)); err != nil {
			return err
		}
		waiting, err := p.waiting()
		if !waiting || err != nil {
			return err
		}
		p.clock.Advance(time.Second)
	}
	return p.app.machine.WaitIdle(ctx)
}

// waiting says whether an action is planned or in hand.
func (p *player) waiting() (bool, error) {
	load, err := store.Look(p.app.store, (*store.View).Load)
	return len(load.Open) > 0, err
}

func (p *player) say(ctx context.Context, text, thread string) error {
	ts := p.slack.Post(sandbox.Post{Channel: p.place(), User: p.me(), Text: text, ThreadTS: thread})
	if thread == "" {
		p.last = ts
	}
	return p.look(ctx)
}

// look waits for the bot and shows the thread.
func (p *player) look(ctx context.Context) error {
	if err := p.settle(ctx); err != nil || p.last == "" {
		return err
	}
	fmt.Fprintf(p.out, "\n#%s\n", p.channel)
	for i, m := range p.slack.Thread(p.place(), p.last) {
		indent := "  "
		if i > 0 {
			indent = "    ↳ "
		}
		fmt.Fprintf(p.out, "%s%s: %s\n", indent, p.slack.NameOf(m), strings.ReplaceAll(p.slack.Readable(m), "\n", "\n      "))
	}
	for _, m := range p.slack.DMs(p.me()) {
		fmt.Fprintf(p.out, "  direct message to %s: %s\n", p.user, p.slack.Readable(m))
	}
	return nil
}

func (p *player) showIssues() {
	for _, i := range p.github.Issues() {
		fmt.Fprintf(p.out, "\nIssue #%d (%s) %s\n  labels: %s\n\n%s\n", i.Number, i.State, i.Title, strings.Join(i.Labels, ", "), i.Body)
		for _, c := range i.Comments {
			fmt.Fprintf(p.out, "\n  comment by %s:\n%s\n", c.Author, c.Body)
		}
	}
}

const playHelp = `A line is a message of yours; the bot listens for @%s. Commands:
  /as NAME           be somebody else: %s (the support team: %s)
  /in CHANNEL        go to another channel: %s
  /reply TEXT        answer in the last thread
  /edit TEXT         change your last message
  /delete            delete your last message
  /click [LABEL]     press a button in the last thread, such as "Not a request"
  /thread            look at the last thread again
  /issues            look at the issues
  /explain           what happened inside, about the last thread
  /outage MINUTES    GitHub is down for so long
  /wait SECONDS      move the clock on
  /quit`

// help lists the commands, and who and what there is in the company.
func (p *player) help() string {
	var team []string
	for _, g := range p.company.Groups {
		if g.Handle == p.company.SupportGroup {
			team = g.Members
		}
	}
	return fmt.Sprintf(playHelp, p.company.SupportGroup, p.company.people(), strings.Join(team, ", "), p.company.channels())
}

// play reads lines until there are no more, or /quit.
func (p *player) play(ctx context.Context, in io.Reader) error {
	fmt.Fprintf(p.out, "You are %s in #%s, in a small company made for you. Write @%s and what is wrong; /help lists what else you can do.\n", p.user, p.channel, p.company.SupportGroup)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for played := false; ; played = true {
		fmt.Fprintf(p.out, "\n%s #%s> ", p.user, p.channel)
		if !lines.Scan() || ctx.Err() != nil {
			fmt.Fprintln(p.out)
			if !played { // nobody is at a keyboard: the page is all
				<-ctx.Done()
			}
			return lines.Err()
		}
		command, rest, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		if command == "/quit" {
			return nil
		}
		if err := p.do(ctx, command, strings.TrimSpace(rest), lines.Text()); err != nil {
			fmt.Fprintf(p.out, "%v\n", err)
		}
	}
}

func (p *player) do(ctx context.Context, command, rest, line string) error {
	switch command {
	case "":
		return nil
	case "/help":
		fmt.Fprintln(p.out, p.help())
		return nil
	case "/as":
		return p.become(strings.TrimPrefix(rest, "@"))
	case "/in":
		return p.goTo(strings.TrimPrefix(rest, "#"))
	case "/issues":
		p.showIssues()
		return nil
	case "/thread":
		return p.look(ctx)
	case "/wait":
		return p.wait(ctx, rest, time.Second)
	case "/outage":
		return p.outage(rest)
	case "/reply", "/edit", "/delete", "/click", "/explain":
		return p.doInThread(ctx, command, rest)
	}
	if strings.HasPrefix(command, "/") {
		return fmt.Errorf("there is no %s; /help lists the commands", command)
	}
	return p.say(ctx, line, "")
}

// become goes on as somebody else.
func (p *player) become(name string) error {
	if err := p.company.findPerson(name); err != nil {
		return err
	}
	p.user = name
	return nil
}

// goTo goes to another channel.
func (p *player) goTo(name string) error {
	if err := p.company.findChannel(name); err != nil {
		return err
	}
	p.channel, p.last = name, ""
	return nil
}

// doInThread does a command about the last thread.
func (p *player) doInThread(ctx context.Context, command, rest string) error {
	switch {
	case p.last == "":
		return errors.New("write a message first")
	case (command == "/reply" || command == "/edit") && rest == "":
		return fmt.Errorf("%s needs a text", command)
	}
	switch command {
	case "/reply":
		return p.say(ctx, rest, p.last)
	case "/click":
		return p.click(ctx, rest)
	case "/explain":
		return p.explain()
	case "/edit":
		p.slack.Edit(p.place(), p.last, rest)
	case "/delete":
		p.slack.Delete(p.place(), p.last)
	}
	return p.look(ctx)
}

func (p *player) explain() error {
	return p.app.store.View(func(v *store.View) error {
		t, err := v.TicketByThread(p.place(), p.last)
		if t == nil || err != nil {
			return errors.Join(errors.New("the last thread is no ticket"), err)
		}
		return explain(p.out, v, t)
	})
}

// click presses the first button in the last thread, or the first whose label begins so.
func (p *player) click(ctx context.Context, label string) error {
	for _, m := range p.slack.Thread(p.place(), p.last) {
		if id := sandbox.FirstButton(m, label); id != "" {
			p.slack.Click(p.me(), p.place(), m.TS, id)
			if err := p.look(ctx); err != nil {
				return err
			}
			for _, whisper := range p.slack.Ephemerals(p.me()) {
				fmt.Fprintf(p.out, "  only you can see this: %s\n", p.slack.Readable(whisper))
			}
			return nil
		}
	}
	return errors.New("there is no button in the last thread")
}

func (p *player) wait(ctx context.Context, amount string, unit time.Duration) error {
	n, err := strconv.Atoi(amount)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is not a number", amount)
	}
	p.clock.Advance(time.Duration(n) * unit)
	return p.look(ctx)
}

// outage lets GitHub fail for some minutes of the clock.
func (p *player) outage(amount string) error {
	n, err := strconv.Atoi(amount)
	if err != nil || n <= 0 {
		return fmt.Errorf("%q is not a number of minutes", amount)
	}
	p.github.Faults.Add(sandbox.Fault{Kind: sandbox.Fail, Status: 502})
	over := p.clock.After(time.Duration(n) * time.Minute)
	go func() {
		<-over
		p.github.Faults.Clear()
	}()
	return nil
}

// me and place are the ids of who and where the player is.
func (p *player) me() string    { return p.id("@" + p.user) }
func (p *player) place() string { return p.id("#" + p.channel) }
