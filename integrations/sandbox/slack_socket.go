package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Rules of Socket Mode (docs.slack.dev/apis/events-api/using-socket-mode).
const (
	maxSockets  = 10
	ackDeadline = 3 * time.Second
	maxAck      = 20 << 10 // bytes of a frame; Slack drops what is bigger without a word
	cutNotice   = 10 * time.Second
	ticketLife  = 30 * time.Second // the figure is ours

	// These are in real time, even beside a still clock, as the watchdogs of clients are.
	pingEvery  = 5 * time.Second
	partWithin = time.Second
)

// retryAfterFailure is how long Slack waits before it sends an event again (docs.slack.dev/apis/events-api#retries).
var retryAfterFailure = [...]time.Duration{0, time.Minute, 5 * time.Minute}

// Delayed Events: one more attempt each hour, for a day.
const (
	delayedEvery = time.Hour
	delayedTimes = 24
)

// socketMode is the state of all sockets. Slack's mutex guards it.
type socketMode struct {
	tickets   map[string]time.Time // of URLs not yet used, with their end
	sockets   []*socket            // open, the oldest first
	turned    chan struct{}        // closed when another one opens, or one is retired
	off       bool                 // Socket Mode is switched off for the app
	pending   map[string]*delivery // sent and not yet acknowledged, by envelope id
	unsettled int                  // deliveries neither acknowledged nor given up
	lost      int                  // events given up
	settled   chan struct{}        // closed when unsettled becomes 0; nil if nobody waits
	faults    SocketFaults
	toHold    int // events
	held      []*delivery
	envelopes []*Envelope
}

func newSocketMode() socketMode {
	return socketMode{tickets: map[string]time.Time{}, pending: map[string]*delivery{}, turned: make(chan struct{})}
}

// A delivery is something that the app must acknowledge.
type delivery struct {
	kind     string // events_api, slash_commands or interactive
	payload  []byte
	attempt  int
	reason   string
	answered func(payload json.RawMessage, err error) // of an interaction; nil for events
	sent     time.Time                                // the latest attempt
	stop     func()                                   // the timer of its deadline
	logged   *Envelope                                // of the latest attempt
}

// An Envelope is one attempt to hand something to the app.
type Envelope struct {
	ID      string // empty if there was no socket
	Kind    string // events_api, slash_commands or interactive
	Payload json.RawMessage
	Attempt int // retry_attempt
	At      time.Time
	AckedAt time.Time // zero if it was not acknowledged, or not yet
	Err     error     // ErrNoSocket or ErrNoAck
}

// Envelopes returns what the app was sent, the oldest first.
func (s *Slack) Envelopes() []Envelope {
	s.mu.Lock()
	defer s.mu.Unlock()
	return values(s.envelopes)
}

// A socket is one open connection of the app.
type socket struct {
	conn   *websocket.Conn
	timers []func()
	warned bool // that it will be cut; guarded by its Slack

	mu     sync.Mutex
	queue  [][]byte
	last   bool          // cut when the queue is sent
	wake   chan struct{} // something was queued
	closed chan struct{}
}

var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

// appsConnectionsOpen gives out the address of a socket, which works once.
func (s *Slack) appsConnectionsOpen(slackArgs) (answer, error) {
	if s.off {
		return nil, refuse("access_denied")
	}
	ticket := s.uuid()
	s.tickets[ticket] = s.clock.Now().Add(ticketLife)
	return answer{"url": "ws://" + s.address + "/link/?ticket=" + ticket + "&app_id=" + slackApp}, nil
}

// serveSocket is the life of one socket.
func (s *Slack) serveSocket(w http.ResponseWriter, r *http.Request) {
	if !s.useTicket(r.URL.Query().Get("ticket")) {
		http.Error(w, "invalid ticket", http.StatusForbidden)
		return
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	k := &socket{conn: conn, wake: make(chan struct{}, 1), closed: make(chan struct{})}
	life := s.options.SocketLife
	if r.URL.Query().Get("debug_reconnects") == "true" {
		life = 360 * time.Second
	}
	if !s.admit(k, life) {
		return
	}
	defer s.running.Done()
	go k.write()
	s.read(k)
}

func (s *Slack) useTicket(ticket string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	end, ok := s.tickets[ticket]
	delete(s.tickets, ticket)
	return ok && s.clock.Now().Before(end)
}

// admit greets a new socket; one too many is told so instead, and closed. It is false once s is closed.
func (s *Slack) admit(k *socket, life time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		k.cut()
		return false
	}
	s.running.Add(1)
	if len(s.sockets)+s.faults.Foreign >= maxSockets {
		k.sendLast(disconnectFrame("too_many_websockets"))
		return true
	}
	s.sockets = append(s.sockets, k)
	s.turn()
	k.send(fmt.Appendf(nil, `{"type":"hello","num_connections":%d,"debug_info":{"host":"applink-sandbox",`+
		`"build_number":1,"approximate_connection_time":%d},"connection_info":{"app_id":%q}}`,
		len(s.sockets)+s.faults.Foreign, int(life/time.Second), slackApp))
	k.timers = append(k.timers,
		s.clock.AfterFunc(life-cutNotice, func() { s.warn(k) }),
		s.clock.AfterFunc(life, func() { s.close(k, "refresh_requested") }))
	return true
}

// warn announces that a socket will be cut.
func (s *Slack) warn(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k.warn()
}

func (k *socket) warn() {
	k.warned = true
	k.send(disconnectFrame("warning"))
}

// close tells the app why a socket ends, and ends it.
func (s *Slack) close(k *socket, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retire(k)
	k.sendLast(disconnectFrame(reason))
}

// retire sends nothing more over k.
func (s *Slack) retire(k *socket) {
	s.sockets = slices.DeleteFunc(s.sockets, func(other *socket) bool { return other == k })
	s.turn()
}

// turn tells who waits for it that other sockets are open than before.
func (s *Slack) turn() {
	close(s.turned)
	s.turned = make(chan struct{})
}

func disconnectFrame(reason string) []byte {
	return fmt.Appendf(nil, `{"type":"disconnect","reason":%q,"debug_info":{"host":"applink-sandbox"}}`, reason)
}

// read takes acknowledgements until the socket is closed.
func (s *Slack) read(k *socket) {
	for {
		_, frame, err := k.conn.ReadMessage()
		if err != nil {
			s.forget(k)
			return
		}
		s.acknowledge(frame)
	}
}

func (s *Slack) forget(k *socket) {
	k.cut()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stop := range k.timers {
		stop()
	}
	s.retire(k)
}

// write sends what is queued, and pings, until the socket is closed.
func (k *socket) write() {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	k.ping()
	for {
		select {
		case <-k.wake:
			last, err := k.flush()
			if err != nil {
				k.cut()
				return
			}
			if last {
				k.part()
				return
			}
		case <-ticker.C:
			k.ping()
		case <-k.closed:
			return
		}
	}
}

func (k *socket) ping() {
	_ = k.conn.WriteControl(websocket.PingMessage, []byte("sandbox"), time.Now().Add(pingEvery))
}

// part ends the socket politely: once the app has answered, or soon, read cuts it.
func (k *socket) part() {
	soon := time.Now().Add(partWithin)
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = k.conn.WriteControl(websocket.CloseMessage, bye, soon)
	_ = k.conn.SetReadDeadline(soon)
}

// flush sends what is queued, and says whether that was the last.
func (k *socket) flush() (last bool, err error) {
	k.mu.Lock()
	queue := k.queue
	last = k.last
	k.queue = nil
	k.mu.Unlock()
	for _, frame := range queue {
		if err := k.conn.WriteMessage(websocket.TextMessage, frame); err != nil {
			return false, err
		}
	}
	return last, nil
}

// send queues frame; it never blocks.
func (k *socket) send(frame []byte) { k.enqueue(frame, false) }

// sendLast queues frame, after which the socket is cut.
func (k *socket) sendLast(frame []byte) { k.enqueue(frame, true) }

func (k *socket) enqueue(frame []byte, last bool) {
	k.mu.Lock()
	k.queue = append(k.queue, frame)
	k.last = k.last || last
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// cut breaks the connection.
func (k *socket) cut() {
	k.mu.Lock()
	defer k.mu.Unlock()
	select {
	case <-k.closed:
	default:
		close(k.closed)
		_ = k.conn.Close()
	}
}

// deliverEvent delivers a wrapped event, more than once if a fault says so.
func (s *Slack) deliverEvent(payload []byte) {
	s.deliver(&delivery{kind: "events_api", payload: payload})
	if s.meets("redeliver", s.faults.Redeliver) {
		s.deliver(&delivery{kind: "events_api", payload: payload, attempt: 1, reason: "timeout"})
	}
	if s.meets("twice", s.faults.Twice) {
		s.deliver(&delivery{kind: "events_api", payload: payload})
	}
	if s.meets("other id", s.faults.OtherID) {
		s.deliver(&delivery{kind: "events_api", payload: s.renamed(payload)})
	}
}

// renamed is a wrapped event under another event id.
func (s *Slack) renamed(payload []byte) []byte {
	var w wrapper
	if json.Unmarshal(payload, &w) != nil {
		return payload
	}
	return s.wrap(event{channel: w.EventContext[len("4-sandbox-"):]}, w.Event)
}

// meets says whether an event meets a fault of the given odds, and counts it.
func (s *Slack) meets(kind FaultKind, odds float64) bool {
	if odds <= 0 || rand.Float64() >= odds {
		return false
	}
	s.Faults.note("socket", kind)
	return true
}

// deliver sends d, unless a fault holds it back for now.
func (s *Slack) deliver(d *delivery) {
	if s.toHold > 0 && d.kind == "events_api" {
		s.toHold--
		s.Faults.note("socket", "hold")
		s.held = append(s.held, d)
		return
	}
	s.unsettled++
	if s.faults.Delay > 0 {
		s.Faults.note("socket", "delay")
		s.later(s.faults.Delay, d)
		return
	}
	s.send(d)
}

func (s *Slack) later(wait time.Duration, d *delivery) {
	s.clock.AfterFunc(wait, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.send(d)
	})
}

// send puts d into a new envelope and sends it over any one socket.
func (s *Slack) send(d *delivery) {
	if s.closed {
		return
	}
	if len(s.sockets) == 0 {
		s.logEnvelope(d, "", ErrNoSocket)
		s.failed(d, ErrNoSocket)
		return
	}
	id := s.uuid()
	s.pending[id] = d
	d.sent = s.clock.Now()
	s.logEnvelope(d, id, nil)
	d.stop = s.clock.AfterFunc(ackDeadline, func() { s.expire(id) })
	first := s.choose()
	frame := d.envelope(id)
	s.sockets[first].send(frame)
	if len(s.sockets) > 1 && d.kind == "events_api" && s.meets("same envelope", s.faults.SameEnvelope) {
		s.sockets[(first+1)%len(s.sockets)].send(frame)
	}
}

func (s *Slack) logEnvelope(d *delivery, id string, err error) {
	d.logged = &Envelope{ID: id, Kind: d.kind, Payload: d.payload, Attempt: d.attempt, At: s.clock.Now(), Err: err}
	if !s.options.Forget {
		s.envelopes = append(s.envelopes, d.logged)
	}
}

func (s *Slack) choose() int {
	if s.faults.Choose != nil {
		return s.faults.Choose(len(s.sockets))
	}
	return rand.IntN(len(s.sockets))
}

func (d *delivery) envelope(id string) []byte {
	if d.kind != "events_api" {
		return fmt.Appendf(nil, `{"envelope_id":%q,"payload":%s,"type":%q,"accepts_response_payload":true}`, id, d.payload, d.kind)
	}
	return fmt.Appendf(nil, `{"envelope_id":%q,"payload":%s,"type":%q,"accepts_response_payload":false,"retry_attempt":%d,"retry_reason":%q}`,
		id, d.payload, d.kind, d.attempt, d.reason)
}

// expire treats an envelope as lost whose acknowledgement did not come in time.
func (s *Slack) expire(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.pending[id]
	if d == nil {
		return
	}
	delete(s.pending, id)
	d.logged.Err = ErrNoAck
	s.failed(d, ErrNoAck)
}

// failed sends an event again when its time comes, or gives it up. Commands and clicks get one attempt.
func (s *Slack) failed(d *delivery, why error) {
	if d.kind != "events_api" {
		s.settle()
		d.answered(nil, why)
		return
	}
	wait, again := s.retryWait(d.attempt)
	if !again {
		s.lost++
		s.settle()
		return
	}
	d.attempt++
	d.reason = "timeout"
	if wait == 0 {
		s.send(d)
		return
	}
	s.later(wait, d)
}

func (s *Slack) retryWait(attempt int) (wait time.Duration, again bool) {
	if attempt < len(retryAfterFailure) {
		return retryAfterFailure[attempt], true
	}
	return delayedEvery, s.options.DelayedEvents && attempt < len(retryAfterFailure)+delayedTimes
}

func (s *Slack) settle() {
	s.unsettled--
	if s.unsettled == 0 && s.settled != nil {
		close(s.settled)
		s.settled = nil
	}
}

// acknowledge takes a frame of the app. What is too big, or answers no envelope that waits, is dropped.
func (s *Slack) acknowledge(frame []byte) {
	var ack struct {
		EnvelopeID string          `json:"envelope_id"`
		Payload    json.RawMessage `json:"payload"`
	}
	if len(frame) >= maxAck || json.Unmarshal(frame, &ack) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.pending[ack.EnvelopeID]
	if d == nil {
		return
	}
	delete(s.pending, ack.EnvelopeID)
	d.stop()
	d.logged.AckedAt = s.clock.Now()
	if s.OnAck != nil {
		s.OnAck(d.payload, s.clock.Now().Sub(d.sent))
	}
	s.settle()
	if d.answered != nil {
		d.answered(ack.Payload, nil)
	}
}

// WaitAcked returns when every event, click and command so far is acknowledged, given up or held back, so that
// nothing waits for a retry either; or with ctx's error.
func (s *Slack) WaitAcked(ctx context.Context) error {
	s.mu.Lock()
	if s.unsettled == 0 {
		s.mu.Unlock()
		return nil
	}
	if s.settled == nil {
		s.settled = make(chan struct{})
	}
	settled := s.settled
	s.mu.Unlock()
	select {
	case <-settled:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// WaitSockets returns when at least n sockets are open of which none was warned that it will be cut; or with ctx's error.
func (s *Slack) WaitSockets(ctx context.Context, n int) error {
	return s.waitSockets(ctx, func() bool {
		open := 0
		for _, k := range s.sockets {
			if !k.warned {
				open++
			}
		}
		return open >= n
	})
}

// WaitNoSockets returns when no socket is open, or with ctx's error. What an app that has just ended left is still open for
// Slack until it finds out.
func (s *Slack) WaitNoSockets(ctx context.Context) error {
	return s.waitSockets(ctx, func() bool { return len(s.sockets) == 0 })
}

func (s *Slack) waitSockets(ctx context.Context, enough func() bool) error {
	for {
		s.mu.Lock()
		there, turned := enough(), s.turned
		s.mu.Unlock()
		if there {
			return nil
		}
		select {
		case <-turned:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Sockets is the number of open sockets.
func (s *Slack) Sockets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets)
}

// Lost is the number of events that Slack gave up: no attempt was acknowledged.
func (s *Slack) Lost() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}
