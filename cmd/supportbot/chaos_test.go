package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"supportbot/integrations/sandbox"
)

var (
	chaosSeed = flag.Uint64("chaos.seed", 0, "what happens in the chaos test; 0 is any. What the stand-ins choose by chance is not repeated")
	chaosActs = flag.Int("chaos.acts", 200, "how much people do in the chaos test")
)

// A storm is a bot among services that fail in all ways, on a clock that stands still between two ticks.
type storm struct {
	*world
	t     *testing.T
	crowd *crowd
	log   *os.File

	app  *app // nil while the bot is stopped
	stop func() error

	todo     map[string][]fault // that services are still to meet, by operation
	given    map[string]int     // how many they were given, by operation
	hangs    int                // calls that were made to hang until the last look
	hangOver time.Time
}

// A fault is a way for an operation of a service to fail.
type fault struct {
	service *sandbox.Faults
	sandbox.Fault
}

// Faults in the order of their names: "operation/kind" is how they are counted.
func (f fault) name() string { return f.On + "/" + string(f.Kind) }

// How long things last in a storm: shorter than what the settings say is needed to settle them, and than a call
// may take.
const (
	day      = 24 * time.Hour
	hang     = 2 * time.Second
	landLate = 2 * time.Second
	lag      = 3 * time.Second
	limited  = 5 * time.Second
)

// weather returns all that services are to meet, each once.
func (s *storm) weather() (faults []fault) {
	writes := []sandbox.FaultKind{sandbox.Fail, sandbox.Limited, sandbox.Hang, sandbox.Refuse, sandbox.LoseAnswer, sandbox.LandLate}
	reads := []sandbox.FaultKind{sandbox.Fail, sandbox.Limited, sandbox.Hang, sandbox.Refuse, sandbox.LoseAnswer}
	delay := map[sandbox.FaultKind]time.Duration{sandbox.Limited: limited, sandbox.Hang: hang, sandbox.LandLate: landLate}
	add := func(service *sandbox.Faults, kinds []sandbox.FaultKind, operations ...string) {
		for _, on := range operations {
			for _, kind := range kinds {
				f := sandbox.Fault{Kind: kind, On: on, Times: 1, Delay: delay[kind], Status: 502}
				faults = append(faults, fault{service, f})
			}
		}
	}
	add(&s.github.Faults, writes, "create issue", "edit issue", "create comment", "edit comment")
	add(&s.github.Faults, reads, "list issues", "list comments", "get issue")
	add(s.slack.Faults, writes, "chat.postMessage", "chat.update")
	add(s.slack.Faults, reads, "conversations.replies", "users.info", "usergroups.list")
	return faults
}

func TestChaosLosesNothingAndDoublesNothing(t *testing.T) {
	seed := *chaosSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-chaos.seed=%d", seed)
	s := newStorm(t, seed)
	for range 11 {
		s.crowd.flood()
	}
	s.brew()
	s.rage(*chaosActs / 2)
	s.clear()
	waited := s.outage()
	s.brew()
	s.rage(*chaosActs - *chaosActs/2)
	for n := 0; n < *chaosActs && len(s.unmet()) > 0; n++ {
		s.crowd.flood() // what is rare is mostly about comments
		if r := s.crowd.one(func(r *request) bool { return r.flood }); r != nil {
			s.crowd.edit(r, true)
		}
		s.rage(1)
		s.tick(5 * time.Second)
	}
	s.clear()
	s.end()

	for _, p := range s.crowd.verdict() {
		t.Error(p)
		if p.request != nil {
			t.Log(history(s.settings.Store.Path, p.request))
		}
	}
	s.inOrder(waited)
	s.report()
	if t.Failed() {
		t.Logf("the bot's last words:\n%s", tail(s.log.Name()))
	}
}

func newStorm(t *testing.T, seed uint64) *storm {
	t.Helper()
	log, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	s := &storm{t: t, log: log}
	s.world = worldOf(t, sandbox.NewClock(scenarioStart), sandbox.SlackOptions{DelayedEvents: true}, sandbox.GitHubOptions{Unlimited: true})
	s.settings.Limits.GitHubCreationsPerHour = 0 // more is said in a storm than GitHub takes in an hour
	s.crowd = newCrowd(s.world, seed)
	s.begin()
	s.untilSockets(2) // the second is opened a minute later
	return s
}

// worldOf returns a world with other stand-ins than the usual ones.
func worldOf(t *testing.T, clock *sandbox.Clock, chat sandbox.SlackOptions, hub sandbox.GitHubOptions) *world {
	t.Helper()
	w := newWorld(clock, t.TempDir())
	w.close()
	chat.Clock, chat.Scopes, chat.Events = clock, scopes(), events()
	hub.Clock, hub.Repository, hub.CanPush = clock, w.settings.GitHub.Repository, true
	w.slack, w.github = sandbox.NewSlack(chat), sandbox.NewGitHub(hub)
	t.Cleanup(w.close)
	w.settle()
	w.settings.Slack.APIURL, w.settings.GitHub.BaseURL = w.slack.URL(), w.github.URL()
	w.secrets = Secrets{
		SlackApp: NewSecret(w.slack.AppToken()), SlackBot: NewSecret(w.slack.BotToken()), GitHubToken: NewSecret(w.github.Token()),
	}
	return w
}

// begin starts the bot.
func (s *storm) begin() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), waitAtMost)
	defer cancel()
	var err error
	if s.app, err = s.bot(ctx, slog.New(slog.NewTextHandler(s.log, nil))); err != nil {
		s.t.Fatal(err)
	}
	s.stop = start(context.Background(), s.app)
	s.untilSockets(1)
}

// untilSockets lets time pass until the bot has so many sockets open: Slack limits how often one may be opened.
func (s *storm) untilSockets(n int) {
	s.t.Helper()
	for end := s.clock.Now().Add(10 * time.Minute); s.slack.Sockets() < n; {
		if s.clock.Now().After(end) {
			s.t.Fatalf("%d sockets are open, not %d\n%s", s.slack.Sockets(), n, tail(s.log.Name()))
		}
		s.tick(time.Second)
		_ = s.wait(func(ctx context.Context) error { return s.slack.WaitSockets(ctx, n) }, 20*time.Millisecond)
	}
}

// end stops the bot as SIGTERM does.
func (s *storm) end() {
	s.t.Helper()
	if err := s.stop(); err != nil {
		s.t.Error(err)
	}
	if err := s.app.close(); err != nil {
		s.t.Error(err)
	}
	s.app = nil
}

// tick lets time pass, in steps within which an acknowledgement isn't late and a call isn't either, and what is
// due by then happen.
func (s *storm) tick(d time.Duration) {
	s.t.Helper()
	for s.breathe(); d > 0; d -= stride {
		s.clock.Advance(min(d, stride))
		s.breathe()
	}
}

// stride is shorter than Slack waits for an acknowledgement.
const stride = 2 * time.Second

// breathe waits for all that the bot can do now. What was lost on its way, or hangs, goes on at a later tick.
func (s *storm) breathe() {
	s.t.Helper()
	_ = s.wait(s.slack.WaitAcked, brief)
	if s.app == nil {
		return
	}
	for end := time.Now().Add(waitAtMost); s.wait(s.app.machine.WaitIdle, brief) != nil && !s.hanging(); {
		if time.Now().After(end) {
			s.t.Fatalf("the bot does not come to rest\n%s", tail(s.log.Name()))
		}
	}
}

// brief is much longer than the bot takes for anything that does not hang.
const brief = 20 * time.Millisecond

func (s *storm) wait(until func(context.Context) error, most time.Duration) error {
	ctx, cancel := context.WithTimeout(s.t.Context(), most)
	defer cancel()
	return until(ctx)
}

// hanging says whether a call may hang until a later tick.
func (s *storm) hanging() bool {
	hangs := 0
	for name, n := range s.met() {
		if strings.HasSuffix(name, "/"+string(sandbox.Hang)) {
			hangs += n
		}
	}
	if hangs > s.hangs {
		s.hangs, s.hangOver = hangs, s.clock.Now().Add(hang)
	}
	return s.clock.Now().Before(s.hangOver)
}

// met counts the faults that were met.
func (s *storm) met() map[string]int {
	all := s.github.Faults.Met()
	maps.Copy(all, s.slack.Faults.Met())
	return all
}

// rage lets people do much while everything fails now and then.
func (s *storm) rage(acts int) {
	s.t.Helper()
	s.slack.SetSocketFaults(sandbox.SocketFaults{Redeliver: .1, Twice: .1, SameEnvelope: .1, OtherID: .1})
	s.lag()
	for range acts {
		s.crowd.act()
		s.give()
		s.disturb()
		s.tick(time.Duration(1+s.crowd.dice.IntN(4000)) * time.Millisecond)
	}
}

// brew makes ready what services are to meet from now on.
func (s *storm) brew() {
	s.todo, s.given = map[string][]fault{}, s.metBy()
	for _, f := range s.weather() {
		s.todo[f.On] = append(s.todo[f.On], f)
	}
}

// metBy counts the faults that each operation met.
func (s *storm) metBy() map[string]int {
	met := map[string]int{}
	for name, n := range s.met() {
		operation, kind, _ := strings.Cut(name, "/")
		if kind != string(sandbox.Lag) {
			met[operation] += n
		}
	}
	return met
}

// give has an operation fail at its next call, now and then. Each gets one fault at a time: a service that fails
// again and again is left alone by the bot.
func (s *storm) give() {
	met := s.metBy()
	for _, operation := range slices.Sorted(maps.Keys(s.todo)) {
		left := s.todo[operation]
		if look := looks[operation]; len(left) == 0 && (len(s.todo[look]) > 0 || met[look] < s.given[look]) {
			left = []fault{s.lost(operation)} // or nothing would be looked for
		}
		if len(left) == 0 || met[operation] < s.given[operation] || s.crowd.dice.IntN(6) > 0 {
			continue
		}
		n := s.crowd.dice.IntN(len(left))
		left[n].service.Add(left[n].Fault)
		s.todo[operation] = slices.Delete(left, n, n+1)
		s.given[operation]++
	}
}

// looks are the operations by which the outcome of others is found.
var looks = map[string]string{
	"create issue": "list issues", "create comment": "list comments", "chat.postMessage": "conversations.replies",
}

// lost is a lost answer.
func (s *storm) lost(operation string) fault {
	all := s.weather()
	return all[slices.IndexFunc(all, func(f fault) bool { return f.On == operation && f.Kind == sandbox.LoseAnswer })]
}

// lag lets lists be behind.
func (s *storm) lag() {
	for _, on := range []string{"list issues", "list comments"} {
		s.github.Faults.Add(sandbox.Fault{Kind: sandbox.Lag, On: on, Delay: lag})
	}
	s.slack.Faults.Add(sandbox.Fault{Kind: sandbox.Lag, On: "conversations.replies", Delay: lag})
}

// disturb does something to the sockets, or to the bot, now and then.
func (s *storm) disturb() {
	s.t.Helper()
	switch s.crowd.dice.IntN(100) {
	case 0:
		s.slack.DropSockets()
	case 1:
		s.slack.RefreshSockets()
	case 2, 3:
		s.slack.HoldNext(2)
	case 4:
		s.restart()
	default:
		s.slack.Release()
	}
}

// restart stops the bot, and starts it again a while later.
func (s *storm) restart() {
	s.t.Helper()
	for s.hanging() {
		s.tick(time.Second)
	}
	s.end()
	for range s.crowd.dice.IntN(5) {
		s.crowd.act()
		s.tick(10 * time.Second)
	}
	s.begin()
}

// clear heals the services and waits until nothing is left to do.
func (s *storm) clear() {
	s.t.Helper()
	s.github.Faults.Clear()
	s.slack.Faults.Clear()
	s.slack.SetSocketFaults(sandbox.SocketFaults{})
	s.slack.Release()
	pace := 2 * time.Second
	for end := s.clock.Now().Add(day); s.clock.Now().Before(end); {
		s.tick(pace)
		idle, err := resting(s.app.store)
		if err != nil {
			s.t.Fatal(err)
		}
		pace = 5 * time.Second
		if idle { // and waits for Slack to send something again; still less than a call may take
			pace = 10 * time.Second
		}
		over, cancel := context.WithCancel(s.t.Context())
		cancel()
		if idle && s.slack.WaitAcked(over) == nil {
			return
		}
	}
	s.t.Fatalf("the bot is not done after a day\n%s", tail(s.log.Name()))
}

// outage lets GitHub fail for a quarter of an hour. It returns who asked when the bot knew already.
func (s *storm) outage() (waited []*request) {
	s.t.Helper()
	s.github.Faults.Add(sandbox.Fault{Kind: sandbox.Fail, Status: 503})
	failed := func() int { return s.met()["create issue/"+string(sandbox.Fail)] }
	for before := failed(); failed() < before+3; {
		s.crowd.ask()
		s.tick(2 * time.Second)
	}
	for range 60 {
		waited = append(waited, s.crowd.ask())
		s.tick(15 * time.Second)
	}
	s.github.Faults.Clear()
	s.clear()
	return waited
}

// inOrder wants the issues of those who waited unsent in the order in which they asked.
func (s *storm) inOrder(waited []*request) {
	s.t.Helper()
	found, _ := s.crowd.mirrors()
	last := 0
	for _, r := range waited {
		held := found[s.slack.TeamID()+"/"+r.channel+"/"+r.ts]
		if len(held) != 1 {
			continue // the verdict says so
		}
		if held[0].issue < last {
			s.t.Errorf("%s: issue %d came after issue %d of a later message", r.ts, held[0].issue, last)
		}
		last = held[0].issue
	}
}

// unmet returns the faults that no call has met so far.
func (s *storm) unmet() []string {
	met := s.met()
	want := map[string]bool{"list issues/lag": true, "list comments/lag": true, "conversations.replies/lag": true}
	for _, kind := range []string{"redeliver", "twice", "same envelope", "other id", "drop", "hold"} {
		want["socket/"+kind] = true
	}
	for _, f := range s.weather() {
		want[f.name()] = true
	}
	maps.DeleteFunc(want, func(name string, _ bool) bool { return met[name] > 0 })
	return slices.Sorted(maps.Keys(want))
}

// report prints how often each operation met each fault. None may be left out.
func (s *storm) report() {
	s.t.Helper()
	met := s.met()
	var table strings.Builder
	for _, name := range slices.Sorted(maps.Keys(met)) {
		fmt.Fprintf(&table, "  %4d  %s\n", met[name], name)
	}
	s.t.Logf("faults met:\n%s", table.String())
	s.t.Logf("%s; %d issues, %v of the clock", s.crowd.summary(), len(s.github.Issues()), s.clock.Now().Sub(scenarioStart))
	for _, name := range s.unmet() {
		s.t.Errorf("never met: %s", name)
	}
}

// tail returns the end of a file.
func tail(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-8000):])
}
