package integrations

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var (
	noon   = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	github = []Limit{
		{Counts: []string{"issue", "comment", "edit"}, Count: 55, Per: time.Minute, Even: true},
		{Counts: []string{"issue", "comment"}, Count: 5, Per: time.Hour},
		{Counts: []string{"issue", "comment"}, Holds: []string{"comment"}, Count: 4, Per: time.Hour},
	}
	slack = []Limit{
		{Counts: []string{"chat.update"}, Count: 2, Per: time.Minute},
		{Count: 60, Per: time.Minute, Even: true},
	}
)

type start struct {
	lane string
	at   time.Duration // since noon
}

func TestLimiterHolds(t *testing.T) {
	tests := []struct {
		name   string
		limits []Limit
		starts []start
		at     time.Duration
		want   map[string]time.Duration
	}{
		{name: "nothing is held before anything started", limits: github, want: map[string]time.Duration{}},
		{
			name: "an even limit holds all that it counts for its part of the minute", limits: github,
			starts: []start{{"edit", 0}}, at: time.Second,
			want: map[string]time.Duration{"issue": 1090909091, "comment": 1090909091, "edit": 1090909091},
		},
		{
			name: "an even limit lets go at the nanosecond it is over", limits: github,
			starts: []start{{"edit", 0}}, at: 1090909091, want: map[string]time.Duration{},
		},
		{
			name: "the last part of the creations is kept for issues", limits: github,
			starts: []start{{"comment", 0}, {"comment", 2e9}, {"issue", 4e9}, {"issue", 6e9}}, at: 10 * time.Second,
			want: map[string]time.Duration{"comment": time.Hour},
		},
		{
			name: "all creations used up hold both, and edits go on", limits: github,
			starts: []start{{"comment", 0}, {"comment", 2e9}, {"issue", 4e9}, {"issue", 6e9}, {"issue", 8e9}}, at: 10 * time.Second,
			want: map[string]time.Duration{"comment": time.Hour + 2*time.Second, "issue": time.Hour},
		},
		{
			name: "starts are rebuilt in any order", limits: github,
			starts: []start{{"issue", 8e9}, {"issue", 6e9}, {"comment", 0}, {"issue", 4e9}, {"comment", 2e9}}, at: 10 * time.Second,
			want: map[string]time.Duration{"comment": time.Hour + 2*time.Second, "issue": time.Hour},
		},
		{
			name: "each channel is held by itself", limits: slack,
			starts: []start{{"C1", 0}, {"C2", 5e8}}, at: 1200 * time.Millisecond,
			want: map[string]time.Duration{"C2": 1500 * time.Millisecond},
		},
		{
			name: "a lane with a limit of its name is not counted by the limit of the others", limits: slack,
			starts: []start{{"chat.update", 0}}, at: 1, want: map[string]time.Duration{},
		},
		{
			name: "a lane with a limit of its name may burst up to it", limits: slack,
			starts: []start{{"chat.update", 0}, {"chat.update", 1}}, at: 2,
			want: map[string]time.Duration{"chat.update": time.Minute},
		},
		{
			name: "the empty lane has no limit", limits: slack,
			starts: []start{{"", 0}, {"", 0}}, want: map[string]time.Duration{},
		},
		{
			name: "a count of zero is no limit", limits: []Limit{{Count: 0, Per: time.Minute, Even: true}},
			starts: []start{{"C1", 0}, {"C1", 0}}, want: map[string]time.Duration{},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := NewLimiter(tt.limits)
			for _, s := range tt.starts {
				l.Started(s.lane, noon.Add(s.at))
			}
			got := map[string]time.Duration{}
			for lane, free := range l.Held(noon.Add(tt.at)).Lanes {
				got[lane] = free.Sub(noon)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("held lanes differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLimiterHoldAfterRetryAfter(t *testing.T) {
	l := NewLimiter(slack)
	l.Hold("C1", noon.Add(30*time.Second))
	l.Hold("C1", noon.Add(10*time.Second))
	if h := l.Held(noon); !h.Lanes["C1"].Equal(noon.Add(30*time.Second)) || !h.Next.Equal(noon.Add(30*time.Second)) {
		t.Errorf("a shorter hold shortened the one that was there: %v", h)
	}
	l.Hold("", noon.Add(time.Minute))
	if h := l.Held(noon); !h.All.Equal(noon.Add(time.Minute)) || !h.Next.Equal(h.All) {
		t.Errorf("the whole service is not held: %v", h)
	}
	if h := l.Held(noon.Add(time.Minute)); !h.All.IsZero() || len(h.Lanes) > 0 || !h.Next.IsZero() {
		t.Errorf("still held when all holds are over: %v", h)
	}
}

func TestLimiterForgetsIdleLanes(t *testing.T) {
	l, now := NewLimiter(slack), noon
	for i := range 100_000 {
		now = now.Add(100 * time.Millisecond) // so ten channels count at a time
		l.Started(fmt.Sprint("C", i), now)
		l.Hold(fmt.Sprint("H", i), now.Add(time.Second))
		if i%1000 == 0 {
			l.Held(now)
		}
		if len(l.lanes) > minSweep || len(l.holds) > 1100 {
			t.Fatalf("%d lanes and %d holds are remembered of ten that count", len(l.lanes), len(l.holds))
		}
	}
}

func TestLimiterRemembersLanesThatStillCount(t *testing.T) {
	l := NewLimiter([]Limit{{Count: 2, Per: time.Hour}})
	l.Started("C1", noon)
	for i := range 10 * minSweep {
		l.Started(fmt.Sprint("D", i), noon)
	}
	l.Started("C1", noon)
	if got := l.Free("C1", noon).Sub(noon); got != time.Hour {
		t.Errorf("after two starts of two a lane waits %v, want an hour", got)
	}
}

// The oracle counts all starts that ever were, each time anew.
type oracle struct {
	limits []Limit
	starts []start
}

func (o oracle) mayStart(lane string, now time.Duration) bool {
	for _, limit := range o.limits {
		counts, holds := limit.Counts, limit.Holds
		if holds == nil {
			holds = counts
		}
		if counts == nil {
			counts = []string{lane}
			holds = counts
			if o.named(lane) {
				continue
			}
		}
		if limit.Count == 0 || !slices.Contains(holds, lane) {
			continue
		}
		if limit.Even && o.count(counts, now, limit.Per/time.Duration(limit.Count)) > 0 {
			return false
		}
		if !limit.Even && o.count(counts, now, limit.Per) >= limit.Count {
			return false
		}
	}
	return true
}

func (o oracle) named(lane string) bool {
	return slices.ContainsFunc(o.limits, func(l Limit) bool { return l.Count > 0 && slices.Contains(l.Counts, lane) })
}

func (o oracle) count(lanes []string, now, per time.Duration) int {
	n := 0
	for _, s := range o.starts {
		if slices.Contains(lanes, s.lane) && s.at > now-per && s.at <= now {
			n++
		}
	}
	return n
}

func TestLimiterAgreesWithCountingAllStarts(t *testing.T) {
	lanes := []string{"a", "b", "c", "d"}
	rapid.Check(t, func(t *rapid.T) {
		limits := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Limit {
			l := Limit{
				Count: rapid.IntRange(0, 5).Draw(t, "count"),
				Even:  rapid.Bool().Draw(t, "even"),
				Per:   60 * time.Second, // divisible by each count, so that the oracle need not round
			}
			if rapid.Bool().Draw(t, "named") {
				l.Counts = rapid.SliceOfNDistinct(rapid.SampledFrom(lanes), 1, 3, rapid.ID).Draw(t, "counts")
				if rapid.Bool().Draw(t, "other holds") {
					l.Holds = rapid.SliceOfNDistinct(rapid.SampledFrom(lanes), 1, 2, rapid.ID).Draw(t, "holds")
				}
			}
			return l
		}), 0, 4).Draw(t, "limits")
		l, o := NewLimiter(limits), oracle{limits: limits}
		now := time.Duration(0)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += time.Duration(rapid.IntRange(0, 20).Draw(t, "seconds")) * time.Second
			held := l.Held(noon.Add(now))
			for _, lane := range lanes {
				free, isHeld := held.Lanes[lane]
				if want := later(noon.Add(now), free); !l.Free(lane, noon.Add(now)).Equal(want) {
					t.Fatalf("at %v lane %s: Free says %v, Held %v", now, lane, l.Free(lane, noon.Add(now)), want)
				}
				if isHeld == o.mayStart(lane, now) {
					t.Fatalf("at %v lane %s: held is %v, counting says the opposite", now, lane, isHeld)
				}
				if isHeld && (!o.mayStart(lane, free.Sub(noon)) || o.mayStart(lane, free.Sub(noon)-1)) {
					t.Fatalf("at %v lane %s is not free exactly from %v on", now, lane, free.Sub(noon))
				}
			}
			lane := rapid.SampledFrom(lanes).Draw(t, "lane")
			if _, isHeld := held.Lanes[lane]; !isHeld {
				l.Started(lane, noon.Add(now))
				o.starts = append(o.starts, start{lane, now})
			}
		}
	})
}

// A greedy caller starts as soon as it may; even then no window of Per has more than Count starts.
func TestLimiterNeverAllowsMoreThanCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := Limit{
			Counts: []string{"a"},
			Count:  rapid.IntRange(1, 70).Draw(t, "count"),
			Per:    time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "per")),
			Even:   rapid.Bool().Draw(t, "even"),
		}
		l, now, starts := NewLimiter([]Limit{limit}), noon, []time.Time(nil)
		for range 3 * limit.Count {
			now = later(now, l.Held(now).Lanes["a"])
			l.Started("a", now)
			starts = append(starts, now)
		}
		for i := limit.Count; i < len(starts); i++ {
			if starts[i].Sub(starts[i-limit.Count]) < limit.Per {
				t.Fatalf("%d starts within less than %v: %v to %v", limit.Count+1, limit.Per, starts[i-limit.Count], starts[i])
			}
		}
	})
}

func BenchmarkLimiterFreeAmongThousandsOfChannels(b *testing.B) {
	benchmarkClaim(b, func(l *Limiter, lane string, now time.Time) { l.Free(lane, now) })
}

func BenchmarkLimiterHeldAmongThousandsOfChannels(b *testing.B) {
	benchmarkClaim(b, func(l *Limiter, _ string, now time.Time) { l.Held(now) })
}

func benchmarkClaim(b *testing.B, ask func(l *Limiter, lane string, now time.Time)) {
	l, now := NewLimiter(slack), noon
	channels := make([]string, 5000)
	for i := range channels {
		channels[i] = fmt.Sprint("C", i)
	}
	for i := 0; b.Loop(); i++ {
		now = now.Add(3 * time.Millisecond) // 300 a second
		lane := channels[i%len(channels)]
		ask(l, lane, now)
		l.Started(lane, now)
	}
}
