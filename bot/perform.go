package bot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"supportbot/integrations"
	"supportbot/store"
)

// A performer performs the actions of one service.
type performer struct {
	m       *Machine
	service integrations.Service
	limiter *integrations.Limiter
	health  health
	rights  rights
	tells   sync.Mutex    // between a change of health and telling the operators
	free    chan struct{} // a token for each worker that has nothing in hand
	short   atomic.Bool   // there were no workers for what may wait: its turn comes first
	wake    chan struct{}

	mu     sync.Mutex
	inHand map[int64]bool // actions of which a call is out
}

func newPerformer(m *Machine, s integrations.Service) (*performer, error) {
	if s.Timeout <= 0 || s.Timeout >= shutdown {
		return nil, fmt.Errorf("service %s: a call may take %v, but must end within the %v of a shutdown", s.Name, s.Timeout, shutdown)
	}
	p := &performer{
		m: m, service: s, limiter: integrations.NewLimiter(s.Limits),
		free: make(chan struct{}, s.Workers), wake: make(chan struct{}, 1),
		inHand: map[int64]bool{},
	}
	for range s.Workers {
		p.free <- struct{}{}
	}
	return p, nil
}

// shutdown is how long what is in hand may take once the process was told to end.
const shutdown = 10 * time.Second

// longestLimit is how far back the limits of a service look.
const longestLimit = time.Hour

// restore takes up what an earlier boot left: budgets that are used already, and calls whose outcome is open.
func (p *performer) restore() error {
	starts, err := p.m.Store.Starts(p.service.Name, p.m.Now().Add(-longestLimit))
	if err != nil {
		return fmt.Errorf("restore the budget of %s: %w", p.service.Name, err)
	}
	for _, s := range starts {
		p.limiter.Started(s.Lane, s.At)
	}
	limited, err := p.m.Store.Limited(p.service.Name)
	if err != nil {
		return fmt.Errorf("restore the limits of %s: %w", p.service.Name, err)
	}
	for _, l := range limited {
		p.hold(l.Lane, l.At)
	}
	return p.m.Store.VoidLeases(p.service.Name, p.service.Settle)
}

func (p *performer) wakeUp() { p.m.wake(p.wake) }

// run claims what is free and hands it to workers, until ctx ends.
func (p *performer) run(ctx context.Context) {
	p.m.lookAgain(ctx, p.wake, func() time.Time {
		next, err := p.handOut(ctx)
		if err != nil {
			p.m.Log.Error("actions not claimed", "service", p.service.Name, "error", err)
			next = p.m.Now().Add(time.Second)
		}
		return next
	})
}

// handOut starts what may start now, and returns when to look again if nothing wakes it before.
func (p *performer) handOut(ctx context.Context) (next time.Time, err error) {
	for ctx.Err() == nil {
		if !p.health.pausedSince().IsZero() {
			return time.Time{}, nil // whoever resumes it wakes us
		}
		trial := !p.health.up()
		if trial {
			if ask, at := p.health.probe(p.m.Now()); !ask || !p.probe() || ctx.Err() != nil {
				return at, nil
			}
		}
		c, err := p.claim(p.m.Store.Claim, "", trial)
		if err == nil && c.workers == 0 && c.next.IsZero() && !p.short.Swap(true) {
			continue // some may have come back just before that
		}
		if err != nil || c.workers == 0 {
			return c.next, err
		}
		if trial && len(c.actions) == 0 { // the probe went well and nothing speaks against it
			p.learn(nil)
		}
		if all := p.startAll(c.actions); all && len(c.actions) < c.workers && !trial {
			p.short.Store(false)
			return c.next, nil
		}
	}
	return time.Time{}, nil
}

// A claimed is what was taken in hand at once.
type claimed struct {
	actions []store.Action
	workers int       // how many were free for them; 0 if the service must wait
	held    bool      // some lanes must wait
	next    time.Time // when to look again, if there were fewer actions than workers
}

// claim takes what may start now in hand, of one subject or of all, by a Claim of the store, with a worker for each.
func (p *performer) claim(take func(store.Offer) ([]store.Action, time.Time, error), subject string, trial bool) (claimed, error) {
	now := p.m.Now()
	held := p.limiter.Held(now)
	workers := p.takeWorkers(trial)
	if held.All.After(now) || workers == 0 {
		p.giveWorkers(workers)
		return claimed{next: held.All}, nil
	}
	actions, waiting, err := take(store.Offer{
		Service: p.service.Name, Subject: subject, Held: slices.Collect(maps.Keys(held.Lanes)), Out: p.out(), Max: workers,
		Until: now.Add(p.service.Timeout + p.service.Settle),
	})
	p.giveWorkers(workers - len(actions))
	return claimed{actions, workers, len(held.Lanes) > 0, earlier(held.Next, waiting)}, err
}

// startAll starts what may start, and says whether that was all.
func (p *performer) startAll(actions []store.Action) (all bool) {
	all = true
	for _, a := range actions {
		if p.mayStart(a) {
			p.start(a)
		} else {
			p.giveWorkers(1)
			all = false
		}
	}
	return all
}

// takeWorkers takes all workers that are free; only one for a trial, or if limits must be looked at between two
// starts.
func (p *performer) takeWorkers(trial bool) int {
	most := cap(p.free)
	if trial || len(p.service.Limits) > 0 {
		most = 1
	}
	for n := range most {
		select {
		case <-p.free:
		default:
			return n
		}
	}
	return most
}

func (p *performer) giveWorkers(n int) {
	for range n {
		p.free <- struct{}{}
	}
}

func (p *performer) start(a store.Action) {
	p.m.busy.add(1)
	p.takeInHand(a.ID, true)
	p.m.calls.Go(func() {
		defer p.m.busy.add(-1)
		ended := p.do(a)
		p.takeInHand(a.ID, false)
		p.giveWorkers(1)
		if !ended {
			p.wakeUp()
			return
		}
		p.lookIfShort()
	})
}

// takeInHand notes that a call of an action is out, or back. Its lease alone would end too early if the clock jumps.
func (p *performer) takeInHand(action int64, yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if yes {
		p.inHand[action] = true
	} else {
		delete(p.inHand, action)
	}
}

// out returns the actions of which a call is out.
func (p *performer) out() []int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Keys(p.inHand))
}

// lookIfShort has the performer look again, now that workers are back, if it may have been short of them.
func (p *performer) lookIfShort() {
	if p.short.Load() {
		p.wakeUp()
	}
}

// do brings a one step on, and says whether that was the last.
func (p *performer) do(a store.Action) (ended bool) {
	kind, known := p.m.kinds[a.Kind]
	if !known {
		return p.finish(a, store.Failed, nil, fmt.Errorf("nobody performs %s any more", a.Kind))
	}
	if h := p.m.handler(a.Subject); h != nil && h.Mode == Observe && !kind.Read {
		if !p.health.up() { // then the probe before it went well, and no call will say so
			p.learn(nil)
		}
		return p.finish(a, store.Observed, kind.Observed(call(a)), nil)
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.service.Timeout)
	defer cancel()
	if a.State == store.Doing {
		if settled, ended := p.settle(ctx, &a, kind); settled {
			return ended
		}
	}
	if a.State == store.Planned && !p.fresh(ctx, &a) {
		return false
	}
	result, err := kind.Perform(ctx, call(a))
	p.checkRights(kind.Name, err)
	if err == nil {
		p.learn(nil)
		return p.finish(a, store.Done, result, nil)
	}
	return p.failed(a, kind, integrations.AsError(err))
}

// mayStart counts a in the lane that it is in now: that may have changed since it was planned, and then it may
// have to wait.
func (p *performer) mayStart(a store.Action) bool {
	free, ok := p.limiter.Start(laneOf(a, p.m.kinds[a.Kind]), p.m.Now())
	if !ok {
		a.NotBefore = free
		p.postpone(a)
	}
	return ok
}

// laneOf is the lane that the next step of a counts in: to look for what an earlier attempt did is another call
// than to do it.
func laneOf(a store.Action, k integrations.Kind) string {
	if k.Lane == nil {
		return ""
	}
	c := call(a)
	c.Looking = k.Settling == integrations.LookUp && a.State == store.Doing && a.Ref == nil
	return k.Lane(c)
}

// fresh sees to it that a call goes out soon after the start that is on record: whoever settles it after a crash
// counts from there, and a busy machine may have stalled us since. No call outlives its lease either.
func (p *performer) fresh(ctx context.Context, a *store.Action) bool {
	for now := p.m.Now(); now.Sub(a.Started) > p.service.Settle/2 || a.NotBefore.Sub(now) < p.service.Timeout; now = p.m.Now() {
		if ctx.Err() != nil { // the disk is slower than that: another time
			return false
		}
		if err := p.m.Store.Restart(a, now.Add(p.service.Timeout+p.service.Settle)); err != nil {
			p.m.Log.Error("action not restarted", "action", a.ID, "error", err)
			return false
		}
	}
	return true
}

// settle finds out about an earlier attempt whose outcome is open. It returns false if a is to be performed (again);
// then a.State says whether that outcome is still open.
func (p *performer) settle(ctx context.Context, a *store.Action, kind integrations.Kind) (settled, ended bool) {
	switch {
	case kind.Settling == integrations.BestEffort && a.Epoch > 2:
		return true, p.finish(*a, store.Failed, nil, errors.New("given up"))
	case kind.Settling != integrations.LookUp || a.Ref != nil: // an edit of what was posted may be repeated
		a.State = store.Planned
		return false, false
	}
	result, found, err := kind.Find(ctx, call(*a))
	// Where nobody can look, it is taken not to be there: better said twice than never.
	if err != nil && !p.m.lacks(integrations.AsError(err)) {
		return true, p.failed(*a, kind, asOpen(integrations.AsError(err)))
	}
	p.learn(nil)
	switch {
	case found && kind.Edits && a.Started.Before(a.PlannedAt): // not begun by us, so it may show something else
		a.Ref = result
		return false, false
	case found:
		return true, p.finish(*a, store.Done, result, nil)
	}
	// A write may land, and lists may show it, late. Only a look after twice the settle time is believed.
	if sure := a.Started.Add(2 * p.service.Settle); p.m.Now().Before(sure) {
		a.NotBefore = sure
		p.postpone(*a)
		return true, false
	}
	if a.Answer { // its handler plans it anew, by what is known now: the text may have been taken back since
		return true, p.finish(*a, store.Withdrawn, nil, nil)
	}
	a.State, a.NotBefore = store.Planned, p.m.Now() // to be done in its turn: that is another call, with limits of its own
	p.postpone(*a)
	return true, false
}

// asOpen is a failed look-up as a failure of its action, whose outcome stays open whatever the look-up met.
func asOpen(e *integrations.Error) *integrations.Error {
	open := *e
	if open.Failure == integrations.Rejected || open.Failure == integrations.Unreachable {
		open.Failure = integrations.Unknown
	}
	return &open
}

// failed decides what becomes of a after an attempt that failed, and says whether that was the last.
func (p *performer) failed(a store.Action, kind integrations.Kind, e *integrations.Error) (ended bool) {
	if !kind.Read || e.Failure == integrations.Locked { // one method that can't be read must not hold up what is written
		p.learn(e)
	}
	now := p.m.Now()
	open := a.State == store.Doing // an earlier attempt, still unsettled
	a.Tries++
	a.Error = e.Error()
	a.NotBefore = now.Add(max(e.After, backoff(a.Tries)))
	if !open {
		a.State = store.Planned
	}
	switch e.Failure {
	case integrations.Rejected:
		return p.finish(a, store.Failed, nil, e)
	case integrations.Limited:
		a.Limited = true
		p.hold(laneOf(a, kind), a.NotBefore)
	case integrations.Locked:
		a.NotBefore = now // the service waits, not the action
	case integrations.Unknown:
		if kind.Read && a.Tries >= readTries {
			return p.finish(a, store.Withdrawn, nil, e)
		}
		a.State = store.Doing
		if settled := a.Started.Add(p.service.Settle); a.NotBefore.Before(settled) {
			a.NotBefore = settled
		}
	}
	p.postpone(a)
	return false
}

// hold has what a service limits together with lane wait until a time.
func (p *performer) hold(lane string, until time.Time) {
	switch {
	case p.service.Shared:
		p.limiter.Hold("", until)
	case lane != "":
		p.limiter.Hold(lane, until)
	}
}

// readTries is how often something is read at most, in about two minutes, before whoever waits for it is told that it
// can't be: what one call of a service that is up fails to answer may fail for ever.
const readTries = 8

// backoff is how long to wait after the nth failure in a row.
func backoff(n int) time.Duration {
	return min(time.Second<<min(n-1, 6), time.Minute)
}

// finish stores a's outcome and goes on from it. It returns false if that could not be stored.
func (p *performer) finish(a store.Action, state string, result []byte, failure error) (stored bool) {
	a.State, a.Result = state, result
	a.Lane = laneOf(a, p.m.kinds[a.Kind]) // what was done counts, not that it was looked for
	if failure != nil {
		a.Error = failure.Error()
		if !p.m.lacks(integrations.AsError(failure)) {
			p.m.Log.Error("action failed", "action", a.ID, "kind", a.Kind, "subject", a.Subject, "error", failure)
		}
	}
	t := p.m.turn()
	decided, err := p.m.Store.Finish(a, t)
	if err != nil {
		p.m.Log.Error("outcome not stored", "action", a.ID, "kind", a.Kind, "error", err)
	}
	p.m.Metrics.finished(a)
	t.end(decided, err)
	return err == nil
}

// postpone leaves a for later, in the lane of its next step.
func (p *performer) postpone(a store.Action) {
	a.Lane = laneOf(a, p.m.kinds[a.Kind])
	if err := p.m.Store.Postpone(a); err != nil {
		p.m.Log.Error("outcome not stored", "action", a.ID, "kind", a.Kind, "error", err)
	}
}

// greet asks the service whether it works, so that operators hear of a wrong token before people need it.
func (p *performer) greet() {
	if p.health.pausedSince().IsZero() && p.probe() {
		p.learn(nil)
	}
}

// probe asks a service, in one call, whether it works.
func (p *performer) probe() bool {
	ctx, cancel := context.WithTimeout(context.Background(), p.service.Timeout)
	defer cancel()
	err := p.service.Probe(ctx)
	if err != nil {
		p.learn(integrations.AsError(err))
	}
	return err == nil
}

// learn takes note of a call's outcome, and tells the operators if the service went down, was locked or is back. What is
// told has the order of the changes: an alarm that overtakes its own end would last.
func (p *performer) learn(e *integrations.Error) {
	p.tells.Lock()
	defer p.tells.Unlock()
	name, title := p.service.Name, p.service.Title
	switch p.health.learn(e, p.m.Now()) {
	case wentDown:
		p.m.Log.Warn("service is down", "service", name, "error", e)
		p.m.Alarm(name+"-down", fmt.Sprintf("%s does not answer (%s). What is for it waits and goes on by itself; if this lasts, run `supportbot check`.", title, e.Code))
		p.wakeUp() // to ask again, even if nothing waits
	case gotLocked:
		p.m.Log.Error("service is locked", "service", name, "error", e)
		p.m.Alarm(name+"-locked", fmt.Sprintf("%s refuses the bot (%s). What is for it waits and nothing is lost; run `supportbot check`.", title, e.Code))
		p.wakeUp()
	case recovered:
		p.m.Log.Info("service is back", "service", name)
		p.isWell()
		p.wakeUp()
	case works:
		p.isWell()
	}
}

// isWell ends the alarms that the service is down or locked, also those of an earlier process.
func (p *performer) isWell() {
	p.m.Clear(p.service.Name + "-down")
	p.m.Clear(p.service.Name + "-locked")
}

// checkRights tells the operators if a call of a kind was refused because the bot lacks a right, until such a call succeeds.
func (p *performer) checkRights(kind string, err error) {
	e := integrations.AsError(err)
	lacks := err != nil && e.Code == integrations.MissingRight
	alarm := p.service.Name + "-rights"
	switch p.rights.learn(kind, lacks, err == nil) {
	case lackOne:
		p.m.Alarm(alarm, fmt.Sprintf("The bot lacks a right at %s (%s). Run `supportbot check`; it says what to do.", p.service.Title, lacking(e)))
	case lackNone:
		p.m.Clear(alarm)
	}
}

// lacking says which call was refused, and the right that it needs if the service said so.
func lacking(e *integrations.Error) string {
	_, what, _ := strings.Cut(e.Op, ": ")
	if e.Err != nil {
		what += " " + e.Err.Error()
	}
	return what
}

// call is a as its kind sees it.
func call(a store.Action) integrations.Call {
	return integrations.Call{Subject: a.Subject, Slot: a.Slot, Body: a.Body, Ref: a.Ref, Started: a.Started}
}

// earlier returns the earlier of two times of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
