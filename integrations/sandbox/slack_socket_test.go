package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
)

// A frame is what comes over a socket.
type frame struct {
	Type           string `json:"type"`
	Reason         string `json:"reason"`
	NumConnections int    `json:"num_connections"`
	DebugInfo      struct {
		Life int `json:"approximate_connection_time"`
	} `json:"debug_info"`
	EnvelopeID   string `json:"envelope_id"`
	Accepts      bool   `json:"accepts_response_payload"`
	RetryAttempt int    `json:"retry_attempt"`
	RetryReason  string `json:"retry_reason"`
	Payload      struct {
		EventID string          `json:"event_id"`
		Event   json.RawMessage `json:"event"`
	} `json:"payload"`
	raw string
}

// event is the inner event, as far as tests look at it.
func (f frame) event(t *testing.T) (e struct{ Type, Subtype, Text, TS string }) {
	t.Helper()
	if err := json.Unmarshal(f.Payload.Event, &e); err != nil {
		t.Fatalf("%s: %v", f.raw, err)
	}
	return e
}

// A line is one socket of the app, opened by hand.
type line struct {
	t    *testing.T
	conn *websocket.Conn
}

func socketURL(t *testing.T, s *Slack) string {
	t.Helper()
	_, url, err := aClient(s).StartSocketModeContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// openSocket opens a socket and returns it with its first frame.
func openSocket(t *testing.T, s *Slack) (*line, frame) {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(socketURL(t, s), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	l := &line{t: t, conn: conn}
	return l, l.read()
}

func (l *line) read() frame {
	l.t.Helper()
	f, err := l.next()
	if err != nil {
		l.t.Fatal(err)
	}
	return f
}

func (l *line) next() (f frame, err error) {
	_ = l.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	_, text, err := l.conn.ReadMessage()
	if err != nil {
		return f, err
	}
	f.raw = string(text)
	return f, json.Unmarshal(text, &f)
}

func (l *line) ack(f frame) { l.answer(fmt.Sprintf(`{"envelope_id":%q}`, f.EnvelopeID)) }

func (l *line) answer(text string) {
	l.t.Helper()
	if err := l.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		l.t.Fatal(err)
	}
}

// wantCut fails unless the socket is cut before another frame comes.
func (l *line) wantCut() {
	l.t.Helper()
	if f, err := l.next(); err == nil {
		l.t.Errorf("not cut, but sent %s", f.raw)
	} else if strings.Contains(err.Error(), "i/o timeout") {
		l.t.Error("not cut")
	}
}

func TestHelloCountsSocketsAndSaysHowLongTheyLast(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	_, first := openSocket(t, s)
	_, second := openSocket(t, s)
	if first.Type != "hello" || first.NumConnections != 1 || first.DebugInfo.Life != 3600 {
		t.Errorf("first hello: %s", first.raw)
	}
	if second.NumConnections != 2 || s.Sockets() != 2 {
		t.Errorf("second hello: %s, sockets %d", second.raw, s.Sockets())
	}
	s.SetSocketFaults(SocketFaults{Foreign: 3})
	if _, third := openSocket(t, s); third.NumConnections != 6 {
		t.Errorf("foreign sockets are not counted: %s", third.raw)
	}
}

func TestATicketWorksOnce(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	url := socketURL(t, s)
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, res, err := websocket.DefaultDialer.Dial(url, nil)
	if err == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("second use: %v", err)
	}
}

func TestTheEleventhSocketIsOneTooMany(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	for n := range 10 {
		if _, f := openSocket(t, s); f.Type != "hello" {
			t.Fatalf("socket %d: %s", n+1, f.raw)
		}
	}
	l, f := openSocket(t, s)
	if f.Type != "disconnect" || f.Reason != "too_many_websockets" {
		t.Errorf("got %s", f.raw)
	}
	l.wantCut()
	if s.Sockets() != 10 {
		t.Errorf("%d sockets", s.Sockets())
	}
}

func TestAnUnacknowledgedEventComesAgainAtOnceAfterAMinuteAndAfterFive(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{Events: []string{"message.channels"}})
	l, _ := openSocket(t, s)
	s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "help"})
	first := l.read()
	envelopes := map[string]bool{first.EnvelopeID: true}
	if first.RetryAttempt != 0 || first.RetryReason != "" || first.Accepts {
		t.Errorf("first attempt: %s", first.raw)
	}
	for i, wait := range []time.Duration{3 * time.Second, 3*time.Second + time.Minute, 3*time.Second + 5*time.Minute} {
		clock.Advance(wait)
		again := l.read()
		if again.RetryAttempt != i+1 || again.RetryReason != "timeout" || again.Payload.EventID != first.Payload.EventID {
			t.Errorf("retry %d: %s", i+1, again.raw)
		}
		envelopes[again.EnvelopeID] = true
	}
	if len(envelopes) != 4 {
		t.Errorf("%d different envelopes of 4", len(envelopes))
	}
	clock.Advance(3 * time.Second)
	if err := s.WaitAcked(soon(t)); err != nil || s.Lost() != 1 {
		t.Errorf("after three retries the event is given up: %v, lost %d", err, s.Lost())
	}
}

func TestDelayedEventsAreRetriedForADay(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{Events: []string{"message.channels"}, DelayedEvents: true})
	s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "help"})
	clock.Advance(20 * time.Hour)
	l, _ := openSocket(t, s)
	clock.Advance(time.Hour)
	if f := l.read(); f.RetryAttempt < 4 || f.event(t).Text != "help" {
		t.Errorf("got %s", f.raw)
	}
	s.DropSockets()
	clock.Advance(5 * time.Hour)
	if s.Lost() != 1 {
		t.Errorf("after a day the event is given up: lost %d", s.Lost())
	}
}

func TestTheRetryIsTheOnlyDeliveryOfWhatWasSaidWithoutASocket(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{Events: []string{"message.channels"}})
	s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "anybody there?"})
	l, _ := openSocket(t, s)
	clock.Advance(time.Minute)
	f := l.read()
	if f.RetryAttempt != 2 || f.event(t).Text != "anybody there?" {
		t.Errorf("got %s", f.raw)
	}
	l.ack(f)
	if err := s.WaitAcked(soon(t)); err != nil {
		t.Fatal(err)
	}
}

func TestAnAcknowledgedEventDoesNotComeAgain(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{Events: []string{"message.channels"}})
	l, _ := openSocket(t, s)
	s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "one"})
	l.ack(l.read())
	if err := s.WaitAcked(soon(t)); err != nil {
		t.Fatal(err)
	}
	clock.Advance(10 * time.Minute)
	s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "two"})
	if f := l.read(); f.event(t).Text != "two" {
		t.Errorf("got %s", f.raw)
	}
}

func TestAnAcknowledgementAfterThreeSecondsIsLate(t *testing.T) {
	for _, test := range []struct {
		after time.Duration
		late  bool
	}{{2990 * time.Millisecond, false}, {3 * time.Second, true}} {
		t.Run(test.after.String(), func(t *testing.T) {
			s, clock := aWorkspace(t, SlackOptions{Events: []string{"message.channels"}})
			l, _ := openSocket(t, s)
			s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "one"})
			first := l.read()
			clock.Advance(test.after)
			if again := len(s.Envelopes()) == 2; again != test.late {
				t.Fatalf("after %s it was sent again: %t", test.after, again)
			}
			l.ack(first)
			if test.late {
				again := l.read()
				l.ack(again)
				if again.RetryAttempt != 1 {
					t.Errorf("got %s", again.raw)
				}
			}
			if err := s.WaitAcked(soon(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAnAcknowledgementOf20KBIsDroppedWithoutAWord(t *testing.T) {
	for _, test := range []struct {
		bytes int
		want  error
	}{{20_479, nil}, {20_480, ErrNoAck}} {
		t.Run(fmt.Sprint(test.bytes), func(t *testing.T) {
			s, clock := aWorkspace(t, SlackOptions{})
			l, _ := openSocket(t, s)
			i := s.Command("UALICE", "CGENERAL", "/load", "x")
			head := fmt.Sprintf(`{"envelope_id":%q,"payload":{"text":"`, l.read().EnvelopeID)
			l.answer(head + strings.Repeat("a", test.bytes-len(head)-len(`"}}`)) + `"}}`)
			s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "sync"})
			l.ack(l.read()) // read after the big one, so that one has been dropped by now
			until(t, func() bool { return s.pendingKinds()["events_api"] == 0 })
			clock.Advance(3 * time.Second)
			if _, err := i.Wait(soon(t)); err != test.want {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}

// pendingKinds counts the deliveries that wait for their acknowledgement.
func (s *Slack) pendingKinds() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	kinds := map[string]int{}
	for _, d := range s.pending {
		kinds[d.kind]++
	}
	return kinds
}

func TestASocketIsWarnedTenSecondsBeforeItIsRenewed(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{SocketLife: time.Minute})
	l, _ := openSocket(t, s)
	clock.Advance(50 * time.Second)
	if f := l.read(); f.Type != "disconnect" || f.Reason != "warning" {
		t.Errorf("got %s", f.raw)
	}
	clock.Advance(10 * time.Second)
	if f := l.read(); f.Reason != "refresh_requested" {
		t.Errorf("got %s", f.raw)
	}
	l.wantCut()
}

func TestFaultsOfSockets(t *testing.T) {
	one := func(s *Slack) { s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "one"}) }
	two := func(s *Slack) { s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "two"}) }
	// Each runs with one socket and returns what it sent: text, attempt, and whether envelope and event are new.
	tests := map[string]struct {
		do   func(*Slack, *Clock)
		want []string
		met  string
	}{
		"a redelivered event comes as a retry in a new envelope": {func(s *Slack, _ *Clock) {
			s.SetSocketFaults(SocketFaults{Redeliver: 1})
			one(s)
		}, []string{"one 0 new envelope, new event", "one 1 new envelope, same event"}, "redeliver"},
		"an event can come twice at once": {func(s *Slack, _ *Clock) {
			s.SetSocketFaults(SocketFaults{Twice: 1})
			one(s)
		}, []string{"one 0 new envelope, new event", "one 0 new envelope, same event"}, "twice"},
		"an event can come again under another event id": {func(s *Slack, _ *Clock) {
			s.SetSocketFaults(SocketFaults{OtherID: 1})
			one(s)
		}, []string{"one 0 new envelope, new event", "one 0 new envelope, new event"}, "other id"},
		"a held event is overtaken": {func(s *Slack, _ *Clock) {
			s.HoldNext(1)
			one(s)
			two(s)
			s.Release()
		}, []string{"two 0 new envelope, new event", "one 0 new envelope, new event"}, "hold"},
		"a delayed event comes later": {func(s *Slack, clock *Clock) {
			s.SetSocketFaults(SocketFaults{Delay: 2 * time.Second})
			one(s)
			s.SetSocketFaults(SocketFaults{})
			two(s)
			clock.Advance(2 * time.Second)
		}, []string{"two 0 new envelope, new event", "one 0 new envelope, new event"}, "delay"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, clock := aWorkspace(t, SlackOptions{Events: []string{"message.channels"}})
			l, _ := openSocket(t, s)
			test.do(s, clock)
			var got []string
			seen := map[string]bool{}
			word := func(id string) string {
				if seen[id] {
					return "same"
				}
				seen[id] = true
				return "new"
			}
			for range test.want {
				f := l.read()
				got = append(got, fmt.Sprintf("%s %d %s envelope, %s event",
					f.event(t).Text, f.RetryAttempt, word(f.EnvelopeID), word(f.Payload.EventID)))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if met := s.Faults.Met()["socket/"+test.met]; met != 1 {
				t.Errorf("counted %d times", met)
			}
		})
	}
}

func TestOneEnvelopeCanComeOverTwoSockets(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{Events: []string{"message.channels"}})
	a, _ := openSocket(t, s)
	b, _ := openSocket(t, s)
	s.SetSocketFaults(SocketFaults{SameEnvelope: 1, Choose: func(int) int { return 1 }})
	s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "help"})
	one, two := a.read(), b.read()
	if one.EnvelopeID != two.EnvelopeID || one.RetryAttempt != 0 || two.RetryAttempt != 0 {
		t.Errorf("got %s and %s", one.raw, two.raw)
	}
	a.ack(one)
	b.ack(two)
	if err := s.WaitAcked(soon(t)); err != nil {
		t.Fatal(err)
	}
}

func TestAnEnvelopeGoesToTheChosenSocket(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{Events: []string{"message.channels"}})
	a, _ := openSocket(t, s)
	b, _ := openSocket(t, s)
	next := 0
	s.SetSocketFaults(SocketFaults{Choose: func(n int) int { next++; return next % n }})
	s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "one"})
	s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "two"})
	if one, two := b.read().event(t).Text, a.read().event(t).Text; one != "one" || two != "two" {
		t.Errorf("got %q and %q", one, two)
	}
}

func TestSocketsEnd(t *testing.T) {
	tests := map[string]struct {
		end  func(*Slack)
		want []string // reasons, before the cut
	}{
		"cut without a word":   {(*Slack).DropSockets, nil},
		"renewed by Slack":     {(*Slack).RefreshSockets, []string{"refresh_requested"}},
		"Socket Mode disabled": {(*Slack).DisableSocketMode, []string{"link_disabled"}},
		"warned, then cut":     {(*Slack).WarnSockets, []string{"warning"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, clock := aWorkspace(t, SlackOptions{})
			l, _ := openSocket(t, s)
			test.end(s)
			for _, reason := range test.want {
				if f := l.read(); f.Reason != reason {
					t.Errorf("got %s, want %s", f.raw, reason)
				}
			}
			clock.Advance(cutNotice)
			l.wantCut()
		})
	}
}

func TestNoSocketOpensWhileSocketModeIsOff(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	s.DisableSocketMode()
	if _, _, err := aClient(s).StartSocketModeContext(t.Context()); slackCode(err) != "access_denied" {
		t.Errorf("error %v", err)
	}
	s.EnableSocketMode()
	openSocket(t, s)
}

func TestSlackPings(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	conn, _, err := websocket.DefaultDialer.Dial(socketURL(t, s), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	pinged := make(chan struct{}, 100)
	conn.SetPingHandler(func(string) error { pinged <- struct{}{}; return nil })
	go func() {
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	select {
	case <-pinged:
	case <-soon(t).Done():
		t.Error("no ping")
	}
}

// listenSlack runs slack-go's own Socket Mode client, passes on what it gets, and acknowledges it.
func listenSlack(t *testing.T, s *Slack) <-chan socketmode.Event {
	t.Helper()
	client := socketmode.New(aClient(s))
	got := make(chan socketmode.Event, 10_000)
	hello := make(chan struct{})
	var greeted atomic.Bool
	go func() { _ = client.RunContext(t.Context()) }()
	go func() {
		for {
			select {
			case <-t.Context().Done():
				return
			case e := <-client.Events:
				if e.Type == socketmode.EventTypeHello {
					if greeted.CompareAndSwap(false, true) {
						close(hello)
					}
					continue
				}
				got <- e // first, for whoever waits until all is acknowledged
				if e.Request != nil && e.Request.EnvelopeID != "" {
					_ = client.AckCtx(t.Context(), e.Request.EnvelopeID, nil)
				}
			}
		}
	}()
	select {
	case <-hello:
	case <-soon(t).Done():
		t.Fatal("no hello")
	}
	return got
}

// await returns the next event of a type that slack-go gave us.
func await(t *testing.T, got <-chan socketmode.Event, kind socketmode.EventType) socketmode.Event {
	t.Helper()
	ctx := soon(t)
	for {
		select {
		case e := <-got:
			if e.Type == kind {
				return e
			}
		case <-ctx.Done():
			t.Fatalf("no event of type %s", kind)
		}
	}
}

func TestSlackGoReadsEventsAndReconnects(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{Events: []string{"message.channels"}})
	got := listenSlack(t, s)
	for i, cut := range []func(){func() {}, s.DropSockets, s.RefreshSockets} {
		cut()
		if i > 0 {
			await(t, got, socketmode.EventTypeConnected)
		}
		until(t, func() bool { return s.Sockets() > 0 })
		ts := s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "@support it fails"})
		e := await(t, got, socketmode.EventTypeEventsAPI)
		m, ok := e.Data.(slackevents.EventsAPIEvent).InnerEvent.Data.(*slackevents.MessageEvent)
		if !ok || m.TimeStamp != ts || m.Text != "<!subteam^SSUPPORT> it fails" || len(m.Blocks.BlockSet) != 1 {
			t.Errorf("slack-go read %+v", e.Data)
		}
		if err := s.WaitAcked(soon(t)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSlackGoCannotReadEverything(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{Events: []string{"message.channels"}})
	got := listenSlack(t, s)
	s.SendFrame(`{"type":"events_api","envelope_id":"e1","payload":{"type":"event_callback","event":[]}}`)
	await(t, got, socketmode.EventTypeErrorBadMessage)
	s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "x", Blocks: json.RawMessage(`[{"type":"section","text":42}]`)})
	await(t, got, socketmode.EventTypeErrorBadMessage)
	s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "x", Blocks: json.RawMessage(`[{"type":"hologram","block_id":"h"}]`)})
	e := await(t, got, socketmode.EventTypeEventsAPI)
	m := e.Data.(slackevents.EventsAPIEvent).InnerEvent.Data.(*slackevents.MessageEvent)
	if _, unknown := m.Blocks.BlockSet[0].(*slack.UnknownBlock); !unknown {
		t.Errorf("block %T", m.Blocks.BlockSet[0])
	}
}

func TestABurstOf5000PostsIsDeliveredAndAcknowledged(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{Unlimited: true, Events: []string{"message.channels"}})
	got := listenSlack(t, s)
	for range 5000 {
		s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "@support it fails"})
	}
	if err := s.WaitAcked(soon(t)); err != nil {
		t.Fatal(err)
	}
	n := 0
	for len(got) > 0 {
		if e := <-got; e.Type == socketmode.EventTypeEventsAPI {
			n++
		}
	}
	if n != 5000 {
		t.Errorf("%d events of 5000", n)
	}
}

func BenchmarkPostToSocket(b *testing.B) {
	s := NewSlack(SlackOptions{Unlimited: true, Events: []string{"message.channels"}})
	defer s.Close()
	s.AddGroup(Group{ID: "SSUPPORT", Handle: "support"})
	s.AddChannel(Channel{ID: "CGENERAL", Name: "general", Members: []string{s.BotUserID()}})
	_, url, err := aClient(s).StartSocketModeContext(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	if _, _, err := conn.ReadMessage(); err != nil {
		b.Fatal(err)
	}
	go func() {
		for {
			_, text, err := conn.ReadMessage()
			if err != nil {
				return
			}
			id := text[len(`{"envelope_id":"`):][:36]
			_ = conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"envelope_id":%q}`, id))
		}
	}()
	for b.Loop() {
		s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "@support BigQuery にロードされません ```\nerror at line 3\n```"})
	}
	if err := s.WaitAcked(b.Context()); err != nil {
		b.Fatal(err)
	}
}

func TestEnvelopesSayWhatBecameOfThem(t *testing.T) {
	s, clock := aWorkspace(t, SlackOptions{Events: []string{"message.channels"}})
	s.Post(Post{Channel: "CGENERAL", User: "UALICE", Text: "anybody there?"})
	l, _ := openSocket(t, s)
	clock.Advance(time.Minute)
	f := l.read()
	clock.Advance(time.Second)
	l.ack(f)
	if err := s.WaitAcked(soon(t)); err != nil {
		t.Fatal(err)
	}
	all := s.Envelopes()
	if first := all[0]; !errors.Is(first.Err, ErrNoSocket) || first.ID != "" || first.Kind != "events_api" {
		t.Errorf("first %+v", first)
	}
	last := all[len(all)-1]
	if last.Err != nil || last.Attempt != 2 || last.AckedAt.Sub(last.At) != time.Second || !strings.Contains(string(last.Payload), "anybody") {
		t.Errorf("last %+v", last)
	}
}
