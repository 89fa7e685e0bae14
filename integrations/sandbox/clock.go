// Package sandbox holds stand-ins for the services that the bot talks to. They speak the real protocols over
// real HTTP and WebSocket, keep the real limits, errors and oddities, and can be made to fail. Tests and the
// sandbox command use them; nothing else that ships may.
package sandbox

import (
	"sync"
	"time"
)

// A Clock is the time of a stand-in and of the bot beside it. It either follows the real time, from an offset
// that Advance adds to, or stands still between calls of Advance.
type Clock struct {
	mu     sync.Mutex
	real   bool
	now    time.Time     // of a still clock
	offset time.Duration // of a running clock
	timers map[*timer]struct{}
	made   uint64 // timers so far
}

type timer struct {
	at   time.Time
	nth  uint64 // of the timers of its clock: breaks ties
	call func(now time.Time)
	stop func() bool // of the running clock's timer
}

// NewClock returns a clock that stands at start until Advance.
func NewClock(start time.Time) *Clock { return &Clock{now: start} }

// RealClock returns a clock that follows the real time.
func RealClock() *Clock { return &Clock{real: true} }

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read()
}

func (c *Clock) read() time.Time {
	if c.real {
		return time.Now().Add(c.offset)
	}
	return c.now
}

// After returns a channel that receives the time once d has passed on this clock.
func (c *Clock) After(d time.Duration) <-chan time.Time {
	rung := make(chan time.Time, 1)
	c.start(d, func(now time.Time) { rung <- now })
	return rung
}

// AfterFunc calls f once d has passed on this clock, unless stop is called before. On a running clock f has a
// goroutine of its own; on a still one it runs within Advance, so that it is done when Advance returns. If d
// has already passed, f has a goroutine of its own on both.
func (c *Clock) AfterFunc(d time.Duration, f func()) (stop func()) {
	t := c.start(d, func(time.Time) { f() })
	return func() { c.stop(t) }
}

func (c *Clock) start(d time.Duration, call func(time.Time)) *timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	t := &timer{at: c.read().Add(d), nth: c.made, call: call}
	if d <= 0 {
		go call(c.read())
		return t
	}
	if c.timers == nil {
		c.timers = map[*timer]struct{}{}
	}
	c.timers[t] = struct{}{}
	c.arm(t)
	return t
}

// arm makes the timer of a running clock ring in time. c.mu is held.
func (c *Clock) arm(t *timer) {
	if c.real {
		t.stop = time.AfterFunc(t.at.Sub(c.read()), func() { c.ring(t) }).Stop
	}
}

func (c *Clock) ring(t *timer) {
	c.mu.Lock()
	_, waiting := c.timers[t]
	delete(c.timers, t)
	now := c.read()
	c.mu.Unlock()
	if waiting {
		t.call(now)
	}
}

func (c *Clock) stop(t *timer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.timers, t)
	if t.stop != nil {
		t.stop()
	}
}

// Pause makes a running clock stand still. What waits for it waits until Advance or Resume.
func (c *Clock) Pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.real {
		return
	}
	c.now, c.real = c.read(), false
	for t := range c.timers {
		t.stop()
	}
}

// Resume makes a still clock run, from where it stands.
func (c *Clock) Resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.real {
		return
	}
	c.offset, c.real = time.Until(c.now), true
	for t := range c.timers {
		c.arm(t)
	}
}

// Paused says whether the clock stands still.
func (c *Clock) Paused() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.real
}

// Advance moves the clock on by d and lets ring what has become due, the earliest first, each at its time; what
// is started meanwhile and due within d rings too.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	if c.real {
		c.offset += d
		for t := range c.timers {
			t.stop()
			c.arm(t)
		}
		c.mu.Unlock()
		return
	}
	end := c.now.Add(d)
	c.mu.Unlock()
	for c.ringNext(end) {
	}
}

// Step moves a still clock on to when the next timers ring, or to end if none does before, and lets these ring. It says
// whether the clock has not reached end yet. Unlike with Advance, whoever is woken can act at that very moment.
func (c *Clock) Step(end time.Time) (more bool) {
	c.mu.Lock()
	next := end
	for t := range c.timers {
		if t.at.Before(next) {
			next = t.at
		}
	}
	c.mu.Unlock()
	for c.ringNext(next) {
	}
	return next.Before(end)
}

// ringNext rings the first timer that is due by end. Without one it sets the clock to end.
func (c *Clock) ringNext(end time.Time) bool {
	c.mu.Lock()
	var next *timer
	for t := range c.timers {
		if !t.at.After(end) && (next == nil || t.before(next)) {
			next = t
		}
	}
	if next == nil {
		if end.After(c.now) {
			c.now = end
		}
		c.mu.Unlock()
		return false
	}
	if next.at.After(c.now) {
		c.now = next.at
	}
	c.mu.Unlock()
	c.ring(next)
	return true
}

func (t *timer) before(o *timer) bool {
	if t.at.Equal(o.at) {
		return t.nth < o.nth
	}
	return t.at.Before(o.at)
}
