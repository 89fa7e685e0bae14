package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"supportbot/integrations/sandbox"
)

var talkChecks = flag.Int("talk.checks", 4, "how many random talks are compared with their issues")

// TestWhatIsSaidIsInItsIssue lets people talk at random, while services fail and the bot is away, and then compares
// Slack with GitHub. Invariants 1 to 3: each mention that still exists has exactly one issue, and that holds exactly
// what its thread says, less its secrets.
func TestWhatIsSaidIsInItsIssue(t *testing.T) {
	if err := flag.Set("rapid.checks", strconv.Itoa(*talkChecks)); err != nil {
		t.Fatal(err)
	}
	done := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		talk := newTalk(t, rt, done)
		defer talk.leave()
		rt.Repeat(talk.acts())
		talk.calm()
		for _, problem := range talk.verdict() {
			rt.Error(problem)
		}
	})
	for _, act := range (&talk{done: done}).names() {
		t.Logf("%6d times %s", done[act], act)
		if done[act] == 0 && *talkChecks >= 20 {
			t.Errorf("nobody ever did: %s", act)
		}
	}
}

// A talk is what people say to each other in a few channels, and what befalls the bot meanwhile.
type talk struct {
	*storm
	rt   *rapid.T
	done map[string]int // acts, over all talks
	said []*utterance
	word int
}

// An utterance is a message of a person, in its last version.
type utterance struct {
	channel, ts, thread string
	user                string
	word                string // in this version of it, and nowhere else
	mention             bool
	secret              string
	gone                bool
	former              []string // words and secrets of earlier versions, or of one that was deleted
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

// acts are what may happen, each followed by a moment.
func (k *talk) acts() map[string]func(*rapid.T) {
	all := map[string]func(){
		"ask":                         func() { k.say("", true) },
		"say something":               func() { k.say("", false) },
		"answer":                      func() { k.answer(false) },
		"answer again":                func() { k.answer(false) },
		"mention us in an answer":     func() { k.answer(true) },
		"change what was said":        func() { k.edit(func(u *utterance) bool { return u.mention }) },
		"put a mention in":            func() { k.edit(func(*utterance) bool { return true }) },
		"take a mention out":          func() { k.edit(func(*utterance) bool { return false }) },
		"delete":                      k.delete,
		"GitHub loses an answer":      func() { k.fail(sandbox.LoseAnswer) },
		"GitHub writes late":          func() { k.fail(sandbox.LandLate) },
		"GitHub is down":              k.outage,
		"the bot is away":             k.away,
		"no socket can be opened":     k.unheard,
		"events come late and double": k.disturbed,
		"an hour passes":              func() { k.pass(time.Hour) },
	}
	acts := map[string]func(*rapid.T){}
	for name, act := range all {
		acts[name] = func(rt *rapid.T) {
			k.rt = rt
			act()
			k.done[name]++
			if k.app != nil {
				k.tick(time.Duration(rapid.IntRange(0, 12).Draw(rt, "seconds")) * time.Second)
			}
		}
	}
	return acts
}

func (k *talk) names() (names []string) {
	for name := range k.acts() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// text makes a new text for u, with a word of its own and sometimes a secret.
func (k *talk) text(u *utterance) string {
	k.word++
	u.former = append(u.former, u.word, u.secret)
	u.word, u.secret = fmt.Sprintf("table%05dx", k.word), ""
	said := "the load of " + u.word + " fails"
	if u.mention {
		said = "@support " + said
	}
	if rapid.IntRange(0, 5).Draw(k.rt, "secret") == 0 {
		u.secret = fmt.Sprintf("Qz%dw7Tr%dLm", 100000+k.word, 900000-k.word)
		said += "\nthe password is " + u.secret
	}
	return said
}

// say says something, in a thread or outside.
func (k *talk) say(thread string, mention bool) {
	u := &utterance{channel: helpChannel, thread: thread, mention: mention, user: rapid.SampledFrom([]string{"U0ALICE", "U0BEN", "U0AYA"}).Draw(k.rt, "who")}
	u.ts = k.slack.Post(sandbox.Post{Channel: u.channel, User: u.user, ThreadTS: thread, Text: k.text(u)})
	if thread == "" {
		u.thread = u.ts
	}
	k.said = append(k.said, u)
}

// one returns any utterance that still exists, nil if there is none.
func (k *talk) one() *utterance {
	there := slices.DeleteFunc(slices.Clone(k.said), func(u *utterance) bool { return u.gone })
	if len(there) == 0 {
		return nil
	}
	return rapid.SampledFrom(there[max(0, len(there)-12):]).Draw(k.rt, "which")
}

func (k *talk) answer(mention bool) {
	if u := k.one(); u != nil {
		k.say(u.thread, mention)
	}
}

func (k *talk) edit(mention func(*utterance) bool) {
	if u := k.one(); u != nil {
		u.mention = mention(u)
		k.slack.Edit(u.channel, u.ts, k.text(u))
	}
}

func (k *talk) delete() {
	if u := k.one(); u != nil {
		u.gone, u.mention = true, false
		u.former = append(u.former, u.word, u.secret)
		k.slack.Delete(u.channel, u.ts)
	}
}

func (k *talk) fail(kind sandbox.FaultKind) {
	on := rapid.SampledFrom([]string{"create issue", "edit issue", "create comment", "edit comment"}).Draw(k.rt, "on")
	k.github.Faults.Add(sandbox.Fault{Kind: kind, On: on, Times: 1, Delay: landLate})
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
	k.chat()
	k.begin()
}

// unheard closes the sockets, and lets none be opened for a while.
func (k *talk) unheard() {
	k.slack.Faults.Add(sandbox.Fault{Kind: sandbox.Fail, On: "apps.connections.open", Status: 500})
	k.slack.DropSockets()
	k.chat()
	k.slack.Faults.Clear()
	k.untilSockets(1)
}

func (k *talk) disturbed() {
	k.slack.SetSocketFaults(sandbox.SocketFaults{Redeliver: .3, Twice: .3, SameEnvelope: .3, OtherID: .3})
	k.slack.HoldNext(2)
	for range 3 {
		k.act()
	}
	k.tick(stride)
	k.slack.Release()
	k.tick(time.Minute) // by then Slack has sent again what it does
	k.slack.SetSocketFaults(sandbox.SocketFaults{})
}

// chat is a few things said and changed, some minutes apart.
func (k *talk) chat() {
	for range rapid.IntRange(1, 5).Draw(k.rt, "chat") {
		k.act()
		k.pass(2 * time.Minute)
	}
}

// act is one thing that people do.
func (k *talk) act() {
	switch rapid.IntRange(0, 5).Draw(k.rt, "act") {
	case 0, 1:
		k.say("", true)
	case 2:
		k.answer(true)
	case 3:
		k.answer(false)
	case 4:
		k.edit(func(u *utterance) bool { return u.mention })
	case 5:
		k.delete()
	}
}

// pass lets a longer time pass: all that is due is done, but nobody waits until Slack sends again what it sends late.
func (k *talk) pass(d time.Duration) {
	for k.tick(stride); d > 0; d -= time.Minute {
		k.clock.Advance(time.Minute)
		if k.app != nil {
			_ = k.wait(k.app.machine.WaitIdle, brief)
		}
	}
}

// calm lets everything be found and done.
func (k *talk) calm() {
	k.untilSockets(1)
	k.clear()
	k.pass(2 * time.Hour) // in which every channel is read again
	k.clear()
}

// verdict compares Slack with GitHub.
func (k *talk) verdict() (problems []string) {
	threads := map[string][]*utterance{}
	for _, u := range k.said {
		threads[u.thread] = append(threads[u.thread], u)
	}
	held := map[string][]string{}
	for _, i := range k.github.Issues() {
		about := issueMarker.FindStringSubmatch(i.Body)
		if about == nil {
			return append(problems, fmt.Sprintf("issue %d has no marker", i.Number))
		}
		text := i.Body
		for _, c := range i.Comments {
			text += "\n" + c.Body
		}
		thread := about[1][strings.LastIndex(about[1], "/")+1:]
		held[thread] = append(held[thread], text)
	}
	for thread, said := range threads {
		for _, p := range judgeThread(said, held[thread]) {
			problems = append(problems, fmt.Sprintf("thread %s: %s", thread, p))
		}
	}
	published := k.crowd.published()
	for _, u := range k.said {
		for _, secret := range append(u.former, u.secret) {
			if strings.HasPrefix(secret, "Qz") && strings.Contains(published, secret) {
				problems = append(problems, fmt.Sprintf("the secret of %s was published", u.ts))
			}
		}
	}
	return problems
}

// judgeThread compares what a thread says with the issues about it.
func judgeThread(said []*utterance, issues []string) (problems []string) {
	asked := slices.ContainsFunc(said, func(u *utterance) bool { return u.mention })
	switch {
	case len(issues) > 1:
		return []string{fmt.Sprintf("has %d issues", len(issues))}
	case len(issues) == 0 && asked:
		return []string{"mentions us and has no issue"}
	case len(issues) == 0:
		return nil
	}
	for _, u := range said {
		if n := strings.Count(issues[0], u.word); !u.gone && n != 1 {
			problems = append(problems, fmt.Sprintf("%s is in the issue %d times: %s", u.word, n, u.ts))
		}
		for _, word := range u.former {
			if word != "" && strings.Contains(issues[0], word) {
				problems = append(problems, fmt.Sprintf("the issue holds %s, which is said no more: %s", word, u.ts))
			}
		}
	}
	return problems
}
