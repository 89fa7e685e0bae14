package sandbox

import (
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// SlackOptions says what sort of workspace and app a stand-in has.
type SlackOptions struct {
	Clock         *Clock        // nil is the real time
	Scopes        []string      // of the bot token; nil is all that methods and events ask for
	Events        []string      // subscribed, such as "message.channels"; nil is all
	Unlimited     bool          // no rate limits, for benchmarks
	SocketLife    time.Duration // after which Slack renews a socket; an hour if not set
	DelayedEvents bool          // the switch of that name: after the third retry one each hour, for a day
	NoMessagesTab bool          // the app takes no direct messages
	Without       []string      // methods that this server doesn't know, as a Slack-compatible one may not
	Forget        bool          // keep no Calls and no Envelopes, for benchmarks
}

// A Slack is a stand-in for one Slack workspace in which one app is installed. Make one with NewSlack.
//
// One mutex guards all of its state. A function of it that names what isn't there, such as the edit of a
// message that was never posted, is a mistake of the caller and panics.
type Slack struct {
	// Faults are obeyed by the Web API; its operations are named by method, such as "chat.postMessage".
	Faults *Faults
	// OnPost, if set before the app connects, is told of each message that the app posts or updates, before
	// the app gets its answer. It may call s.
	OnPost func(Message)
	// OnAck, if set before the app connects, is told of each acknowledgement: the payload of the event, command
	// or click, and how long after its delivery it came. It must not call s.
	OnAck func(payload []byte, took time.Duration)

	clock    *Clock
	options  SlackOptions
	address  string
	listener net.Listener
	server   *http.Server
	running  sync.WaitGroup // goroutines of sockets

	mu       sync.Mutex
	closed   bool
	scopes   map[string]bool
	events   map[string]bool // nil: all
	revoked  bool
	methods  map[string]slackMethod
	limiters map[string]*rate.Limiter
	calls    []Call
	posted   []Message // for OnPost, by the call in hand
	lastID   int
	sisters  map[string][]string // ids of the organisation's other workspaces, with those of their channels; nil without one

	workspace
	socketMode
	interactivity
}

// A Call is one call of the Web API that was carried out.
type Call struct {
	Method string
	Args   map[string]string // without the token; blocks and metadata as JSON
	Status int               // of HTTP
	Answer json.RawMessage
	At     time.Time
}

// Ids of the stand-in's team, its app, and the app's bot.
const (
	slackTeam    = "T0SANDBOX"
	slackOrg     = "E0SANDBOX" // of which the team is a workspace, once the app is installed in all of it
	strangerTeam = "T0STRANGE" // of people of another company
	slackApp     = "A0SANDBOX"
	slackBot     = "B0SANDBOX"
	slackBotUser = "U0SANDBOT"
	slackDomain  = "acme"
)

// NewSlack starts a stand-in on a free port of the loopback interface. The app's bot is in no channel yet.
func NewSlack(o SlackOptions) *Slack {
	if o.Clock == nil {
		o.Clock = RealClock()
	}
	if o.SocketLife == 0 {
		o.SocketLife = time.Hour
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic("sandbox: no free port on the loopback interface: " + err.Error())
	}
	s := &Slack{
		Faults:   &Faults{limited: `{"ok":false,"error":"ratelimited"}`},
		clock:    o.Clock,
		options:  o,
		address:  listener.Addr().String(),
		listener: listener,
		scopes:   set(o.Scopes),
		events:   set(o.Events),
		methods:  slackMethods(),
		limiters: map[string]*rate.Limiter{},
	}
	s.Lack(o.Without...)
	if o.Scopes == nil {
		s.scopes = allScopes()
	}
	s.workspace = newWorkspace()
	s.socketMode = newSocketMode()
	s.interactivity = newInteractivity()
	s.AddPerson(Person{ID: slackBotUser, Name: "supportbot", DisplayName: "Support Bot", Bot: true})
	s.serve()
	return s
}

// Lack makes s a server that doesn't know some methods.
func (s *Slack) Lack(methods ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, method := range methods {
		delete(s.methods, method)
	}
}

func (s *Slack) serve() {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/", s.serveAPI)
	mux.HandleFunc("/link/", s.serveSocket)
	mux.HandleFunc("GET /files-pri/{file}/{name}", s.serveFile)
	mux.HandleFunc("GET /sign-in", serveSignIn)
	mux.HandleFunc("POST /actions/", s.serveResponseURL)
	s.server = &http.Server{Handler: mux}
	go func() { _ = s.server.Serve(s.listener) }()
}

// Close cuts all connections and stops listening.
func (s *Slack) Close() {
	s.mu.Lock()
	s.closed = true
	for _, k := range s.sockets {
		k.cut()
	}
	s.mu.Unlock()
	_ = s.server.Close()
	s.running.Wait()
}

// URL is the address of the Web API, with a slash at the end.
func (s *Slack) URL() string { return "http://" + s.address + "/api/" }

// BotToken is the token for the Web API. It is no secret.
func (s *Slack) BotToken() string { return "xoxb" + "-sandbox-" + slackTeam }

// AppToken is the app-level token, for sockets. It is no secret.
func (s *Slack) AppToken() string { return "xapp" + "-sandbox-" + slackApp }

// BotUserID is the id by which people mention the bot.
func (s *Slack) BotUserID() string { return slackBotUser }

// BotID is the id that the bot's messages carry.
func (s *Slack) BotID() string { return slackBot }

// TeamID is the id of the workspace.
func (s *Slack) TeamID() string { return slackTeam }

// Calls returns the calls of the Web API that were carried out, the oldest first.
func (s *Slack) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// SetScopes replaces the scopes of the bot token, as a new installation does.
func (s *Slack) SetScopes(scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes = set(scopes)
}

// scopeList is the bot token's scopes as Slack lists them in headers and errors.
func (s *Slack) scopeList() string {
	return strings.Join(slices.Sorted(maps.Keys(s.scopes)), ",")
}

// set returns the members of list; nil for a nil list.
func set(list []string) map[string]bool {
	if list == nil {
		return nil
	}
	members := make(map[string]bool, len(list))
	for _, m := range list {
		members[m] = true
	}
	return members
}
