package bot

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"supportbot/store"
)

// requestsEvery is how often the machine looks for what operators ask.
const requestsEvery = time.Second

// serveRequests does what operators ask until ctx ends.
func (m *Machine) serveRequests(ctx context.Context) {
	m.lookAgain(ctx, m.requests, func() time.Time {
		if err := m.serveAll(); err != nil {
			m.Log.Error("requests of operators not served", "error", err)
		}
		return m.Now().Truncate(requestsEvery).Add(requestsEvery)
	})
}

// serveAll does what waits.
func (m *Machine) serveAll() error {
	waiting, err := store.Look(m.Store, (*store.View).Requests)
	if err != nil {
		return err
	}
	for _, q := range waiting {
		answered, due, err := m.Store.Serve(q, func(o *store.Operation) (string, error) { return m.serve(o, q) })
		if err != nil {
			return err
		}
		m.Log.Info("an operator asked", "what", q.Verb+" "+q.What, "answer", answered.Answer)
		m.wakeDeciders(due)
		if !answered.Refused {
			m.follow(q)
		}
	}
	return nil
}

// serve does what q asks, or says why not.
func (m *Machine) serve(o *store.Operation, q store.Request) (answer string, refusal error) {
	switch q.Verb {
	case store.PauseService, store.ResumeService:
		if m.performers[q.What] == nil {
			return "", fmt.Errorf("there is no service %q; there are %s", q.What, strings.Join(m.serviceNames(), " and "))
		}
		return m.serveService(o, q)
	case store.RetryParked:
		return eachParked(o, q.What, o.Retry, "to be decided again")
	case store.DropParked:
		return eachParked(o, q.What, o.Drop, "dropped")
	}
	return "", fmt.Errorf("this bot can't %q", q.Verb)
}

func (m *Machine) serveService(o *store.Operation, q store.Request) (answer string, refusal error) {
	title := m.performers[q.What].service.Title
	if q.Verb == store.PauseService {
		changed, err := o.Pause(q.What)
		if err != nil || !changed {
			return title + " is paused already.", err
		}
		return fmt.Sprintf("%s is paused: what is for it waits, until `supportbot resume %s`.", title, q.What), nil
	}
	changed, err := o.Resume(q.What)
	if err != nil || !changed {
		return title + " is not paused.", err
	}
	return title + " goes on.", nil
}

// eachParked does what is asked for one parked event, or all.
func eachParked(o *store.Operation, which string, do func(int64) (bool, error), done string) (answer string, refusal error) {
	if which != store.All {
		id, err := strconv.ParseInt(which, 10, 64)
		if err != nil {
			return "", fmt.Errorf("%q is no event's number", which)
		}
		return fmt.Sprintf("Event %d: %s.", id, done), oneParked(id, do)
	}
	events, err := o.Parked()
	if err != nil {
		return "", err
	}
	for _, e := range events {
		if err := oneParked(e.ID, do); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("Events %s: %d.", done, len(events)), nil
}

func oneParked(id int64, do func(int64) (bool, error)) error {
	found, err := do(id)
	if err == nil && !found {
		err = fmt.Errorf("event %d is not parked", id)
	}
	return err
}

// follow has the machine go by what q changed.
func (m *Machine) follow(q store.Request) {
	switch q.Verb {
	case store.PauseService, store.ResumeService:
		if err := m.readPauses(); err != nil {
			m.Log.Error("pauses not read", "error", err)
		}
		m.performers[q.What].wakeUp()
	case store.RetryParked, store.DropParked:
		load, err := store.Look(m.Store, (*store.View).Load)
		switch {
		case err != nil:
			m.Log.Error("parked events not counted", "error", err)
		case load.Parked == 0:
			m.Clear(parkedAlarm)
		}
	}
}

// readPauses has each service stand still or go on as the store says, and the operators told.
func (m *Machine) readPauses() error {
	since, err := store.Look(m.Store, (*store.View).Paused)
	if err != nil {
		return err
	}
	for name, p := range m.performers {
		at, paused := since[name]
		switch changed := p.health.pause(at); {
		case changed && paused:
			m.Alarm(name+"-paused", fmt.Sprintf("%s is paused by an operator. What is for it waits, until `supportbot resume %s`.", p.service.Title, name))
		case changed:
			m.Clear(name + "-paused")
		}
		m.Metrics.paused(name, paused)
	}
	return nil
}

func (m *Machine) serviceNames() []string {
	var names []string
	for name := range m.performers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// pauses returns a line for each service that is paused.
func (m *Machine) pauses() (lines []string) {
	for _, name := range m.serviceNames() {
		p := m.performers[name]
		if since := p.health.pausedSince(); !since.IsZero() {
			lines = append(lines, fmt.Sprintf("%s is paused since %s", p.service.Title, since.Format(time.RFC3339)))
		}
	}
	return lines
}
