package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"supportbot/integrations"
	"supportbot/store"
)

// runConnected runs m with a socket that is open from the start, and returns a stop that says how long it took.
func runConnected(t *testing.T, m *Machine) (stop func() time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- m.Run(ctx, func(ctx context.Context) { m.connected(true); <-ctx.Done() })
	}()
	return func() time.Duration {
		began := time.Now()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		return time.Since(began)
	}
}

func bubbleMachine(t *testing.T, services []integrations.Service, handlers ...Handler) *Machine {
	t.Helper()
	return machineAt(t, filepath.Join(t.TempDir(), "bot.db"), Options{
		Services: services, Handlers: handlers, Redactor: newRedactor(t), Identity: us, Now: time.Now, After: time.After,
	})
}

func TestWhatTheGreetingFoundLockedIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		s := d.service()
		var asked atomic.Int64
		s.Probe = func(context.Context) error {
			if asked.Add(1) == 1 {
				return failing(integrations.Locked)
			}
			return nil
		}
		m := bubbleMachine(t, []integrations.Service{s})
		stop := runConnected(t, m)
		time.Sleep(30 * time.Minute)
		if p := m.performers["desk"]; !p.health.up() {
			t.Errorf("asked %d times in half an hour, and still not up", asked.Load())
		}
		stop()
	})
}

func TestAStopDuringTheGreetingTakesNoLongerThanACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var services []integrations.Service
		for _, name := range []string{"desk", "shelf"} {
			s := (&desk{}).service()
			s.Name, s.Timeout = name, 8*time.Second
			s.Kinds = nil
			s.Probe = func(ctx context.Context) error { <-ctx.Done(); return failing(integrations.Unknown) }
			services = append(services, s)
		}
		m := bubbleMachine(t, services)
		stop := runConnected(t, m)
		synctest.Wait()
		if took := stop(); took > shutdown {
			t.Errorf("the stop took %v", took)
		}
	})
}

func TestAStopDuringAProbeBeginsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		s := d.service()
		s.Timeout = 8 * time.Second
		s.Probe = func(context.Context) error { time.Sleep(7 * time.Second); return nil }
		s.Kinds[0].Perform = func(ctx context.Context, _ integrations.Call) (json.RawMessage, error) {
			<-ctx.Done()
			return nil, failing(integrations.Unknown)
		}
		m := bubbleMachine(t, []integrations.Service{s}, planner())
		planOne(t, m, store.Action{})
		p := m.performers["desk"]
		for range failuresUntilDown {
			p.health.learn(failing(integrations.Unknown), time.Now().Add(-time.Hour))
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- m.Run(ctx, func(ctx context.Context) { <-ctx.Done() }) }()
		synctest.Wait()
		began := time.Now()
		cancel()
		<-ended
		if took := time.Since(began); took > shutdown {
			t.Errorf("the stop took %v", took)
		}
	})
}

// A hook is called for each log record.
type hook struct {
	slog.Handler
	do func(slog.Record)
}

func (h hook) Enabled(context.Context, slog.Level) bool { return true }
func (h hook) Handle(_ context.Context, r slog.Record) error {
	h.do(r)
	return nil
}

func TestAnAlarmDoesNotOutliveWhatItTells(t *testing.T) {
	d := &desk{}
	m, _ := newMachine(t, []integrations.Service{d.service()})
	p := m.performers["desk"]
	var other sync.WaitGroup
	told := make(chan bool)
	m.Log = slog.New(hook{slog.DiscardHandler, func(r slog.Record) {
		if strings.Contains(r.Message, "locked") { // another call comes back well just now
			other.Go(func() { p.learn(nil); close(told) })
			select {
			case <-told:
			case <-time.After(50 * time.Millisecond): // it has to wait for us
			}
		}
	}})
	p.learn(failing(integrations.Locked))
	other.Wait()
	if heard := raised(t, m, "desk-locked"); heard[len(heard)-1] == "raised" {
		t.Errorf("the service works, and the operators were told %v", heard)
	}
}

func TestInvariant2_ARestartedCallHasItsLeaseToTheEnd(t *testing.T) {
	d := &desk{}
	s := d.service() // a call may take 1 s, it settles in 10 s
	m, clock := newMachine(t, []integrations.Service{s}, planner())
	planOne(t, m, store.Action{})
	p := m.performers["desk"]
	again := -1
	kind := m.kinds["desk.do"]
	kind.Perform = func(context.Context, integrations.Call) (json.RawMessage, error) {
		clock.pass(700 * time.Millisecond) // of the second that it may take
		claimed, _, err := m.Store.Claim(store.Offer{Service: "desk", Max: 1, Until: m.Now().Add(time.Minute)})
		if err != nil {
			t.Error(err)
		}
		again = len(claimed)
		return nil, nil
	}
	m.kinds["desk.do"] = kind
	c, err := p.claim(m.Store.Claim, "", false)
	if err != nil || len(c.actions) != 1 {
		t.Fatal(c, err)
	}
	clock.pass(testSettle + 500*time.Millisecond) // the disk, or the whole machine, stands still before the call begins
	p.do(c.actions[0])
	if again != 0 {
		t.Errorf("%d claimed while the call was out", again)
	}
}

func TestInvariant2_AClockThatJumpsDoublesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		s := d.service()
		m, clock := newMachine(t, []integrations.Service{s}, planner())
		planOne(t, m, store.Action{})
		p := m.performers["desk"]
		var calls, atOnce, most atomic.Int64
		release := make(chan bool)
		kind := m.kinds["desk.do"]
		kind.Settling = integrations.LookUp
		kind.Perform = func(context.Context, integrations.Call) (json.RawMessage, error) {
			most.Store(max(most.Load(), atOnce.Add(1)))
			defer atOnce.Add(-1)
			if calls.Add(1) == 1 {
				<-release
			}
			return json.RawMessage(`1`), nil
		}
		m.kinds["desk.do"] = kind
		look := func() {
			if _, err := p.handOut(t.Context()); err != nil {
				t.Error(err)
			}
			synctest.Wait()
		}
		look()
		clock.pass(time.Hour) // NTP, or the machine was suspended
		for range 4 {
			look()
			clock.pass(time.Second)
		}
		close(release)
		m.calls.Wait()
		if calls.Load() != 1 {
			t.Errorf("performed %d times, %d at the same time", calls.Load(), most.Load())
		}
	})
}

func TestInvariant7_ARetryAfterSurvivesARestart(t *testing.T) {
	d := &desk{outcomes: []error{&integrations.Error{Op: "test", Code: "429", Failure: integrations.Limited, After: 10 * time.Minute}}}
	s := d.service()
	s.Shared = true
	path := filepath.Join(t.TempDir(), "bot.db")
	clock := &hand{now: noon}
	o := Options{
		Services: []integrations.Service{s}, Handlers: []Handler{planner()}, Redactor: newRedactor(t), Identity: us,
		Now: clock.Now, After: func(time.Duration) <-chan time.Time { return nil },
	}
	m := machineAt(t, path, o)
	takeAtOnce(t, m, "1")
	takeAtOnceOf(t, m, "test:2", "2")
	if d.done != 1 {
		t.Fatalf("done %d times before the restart", d.done)
	}
	clock.pass(time.Minute)
	o.Store, o.Log, o.Metrics = m.Store, m.Log, m.Metrics
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	p := m.performers["desk"]
	if err := p.restore(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.handOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.calls.Wait()
	if d.done != 1 {
		t.Errorf("nine minutes too early something was sent: %d calls", d.done)
	}
}

func TestASlowDiskOrAShortSettleTimeDoesNotHangAWorker(t *testing.T) {
	d := &desk{}
	s := d.service()
	s.Settle = time.Microsecond // settings take any
	m := machineOf(t, Options{
		Services: []integrations.Service{s}, Handlers: []Handler{planner()}, Redactor: newRedactor(t), Identity: us,
		Now: time.Now, After: time.After,
	})
	planOne(t, m, store.Action{})
	p := m.performers["desk"]
	c, err := p.claim(m.Store.Claim, "", false)
	if err != nil || len(c.actions) != 1 {
		t.Fatal(c, err)
	}
	ended := make(chan bool)
	go func() { p.do(c.actions[0]); close(ended) }()
	select {
	case <-ended:
	case <-time.After(4 * s.Timeout):
		t.Error("it still tries to begin")
		s.Settle = time.Hour
		p.service.Settle = time.Hour
		<-ended
	}
}

func TestAKindThatPanicsFailsItsAction(t *testing.T) {
	d := &desk{}
	s := d.service()
	s.Kinds[0].Perform = func(context.Context, integrations.Call) (json.RawMessage, error) { panic("a bug") }
	m, _ := newMachine(t, []integrations.Service{s}, planner())
	planOne(t, m, store.Action{})
	defer func() {
		if r := recover(); r != nil {
			t.Error("the process would be gone: ", fmt.Sprint(r))
		}
	}()
	if a := attempt(t, m); a.State != store.Failed {
		t.Errorf("the action is %s", a.State)
	}
}

func TestTimersAreLookedAtAgainAfterTheClockJumped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var offset atomic.Int64
		now := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
		due := now().Add(2 * time.Hour)
		var rang atomic.Bool
		m := machineAt(t, filepath.Join(t.TempDir(), "bot.db"), Options{
			Redactor: newRedactor(t), Identity: us, Now: now, After: time.After,
			Handlers: []Handler{{Prefix: "test:", Mode: Live, Decide: func(_ *store.View, e store.Event) (store.Decision, error) {
				if e.Kind == store.TimerRang {
					rang.Store(true)
					return store.Decision{}, nil
				}
				return store.Decision{Timer: due}, nil
			}}},
		})
		stop := runConnected(t, m)
		takeAtOnce(t, m, "1")
		synctest.Wait()
		offset.Store(int64(3 * time.Hour))
		time.Sleep(longestSleep)
		synctest.Wait()
		if !rang.Load() {
			t.Error("an hour too late, and it has not rung")
		}
		stop()
	})
}

func TestWhatIsOnlyObservedKeepsNoServiceDown(t *testing.T) {
	d := &desk{}
	h := planner()
	h.Mode = Observe
	m, clock := newMachine(t, []integrations.Service{d.service()}, h)
	p := m.performers["desk"]
	for range failuresUntilDown {
		p.health.learn(failing(integrations.Unknown), clock.Now())
	}
	for i := range 5 {
		takeAtOnceOf(t, m, fmt.Sprint("test:", i), fmt.Sprint(i))
	}
	look := func() {
		if _, err := p.handOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		m.calls.Wait()
	}
	for range 2 { // a minute has one trial
		clock.pass(probeEvery)
		look()
		for len(p.wake) > 0 {
			<-p.wake
			look()
		}
	}
	if load := view(t, m, func(v *store.View) (store.Load, error) { return v.Load() }); !p.health.up() || load.Open["desk"] > 0 {
		t.Errorf("after two probes that went well: up %t, %d of 5 wait", p.health.up(), load.Open["desk"])
	}
}

func TestWhatIsToBeLookedBackForIsTriedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bot.db")
	clock := &hand{now: noon}
	m := machineAt(t, path, Options{Redactor: newRedactor(t), Identity: us, Now: clock.Now, CatchUp: CatchUp{Since: noon.Add(-72 * time.Hour)}})
	if err := m.Store.AddChannel(store.Channel{ID: "C1", Team: "T1", Kind: "channel", Cursor: FormatTS(noon)}); err != nil {
		t.Fatal(err)
	}
	l := &listing{catchUp: &catchUp{m: m}}
	mend := sabotage(t, path, "UPDATE ON channels")
	if err := l.lookBack(); err == nil {
		t.Fatal("it was stored")
	}
	mend()
	if err := l.lookBack(); err != nil {
		t.Fatal(err)
	}
	c := view(t, m, func(v *store.View) (*store.Channel, error) { return v.Channel("C1") })
	if c.Cursor != FormatTS(noon.Add(-72*time.Hour)) {
		t.Errorf("the cursor is %s", c.Cursor)
	}
}
