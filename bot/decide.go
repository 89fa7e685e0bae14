package bot

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"supportbot/store"
)

// A queue holds subjects that have something to decide. A subject is in one decider's hand at a time; since one
// process runs on a database, this is the subject's lease.
type queue struct {
	mu      sync.Mutex
	waiting map[string]bool
	taken   map[string]bool
	order   []string
	ready   *sync.Cond
	closed  bool
}

func (q *queue) init() {
	q.waiting, q.taken = map[string]bool{}, map[string]bool{}
	q.ready = sync.NewCond(&q.mu)
}

// push adds a subject, unless it waits already.
func (q *queue) push(subject string) (added bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting[subject] {
		return false
	}
	q.waiting[subject] = true
	if !q.taken[subject] {
		q.order = append(q.order, subject)
		q.ready.Signal()
	}
	return true
}

// pop waits for a subject and takes it in hand. ok is false once the queue is closed.
func (q *queue) pop() (subject string, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.order) == 0 && !q.closed {
		q.ready.Wait()
	}
	if q.closed {
		return "", false
	}
	subject, q.order = q.order[0], q.order[1:]
	delete(q.waiting, subject)
	q.taken[subject] = true
	return subject, true
}

// free gives a subject back.
func (q *queue) free(subject string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.taken, subject)
	if q.waiting[subject] {
		q.order = append(q.order, subject)
		q.ready.Signal()
	}
}

// take takes a subject in hand, unless it is in somebody's, or waits to be.
func (q *queue) take(subject string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.waiting[subject] || q.taken[subject] {
		return false
	}
	q.taken[subject] = true
	return true
}

func (q *queue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.ready.Broadcast()
}

func (m *Machine) wakeDeciders(subjects []string) {
	for _, s := range subjects {
		m.busy.add(1)
		if !m.undecided.push(s) {
			m.busy.add(-1)
		}
	}
}

// untilAgain is how long a decider waits for a database that can't be read or written.
const untilAgain = time.Second

// decideAll decides what is ready until ctx ends.
func (m *Machine) decideAll(ctx context.Context) {
	stop := context.AfterFunc(ctx, m.undecided.close)
	defer stop()
	for {
		subject, ok := m.undecided.pop()
		if !ok {
			return
		}
		m.door.crowd.pass()
		if err := m.decide(subject); err != nil && m.sleep(ctx, untilAgain) { // nothing was stored that would wake us
			m.wakeDeciders([]string{subject})
		}
		m.undecided.free(subject)
		m.busy.add(-1)
	}
}

// address says of each planned action which service performs it, in which lane.
func (m *Machine) address(v *store.View, subject string, actions []store.Action) (err error) {
	for i := range actions {
		a := &actions[i]
		k, ok := m.kinds[a.Kind]
		if !ok {
			return fmt.Errorf("planned an action of unknown kind %q", a.Kind)
		}
		if k.Edits {
			if a.Ref, err = v.Ref(subject, a.Slot); err != nil {
				return err
			}
		}
		a.Service = k.Service()
		if k.Lane != nil {
			a.Lane = k.Lane(call(*a))
		}
	}
	return nil
}

// ringAt has the timers looked at by t.
func (m *Machine) ringAt(t time.Time) {
	if t.UnixMilli() < m.nextRing.Load() {
		m.wake(m.timers)
	}
}

// watchTimers rings the timers of subjects when they are due.
func (m *Machine) watchTimers(ctx context.Context) {
	m.lookAgain(ctx, m.timers, func() time.Time {
		m.nextRing.Store(math.MaxInt64) // a timer that is set meanwhile has us look again
		next, err := m.ring()
		if err != nil {
			m.Log.Error("timers not read", "error", err)
			next = m.Now().Add(time.Second)
		}
		if !next.IsZero() {
			m.nextRing.Store(next.UnixMilli())
		}
		return next
	})
}

// ring makes events of the timers that are due, and returns when the next one is.
func (m *Machine) ring() (next time.Time, err error) {
	due, next, err := m.Store.Due(m.Now())
	if err != nil {
		return time.Time{}, err
	}
	for _, s := range due {
		t := m.turn()
		decided, failure := m.Store.Ring(s, t)
		t.end(decided, failure)
		err = errors.Join(err, failure)
	}
	return next, err
}
