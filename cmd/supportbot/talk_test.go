package main

import (
	"flag"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"supportbot/integrations/sandbox"
)

var talkChecks = flag.Int("talk.checks", 4, "how many random talks are compared with their issues")

// TestWhatIsSaidIsInItsIssue lets people talk at random, in public and in private, while services fail and the bot is
// away, and then compares Slack with GitHub. Invariants 1 to 4: each request that still exists has exactly one issue, and
// that holds exactly what its thread says, less its secrets, and less what is private, unless its author published it.
func TestWhatIsSaidIsInItsIssue(t *testing.T) {
	if err := flag.Set("rapid.checks", strconv.Itoa(*talkChecks)); err != nil {
		t.Fatal(err)
	}
	done := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		talk := newTalk(t, rt, done)
		defer talk.leave()
		rt.Repeat(talk.acts())
		talk.rt = rt
		talk.calm()
		for _, problem := range talk.verdict() {
			rt.Error(problem)
		}
	})
	for _, act := range slices.Sorted(maps.Keys((&talk{}).acts())) {
		t.Logf("%6d times %s", done[act], act)
		if done[act] == 0 && *talkChecks >= 20 {
			t.Errorf("nobody ever did: %s", act)
		}
	}
}

// A talk is what people say to each other, and what befalls the bot meanwhile.
type talk struct {
	*storm
	rt      *rapid.T
	done    map[string]int // acts, over all talks
	said    []*utterance   // in order
	presses []*press
	sealed  []string // words that were taken back in private, by people who had published nothing by then
	words   int
	deaf    bool // what is said now may reach the bot late, or only be found by it
}

func newTalk(t *testing.T, rt *rapid.T, done map[string]int) *talk {
	log, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	s := &storm{t: t, log: log}
	s.world = worldOf(t, sandbox.NewClock(scenarioStart), sandbox.SlackOptions{}, sandbox.GitHubOptions{Unlimited: true})
	s.settings.Limits.GitHubCreationsPerHour, s.settings.Limits.TicketsPerSenderPer10Minutes = 0, 0
	s.crowd = newCrowd(s.world, 1)
	s.begin()
	return &talk{storm: s, rt: rt, done: done}
}

// leave ends the talk, however it went.
func (k *talk) leave() {
	if k.app != nil {
		k.end()
	}
	k.world.close()
	k.log.Close()
}

// acts are what may happen, each followed by a moment. What there is nothing to do to is not done.
func (k *talk) acts() map[string]func(*rapid.T) {
	acts := map[string]func(*rapid.T){}
	for name, act := range k.people() {
		acts[name] = func(rt *rapid.T) {
			k.rt = rt
			if !act() {
				rt.Skip(name)
			}
			k.did(name)
		}
	}
	for name, act := range k.weather() {
		acts[name] = func(rt *rapid.T) {
			k.rt = rt
			act()
			k.did(name)
		}
	}
	return acts
}

func (k *talk) did(name string) {
	k.done[name]++
	k.tick(time.Duration(rapid.IntRange(0, 12).Draw(k.rt, "seconds")) * time.Second)
}

// people are what people do; false if there is nothing to do it to.
func (k *talk) people() map[string]func() bool {
	begin := func(where func() room, mention bool) func() bool {
		return func() bool { return k.say(where(), "", mention) }
	}
	return map[string]func() bool{
		"ask":                      begin(k.publicRoom, true),
		"ask in a private channel": begin(k.privateRoom, true),
		"ask in a group message":   begin(k.groupRoom, true),
		"write to the bot":         begin(k.directRoom, false),
		"write two messages":       k.writeTwice,
		"say something":            begin(k.anyRoom, false),
		"ask with a file":          func() bool { return k.say(k.anyRoom(), "", true, k.newFile()) },
		"answer":                   func() bool { return k.answer(false) },
		"answer with a file":       func() bool { return k.answer(false, k.newFile()) },
		"mention us in an answer":  func() bool { return k.answer(true) },
		"draw us into a thread":    k.drawIn,
		"answer a notice":          k.answerNotice,
		"change what was said":     func() bool { return k.edit(func(u *utterance) bool { return u.asks }) },
		"put a mention in":         func() bool { return k.edit(func(*utterance) bool { return true }) },
		"take a mention out":       func() bool { return k.edit(func(*utterance) bool { return false }) },
		"delete":                   k.delete,
		"remove a file":            k.removeFile,
		"publish":                  k.publish,
	}
}

// weather is what befalls the bot.
func (k *talk) weather() map[string]func() {
	return map[string]func(){
		"GitHub loses an answer":      func() { k.fail(sandbox.LoseAnswer) },
		"GitHub writes late":          func() { k.fail(sandbox.LandLate) },
		"GitHub is down":              k.outage,
		"Slack doesn't give it":       k.ungiven,
		"the bot is away":             k.away,
		"no socket can be opened":     k.unheard,
		"events come late and double": k.disturbed,
		"an hour passes":              func() { k.pass(time.Hour) },
	}
}

func (k *talk) fail(kind sandbox.FaultKind) {
	on := rapid.SampledFrom([]string{"create issue", "edit issue", "create comment", "edit comment"}).Draw(k.rt, "on")
	k.github.Faults.Add(sandbox.Fault{Kind: kind, On: on, Times: 1, Delay: landLate})
}

// ungiven lets Slack fail to give something, sometimes for longer than it is asked for in a row.
func (k *talk) ungiven() {
	on := rapid.SampledFrom([]string{
		"files.info", "files-pri", "users.info", "usergroups.list", "conversations.info", "conversations.replies", "conversations.history",
	}).Draw(k.rt, "on")
	times := rapid.SampledFrom([]int{1, 1, 10}).Draw(k.rt, "times")
	k.slack.Faults.Add(sandbox.Fault{Kind: sandbox.Fail, On: on, Status: 503, Times: times})
}

// outage lets GitHub fail for some minutes, in which people go on talking.
func (k *talk) outage() {
	k.github.Faults.Add(sandbox.Fault{Kind: sandbox.Fail, Status: 503})
	k.chat()
	k.github.Faults.Clear()
}

// away stops the bot, and starts it again after a while.
func (k *talk) away() {
	k.end()
	k.deaf = true
	k.chat()
	k.begin()
	k.deaf = false
}

// unheard closes the sockets, and lets none be opened for a while.
func (k *talk) unheard() {
	k.slack.Faults.Add(sandbox.Fault{Kind: sandbox.Fail, On: "apps.connections.open", Status: 500})
	k.slack.DropSockets()
	k.deaf = true
	k.chat()
	k.slack.Faults.Clear()
	k.untilSockets(1)
	k.deaf = false
}

func (k *talk) disturbed() {
	k.slack.SetSocketFaults(sandbox.SocketFaults{Redeliver: .3, Twice: .3, SameEnvelope: .3, OtherID: .3})
	k.slack.HoldNext(2)
	k.deaf = true
	for range 3 {
		k.act()
	}
	k.tick(stride)
	k.slack.Release()
	k.tick(time.Minute) // by then Slack has sent again what it does
	k.slack.SetSocketFaults(sandbox.SocketFaults{})
	k.deaf = false
}

// chat is a few things said and changed, some minutes apart.
func (k *talk) chat() {
	for range rapid.IntRange(1, 5).Draw(k.rt, "chat") {
		k.act()
		k.pass(2 * time.Minute)
	}
}

// act is one thing that people do, if they can. Mentions in threads that were nobody's are found in a way of their own, so
// there are more of them.
func (k *talk) act() {
	acts := k.people()
	names := append(slices.Sorted(maps.Keys(acts)), "say something", "draw us into a thread", "draw us into a thread")
	name := rapid.SampledFrom(names).Draw(k.rt, "act")
	if acts[name]() {
		k.done[name]++
	}
}

// pass lets a longer time pass: all that is due is done, but nobody waits until Slack sends again what it sends late. A call
// ends before the clock goes on: it can't take a minute, which is longer than its lease.
func (k *talk) pass(d time.Duration) {
	for k.tick(stride); d > 0; d -= time.Minute {
		k.clock.Advance(time.Minute)
		if k.app == nil {
			continue
		}
		if err := k.wait(k.app.machine.WaitIdle, waitAtMost); err != nil {
			k.t.Fatalf("the bot does not come to rest: %v", err)
		}
	}
}

// calm lets everything be found and done, and then people publish what they will.
func (k *talk) calm() {
	k.untilSockets(1)
	k.clear()
	k.pass(2 * time.Hour) // in which every channel is read again
	k.clear()
	k.seal()
	k.pressAgain()
	for _, b := range k.buttons() {
		if rapid.Bool().Draw(k.rt, "publish") {
			k.press(b, rapid.SampledFrom(b.people).Draw(k.rt, "who"))
		}
	}
	k.clear()
}

// seal remembers what was taken back in private by people who have published nothing so far.
func (k *talk) seal() {
	for _, u := range k.said {
		pressed := slices.ContainsFunc(k.presses, func(p *press) bool { return p.who == u.user && p.channel == u.channel })
		for _, word := range u.former {
			if u.private && !pressed && word != "" {
				k.sealed = append(k.sealed, word)
			}
		}
	}
}

// pressAgain has who pressed a button in vain press it again, if it is there.
func (k *talk) pressAgain() {
	for _, p := range slices.Clone(k.presses) {
		if p.heard && p.arrived() {
			continue
		}
		for _, b := range k.buttons() {
			if b.TS == p.ts && b.room.channel == p.channel {
				k.press(b, p.who)
			}
		}
	}
	k.clear()
}
