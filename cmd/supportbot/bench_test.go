package main

import (
	"testing"
	"time"

	"supportbot/integrations/sandbox"
)

// Each benchmark runs a contender in a process of its own, and Slack, GitHub and the people who ask in this
// one. An iteration is a whole run: use -benchtime 1x, and -count for more of them. .ci/bench does, and prints
// medians and ratios.

// benchInRow is how many mentions are asked one after the other.
const benchInRow = 300

// BenchmarkReply is the time from a mention to its answer in the thread, on a machine that does nothing else.
func BenchmarkReply(b *testing.B) {
	for _, c := range contenders {
		b.Run(c.name, func(b *testing.B) {
			w := newBenchWorld(b)
			benchReply(b, w, c.start(b, w), benchInRow, 0)
		})
	}
}

// BenchmarkReplySlowServices is the same where GitHub and Slack take a while for each call.
func BenchmarkReplySlowServices(b *testing.B) {
	for _, c := range contenders {
		b.Run(c.name, func(b *testing.B) {
			w := newBenchWorld(b)
			p := c.start(b, w)
			slow(w)
			benchReply(b, w, p, benchInRow/10, 2*serviceTime)
		})
	}
}

// serviceTime is what a call takes at a service that doesn't answer at once.
const serviceTime = 100 * time.Millisecond

func slow(w *benchWorld) {
	w.slack.Faults.Add(sandbox.Fault{Kind: sandbox.Hang, Delay: serviceTime})
	w.github.Faults.Add(sandbox.Fault{Kind: sandbox.Hang, Delay: serviceTime})
}

// benchReply asks n times in a row. floor is what the services alone take for an answer, 0 if next to nothing.
func benchReply(b *testing.B, w *benchWorld, c *contestant, n int, floor time.Duration) {
	var waits []time.Duration
	for b.Loop() {
		for range n {
			enough := w.expect(1)
			asked := time.Now()
			w.ask()
			w.await(b, c, enough)
			waits = append(waits, w.lastReply().Sub(asked))
		}
	}
	reportTimes(b, "reply", waits)
	if floor > 0 {
		b.ReportMetric(quantile(waits, .5)/float64(floor.Milliseconds()), "p50/floor")
		b.ReportMetric(quantile(waits, .99)/float64(floor.Milliseconds()), "p99/floor")
	}
	c.reportMemory(b)
}

// burst is how many mentions come at once.
const burst = 5000

// BenchmarkBurst is how long it takes until everybody of a crowd is acknowledged, and answered.
func BenchmarkBurst(b *testing.B) {
	for _, c := range contenders {
		b.Run(c.name, func(b *testing.B) {
			w := newBenchWorld(b)
			benchBurst(b, w, c.start(b, w))
		})
	}
}

func benchBurst(b *testing.B, w *benchWorld, c *contestant) {
	var acked, replied time.Duration
	before := c.cpu(b)
	for b.Loop() {
		enough := w.expect(burst)
		w.slack.HoldNext(burst)
		for range burst {
			w.ask()
		}
		released := time.Now()
		w.slack.Release()
		w.await(b, c, enough)
		_, lastAck := w.acked()
		acked += lastAck.Sub(released)
		replied += w.lastReply().Sub(released)
	}
	b.ReportMetric(float64(b.N*burst)/acked.Seconds(), "acks/s")
	b.ReportMetric(acked.Seconds()/float64(b.N), "s-to-ack")
	b.ReportMetric(float64(b.N*burst)/replied.Seconds(), "replies/s")
	b.ReportMetric(float64((c.cpu(b)-before).Microseconds())/float64(b.N*burst), "cpu-µs/mention")
	c.reportMemory(b)
}

// Mentions a second, and for how long, of a steady stream: many times what a large company writes.
const (
	streamRate = 300
	streamTime = 10 * time.Second
)

// BenchmarkStream is how long acknowledgement and answer take under a steady stream of mentions.
func BenchmarkStream(b *testing.B) {
	for _, c := range contenders {
		b.Run(c.name, func(b *testing.B) {
			w := newBenchWorld(b)
			benchStream(b, w, c.start(b, w))
		})
	}
}

func benchStream(b *testing.B, w *benchWorld, c *contestant) {
	const n = int(streamRate * streamTime / time.Second)
	asked := map[string]time.Time{}
	var acks, waits []time.Duration
	for b.Loop() {
		enough := w.expect(n)
		clear(asked)
		begin := time.Now()
		for i := range n {
			due := begin.Add(time.Duration(i) * time.Second / streamRate)
			time.Sleep(time.Until(due))
			asked[w.ask()] = due
		}
		w.await(b, c, enough)
		latest, _ := w.acked()
		acks = append(acks, latest...)
		waits = append(waits, w.waits(asked)...)
	}
	reportTimes(b, "ack", acks)
	reportTimes(b, "reply", waits)
	c.reportMemory(b)
}
