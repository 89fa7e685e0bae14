package page

import (
	"math"
	"net/http"
	"sync"
	"time"

	"supportbot/integrations/sandbox"
)

// A lever is one way to make a stand-in misbehave, and to heal it.
type lever struct {
	id      string
	service string // "slack" or "github"
	fault   *sandbox.Fault
	on, off func() // of what is no fault of calls; without off nothing stays on
	others  bool   // off heals others that have this too: they are put on again
}

// switches are all levers, and which of those are on that the stand-ins don't tell.
type switches struct {
	levers []lever
	calls  map[string]*sandbox.Faults // by service

	mu      sync.Mutex
	on      map[string]bool // by service/id
	sockets sandbox.SocketFaults
}

func newSwitches(s *sandbox.Slack, g *sandbox.GitHub) *switches {
	sw := &switches{
		calls: map[string]*sandbox.Faults{"slack": s.Faults, "github": &g.Faults},
		on:    map[string]bool{},
	}
	for _, service := range []string{"github", "slack"} {
		sw.levers = append(sw.levers, callLevers(service)...)
	}
	sw.levers = append(sw.levers,
		lever{id: "gone", service: "github", on: g.RemoveRepository, off: g.Restore, others: true},
		lever{id: "archived", service: "github", on: g.Archive, off: g.Restore, others: true},
		lever{id: "noissues", service: "github", on: g.DisableIssues, off: g.Restore, others: true},
		lever{id: "revoked", service: "github", on: g.Revoke, off: g.Restore, others: true},
		renamed(g),
		lever{id: "nopush", service: "github", on: g.DropPush, off: g.GrantPush},
		lever{id: "content", service: "github", on: func() { g.HoldContent(5 * time.Minute) }},
		lever{id: "quota", service: "github", on: g.ExhaustQuota},
		lever{id: "revoked", service: "slack", on: s.Revoke, off: s.Reinstall},
		lever{id: "off", service: "slack", on: s.DisableSocketMode, off: s.EnableSocketMode},
		lever{id: "hold", service: "slack", on: func() { s.HoldNext(math.MaxInt) }, off: s.Release},
	)
	sw.levers = append(sw.levers, sw.socketLevers(s)...)
	sw.levers = append(sw.levers,
		lever{id: "drop", service: "slack", on: s.DropSockets},
		lever{id: "warn", service: "slack", on: s.WarnSockets},
		lever{id: "refresh", service: "slack", on: s.RefreshSockets},
		lever{id: "malformed", service: "slack", on: func() { s.SendFrame(`{"type":"events_api","payload":`) }},
		lever{id: "dropped", service: "slack", on: s.LimitEvents},
	)
	return sw
}

// renamed is a lever that gives the repository another name, and its own again.
func renamed(g *sandbox.GitHub) lever {
	name := g.Repository().Name
	return lever{id: "renamed", service: "github", on: func() { g.Rename(name + "-renamed") }, off: func() { g.Rename(name) }}
}

// once says that nothing stays on.
func (l lever) once() bool { return l.fault == nil && l.off == nil }

// callLevers are the faults of calls.
func callLevers(service string) (levers []lever) {
	faults := []struct {
		id    string
		fault sandbox.Fault
	}{
		{"down", sandbox.Fault{Kind: sandbox.Fail, Status: http.StatusBadGateway}},
		{"limited", sandbox.Fault{Kind: sandbox.Limited, Delay: 30 * time.Second}},
		{"slow", sandbox.Fault{Kind: sandbox.Hang, Delay: 5 * time.Second}},
		{"lost", sandbox.Fault{Kind: sandbox.LoseAnswer}},
		{"late", sandbox.Fault{Kind: sandbox.LandLate, Delay: 3 * time.Second}},
		{"refuse", sandbox.Fault{Kind: sandbox.Refuse}},
		{"lag", sandbox.Fault{Kind: sandbox.Lag, Delay: 10 * time.Second}},
	}
	for _, f := range faults {
		levers = append(levers, lever{id: f.id, service: service, fault: &f.fault})
	}
	return levers
}

// socketLevers are the faults of deliveries.
func (sw *switches) socketLevers(s *sandbox.Slack) (levers []lever) {
	for _, f := range []struct {
		id  string
		set func(f *sandbox.SocketFaults, on bool)
	}{
		{"redeliver", func(f *sandbox.SocketFaults, on bool) { f.Redeliver = odds(on) }},
		{"twice", func(f *sandbox.SocketFaults, on bool) { f.Twice = odds(on) }},
		{"same", func(f *sandbox.SocketFaults, on bool) { f.SameEnvelope = odds(on) }},
		{"otherid", func(f *sandbox.SocketFaults, on bool) { f.OtherID = odds(on) }},
		{"delay", func(f *sandbox.SocketFaults, on bool) {
			if f.Delay = 0; on {
				f.Delay = 5 * time.Second
			}
		}},
		{"foreign", func(f *sandbox.SocketFaults, on bool) {
			if f.Foreign = 0; on {
				f.Foreign = 9
			}
		}},
	} {
		turn := func(on bool) func() {
			return func() {
				f.set(&sw.sockets, on)
				s.SetSocketFaults(sw.sockets)
			}
		}
		levers = append(levers, lever{id: f.id, service: "slack", on: turn(true), off: turn(false)})
	}
	return levers
}

func odds(on bool) float64 {
	if on {
		return 1
	}
	return 0
}

// isOn says whether a lever is on.
func (sw *switches) isOn(l lever) bool {
	if l.fault == nil {
		return sw.on[l.service+"/"+l.id]
	}
	for _, f := range sw.calls[l.service].Active() {
		if f.On == "" && f.Kind == l.fault.Kind {
			return true
		}
	}
	return false
}

// toggle turns a lever. It says whether there is one.
func (sw *switches) toggle(service, id string) bool {
	sw.mu.Lock()
	defer sw.mu.Unlock()
	for _, l := range sw.levers {
		if l.service != service || l.id != id {
			continue
		}
		on := sw.isOn(l)
		switch {
		case l.fault != nil && on:
			sw.lift(l)
		case l.fault != nil:
			sw.calls[service].Add(*l.fault)
		case on:
			l.off()
			sw.on[service+"/"+id] = false
			sw.again(l)
		default:
			l.on()
			sw.on[service+"/"+id] = !l.once()
		}
		return true
	}
	return false
}

// again puts on what was healed together with l.
func (sw *switches) again(l lever) {
	for _, other := range sw.levers {
		if l.others && other.others && sw.isOn(other) {
			other.on()
		}
	}
}

// lift ends one fault of calls and keeps the others.
func (sw *switches) lift(l lever) {
	faults := sw.calls[l.service]
	active := faults.Active()
	faults.Clear()
	for _, f := range active {
		if f.On != "" || f.Kind != l.fault.Kind {
			faults.Add(f)
		}
	}
}

// all returns the levers as they stand.
func (sw *switches) all() (list []leverState) {
	sw.mu.Lock()
	defer sw.mu.Unlock()
	for _, l := range sw.levers {
		list = append(list, leverState{l.service, l.id, sw.isOn(l), l.once()})
	}
	return list
}

// A leverState is a lever as it stands.
type leverState struct {
	Service, ID string
	On, Once    bool
}
