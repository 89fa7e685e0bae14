package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"supportbot/integrations/sandbox"
	"supportbot/store"
)

var (
	crashKills = flag.Int("crash.kills", 12, "how often the crash test kills the bot; from 60 on it goes on until each phase was hit")
	crashSeed  = flag.Uint64("crash.seed", 0, "what the people of the crash test do and when they are disturbed; 0 is any")
)

// A process is a bot in a process of its own.
type process struct {
	cmd  *exec.Cmd
	dead chan struct{} // closed once it is
}

// A theatre is a world whose bot is a process of its own.
type theatre struct {
	*world
	t       *testing.T
	config  string
	log     string
	bot     *process
	acks    *acks
	started time.Time     // the bot, last
	skipped time.Duration // by which Slack's clock was moved on
}

// newTheatre starts stand-ins without the real limits, which would only make a test slow: the clock is the real
// one. Settling is short for the same reason, though long enough for a machine that has much to do.
func newTheatre(t *testing.T) *theatre {
	t.Helper()
	w := worldOf(t, sandbox.RealClock(),
		sandbox.SlackOptions{Unlimited: true, DelayedEvents: true, SocketLife: 1000 * time.Hour}, sandbox.GitHubOptions{Unlimited: true})
	dir := filepath.Dir(w.settings.Store.Path)
	h := &theatre{
		world: w, t: t, config: filepath.Join(dir, "supportbot.yml"), log: filepath.Join(dir, "log"),
		acks: &acks{team: w.slack.TeamID(), seen: map[string]bool{}},
	}
	w.slack.OnAck = h.acks.take
	settings := fmt.Sprintf(`
slack: {api_url: %q, support_group: %s, ops_channel: %s, settle: 400ms}
github: {base_url: %q, repository: acme/analytics-support, settle: 500ms}
store: {path: %q}
http: {listen: "127.0.0.1:0"}
limits:
  github_writes_per_minute: 0
  github_creations_per_hour: 0
  slack_posts_per_channel_per_minute: 0
  tickets_per_sender_per_10_minutes: 5
`, w.slack.URL(), supportGroup, opsChannel, w.github.URL(), w.settings.Store.Path)
	if err := os.WriteFile(h.config, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.kill)
	return h
}

// command returns a process that is the bot when it starts, and is killed when ctx ends.
func (h *theatre) command(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], "run", "--config", h.config)
	cmd.Env = []string{
		childEnv + "=supportbot", "HOME=" + os.Getenv("HOME"), "PATH=" + os.Getenv("PATH"),
		"SLACK_APP_TOKEN=" + h.slack.AppToken(), "SLACK_BOT_TOKEN=" + h.slack.BotToken(), "GITHUB_TOKEN=" + h.github.Token(),
	}
	return cmd
}

// start starts the bot and waits until it listens.
func (h *theatre) start() {
	h.t.Helper()
	h.spawn()
	ctx, cancel := context.WithTimeout(h.t.Context(), waitAtMost)
	defer cancel()
	if err := h.slack.WaitSockets(ctx, 1); err != nil {
		h.t.Fatalf("the bot does not listen: %v\n%s", err, h.lastLog())
	}
}

func (h *theatre) spawn() {
	h.t.Helper()
	h.started = time.Now()
	log, err := os.OpenFile(h.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		h.t.Fatal(err)
	}
	defer log.Close()
	p := &process{cmd: h.command(context.Background()), dead: make(chan struct{})}
	p.cmd.Stderr = log
	if err := p.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in ProcessState
		close(p.dead)
	}()
	h.bot = p
}

// kill kills the bot, if there is one, and waits until it is dead.
func (h *theatre) kill() {
	if h.bot == nil {
		return
	}
	_ = h.bot.cmd.Process.Kill() // it may be dead already
	<-h.bot.dead
}

func (h *theatre) lastLog() string { return tail(h.log) }

// calm waits until Slack has no event left that was not acknowledged. Time passes for Slack alone meanwhile, so
// that it sends again what got lost.
func (h *theatre) calm() {
	h.t.Helper()
	end := time.Now().Add(waitAtMost)
	for {
		ctx, cancel := context.WithTimeout(h.t.Context(), 200*time.Millisecond)
		err := h.slack.WaitAcked(ctx)
		cancel()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			h.t.Fatalf("events are not acknowledged\n%s", h.lastLog())
		}
		h.clock.Advance(time.Minute)
		h.skipped += time.Minute
	}
}

// rest waits until the bot has nothing left to do.
func (h *theatre) rest() {
	h.t.Helper()
	h.calm()
	db, err := store.OpenReadOnly(h.settings.Store.Path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	for end := time.Now().Add(2 * waitAtMost); ; {
		idle, err := resting(db)
		if err != nil {
			h.t.Fatal(err)
		}
		if idle && h.caughtUp() {
			return
		}
		if time.Now().After(end) {
			h.t.Fatalf("the bot does not come to rest\n%s", h.lastLog())
		}
		<-time.After(20 * time.Millisecond)
	}
}

// caughtUp says whether the living bot has read all channels back since it started.
func (h *theatre) caughtUp() bool {
	db := h.open()
	defer db.Close()
	return h.count(db, fmt.Sprintf("SELECT count(*) FROM channels WHERE member = 1 AND read_at < %d", h.started.UnixMilli())) == 0
}

// resting says whether nothing waits in db.
func resting(db *store.DB) (idle bool, err error) {
	err = db.View(func(v *store.View) error {
		load, err := v.Load()
		open := 0
		for n := range maps.Values(load.Open) {
			open += n
		}
		idle = load.Undecided == 0 && open == 0
		return err
	})
	return idle, err
}

// judge reports what is wrong with what became of the requests of a crowd, with what the bot knows of them.
func (h *theatre) judge(c *crowd) {
	h.t.Helper()
	for _, p := range c.verdict() {
		h.t.Error(p)
		if p.request != nil {
			h.t.Log(history(h.settings.Store.Path, p.request))
		}
	}
}

// history is what happened to a request inside the bot.
func history(path string, r *request) string {
	db, err := store.OpenReadOnly(path)
	if err != nil {
		return err.Error()
	}
	defer db.Close()
	var out strings.Builder
	err = db.View(func(v *store.View) error {
		t, err := v.TicketByThread(r.channel, r.ts)
		if t == nil || err != nil {
			return errors.Join(errors.New("no ticket"), err)
		}
		return explain(&out, v, t)
	})
	if err != nil {
		fmt.Fprintln(&out, err)
	}
	return out.String()
}

// A campaign kills the bot of a theatre again and again.
type campaign struct {
	*theatre
	crowd   *crowd
	before  int           // requests made before this life of the bot
	unheard []string      // ts of mentions of which Slack told nobody in this life
	hits    map[phase]int // how many kills hit a phase
	cause   map[string]int
	lives   int
}

func TestCrashLosesNothingAndDoublesNothing(t *testing.T) {
	seed := *crashSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-crash.seed=%d", seed)
	h := newTheatre(t)
	c := &campaign{theatre: h, crowd: newCrowd(h.world, seed), hits: map[phase]int{}, cause: map[string]int{}}
	for n := range *crashKills {
		c.die(aims[n%len(aims)])
	}
	if *crashKills >= 60 {
		c.goOn()
	}
	c.start()
	c.rest()
	h.judge(c.crowd)
	c.report()
	if t.Failed() {
		t.Logf("the bot's last words:\n%s", c.lastLog())
	}
}

// goOn kills until each phase was hit, within reason.
func (c *campaign) goOn() {
	for n := range 3 * *crashKills {
		aim := aims[n%len(aims)]
		if len(c.missed()) == 0 {
			return
		}
		if aim.phase == "" || c.hits[aim.phase] == 0 {
			c.die(aim)
		}
	}
	for _, s := range c.missed() {
		c.t.Errorf("no kill hit the phase %q", s)
	}
}

func (c *campaign) missed() []phase {
	return slices.DeleteFunc(slices.Clone(phases), func(s phase) bool { return c.hits[s] > 0 })
}

// report prints how often each phase was hit.
func (c *campaign) report() {
	var table strings.Builder
	for _, s := range phases {
		fmt.Fprintf(&table, "  %3d  %s\n", c.hits[s], s)
	}
	c.t.Logf("kills that hit a phase:\n%s", table.String())
	table.Reset()
	kills := 0
	for _, cause := range slices.Sorted(maps.Keys(c.cause)) {
		kills += c.cause[cause]
		fmt.Fprintf(&table, "  %3d  %s\n", c.cause[cause], cause)
	}
	c.t.Logf("%d kills:\n%s", kills, table.String())
	c.t.Log(c.crowd.summary())
}

// die is one life of the bot, which ends as aim says.
func (c *campaign) die(aim aim) {
	c.t.Helper()
	c.start()
	if c.lives++; c.lives%10 == 0 {
		c.calm() // by then Slack sends much again
	}
	c.before = len(c.crowd.asked)
	cause := aim.name
	if !aim.kill(c) {
		cause += ": missed, killed then"
	}
	c.kill()
	c.acks.onNext(0, "", nil)
	c.github.Faults.Clear()
	c.slack.Faults.Clear()
	c.cause[cause]++
	for _, s := range c.autopsy() {
		c.hits[s]++
	}
}

// A call may take eight seconds, and nobody takes it in hand again before: unless it was a dead bot's, of which
// nothing can come any more.
func TestCrashedCallsAreSettledWithoutWaitingForTheirEnd(t *testing.T) {
	h := newTheatre(t)
	crowd := newCrowd(h.world, 1)
	h.start()
	c := &campaign{theatre: h, crowd: crowd, hits: map[phase]int{}, cause: map[string]int{}}
	if !afterWrite("create issue")(c) {
		t.Fatal("no issue was created")
	}
	h.start()
	h.rest()
	h.judge(crowd)
	began := h.called("create issue")
	looked := h.called("list issues")
	if len(began) == 0 || len(looked) == 0 {
		t.Fatalf("%d calls to create, %d to look", len(began), len(looked))
	}
	if wait := looked[0].Sub(began[0]) - h.skipped; wait > 7*time.Second {
		t.Errorf("the lost answer was looked for after %v", wait)
	}
}

// called returns when an operation of GitHub was called.
func (h *theatre) called(operation string) (at []time.Time) {
	for _, call := range h.github.Calls() {
		if call.Operation == operation {
			at = append(at, call.At)
		}
	}
	return at
}

func TestTerminationFinishesWhatIsInHand(t *testing.T) {
	h := newTheatre(t)
	crowd := newCrowd(h.world, 1)
	h.start()
	begun := make(chan struct{})
	h.github.Faults.Add(sandbox.Fault{Kind: sandbox.Watch, On: "create issue", Times: 1, Wrote: func() {
		close(begun)
		<-time.After(500 * time.Millisecond) // the answer comes after SIGTERM
	}})
	crowd.ask()
	await(t, begun, "an issue")
	h.terminate()
	if open := h.inHand(); len(open) > 0 {
		t.Errorf("still in hand: %v\n%s", open, h.lastLog())
	}
	h.start()
	h.rest()
	h.judge(crowd)
	if len(h.called("list issues")) > 0 {
		t.Errorf("the issue was looked for, though its answer came in time")
	}
}

// terminate ends the bot as an operator would, which must go well.
func (h *theatre) terminate() {
	h.t.Helper()
	if err := h.bot.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		h.t.Fatal(err)
	}
	await(h.t, h.bot.dead, "the bot's end")
	if code := h.bot.cmd.ProcessState.ExitCode(); code != exitOK {
		h.t.Errorf("exit status %d\n%s", code, h.lastLog())
	}
}

// GitHub has made the issue and never says so: the bot gives the call up in time to end, and looks for the issue when it
// starts again. It takes as long as a call may, eight seconds, so it runs beside other tests.
func TestInvariant2_TerminationDoesNotWaitForACallThatHangs(t *testing.T) {
	t.Parallel()
	h := newTheatre(t)
	crowd := newCrowd(h.world, 1)
	h.start()
	begun, over := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(over) })
	h.github.Faults.Add(sandbox.Fault{Kind: sandbox.Watch, On: "create issue", Times: 1, Wrote: func() {
		close(begun)
		<-over
	}})
	crowd.ask()
	await(t, begun, "an issue")
	h.terminate()
	if open := h.inHand(); !slices.Equal(open, []string{"github.create_issue"}) {
		t.Errorf("of unknown outcome: %v\n%s", open, h.lastLog())
	}
	h.start()
	h.rest()
	h.judge(crowd)
	if created := h.called("create issue"); len(created) != 1 {
		t.Errorf("%d calls to create, not one that was found again", len(created))
	}
}

// await waits as long as the bot may take to end.
func await(t *testing.T, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatalf("ten seconds passed without %s", what)
	}
}

func TestASecondBotOnTheSameDatabaseIsRefused(t *testing.T) {
	h := newTheatre(t)
	h.start()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // a second bot that is not refused would run on
	defer cancel()
	out, err := h.command(ctx).CombinedOutput()
	if err == nil || !strings.Contains(string(out), store.ErrInUse.Error()) {
		t.Errorf("the second bot ended with %v and said: %s", err, out)
	}
	newCrowd(h.world, 1).ask()
	h.rest()
	if n := len(h.github.Issues()); n != 1 {
		t.Errorf("the first bot made %d issues after that, not 1", n)
	}
}
