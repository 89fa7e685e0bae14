package bot

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"supportbot/integrations/slack"
	"supportbot/store"
)

const (
	// doorCapacity is how many envelopes may wait to be stored. More are not acknowledged: Slack sends them again.
	doorCapacity = 10_000
	// doorWorkers is how many envelopes are stored at the same time. They share commits.
	doorWorkers = 64
	// ackWithin is Slack's deadline (docs.slack.dev/apis/events-api).
	ackWithin = 3 * time.Second
)

// A door takes in what Slack sends: decodes it, takes secrets out, stores what is ours, and acknowledges.
type door struct {
	m       *Machine
	queue   chan delivery
	refused atomic.Int64 // envelopes left to be sent again since the queue was last not full
	crowd   crowd
	early   *memory // replies that came before what makes their thread ours
}

type delivery struct {
	envelope slack.Envelope
	socket   Acknowledger
	came     time.Time
}

// An Acknowledger tells Slack that an envelope was received.
type Acknowledger interface {
	Ack(ctx context.Context, envelopeID string, payload any) error
}

func newDoor(m *Machine) *door {
	d := &door{m: m, queue: make(chan delivery, doorCapacity), early: newMemory()}
	d.crowd.init()
	return d
}

// Receive takes an envelope that came on socket. It never waits.
func (m *Machine) Receive(e slack.Envelope, socket Acknowledger) {
	m.busy.add(1)
	m.door.crowd.add(1)
	select {
	case m.door.queue <- delivery{e, socket, m.Now()}:
		m.door.refused.Store(0)
	default:
		m.door.refused.Add(1)
		m.Metrics.refused()
		m.door.crowd.add(-1)
		m.busy.add(-1)
	}
}

// run takes deliveries in until ctx ends.
func (d *door) run(ctx context.Context) {
	defer d.crowd.disperse()
	var workers sync.WaitGroup
	defer workers.Wait()
	for range doorWorkers {
		workers.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case delivered := <-d.queue:
					d.take(delivered)
					d.crowd.add(-1)
					d.m.busy.add(-1)
				}
			}
		})
	}
}

// A crowd counts the envelopes at the door. While there are many, deciding waits: what Slack sends must be
// acknowledged within 3 s, all else is only waited for.
type crowd struct {
	mu     sync.Mutex
	thin   *sync.Cond
	n      int
	closed bool
}

// doorCrowd is how many envelopes at the door are too many to do anything else beside: more than are being stored.
const doorCrowd = 2 * doorWorkers

func (c *crowd) init() { c.thin = sync.NewCond(&c.mu) }

func (c *crowd) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += n
	if c.n == doorCrowd {
		c.thin.Broadcast()
	}
}

// pass waits until the crowd is thin.
func (c *crowd) pass() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.n > doorCrowd && !c.closed {
		c.thin.Wait()
	}
}

// thick says whether there are too many.
func (c *crowd) thick() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n > doorCrowd
}

// disperse lets everybody pass from now on: the door is shut.
func (c *crowd) disperse() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.thin.Broadcast()
}

// take stores what is ours in an envelope and acknowledges it. What can't be stored is not acknowledged: Slack
// sends it again. What can't be read is acknowledged all the same: sent again it could not be read either.
func (d *door) take(delivered delivery) {
	e := delivered.envelope
	err := d.store(e)
	if err != nil {
		d.m.Log.Error("envelope not taken in", "envelope", e.ID, "type", e.Type, "error", err)
	}
	if err != nil && !errors.Is(err, errUnreadable) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), ackWithin)
	defer cancel()
	if err := delivered.socket.Ack(ctx, e.ID, nil); err != nil {
		d.m.Log.Warn("envelope not acknowledged", "envelope", e.ID, "error", err)
		return
	}
	d.m.Metrics.acknowledged(e.Type, d.m.Now().Sub(delivered.came))
}

// errUnreadable marks what would be just as unreadable if it came again.
var errUnreadable = errors.New("not understood")

func unreadable(err error) error { return fmt.Errorf("%w: %w", errUnreadable, err) }

// guarded does what looks at things from outside. If they make our own code panic, they are unreadable.
func guarded(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = unreadable(fmt.Errorf("panic: %v", p))
		}
	}()
	return do()
}

// store stores what is ours in an envelope.
func (d *door) store(e slack.Envelope) error {
	return guarded(func() error {
		switch e.Type {
		case "events_api":
			return d.event(e.Payload)
		case "interactive":
			return d.interaction(e.Payload)
		}
		return nil
	})
}

func (d *door) event(payload json.RawMessage) error {
	c, err := readCallback(payload)
	if err != nil {
		return unreadable(err)
	}
	if c.Type == "app_rate_limited" {
		d.m.Alarm(heldBackAlarm, "Slack holds events back: more than 30,000 came in an hour. The bot finds by itself what was said meanwhile; if this comes again, see what posts so much.")
		d.m.catchUp.eventsHeldBack()
		return nil
	}
	if c.Event.Type != messageType {
		return d.otherEvent(c.Event.Type, payload)
	}
	if kind := conversions[c.Event.Subtype]; kind != "" {
		return d.converted(c.Event.Channel, kind)
	}
	m, ok, err := d.m.Identity.message(c)
	if err != nil {
		return unreadable(err)
	}
	if !ok {
		return nil
	}
	return d.heard(m, payload)
}

// otherEvent takes in an event that is no message.
func (d *door) otherEvent(kind string, payload json.RawMessage) error {
	var c struct{ Event json.RawMessage }
	if err := json.Unmarshal(payload, &c); err != nil {
		return unreadable(err)
	}
	if err := d.channelEvent(kind, c.Event); err != nil {
		return err
	}
	return d.freshen(kind, c.Event)
}

// freshen brings the directory up to what Slack tells of a person, a channel or a group.
func (d *door) freshen(kind string, event json.RawMessage) error {
	id, change, err := refresh(kind, event)
	if err != nil {
		return unreadable(err)
	}
	if id == "" {
		return nil
	}
	return d.m.Store.Refresh(id, func(e *store.Entry) {
		change(e)
		e.Name, _ = d.m.Redactor.TypedString(e.Name)
	})
}

// heard takes in a message that came in payload. A reply that nobody wants is remembered, and then offered once more:
// the mention that makes its thread ours may have been stored in between, by somebody who could not recall it yet.
func (d *door) heard(m Message, payload json.RawMessage) error {
	taken, err := d.message(m)
	if taken || err != nil || m.Thread == m.TS {
		return err
	}
	d.early.keep(threadID{m.Team, m.Channel, m.Thread}, payload, d.m.Now())
	_, err = d.message(m)
	return err
}

// recall takes in what was said lately in threads that are somebody's now. Those that are read too may be shown late.
func (d *door) recall(threads []store.Thread) {
	for _, t := range threads {
		for _, payload := range d.early.recall(threadID{t.Team, t.Channel, t.TS}, d.m.Now()) {
			if err := guarded(func() error { return d.event(payload) }); err != nil {
				d.m.Log.Error("early reply not taken in", "channel", t.Channel, "thread", t.TS, "error", err)
			}
		}
	}
}

// message stores a message for the handlers whose it is, and says whether there are any. Most messages concern
// nobody: that is asked on a snapshot, before the dear work of taking secrets out.
func (d *door) message(m Message) (taken bool, err error) {
	var ours []Handler
	for _, h := range d.m.Handlers {
		wants, err := d.wants(h, m)
		if err != nil {
			return false, err
		}
		if wants {
			ours = append(ours, h)
		}
	}
	if len(ours) == 0 {
		return false, nil
	}
	m = d.redact(m)
	for _, h := range ours {
		id := newID(d.m.Now())
		if err := d.route(func(v *store.View) (store.Taken, error) { return h.Message(v, m, id) }); err != nil {
			return false, err
		}
	}
	return true, nil
}

// newID returns an id that nobody can guess and that was never used before. It begins with the time, so that what
// is new stands together in the database's indexes, however much is old.
func newID(now time.Time) string {
	return strconv.FormatInt(now.UnixMilli(), 36) + strings.ToLower(rand.Text()[:18])
}

func (d *door) wants(h Handler, m Message) (wants bool, err error) {
	if h.Message == nil {
		return false, nil
	}
	if m.Mentions || m.Mentioned { // surely somebody's: to ask would be dearer
		return true, nil
	}
	err = d.m.Store.View(func(v *store.View) error {
		taken, err := h.Message(v, m, "")
		wants = len(taken.Events) > 0
		return err
	})
	return wants, err
}

func (d *door) interaction(payload json.RawMessage) error {
	pressed, err := d.m.Identity.clicks(payload)
	if err != nil {
		return unreadable(err)
	}
	for _, c := range pressed {
		for _, h := range d.m.Handlers {
			if h.Click == nil {
				continue
			}
			if err := d.route(func(v *store.View) (store.Taken, error) { return h.Click(v, c) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// route stores what a handler takes, and has it decided.
func (d *door) route(take func(*store.View) (store.Taken, error)) error {
	t := d.m.turn()
	decided, err := d.m.Store.Take(take, t)
	t.end(decided, err)
	if errors.Is(err, store.ErrPanic) {
		return unreadable(err)
	}
	return err
}

// redact returns m without secrets.
func (d *door) redact(m Message) Message {
	doc, inText := d.redactDoc(m.Doc)
	files, inFiles := d.redactFiles(m.Files)
	forwards, inForwards := d.redactForwards(m.Forwards)
	m.Doc, m.Files, m.Forwards = doc, files, forwards
	m.Withheld = slices.Concat(m.Withheld, inText, inFiles, inForwards)
	m.Name, _ = d.m.Redactor.TypedString(m.Name)
	return m
}
