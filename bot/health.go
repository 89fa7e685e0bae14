package bot

import (
	"sync"
	"time"

	"supportbot/integrations"
)

const (
	// failuresUntilDown is after how many failures in a row a service counts as down.
	failuresUntilDown = 3
	// probeEvery is how often a service that is down or locked is asked whether it works again.
	probeEvery = time.Minute
)

// A health is what we believe of a service: up, down (its own trouble, which passes) or locked (nothing works
// until an operator mends it).
type health struct {
	mu       sync.Mutex
	failures int // in a row
	locked   bool
	answered bool // some call, since the start
	probeAt  time.Time
	paused   time.Time // since when an operator wants it to stand still; zero if nobody does
}

// up says whether the service is believed to work.
func (h *health) up() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.locked && h.failures < failuresUntilDown && h.paused.IsZero()
}

// trouble says what is wrong with the service, if anything but a pause is.
func (h *health) trouble() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.locked:
		return "refuses the bot"
	case h.failures >= failuresUntilDown:
		return "does not answer"
	}
	return ""
}

// pause has the service stand still since a time, or go on if that is zero. It says whether that is a change.
func (h *health) pause(since time.Time) (changed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	changed = h.paused.IsZero() != since.IsZero()
	h.paused = since
	return changed
}

// pausedSince returns since when the service is paused, zero if it isn't.
func (h *health) pausedSince() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.paused
}

// probe says whether it is time to ask a service that isn't up, and if not, when. Only one asks.
func (h *health) probe(now time.Time) (ask bool, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Before(h.probeAt) {
		return false, h.probeAt
	}
	h.probeAt = now.Add(probeEvery)
	return true, h.probeAt
}

// A change is what a call's outcome means for a service's health.
type change int

const (
	same change = iota
	wentDown
	gotLocked
	recovered
	works // the first answer since the start: whatever an earlier process met is over
)

// learn notes how a call ended and says what changed by it.
func (h *health) learn(failure *integrations.Error, now time.Time) change {
	h.mu.Lock()
	defer h.mu.Unlock()
	wasUp := !h.locked && h.failures < failuresUntilDown
	switch {
	case failure == nil || failure.Failure == integrations.Rejected || failure.Failure == integrations.Limited:
		first := !h.answered
		h.failures, h.locked, h.answered = 0, false, true
		switch {
		case !wasUp:
			return recovered
		case first:
			return works
		}
	case failure.Failure == integrations.Locked:
		h.failures = 0
		if !h.locked {
			h.locked, h.probeAt = true, now.Add(probeEvery)
			return gotLocked
		}
	default:
		h.failures++
		if wasUp && h.failures >= failuresUntilDown {
			h.probeAt = now.Add(probeEvery)
			return wentDown
		}
	}
	return same
}
