package sandbox

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAStillClockRingsInOrderWithinAdvance(t *testing.T) {
	begin := time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
	c := NewClock(begin)
	var got []string
	ring := func(name string) func() {
		return func() { got = append(got, fmt.Sprintf("%s at %s", name, c.Now().Sub(begin))) }
	}
	c.AfterFunc(3*time.Second, ring("third"))
	c.AfterFunc(time.Second, func() {
		ring("first")()
		c.AfterFunc(time.Second, ring("chained"))
	})
	c.AfterFunc(3*time.Second, ring("fourth"))
	c.AfterFunc(time.Minute, ring("too late"))
	c.AfterFunc(time.Second, ring("stopped"))()
	after := c.After(2 * time.Second)
	c.Advance(5 * time.Second)
	want := []string{"first at 1s", "chained at 2s", "third at 3s", "fourth at 3s"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if rang := <-after; rang.Sub(begin) != 2*time.Second {
		t.Errorf("After rang at %s", rang.Sub(begin))
	}
	if now := c.Now().Sub(begin); now != 5*time.Second {
		t.Errorf("the clock shows %s", now)
	}
}

func TestARunningClockCanBeAdvanced(t *testing.T) {
	c := RealClock()
	hour, day := c.After(time.Hour), c.After(24*time.Hour)
	c.Advance(time.Hour)
	<-hour
	select {
	case <-day:
		t.Error("a day has not passed")
	default:
	}
	if ahead := time.Until(c.Now()); ahead < 59*time.Minute {
		t.Errorf("ahead by %s", ahead)
	}
}

func TestWhatIsAlreadyDueRingsWithoutAdvance(t *testing.T) {
	c := NewClock(time.Unix(0, 0))
	<-c.After(0)
	rang := make(chan struct{})
	c.AfterFunc(-time.Second, func() { close(rang) })
	<-rang
}

func TestAPausedClockStandsStillUntilItIsResumed(t *testing.T) {
	c := RealClock()
	c.Pause()
	stood := c.Now()
	rung := c.After(time.Hour)
	c.Advance(30 * time.Minute)
	if got := c.Now().Sub(stood); got != 30*time.Minute || !c.Paused() {
		t.Errorf("moved by %v", got)
	}
	select {
	case <-rung:
		t.Error("rung too early")
	default:
	}
	c.Resume()
	if c.Paused() || c.Now().Before(stood.Add(30*time.Minute)) {
		t.Error("does not go on from where it stood")
	}
	c.Advance(30 * time.Minute)
	<-rung
}
