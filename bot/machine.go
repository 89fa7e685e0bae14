// Package bot is the machine: it takes what happens in through the door, lets handlers decide, and performs
// what they planned. Everything goes one way, through the store.
package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"supportbot/integrations"
	"supportbot/integrations/redact"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// Options is what a Machine is made of.
type Options struct {
	Store    *store.DB
	Handlers []Handler
	Services []integrations.Service
	Slack    *slack.Client // for what the machine itself reads there, within the limits of the service "slack"
	CatchUp  CatchUp
	Redactor *redact.Redactor
	Identity Identity
	Now      func() time.Time
	After    func(time.Duration) <-chan time.Time
	Log      *slog.Logger
	Metrics  *Metrics
}

// A Machine runs the loop of events, decisions and actions on one store.
type Machine struct {
	Options
	kinds      map[string]integrations.Kind
	performers map[string]*performer
	door       *door
	catchUp    *catchUp // nil if nothing is to be caught up with
	undecided  queue
	timers     chan struct{} // "look at the timers again"
	nextRing   atomic.Int64  // when they are looked at next, in milliseconds
	requests   chan struct{} // "look for what operators ask"
	open       atomic.Int64  // sockets
	closed     moments       // sockets, lately
	busy       activity
	calls      sync.WaitGroup // to services
	lacking    sync.Map       // methods that the server doesn't know, of which the log tells already
}

// New returns a machine that is ready to Run.
func New(o Options) (*Machine, error) {
	m := &Machine{
		Options:    o,
		kinds:      map[string]integrations.Kind{},
		performers: map[string]*performer{},
		timers:     make(chan struct{}, 1),
		requests:   make(chan struct{}, 1),
	}
	m.undecided.init()
	m.busy.init()
	m.door = newDoor(m)
	for _, s := range o.Services {
		p, err := newPerformer(m, s)
		if err != nil {
			return nil, err
		}
		m.performers[s.Name] = p
		for _, k := range s.Kinds {
			m.kinds[k.Name] = guardedKind(k)
		}
	}
	m.kinds[ReadThreadKind] = m.readThreadKind()
	m.catchUp = newCatchUp(m)
	m.Metrics.watch(m)
	return m, nil
}

// guardedKind is k, of which a panic is a failure of its action, not the end of the process: at the next start it would be
// the same.
func guardedKind(k integrations.Kind) integrations.Kind {
	perform, find := k.Perform, k.Find
	k.Perform = func(ctx context.Context, c integrations.Call) (result json.RawMessage, err error) {
		err = guarded(func() (err error) { result, err = perform(ctx, c); return err })
		return result, err
	}
	k.Find = func(ctx context.Context, c integrations.Call) (result json.RawMessage, found bool, err error) {
		err = guarded(func() (err error) { result, found, err = find(ctx, c); return err })
		return result, found, err
	}
	return k
}

// deciders is how many subjects are decided at the same time: many, since their decisions share commits.
const deciders = 128

// Run goes on with everything that waits, and takes in what listen brings until ctx ends. It returns when what
// was in hand then is finished.
func (m *Machine) Run(ctx context.Context, listen func(context.Context)) error {
	waiting, err := m.Store.Undecided()
	if err != nil {
		return fmt.Errorf("read what waits: %w", err)
	}
	for _, p := range m.performers {
		if err := p.restore(); err != nil {
			return err
		}
	}
	if err := errors.Join(m.readPauses(), m.serveAll()); err != nil { // before anything is done
		return fmt.Errorf("read what operators ask: %w", err)
	}
	m.wakeDeciders(waiting)
	defer m.calls.Wait()
	var running sync.WaitGroup
	defer running.Wait()
	for range deciders {
		running.Go(func() { m.decideAll(ctx) })
	}
	for _, p := range m.performers {
		running.Go(func() { p.run(ctx) })
	}
	running.Go(func() { m.watchTimers(ctx) })
	running.Go(func() { m.serveRequests(ctx) })
	if m.catchUp != nil {
		running.Go(func() { m.catchUp.run(ctx) })
	}
	m.takeIn(ctx, listen)
	return nil
}

// takeIn keeps the door open until ctx ends. The sockets close after it, so that what was stored last is still
// acknowledged.
func (m *Machine) takeIn(ctx context.Context, listen func(context.Context)) {
	listening, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	var sockets sync.WaitGroup
	sockets.Go(func() { listen(listening) })
	m.door.run(ctx)
	hangUp()
	sockets.Wait()
}

// handler returns the handler of a subject, nil if there is none.
func (m *Machine) handler(subject string) *Handler {
	for i, h := range m.Handlers {
		if strings.HasPrefix(subject, h.Prefix) {
			return &m.Handlers[i]
		}
	}
	return nil
}

// lacks says whether a call failed since the server, one that is only compatible with Slack, doesn't know its method. The
// log tells that once a method, with what is off.
func (m *Machine) lacks(e *integrations.Error) bool {
	method, off := slack.Lacking(e)
	if method == "" {
		return false
	}
	if _, told := m.lacking.LoadOrStore(method, true); !told {
		m.Log.Warn("this server lacks a method", "method", method, "off", off)
	}
	return true
}

// Alarm tells the operators something that only they can mend. Its handler tells it once, until it is cleared.
func (m *Machine) Alarm(what, text string) { m.alarm(AlarmBody{What: what, Text: text}) }

// Clear says that the matter of an alarm is over.
func (m *Machine) Clear(what string) { m.alarm(AlarmBody{What: what, Over: true}) }

// AlarmPrefix begins the subjects of alarms, AlarmKind is the kind of their events.
const (
	AlarmPrefix = "alarm:"
	AlarmKind   = "alarm"
)

// AlarmBody is the body of an event that raises or clears an alarm.
type AlarmBody struct {
	What string `json:"what"`
	Text string `json:"text,omitempty"`
	Over bool   `json:"over,omitempty"`
}

// AlarmEvent is the event that raises an alarm; handlers emit it. key tells two occasions apart.
func AlarmEvent(what, text, key string, at time.Time) store.Event {
	return alarmEvent(AlarmBody{What: what, Text: text}, key, at)
}

// ClearEvent is the event that clears an alarm.
func ClearEvent(what, key string, at time.Time) store.Event {
	return alarmEvent(AlarmBody{What: what, Over: true}, key, at)
}

func alarmEvent(body AlarmBody, key string, at time.Time) store.Event {
	data, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings only
	}
	return store.Event{Key: AlarmPrefix + body.What + ":" + key, Subject: AlarmPrefix + body.What, Kind: AlarmKind, At: at, Body: data}
}

func (m *Machine) alarm(body AlarmBody) {
	now := m.Now()
	event := alarmEvent(body, fmt.Sprintf("%d:%t", now.UnixNano(), body.Over), now)
	taken, err := m.Store.Take(func(*store.View) (store.Taken, error) {
		return store.Taken{Events: []store.Event{event}}, nil
	}, nil)
	if err != nil {
		m.Log.Error("alarm not stored", "what", body.What, "over", body.Over, "text", body.Text, "error", err)
	}
	m.wakeDeciders(taken.Due)
}

// WaitIdle looks at everything that is due now, and returns when nothing is in hand any more.
func (m *Machine) WaitIdle(ctx context.Context) error {
	m.wake(m.timers)
	m.wake(m.requests)
	for _, p := range m.performers {
		p.wakeUp()
	}
	m.catchUp.wakeUp()
	return m.busy.wait(ctx)
}

// activity counts what is in hand.
type activity struct {
	mu   sync.Mutex
	n    int
	idle chan struct{} // closed while n is 0
}

func (a *activity) init() {
	a.idle = make(chan struct{})
	close(a.idle)
}

func (a *activity) add(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.n == 0 && n > 0 {
		a.idle = make(chan struct{})
	}
	a.n += n
	if a.n == 0 && n < 0 {
		close(a.idle)
	}
}

func (a *activity) wait(ctx context.Context) error {
	a.mu.Lock()
	idle := a.idle
	a.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lookAgain looks at everything that is due: at once, whenever woken has a token, and at the time that look returns
// (zero is never), until ctx ends.
func (m *Machine) lookAgain(ctx context.Context, woken <-chan struct{}, look func() (next time.Time)) {
	for tokens := 0; ; {
		next := look()
		m.busy.add(-tokens)
		select {
		case <-ctx.Done():
			return
		case <-m.alarmAt(next):
			tokens = 0
		case <-woken:
			tokens = 1
		}
	}
}

// longestSleep is how late at most we notice what is due after the clock jumped ahead, or the machine was suspended.
const longestSleep = 10 * time.Minute

// alarmAt returns a channel that is ready at t, or after the longest sleep; never, if t is zero.
func (m *Machine) alarmAt(t time.Time) <-chan time.Time {
	if t.IsZero() {
		return nil
	}
	return m.After(min(t.Sub(m.Now()), longestSleep))
}

// wake hands a token to a loop that looks again; two before it looks are one.
func (m *Machine) wake(loop chan<- struct{}) {
	m.busy.add(1)
	select {
	case loop <- struct{}{}:
	default:
		m.busy.add(-1)
	}
}
