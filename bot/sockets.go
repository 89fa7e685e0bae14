package bot

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"supportbot/integrations/slack"
)

// socketsApart is the time between the opening of two sockets: Slack gives all the same life, and they must not
// be renewed together.
const socketsApart = time.Minute

// Listen keeps n sockets to Slack open and takes in what they bring, until ctx ends.
func (m *Machine) Listen(ctx context.Context, client *slack.Client, n int) {
	var sockets sync.WaitGroup
	defer sockets.Wait()
	for i := range n {
		sockets.Go(func() {
			wait := time.Duration(i) * socketsApart
			for m.sleep(ctx, wait) {
				if err := m.socket(ctx, client, n, &sockets).Run(ctx); err != nil && ctx.Err() == nil {
					m.Log.Error("sockets refused", "error", err)
					m.Alarm("slack-sockets", "Slack refuses our app token, so nothing that is said reaches us. Run `supportbot check`.")
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
	s = client.Socket(slack.SocketOptions{
		Deliver: func(e slack.Envelope) { m.Receive(e, s) },
		Hello:   func(open int) { running.Go(func() { m.countSockets(open, ours) }) }, // it stores, and a socket must not wait
		State:   m.connected,
		Trouble: func(err error) {
			if ctx.Err() == nil { // else it is that we hung up
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
	m.Clear("slack-sockets")
	if open <= ours+m.closed.since(m.Now().Add(-lingering)) {
		m.Clear(what)
		return
	}
	m.Log.Warn("somebody else is connected as this app", "open", open, "ours", ours)
	m.Alarm(what, fmt.Sprintf("Slack counts %d sockets of this app, and we open %d: another process takes events away from us. Stop it.", open, ours))
}

// lingering is for how long Slack may still count a socket that was closed.
const lingering = time.Minute

func (m *Machine) connected(yes bool) {
	n := int64(-1)
	if yes {
		n = 1
	} else {
		m.closed.add(m.Now())
	}
	open := m.open.Add(n)
	m.Metrics.sockets.Set(float64(open))
	if open == 1 && yes {
		m.aside(m.catchUp.maybeMissed) // a socket must not wait
		for _, p := range m.performers {
			m.aside(p.greet)
		}
	}
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
