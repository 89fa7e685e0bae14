package bot

import (
	"errors"
	"fmt"
	"slices"

	"supportbot/store"
)

// A turn is the machine's part in one transaction of the store: it is the store.Decider there, and goes on from what was
// decided once that is on disk.
type turn struct {
	m     *Machine
	held  []string // subjects in hand
	begun []begun
}

func (m *Machine) turn() *turn { return &turn{m: m} }

// A begun is what the transaction claimed at one service.
type begun struct {
	performer *performer
	claimed
}

// Anew gives back the workers that were taken for a transaction that was undone.
func (t *turn) Anew() {
	for _, b := range t.begun {
		b.performer.giveWorkers(len(b.actions))
		b.performer.lookIfShort()
	}
	t.begun = nil
}

// Hold takes a subject in hand, unless somebody has it. While there is a crowd at the door nothing is decided at once.
func (t *turn) Hold(subject string) bool {
	if slices.Contains(t.held, subject) {
		return true
	}
	if t.m.door.crowd.thick() || !t.m.undecided.take(subject) {
		return false
	}
	t.held = append(t.held, subject)
	return true
}

// Decide has the subject's handler decide.
func (t *turn) Decide(v *store.View, e store.Event) (store.Decision, error) {
	h := t.m.handler(e.Subject)
	if h == nil {
		return store.Decision{}, fmt.Errorf("nobody handles %s", e.Subject)
	}
	d, err := h.Decide(v, e)
	if err == nil {
		err = t.m.address(v, e.Subject, d.Actions)
	}
	return d, err
}

// Free claims what a subject has open. At a service with limits only its performer does, one after the other: of two that
// claim at the same time, the later one might be the first to ask the limiter. Nor is it claimed where others wait for a
// worker: the performer knows whose turn it is.
func (t *turn) Free(c store.Claimer, subject string) error {
	if t.m.undecided.isClosed() { // the machine stops: nothing more is begun
		return nil
	}
	services, err := c.Open(subject)
	if err != nil {
		return err
	}
	for _, name := range services {
		p := t.m.performers[name]
		if p == nil {
			continue
		}
		b := begun{performer: p}
		if p.health.up() && len(p.service.Limits) == 0 && !p.short.Load() {
			b.claimed, err = p.claim(c.Claim, subject, false)
		}
		t.begun = append(t.begun, b)
		if err != nil {
			return err
		}
	}
	return nil
}

// end goes on from what was decided, or without it if it could not be stored, and gives back what is in hand.
func (t *turn) end(decided store.Decided, err error) {
	m := t.m
	for _, b := range t.begun {
		b.goOn(err == nil)
	}
	for _, subject := range t.held {
		m.undecided.free(subject)
	}
	m.wakeDeciders(decided.Due)
	if !decided.Timer.IsZero() {
		m.ringAt(decided.Timer)
	}
	if err == nil {
		m.logAlarms(decided.Alarms)
		m.door.recall(decided.Threads)
	}
}

// logAlarms writes down what operators are told, whether or not they have a channel.
func (m *Machine) logAlarms(alarms []store.Alarm) {
	for _, a := range alarms {
		if a.Lasts() {
			m.Log.Warn("alarm", "what", a.What, "text", a.Text)
		} else {
			m.Log.Info("alarm is over", "what", a.What)
		}
	}
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
		return
	}
	p.lookIfShort() // it may have looked while the transaction had those that it did not need
}

// decide lets the handler of subject decide its oldest undecided event. After an error that is still to be done.
func (m *Machine) decide(subject string) error {
	t := m.turn()
	decided, err := m.Store.Decide(subject, t)
	if failure := errors.Join(decided.Failure, err); failure != nil {
		m.Log.Error("decision failed", "subject", subject, "parked", decided.Parked, "error", failure)
	}
	if decided.Parked {
		m.Alarm(parkedAlarm, fmt.Sprintf("An event of %s could not be decided and was put aside. `supportbot parked list` says why; "+
			"when that is mended, `supportbot parked retry all` has it decided again.", subject))
	}
	t.end(decided, err)
	return err
}

// parkedAlarm lasts as long as an event is parked.
const parkedAlarm = "parked"
