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
	timers []*timer
}

type timer struct {
	at   time.Time
	c    chan time.Time
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
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &timer{at: c.read().Add(d), c: make(chan time.Time, 1)}
	c.arm(t)
	return t.c
}

// arm makes t fire now or later. c.mu is held.
func (c *Clock) arm(t *timer) {
	wait := t.at.Sub(c.read())
	if wait <= 0 {
		t.c <- c.read()
		return
	}
	if c.real {
		t.stop = time.AfterFunc(wait, func() { c.fire(t) }).Stop
	}
	c.timers = append(c.timers, t)
}

func (c *Clock) fire(t *timer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, other := range c.timers {
		if other == t {
			c.timers = append(c.timers[:i], c.timers[i+1:]...)
			t.c <- c.read()
			return
		}
	}
}

// Advance moves the clock on by d and fires what has become due, the earliest first.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.real {
		c.offset += d
	} else {
		c.now = c.now.Add(d)
	}
	waiting := c.timers
	c.timers = nil
	for _, t := range waiting {
		if t.stop != nil {
			t.stop()
		}
		c.arm(t)
	}
}
