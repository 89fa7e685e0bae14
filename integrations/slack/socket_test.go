package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack/slackevents"

	"supportbot/integrations"
)

// socketServer is a Slack that lets sockets be opened and plays a part on each of them.
type socketServer struct {
	*httptest.Server
	mu    sync.Mutex
	opens int
	open  http.HandlerFunc                  // of apps.connections.open; nil succeeds
	play  func(n int, conn *websocket.Conn) // n counts connections from 1; the connection ends when it returns
}

var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }} // slack-go sends Slack's

func newSocketServer(t testing.TB, play func(n int, conn *websocket.Conn)) *socketServer {
	s := &socketServer{play: play}
	n := 0
	mux := http.NewServeMux()
	mux.HandleFunc("/api/apps.connections.open", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.opens++
		s.mu.Unlock()
		if s.open != nil {
			s.open(w, r)
			return
		}
		_, _ = fmt.Fprintf(w, `{"ok":true,"url":"ws%s/link?ticket=s3cret"}`, strings.TrimPrefix(s.URL, "http"))
	})
	mux.HandleFunc("/link", func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		s.mu.Lock()
		n++
		nth := n
		s.mu.Unlock()
		s.play(nth, conn)
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *socketServer) opened() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opens
}

func (s *socketServer) client() *Client {
	return New(Config{APIURL: s.URL + "/api/", BotToken: botToken, AppToken: appToken})
}

const (
	hello      = `{"type":"hello","num_connections":3,"connection_info":{"app_id":"A1"}}`
	disconnect = `{"type":"disconnect","reason":"too_many_websockets"}`
)

func send(conn *websocket.Conn, frames ...string) {
	for _, f := range frames {
		_ = conn.WriteMessage(websocket.TextMessage, []byte(f))
	}
}

// untilClosed reads what the bot sends, until it hangs up.
func untilClosed(conn *websocket.Conn, got func(string)) {
	for {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if got != nil {
			got(string(frame))
		}
	}
}

func event(id, inner string) string {
	return `{"type":"events_api","envelope_id":"` + id + `","accepts_response_payload":false,"retry_attempt":1,"retry_reason":"timeout","payload":{"type":"event_callback","team_id":"T1","event":` + inner + `}}`
}

const plainMessage = `{"type":"message","channel":"C1","user":"U1","text":"hi","ts":"1.2"}`

// run runs a socket until the test is over, which waits for its end.
func run(t testing.TB, s *Socket) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v before its context ended", err)
		}
	})
}

func TestSocketDelivers(t *testing.T) {
	tests := []struct {
		name  string
		frame string
		want  Envelope
	}{
		{
			"an event", event("E1", plainMessage),
			Envelope{ID: "E1", Type: "events_api"},
		},
		{
			"an event of a kind that slack-go does not know", event("E2", `{"type":"brand_new"}`),
			Envelope{ID: "E2", Type: "events_api"},
		},
		{
			"an event that slack-go can't parse", event("E3", `{"type":"reaction_added","item":7}`),
			Envelope{ID: "E3", Type: "events_api"},
		},
		{
			"a message with a block that slack-go couldn't parse", event("E8", `{"type":"message","channel":"C1","blocks":[{"type":"section","text":7}]}`),
			Envelope{ID: "E8", Type: "events_api"},
		},
		{
			"an event that is no object", event("E4", `"?"`),
			Envelope{ID: "E4", Type: "events_api"},
		},
		{
			"an envelope of a type that slack-go does not know", `{"type":"brand_new","envelope_id":"E5","payload":{}}`,
			Envelope{ID: "E5", Type: "brand_new"},
		},
		{
			"a slash command", `{"type":"slash_commands","envelope_id":"E6","accepts_response_payload":true,"payload":{"command":"/load"}}`,
			Envelope{ID: "E6", Type: "slash_commands"},
		},
		{
			"a click", `{"type":"interactive","envelope_id":"E7","accepts_response_payload":true,"payload":{"type":"block_actions"}}`,
			Envelope{ID: "E7", Type: "interactive"},
		},
	}
	frames := []string{hello}
	for _, tt := range tests {
		frames = append(frames, tt.frame)
	}
	server := newSocketServer(t, func(_ int, conn *websocket.Conn) {
		send(conn, frames...)
		untilClosed(conn, nil)
	})
	delivered := make(chan Envelope, len(tests))
	run(t, server.client().Socket(SocketOptions{Deliver: func(e Envelope) { delivered <- e }}))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := <-delivered
			var sent struct{ Payload json.RawMessage }
			if err := json.Unmarshal([]byte(tt.frame), &sent); err != nil {
				t.Fatal(err)
			}
			if string(got.Payload) != string(sent.Payload) {
				t.Errorf("payload is %s, want %s", got.Payload, sent.Payload)
			}
			got.Payload = nil
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestMessagesAreLeftToTheDoor(t *testing.T) {
	New(Config{}).Socket(SocketOptions{})
	payload := `{"type":"event_callback","event":{"type":"message","text":"dear to parse"}}`
	e, err := slackevents.ParseEvent(json.RawMessage(payload), slackevents.OptionNoVerifyToken())
	if _, left := e.InnerEvent.Data.(*unparsed); err != nil || !left {
		t.Errorf("slack-go parsed the message: %+v, %v", e.InnerEvent.Data, err)
	}
}

func TestSocketSaysHelloAndState(t *testing.T) {
	server := newSocketServer(t, func(n int, conn *websocket.Conn) {
		send(conn, hello)
		if n == 1 {
			send(conn, disconnect)
		}
		untilClosed(conn, nil) // slack-go may drop what it read when the server hangs up first
	})
	told := make(chan string, 100)
	free := make(chan time.Time, 1)
	free <- time.Time{}
	run(t, server.client().Socket(SocketOptions{
		Hello:   func(n int) { told <- fmt.Sprint("hello ", n) },
		State:   func(connected bool) { told <- fmt.Sprint("connected ", connected) },
		Deliver: func(Envelope) {},
		After:   func(time.Duration) <-chan time.Time { return free },
	}))
	for _, want := range []string{"connected true", "hello 3", "connected false", "connected true", "hello 3"} {
		if got := <-told; got != want {
			t.Fatalf("told %q, want %q", got, want)
		}
	}
}

// Slack ends each connection as soon as it is there. slack-go's own client opened 11,969 in two seconds.
func TestSocketOpensNoHotLoop(t *testing.T) {
	server := newSocketServer(t, func(_ int, conn *websocket.Conn) { send(conn, hello, disconnect) })
	assertPaced(t, server)
}

func TestSocketPacesRefusedConnections(t *testing.T) {
	server := newSocketServer(t, nil)
	server.open = says(`{"ok":true,"url":"ws://127.0.0.1:1/link?ticket=s3cret"}`)
	assertPaced(t, server)
}

func TestSocketPacesRefusedOpens(t *testing.T) {
	server := newSocketServer(t, nil)
	server.open = status(http.StatusInternalServerError, "")
	assertPaced(t, server)
}

// assertPaced checks that each open after the first waits on the clock, longer each time.
func assertPaced(t *testing.T, server *socketServer) {
	t.Helper()
	asked, free, still := make(chan time.Duration), make(chan time.Time), time.Unix(1764000000, 0)
	run(t, server.client().Socket(SocketOptions{
		Deliver: func(Envelope) {},
		Now:     func() time.Time { return still },
		After: func(d time.Duration) <-chan time.Time {
			asked <- d
			return free
		},
	}))
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		if got := <-asked; got != want*time.Second {
			t.Errorf("open %d waits %v, want %v", i+2, got, want*time.Second)
		}
		if got := server.opened(); got != i+1 {
			t.Fatalf("%d opens while the clock let %d pass", got, i+1)
		}
		free <- still
	}
	<-asked // the socket waits again when the test ends
}

func TestPaceForgetsOnceAConnectionLasted(t *testing.T) {
	now := time.Unix(1764000000, 0)
	p := newPace(func() time.Time { return now }, func(d time.Duration) <-chan time.Time {
		now = now.Add(d)
		c := make(chan time.Time, 1)
		c <- now
		return c
	})
	for range 5 {
		if err := p.next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(time.Hour)
	if got := p.pause(); got != 0 {
		t.Errorf("a connection that lasted an hour is opened again after %v", got)
	}
	p.opened = now
	if got := p.pause(); got != 2*time.Second {
		t.Errorf("the next one ended at once, and is opened again after %v", got)
	}
	p.wait(time.Minute)
	if got := p.pause(); got != time.Minute {
		t.Errorf("Slack asked for a minute, the pause is %v", got)
	}
}

func TestSocketObeysRetryAfter(t *testing.T) {
	server := newSocketServer(t, nil)
	server.open = status(http.StatusTooManyRequests, "", "Retry-After", "50")
	asked, still := make(chan time.Duration, 1), time.Unix(1764000000, 0)
	run(t, server.client().Socket(SocketOptions{
		Deliver: func(Envelope) {},
		Now:     func() time.Time { return still },
		After:   func(d time.Duration) <-chan time.Time { asked <- d; return nil },
	}))
	if got := <-asked; got != 50*time.Second {
		t.Errorf("waits %v, Slack asked for 50 s", got)
	}
}

func TestSocketGivesUpOnlyForCredentials(t *testing.T) {
	tests := []struct {
		name   string
		open   http.HandlerFunc
		locked bool
	}{
		{"a wrong app token", says(`{"ok":false,"error":"invalid_auth"}`), true},
		{"a revoked app token", says(`{"ok":false,"error":"token_revoked"}`), true},
		{"a bot token instead of an app token", says(`{"ok":false,"error":"not_allowed_token_type"}`), true},
		{"an app token that may not open sockets", says(`{"ok":false,"error":"missing_scope"}`), true},
		{"an error of Slack's", says(`{"ok":false,"error":"internal_error"}`), false},
		{"an error that nobody knows", says(`{"ok":false,"error":"brand_new"}`), false},
		{"a gateway's 404, at which slack-go gives up", status(404, ""), false},
		{"a gateway's 403", status(403, ""), false},
		{"an answer that is not JSON", says("<html>"), false},
		{"an address that is none, with the ticket in it", says(`{"ok":true,"url":"wss://\u007f?ticket=s3cret"}`), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := newSocketServer(t, nil)
			server.open = tt.open
			trouble, again := make(chan error, 100), make(chan bool, 100)
			s := server.client().Socket(SocketOptions{
				Deliver: func(Envelope) {},
				Trouble: func(err error) { trouble <- err },
				After:   func(time.Duration) <-chan time.Time { again <- true; return nil },
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- s.Run(ctx) }()
			var err error
			select {
			case err = <-ended:
				if !tt.locked || integrations.AsError(err).Failure != integrations.Locked {
					t.Fatalf("gave up: %v", err)
				}
			case <-again:
				if tt.locked {
					t.Fatal("tries again what no repeating mends")
				}
				err = <-trouble
				cancel()
				<-ended
			}
			noSecret(t, err)
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error shows the socket's ticket: %v", err)
			}
		})
	}
}

func TestSocketReportsMalformedFramesAndGoesOn(t *testing.T) {
	server := newSocketServer(t, func(_ int, conn *websocket.Conn) {
		send(conn, hello, `{"type":`, `[]`, `null`, `{"type":"brand_new"}`, event("E1", plainMessage))
		untilClosed(conn, nil)
	})
	trouble, delivered := make(chan error, 100), make(chan Envelope, 1)
	run(t, server.client().Socket(SocketOptions{
		Deliver: func(e Envelope) { delivered <- e },
		Trouble: func(err error) { trouble <- err },
	}))
	if got := <-delivered; got.ID != "E1" {
		t.Errorf("delivered %+v", got)
	}
	if server.opened() != 1 {
		t.Errorf("a malformed frame ended the connection")
	}
	if len(trouble) < 3 {
		t.Errorf("of four malformed frames %d were reported", len(trouble))
	}
}

func TestSocketAcknowledges(t *testing.T) {
	acks := make(chan string, 1000)
	server := newSocketServer(t, func(_ int, conn *websocket.Conn) {
		send(conn, hello)
		untilClosed(conn, func(frame string) { acks <- frame })
	})
	s := server.client().Socket(SocketOptions{Deliver: func(Envelope) {}})
	run(t, s)
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			if err := s.Ack(t.Context(), fmt.Sprint("E", i), nil); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	seen := map[string]bool{}
	for range 200 {
		seen[<-acks] = true
	}
	if len(seen) != 200 || !seen[`{"envelope_id":"E7"}`] {
		t.Errorf("%d of 200 acknowledgements arrived, such as %v", len(seen), cmp.Or(keys(seen)...))
	}
	if err := s.Ack(t.Context(), "E1", map[string]string{"text": "hi"}); err != nil {
		t.Fatal(err)
	}
	if got := <-acks; got != `{"envelope_id":"E1","payload":{"text":"hi"}}` {
		t.Errorf("acknowledged with %s", got)
	}
	if err := s.Ack(t.Context(), "E1", strings.Repeat("x", 20<<10)); err == nil {
		t.Error("an answer that Slack would drop is not refused")
	}
}

func keys(m map[string]bool) []string {
	var ks []string
	for k := range m {
		ks = append(ks, k)
	}
	return ks
}

func TestSocketAcknowledgesAfterReconnecting(t *testing.T) {
	acks, ended := make(chan string, 1), make(chan bool)
	server := newSocketServer(t, func(n int, conn *websocket.Conn) {
		send(conn, hello)
		if n == 1 {
			send(conn, disconnect)
			return
		}
		untilClosed(conn, func(frame string) { acks <- frame })
	})
	free := make(chan time.Time)
	s := server.client().Socket(SocketOptions{
		Deliver: func(Envelope) {},
		After:   func(time.Duration) <-chan time.Time { close(ended); return free },
	})
	run(t, s)
	<-ended
	if err := s.Ack(t.Context(), "E1", nil); err != nil {
		t.Fatal(err)
	}
	free <- time.Time{}
	if got := <-acks; got != `{"envelope_id":"E1"}` {
		t.Errorf("after reconnecting %s arrived", got)
	}
}

func TestSocketAckGivesUpAtItsDeadline(t *testing.T) {
	s := New(Config{}).Socket(SocketOptions{Deliver: func(Envelope) {}}) // never run, so nothing is written
	ctx, cancel := context.WithCancel(t.Context())
	for range 20 { // as many wait in slack-go's queue
		if err := s.Ack(ctx, "E1", nil); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := s.Ack(ctx, "E2", nil); err == nil {
		t.Error("an acknowledgement that can't be queued is called sent")
	}
}

// What a socket costs for each event: reading, slack-go's parsing (which we don't use), delivering, and
// acknowledging.
func BenchmarkSocket(b *testing.B) {
	inner := `{"type":"message","channel":"C1","user":"U1","text":"<!subteam^S1> BigQuery にロードされません ` + strings.Repeat("log line ", 50) +
		`","ts":"1764000000.000100","client_msg_id":"c","team":"T1","blocks":[{"type":"rich_text","block_id":"b","elements":[{"type":"rich_text_section","elements":[{"type":"usergroup","usergroup_id":"S1"},{"type":"text","text":" BigQuery にロードされません"}]},{"type":"rich_text_preformatted","elements":[{"type":"text","text":"` + strings.Repeat("log line ", 50) + `"}]}]}]}`
	done := make(chan bool)
	server := newSocketServer(b, func(_ int, conn *websocket.Conn) {
		send(conn, hello)
		frame, err := websocket.NewPreparedMessage(websocket.TextMessage, []byte(event("E1", inner)))
		if err != nil {
			panic(err)
		}
		go func() {
			for range b.N {
				_ = conn.WritePreparedMessage(frame)
			}
		}()
		n := 0
		untilClosed(conn, func(string) {
			if n++; n == b.N {
				close(done)
			}
		})
	})
	var s *Socket
	s = server.client().Socket(SocketOptions{Deliver: func(e Envelope) { _ = s.Ack(context.Background(), e.ID, nil) }})
	b.ReportAllocs()
	b.ResetTimer()
	run(b, s)
	<-done
}
