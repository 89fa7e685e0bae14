package sandbox

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// GitHubOptions say what sort of GitHub a stand-in is.
type GitHubOptions struct {
	Clock      *Clock // the time of issues and limits; the real time if nil
	Repository string // "owner/name"; "acme/analytics-support" if empty
	Unlimited  bool   // no rate limits, as on GitHub Enterprise Server
	CanPush    bool   // the bot may set labels; they are dropped silently otherwise
	Public     bool   // the repository can be read without a token

	Login   string // of the bot as a user with a token; "support-bot" if empty
	AppSlug string // of the bot as an app, whose login is "<slug>[bot]"; "support-app" if empty

	// AppClock is the time by which JWTs and installation tokens are judged. It is the real time if nil,
	// since clients date their JWTs by that.
	AppClock *Clock

	SecondaryStatus int  // of answers that the secondary limits refuse: 403 or 429; 403 if 0
	NoRetryAfter    bool // they say nothing of how long to wait, as happens
	ForgetCalls     bool // Calls stays empty, so that long benchmarks don't pile them up
}

// GitHub is a stand-in for GitHub's REST API and for the people who use one repository there. It answers at
// URL and, like GitHub Enterprise Server, under URL + "api/v3/". Its answers are those of api.github.com, by
// GitHub's OpenAPI description and observed behaviour.
type GitHub struct {
	// Faults may be ordered by these operations: "get repository", "get installation", "get user", "get app",
	// "create token", "get rate limit"; "list issues", "create issue", "get issue", "edit issue"; "list
	// comments", "list repository comments", "create comment", "get comment", "edit comment", "delete
	// comment"; "list issue labels", "add labels", "replace labels", "remove labels", "remove label"; "list
	// labels", "create label", "get label"; "list events", "list repository events".
	Faults Faults

	options  GitHubOptions
	clock    *Clock
	appClock *Clock
	server   *httptest.Server
	token    string
	router   githubRouter

	keyOnce sync.Once
	key     *rsa.PrivateKey

	mu     sync.Mutex // guards everything below
	repo   Repository
	former []string // earlier full names
	gone   bool     // removed, or not visible to the bot
	closed bool     // no credential is accepted

	accounts map[string]*Account // by login in lower case
	tokens   map[string]credential
	labels   map[string]*Label // by name in lower case
	issues   []*issue          // by number - 1
	updates  []issueUpdate
	comments map[int64]*comment
	inOrder  []*comment // all comments, in the order of their ids
	events   []*IssueEvent
	nextID   int64

	limits githubLimits
	calls  []*GitHubCall
	begun  int64

	onIssue   func(Issue)
	onComment func(Comment)
}

// NewGitHub starts a stand-in on a port of the loopback interface. It panics if there is none.
func NewGitHub(o GitHubOptions) *GitHub {
	o.Repository = cmp.Or(o.Repository, "acme/analytics-support")
	o.Login = cmp.Or(o.Login, "support-bot")
	o.AppSlug = cmp.Or(o.AppSlug, "support-app")
	g := &GitHub{
		Faults:   Faults{limited: secondaryRefusal},
		options:  o,
		clock:    cmp.Or(o.Clock, RealClock()),
		appClock: cmp.Or(o.AppClock, RealClock()),
		token:    fakeToken("sandbox_pat_"),
		router:   newGitHubRouter(githubRoutes),
		accounts: map[string]*Account{},
		tokens:   map[string]credential{},
		labels:   map[string]*Label{},
		comments: map[int64]*comment{},
		nextID:   1000,
	}
	g.limits = newGitHubLimits(o)
	g.populate()
	g.server = httptest.NewServer(g)
	return g
}

// populate makes the repository, its owner and the two accounts of the bot.
func (g *GitHub) populate() {
	owner, name, ok := strings.Cut(g.options.Repository, "/")
	if !ok {
		panic(fmt.Sprintf("sandbox: repository %q is not owner/name", g.options.Repository))
	}
	g.addAccount(owner, "Organization", "OWNER")
	association := "NONE"
	if g.options.CanPush {
		association = "COLLABORATOR"
	}
	user := g.addAccount(g.options.Login, "User", association)
	g.addAccount(g.options.AppSlug+"[bot]", "Bot", "NONE")
	g.tokens[g.token] = credential{who: user}
	g.repo = Repository{
		ID: g.newID(), Owner: owner, Name: name,
		Private: !g.options.Public, HasIssues: true, CanPush: g.options.CanPush,
		CreatedAt: g.clock.Now(),
	}
}

// Close stops the stand-in and breaks off what is still being answered.
func (g *GitHub) Close() {
	g.server.CloseClientConnections()
	g.server.Close()
}

// URL is the base of the REST API, with a slash at its end.
func (g *GitHub) URL() string { return g.server.URL + "/" }

// Token returns the token of the bot as a user. It is made anew for each stand-in and opens nothing else.
func (g *GitHub) Token() string { return g.token }

// OnIssue makes GitHub call f after each new issue, outside of any lock.
func (g *GitHub) OnIssue(f func(Issue)) { g.change(func() { g.onIssue = f }) }

// OnComment makes GitHub call f after each new comment, outside of any lock.
func (g *GitHub) OnComment(f func(Comment)) { g.change(func() { g.onComment = f }) }

func (g *GitHub) change(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
}

// now is the time as GitHub stores it, in whole seconds.
func (g *GitHub) now() time.Time { return g.clock.Now().UTC().Truncate(time.Second) }

func (g *GitHub) newID() int64 {
	g.nextID++
	return g.nextID
}

func fakeToken(prefix string) string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return prefix + hex.EncodeToString(b)
}
