package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"supportbot/integrations/sandbox"
)

// benchSenders is how many people take turns to ask.
const benchSenders = 100

// benchPatience bounds every wait for a contender.
const benchPatience = 2 * time.Minute

// A benchWorld is the stand-ins, without limits, in which contenders do the same job, and what was measured
// there. They are in the benchmark's own process.
type benchWorld struct {
	*world
	requests requests
	asked    int

	mu      sync.Mutex
	acks    []time.Duration // of mentions, since their delivery
	lastAck time.Time
	replies map[string]time.Time // by thread, when it had its first answer
	wanted  int                  // replies
	enough  chan struct{}        // closed when there are so many
}

func newBenchWorld(b *testing.B) *benchWorld {
	b.Helper()
	company, err := parseCompany("world.yml", defaultWorld)
	if err != nil {
		b.Fatal(err)
	}
	w := &benchWorld{requests: newRequests(1), replies: map[string]time.Time{}}
	w.world = &world{
		clock:   sandbox.RealClock(),
		company: company,
		slack:   sandbox.NewSlack(sandbox.SlackOptions{Scopes: scopes(), Events: events(), Unlimited: true, Forget: true}),
		github: sandbox.NewGitHub(sandbox.GitHubOptions{
			Repository: "acme/analytics-support", CanPush: true, Unlimited: true, ForgetCalls: true,
		}),
	}
	b.Cleanup(w.close)
	w.settle()
	members := []string{w.slack.BotUserID()}
	for i := range benchSenders {
		p := w.slack.AddPerson(sandbox.Person{ID: sender(i), Name: fmt.Sprintf("person%d", i)})
		members = append(members, p.ID)
	}
	w.slack.AddChannel(sandbox.Channel{ID: helpChannel, Name: "help-data", Members: members})
	w.slack.OnAck = w.acknowledged
	w.slack.OnPost = w.posted
	return w
}

func sender(i int) string { return fmt.Sprintf("U0PERSON%d", i%benchSenders) }

func (w *benchWorld) acknowledged(payload []byte, took time.Duration) {
	if bytes.Contains(payload, []byte(`"bot_id":`)) { // the echo of an answer
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acks = append(w.acks, took)
	w.lastAck = time.Now()
}

func (w *benchWorld) posted(m sandbox.Message) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, again := w.replies[m.ThreadTS]; again || m.ThreadTS == "" || m.BotID == "" {
		return
	}
	w.replies[m.ThreadTS] = now
	if len(w.replies) == w.wanted {
		close(w.enough)
	}
}

// expect forgets what was measured and waits for n replies from now on.
func (w *benchWorld) expect(n int) (enough <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acks, w.replies = nil, map[string]time.Time{}
	w.wanted, w.enough = n, make(chan struct{})
	return w.enough
}

// ask posts the next mention and returns its thread.
func (w *benchWorld) ask() (thread string) {
	w.asked++
	return w.slack.Post(sandbox.Post{Channel: helpChannel, User: sender(w.asked), Text: w.requests.next()})
}

// warm has each sender ask once, so that everybody is known and all connections are open.
func (w *benchWorld) warm(b *testing.B, c *contestant) {
	b.Helper()
	enough := w.expect(benchSenders)
	for range benchSenders {
		w.ask()
	}
	w.await(b, c, enough)
}

func (w *benchWorld) await(b *testing.B, c *contestant, enough <-chan struct{}) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), benchPatience)
	defer cancel()
	select {
	case <-enough:
	case <-c.ended:
		b.Fatalf("%s ended: %v\n%s", c.name, c.err, c.output)
	case <-ctx.Done():
		w.mu.Lock()
		defer w.mu.Unlock()
		b.Fatalf("%s answered %d of %d mentions within %v\n%s", c.name, len(w.replies), w.wanted, benchPatience, c.output)
	}
	if err := w.slack.WaitAcked(ctx); err != nil {
		b.Fatal(err)
	}
}

// lastReply is when the last thread had its answer.
func (w *benchWorld) lastReply() (last time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, at := range w.replies {
		if at.After(last) {
			last = at
		}
	}
	return last
}

// waits is how long each thread waited for its answer.
func (w *benchWorld) waits(asked map[string]time.Time) (waits []time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for thread, at := range asked {
		waits = append(waits, w.replies[thread].Sub(at))
	}
	return waits
}

// acked is how long each mention waited for its acknowledgement, and when the last had it.
func (w *benchWorld) acked() (waits []time.Duration, last time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.acks), w.lastAck
}

// reportTimes adds the median and the 99th percentile of a set of durations to the benchmark's figures.
func reportTimes(b *testing.B, what string, all []time.Duration) {
	b.Helper()
	b.ReportMetric(quantile(all, .5), "p50-"+what+"-ms")
	b.ReportMetric(quantile(all, .99), "p99-"+what+"-ms")
}

// quantile returns the smallest duration that a part q of all does not exceed, in milliseconds.
func quantile(all []time.Duration, q float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	if len(sorted) == 0 {
		return math.NaN()
	}
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return float64(sorted[i].Microseconds()) / 1000
}
