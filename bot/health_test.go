package bot

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"supportbot/integrations"
)

func TestHealthFollowsWhatCallsMeet(t *testing.T) {
	ok := (*integrations.Error)(nil)
	unknown, unreachable := failing(integrations.Unknown), failing(integrations.Unreachable)
	limited, rejected, locked := failing(integrations.Limited), failing(integrations.Rejected), failing(integrations.Locked)
	type calls = []*integrations.Error
	for _, test := range []struct {
		name  string
		calls calls
		last  change
		up    bool
	}{
		{"one failure is no outage", calls{unknown}, same, true},
		{"two failures are no outage", calls{unknown, unreachable}, same, true},
		{"three in a row are", calls{unknown, unreachable, unknown}, wentDown, false},
		{"an outage is announced once", calls{unknown, unknown, unknown, unknown}, same, false},
		{"a success in between begins the count anew", calls{unknown, unknown, ok, unknown, unknown}, same, true},
		{"an answer that refuses is an answer", calls{unknown, unknown, rejected, unknown}, same, true},
		{"a limit is an answer", calls{unknown, unknown, limited, unknown}, same, true},
		{"one success ends an outage", calls{unknown, unknown, unknown, ok}, recovered, true},
		{"a refused token locks at once", calls{locked}, gotLocked, false},
		{"a lock is announced once", calls{locked, locked}, same, false},
		{"an outage that turns out to be a lock", calls{unknown, unknown, unknown, locked}, gotLocked, false},
		{"an outage does not end a lock", calls{locked, unknown}, same, false},
		{"one success ends a lock", calls{locked, ok}, recovered, true},
		{"the first success says that it works", calls{unknown, ok}, works, true},
		{"so does any other answer", calls{rejected}, works, true},
		{"it is said once", calls{ok, ok}, same, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var h health
			var last change
			for _, e := range test.calls {
				last = h.learn(e, noon)
			}
			if last != test.last || h.up() != test.up {
				t.Errorf("change %v, up %t; want %v, %t", last, h.up(), test.last, test.up)
			}
		})
	}
}

func TestWhatIsNotUpIsAskedOnceAMinute(t *testing.T) {
	var h health
	h.learn(failing(integrations.Locked), noon)
	for _, test := range []struct {
		name  string
		after time.Duration
		ask   bool
		at    time.Duration
	}{
		{"not at once", 0, false, time.Minute},
		{"not before the minute is over", 59 * time.Second, false, time.Minute},
		{"after a minute", time.Minute, true, 2 * time.Minute},
		{"only one asks", time.Minute, false, 2 * time.Minute},
		{"a late one waits for the next minute from then", 150 * time.Second, true, 210 * time.Second},
	} {
		ask, at := h.probe(noon.Add(test.after))
		if ask != test.ask || !at.Equal(noon.Add(test.at)) {
			t.Errorf("%s: %t, next %v; want %t, %v", test.name, ask, at.Sub(noon), test.ask, test.at)
		}
	}
}

func TestTheMetricsSayWhichServiceWorks(t *testing.T) {
	d := &desk{}
	m, clock := newMachine(t, []integrations.Service{d.service()})
	registry := prometheus.NewRegistry()
	registry.MustRegister(&m.Metrics.running)
	up := func() float64 {
		t.Helper()
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		return families[0].GetMetric()[0].GetGauge().GetValue()
	}
	p := m.performers["desk"]
	for _, step := range []struct {
		name string
		do   func()
		want float64
	}{
		{"at the start", func() {}, 1},
		{"refused", func() { p.learn(failing(integrations.Locked)) }, 0},
		{"back", func() { p.learn(nil) }, 1},
		{"paused", func() { p.health.pause(clock.Now()) }, 0},
	} {
		step.do()
		if got := up(); got != step.want {
			t.Errorf("%s: up is %v, want %v", step.name, got, step.want)
		}
	}
}
