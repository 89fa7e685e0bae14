package sandbox

import (
	"fmt"
	"time"
)

// SocketFaults are the ways in which the sockets misbehave. Chances are between 0 and 1. What was met is counted
// by Faults.Met, as "socket/redeliver" and so on.
type SocketFaults struct {
	Redeliver    float64       // the chance that an event comes again as a retry, in a new envelope
	Twice        float64       // the chance that an event comes in two envelopes at once
	SameEnvelope float64       // the chance that an envelope comes over two sockets, retry_attempt 0 on both
	OtherID      float64       // the chance that an event comes again under another event_id
	Delay        time.Duration // before each delivery
	Foreign      int           // sockets that somebody else has opened for the same app
	// Choose says which of n sockets, the oldest being 0, gets an envelope. Nil is any. It must not call the
	// Slack.
	Choose func(n int) int
}

// SetSocketFaults makes the sockets obey f, and only f, from now on.
func (s *Slack) SetSocketFaults(f SocketFaults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

// DropSockets cuts all sockets without a word.
func (s *Slack) DropSockets() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.sockets {
		s.Faults.note("socket", "drop")
		k.cut()
	}
	s.sockets = nil
}

// WarnSockets announces to all sockets that they will be cut, and cuts them ten seconds later.
func (s *Slack) WarnSockets() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.sockets {
		k.warn()
		k.timers = append(k.timers, s.clock.AfterFunc(cutNotice, k.cut))
	}
}

// RefreshSockets asks the app to renew all sockets, and closes them.
func (s *Slack) RefreshSockets() { s.closeSockets("refresh_requested") }

func (s *Slack) closeSockets(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.sockets {
		k.sendLast(disconnectFrame(reason))
	}
	s.sockets = nil
}

// DisableSocketMode switches Socket Mode off for the app: sockets are closed with link_disabled and no new one
// can be opened, until EnableSocketMode.
func (s *Slack) DisableSocketMode() {
	s.setOff(true)
	s.closeSockets("link_disabled")
}

// EnableSocketMode undoes DisableSocketMode.
func (s *Slack) EnableSocketMode() { s.setOff(false) }

func (s *Slack) setOff(off bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off = off
}

// Revoke makes both tokens worthless, as the removal of the app does.
func (s *Slack) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emit(event{name: "tokens_revoked", body: map[string]any{
		"type": "tokens_revoked", "tokens": map[string]any{"oauth": []string{}, "bot": []string{slackBotUser}},
		"event_ts": s.nextTS(),
	}})
	s.revoked = true
}

// Reinstall makes the tokens good again, as a new installation of the app may after Revoke.
func (s *Slack) Reinstall() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = false
}

// SendFrame sends any text over one socket, such as a malformed envelope. It says whether there was a socket.
func (s *Slack) SendFrame(frame string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sockets) == 0 {
		return false
	}
	s.sockets[s.choose()].send([]byte(frame))
	return true
}

// LimitEvents tells the app that events of the last minute were dropped
// (docs.slack.dev/apis/events-api#rate-limiting).
func (s *Slack) LimitEvents() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliverEvent(fmt.Appendf(nil, `{"token":"no-secret","type":"app_rate_limited","team_id":%q,"minute_rate_limited":%d,"api_app_id":"A0SANDBOX"}`,
		slackTeam, s.clock.Now().Unix()/60*60))
}

// HoldNext holds the next n events back until Release, so that later ones overtake them.
func (s *Slack) HoldNext(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.toHold = n
}

// Release delivers the events that HoldNext held back.
func (s *Slack) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.toHold = 0
	held := s.held
	s.held = nil
	for _, d := range held {
		s.unsettled++
		s.send(d)
	}
}
