package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"supportbot/integrations"
)

const (
	minBetweenOpens = time.Second
	maxBetweenOpens = 30 * time.Second // well within Slack's last redelivery, five minutes after an event
	ackDeadline     = 3 * time.Second  // Slack's own, from the delivery on
	handshake       = 15 * time.Second
	maxFrame        = 16 << 20 // bytes
	// An answer must fit one frame; Slack drops one that is split.
	writeBuffer = 32 << 10
)

// SocketOptions are whom a Socket tells, and its clock. Its functions are called one at a time, from one
// goroutine that also keeps the connection alive: they must not wait.
type SocketOptions struct {
	Deliver func(Envelope)           // required: what Slack sent. To be acknowledged within 3 s, or it comes again.
	Hello   func(numConnections int) // how many sockets the app has open, those of others included
	State   func(connected bool)     // whether Slack can deliver here; told when it changes
	Trouble func(error)              // what went wrong and is tried again: an *integrations.Error

	Now   func() time.Time                       // time.Now if nil
	After func(d time.Duration) <-chan time.Time // time.After if nil; paces the opening of connections
}

// An Envelope is one delivery, as it came.
type Envelope struct {
	ID      string          `json:"envelope_id"`
	Type    string          `json:"type"` // events_api, slash_commands or interactive
	Payload json.RawMessage `json:"payload"`
}

// A Socket is one Socket Mode connection, opened again whenever it ends. The connection is slack-go's; a
// Socket paces how often one is opened, and hands on also what slack-go can't parse.
type Socket struct {
	options   SocketOptions
	client    *socketmode.Client
	pace      *pace
	connected bool
}

// leaveMessages has slack-go not parse message events: the door decodes them from their payload, and parsing all
// their blocks a second time costs more than anything else that is done for a message that concerns nobody.
// slack-go's registry of events belongs to the process, and must not change once a socket reads.
var leaveMessages = sync.OnceFunc(func() {
	slackevents.EventsAPIInnerEventMapping[slackevents.Message] = unparsed{}
})

// unparsed is an event that is not looked at.
type unparsed struct{}

// UnmarshalJSON ignores the event.
func (*unparsed) UnmarshalJSON([]byte) error { return nil }

// Socket returns a Socket that connects when it is Run. From then on slack-go parses no message events in this
// process.
func (c *Client) Socket(o SocketOptions) *Socket {
	leaveMessages()
	p := newPace(o.Now, o.After)
	client := socketmode.New(c.slackGo(pacedOpener{p, c.http}),
		socketmode.OptionReadLimit(maxFrame),
		socketmode.OptionDialer(&websocket.Dialer{
			Proxy:            http.ProxyFromEnvironment,
			HandshakeTimeout: handshake,
			WriteBufferSize:  writeBuffer,
		}),
	)
	return &Socket{options: o.withDefaults(), client: client, pace: p}
}

func (o SocketOptions) withDefaults() SocketOptions {
	if o.Hello == nil {
		o.Hello = func(int) {}
	}
	if o.State == nil {
		o.State = func(bool) {}
	}
	if o.Trouble == nil {
		o.Trouble = func(error) {}
	}
	return o
}

// Run keeps the socket open until ctx ends, and then returns its error. Before that it returns only what no
// repeating mends, as an *integrations.Error that is Locked: the app token is wrong, or may not open sockets.
// It must not run twice at a time.
func (s *Socket) Run(ctx context.Context) error {
	defer s.setConnected(false)
	for {
		err := s.session(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if integrations.AsError(err).Failure == integrations.Locked {
			return err
		}
	}
}

// session runs slack-go's client until it fails to connect. Its own pauses between attempts grow to five
// minutes, and there are none if a connection ends at once; so each attempt is a session of its own, and
// pacedOpener makes the pauses.
func (s *Socket) session(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.client.RunContext(ctx) }()
	var failed error
	for {
		select {
		case e := <-s.client.Events:
			if err := s.handle(e); err != nil {
				failed = err
				cancel()
			}
		case err := <-ended:
			s.drain()
			s.setConnected(false)
			if failed == nil && ctx.Err() == nil {
				failed = s.couldNotOpen(err)
			}
			return failed
		}
	}
}

// drain handles what was received before the client ended.
func (s *Socket) drain() {
	for {
		select {
		case e := <-s.client.Events:
			_ = s.handle(e) // the session is over already
		default:
			return
		}
	}
}

// handle returns an error if the session can't go on.
func (s *Socket) handle(e socketmode.Event) error {
	switch data := e.Data.(type) {
	case *slack.ConnectingEvent:
		s.setConnected(false)
	case *slack.ConnectionErrorEvent:
		return s.couldNotOpen(data.ErrorObj)
	case *slack.IncomingEventError:
		s.options.Trouble(socketError("incoming frame", data.ErrorObj))
	case *socketmode.ErrorWriteFailed:
		s.options.Trouble(socketError("acknowledgement lost", data.Cause))
	case *socketmode.ErrorBadMessage:
		s.badMessage(data)
	default:
		s.received(e)
	}
	return nil
}

func (s *Socket) received(e socketmode.Event) {
	switch {
	case e.Type == socketmode.EventTypeHello:
		s.setConnected(true)
		s.options.Hello(e.Request.NumConnections)
	case e.Request != nil && e.Request.EnvelopeID != "":
		s.options.Deliver(Envelope{ID: e.Request.EnvelopeID, Type: e.Request.Type, Payload: e.Request.Payload})
	}
}

// badMessage delivers an envelope that slack-go can't parse: we look at fewer fields, and may be able to.
func (s *Socket) badMessage(m *socketmode.ErrorBadMessage) {
	var envelope Envelope
	if err := json.Unmarshal(m.Message, &envelope); err != nil || envelope.ID == "" {
		s.options.Trouble(socketError("message without envelope", err))
		return
	}
	s.options.Deliver(envelope)
}

// couldNotOpen ends the session, for a new one to try again.
func (s *Socket) couldNotOpen(cause error) error {
	e := openError(cause)
	if e.Failure == integrations.Limited {
		s.pace.wait(e.After)
	}
	if e.Failure != integrations.Locked {
		s.options.Trouble(e)
	}
	return e
}

func (s *Socket) setConnected(connected bool) {
	if connected != s.connected {
		s.connected = connected
		s.options.State(connected)
	}
}

// Ack acknowledges an envelope, with the payload if it is not nil and the envelope accepts one. It may be
// called from any goroutine. Without a deadline of ctx it waits 3 s at most. Nil means that the answer is on
// its way; an answer that could not be written is told to Trouble, and Slack then sends the envelope again.
// An answer made while the socket reconnects is written afterwards.
func (s *Socket) Ack(ctx context.Context, envelopeID string, payload any) error {
	ctx, cancel := context.WithTimeout(ctx, ackDeadline)
	defer cancel()
	if err := s.client.AckCtx(ctx, envelopeID, payload); err != nil {
		return socketError("acknowledgement", err)
	}
	return nil
}

func socketError(code string, cause error) *integrations.Error {
	e := integrations.Unanswered("slack: socket", cause, true)
	e.Code = code
	return e
}

// openError is the Error of a connection that could not be opened.
func openError(err error) *integrations.Error {
	const op = "slack: open socket"
	var named slack.SlackErrorResponse
	if errors.As(err, &named) {
		e := namedError(op, named.Err, "connections:write")
		if named.Err == "missing_scope" { // of the app token, which is for nothing else
			e.Failure = integrations.Locked
		}
		return e
	}
	var limited *slack.RateLimitedError
	if errors.As(err, &limited) {
		after := min(limited.RetryAfter, integrations.MaxWait)
		return &integrations.Error{Op: op, Code: "ratelimited", Failure: integrations.Limited, After: after}
	}
	var status slack.StatusCodeError
	if errors.As(err, &status) {
		e := statusError(op, status.Code, 0)
		if e.Failure == integrations.Locked { // a gateway's answer says nothing of the token: go on trying
			e.Failure = integrations.Unreachable
		}
		return e
	}
	return integrations.Unanswered(op, err, false)
}
