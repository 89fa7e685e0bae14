package bot

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"supportbot/integrations"
	"supportbot/integrations/slack"
)

// socketsApart is the time between the opening of two sockets: Slack gives all the same life, and they must not
// be renewed together.
const socketsApart = time.Minute

// Listen keeps n sockets to Slack open and takes in what they bring, until ctx ends.
func (m *Machine) Listen(ctx context.Context, client *slack.Client, n int) {
	var sockets sync.WaitGroup
	defer sockets.Wait()
	sockets.Go(func() { m.missConnection(ctx) })
	for i := range n {
		sockets.Go(func() {
			wait := time.Duration(i) * socketsApart
			for m.sleep(ctx, wait) {
				if err := m.socket(ctx, client, n, &sockets).Run(ctx); err != nil && ctx.Err() == nil {
					m.Alarm(socketsAlarm, fmt.Sprintf("Slack refuses the bot's app token (%s), so nothing that is said reaches it. Run `supportbot check`.",
						integrations.AsError(err).Code))
				}
				wait = probeEvery
			}
		})
	}
}

// sleep waits for d. It returns false if ctx ended.
func (m *Machine) sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-m.After(d):
		return true
	}
}

func (m *Machine) socket(ctx context.Context, client *slack.Client, ours int, running *sync.WaitGroup) *slack.Socket {
	var s *slack.Socket
	var trouble string // the last, since it was connected
	s = client.Socket(slack.SocketOptions{
		Deliver: func(e slack.Envelope) { m.Receive(e, s) },
		Hello:   func(open int) { running.Go(func() { m.countSockets(open, ours) }) }, // it stores, and a socket must not wait
		State: func(yes bool) {
			trouble = ""
			if last := m.connected(yes); last && ctx.Err() == nil {
				running.Go(func() { m.missConnection(ctx) })
			}
		},
		Trouble: func(err error) {
			if ctx.Err() == nil && err.Error() != trouble { // after its end it is that we hung up
				trouble = err.Error()
				m.Log.Warn("socket", "error", err)
			}
		},
		Now:   m.Now,
		After: m.After,
	})
	return s
}

// countSockets compares how many sockets the app has open with how many are ours, those included that Slack may
// not know yet to be closed. Another process on the same app takes events away from us.
func (m *Machine) countSockets(open, ours int) {
	const what = "slack-foreign-socket"
	m.Clear(socketsAlarm)
	if open <= ours+m.closed.since(m.Now().Add(-lingering)) {
		m.Clear(what)
		return
	}
	m.Log.Warn("somebody else is connected as this app", "open", open, "ours", ours)
	m.Alarm(what, fmt.Sprintf("Slack counts %d sockets of this app, and the bot opens %d: another process with the same app token takes events away from it. Find that process and stop it.", open, ours))
}

// lingering is for how long Slack may still count a socket that was closed.
const lingering = time.Minute

// socketsAlarm lasts while nothing reaches us.
const socketsAlarm = "slack-sockets"

// patience is how long no socket may be open before the operators are told.
const patience = 2 * time.Minute

// missConnection tells the operators if no socket is open after a while, whatever is the reason.
func (m *Machine) missConnection(ctx context.Context) {
	if m.sleep(ctx, patience) && m.open.Load() == 0 {
		m.Alarm(socketsAlarm, "The bot has had no connection to Slack for two minutes, so nothing that is said reaches it. It goes on trying, "+
			"and finds afterwards what was said; if this lasts, run `supportbot check`: Socket Mode may be switched off, or the network in the way.")
	}
}

// connected takes note that a socket was opened or lost, and says whether that was the last one.
func (m *Machine) connected(yes bool) (last bool) {
	n := int64(-1)
	if yes {
		n = 1
	} else {
		m.closed.add(m.Now())
	}
	open := m.open.Add(n)
	m.Metrics.sockets.Set(float64(open))
	switch {
	case open == 1 && yes:
		m.Log.Info("connected to Slack", "user", m.Identity.User, "team", m.Identity.Team)
		m.greet()
	case open == 0:
		m.Log.Warn("no connection to Slack is left")
		return true
	}
	return false
}

// greet looks at what may have changed while no socket was open. A socket must not wait for that.
func (m *Machine) greet() {
	m.aside(m.catchUp.maybeMissed)
	m.aside(m.lookForGroup)
	for _, p := range m.performers {
		m.aside(p.greet)
	}
}

// lookForGroup tells the operators if Slack has no such group as people are to mention.
func (m *Machine) lookForGroup() {
	const what = "slack-group"
	p := m.performers["slack"]
	if m.Slack == nil || !p.health.up() || m.spend(slack.LaneGroups) != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.service.Timeout)
	defer cancel()
	groups, err := m.Slack.Groups(ctx)
	if err != nil {
		if !m.lacks(integrations.AsError(err)) {
			m.Log.Warn("support group not looked for", "error", err)
		}
		return
	}
	if slices.ContainsFunc(groups, func(g slack.Group) bool { return g.ID == m.Identity.Group && !g.Disabled }) {
		m.Clear(what)
		return
	}
	m.Alarm(what, fmt.Sprintf("Slack has no user group %s, or it is switched off, so nobody who mentions it is heard. "+
		"Run `supportbot check`: it lists the groups that there are, for slack.support_group.", m.Identity.Group))
}

// aside does something that takes at most a call's time beside what goes on.
func (m *Machine) aside(do func()) {
	m.busy.add(1)
	m.calls.Go(func() {
		defer m.busy.add(-1)
		do()
	})
}

// moments are the times at which something happened lately. The zero value has none.
type moments struct {
	mu    sync.Mutex
	times []time.Time
}

func (m *moments) add(at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.times = append(m.times, at)
}

// since forgets what was before start, and returns how many are left.
func (m *moments) since(start time.Time) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.times = slices.DeleteFunc(m.times, func(at time.Time) bool { return at.Before(start) })
	return len(m.times)
}
