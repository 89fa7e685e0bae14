package bot

import (
	"context"
	"errors"
	"fmt"
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
		m.decide(subject)
		m.undecided.free(subject)
		m.busy.add(-1)
	}
}

// decide lets the handler of subject decide its oldest undecided event.
func (m *Machine) decide(subject string) {
	h := m.handler(subject)
	var begun []begun
	var threads []store.Thread
	decided, err := m.Store.Decide(subject, func(v *store.View, e store.Event) (store.Decision, error) {
		if h == nil {
			return store.Decision{}, fmt.Errorf("nobody handles %s", subject)
		}
		d, err := h.Decide(v, e)
		if err == nil {
			err = m.address(v, e.Subject, d.Actions)
		}
		threads = givenOut(d.Records)
		return d, err
	}, func(c store.Claimer, services []string) (err error) {
		for _, b := range begun { // of a transaction that was undone, and is done again
			b.performer.giveWorkers(len(b.actions))
		}
		begun, err = m.begin(c, services)
		return err
	})
	if failure := errors.Join(decided.Failure, err); failure != nil {
		m.Log.Error("decision failed", "subject", subject, "parked", decided.Parked, "error", failure)
	}
	if decided.Parked {
		m.Alarm(parkedAlarm, fmt.Sprintf("An event of %s could not be decided and was put aside. `supportbot parked list` says why; "+
			"`supportbot parked retry` or `drop` it when that is mended.", subject))
	}
	m.wakeDeciders(decided.Due)
	if err == nil {
		m.door.recall(threads)
	}
	if !decided.Timer.IsZero() {
		m.wakeTimers()
	}
	for _, b := range begun {
		b.goOn(err == nil)
	}
}

// givenOut returns the aliases among records.
func givenOut(records []store.Record) (threads []store.Thread) {
	for _, r := range records {
		if t, ok := r.(*store.Thread); ok {
			threads = append(threads, *t)
		}
	}
	return threads
}

// parkedAlarm lasts as long as an event is parked.
const parkedAlarm = "parked"

// A begun is what a decision's transaction claimed at one service.
type begun struct {
	performer *performer
	claimed
}

// begin claims what is free at services now that a subject is decided. For a service with limits only its performer does,
// one after the other: of two that claim at the same time, the later one might be the first to ask the limiter.
func (m *Machine) begin(c store.Claimer, services []string) (all []begun, err error) {
	for _, name := range services {
		p := m.performers[name]
		if p == nil {
			continue
		}
		b := begun{performer: p}
		if p.health.up() && len(p.service.Limits) == 0 {
			b.claimed, err = p.claim(c.Claim, false)
		}
		all = append(all, b)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// goOn starts what was claimed, if that is on disk, and has the performer look if there may be more to do.
func (b begun) goOn(stored bool) {
	p := b.performer
	if !stored {
		p.giveWorkers(len(b.actions))
		p.wakeUp()
		return
	}
	all := p.startAll(b.actions)
	if !all || b.held || len(b.actions) == b.workers {
		p.wakeUp()
	}
}

// address says of each planned action which service performs it, in which lane.
func (m *Machine) address(v *store.View, subject string, actions []store.Action) (err error) {
	for i := range actions {
		a := &actions[i]
		if a.Ref, err = v.Ref(subject, a.Slot); err != nil {
			return err
		}
		k, ok := m.kinds[a.Kind]
		if !ok {
			return fmt.Errorf("planned an action of unknown kind %q", a.Kind)
		}
		a.Service = k.Service()
		if k.Lane != nil {
			a.Lane = k.Lane(call(*a))
		}
	}
	return nil
}

func (m *Machine) wakeTimers() { m.wake(m.timers) }

// watchTimers rings the timers of subjects when they are due.
func (m *Machine) watchTimers(ctx context.Context) {
	m.lookAgain(ctx, m.timers, func() time.Time {
		next, err := m.ring()
		if err != nil {
			m.Log.Error("timers not read", "error", err)
			next = m.Now().Add(time.Second)
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
		if err := m.Store.Ring(s); err != nil {
			return time.Time{}, err
		}
	}
	m.wakeDeciders(due)
	return next, nil
}
