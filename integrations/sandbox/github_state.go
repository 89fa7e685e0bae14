package sandbox

import (
	"slices"
	"sort"
	"strings"
	"time"
)

// A Repository is the one that a GitHub stand-in has.
type Repository struct {
	ID        int64
	Owner     string
	Name      string
	Private   bool
	HasIssues bool
	Archived  bool
	CanPush   bool // of the bot
	CreatedAt time.Time
}

// FullName is "owner/name".
func (r Repository) FullName() string { return r.Owner + "/" + r.Name }

// An Account is a person, a bot or an organization on GitHub.
type Account struct {
	ID          int64
	Login       string
	Type        string // "User", "Bot" or "Organization"
	Association string // with the repository: "OWNER", "MEMBER", "COLLABORATOR", "NONE"
	CreatedAt   time.Time
}

// A Label is one of the repository's labels.
type Label struct {
	ID          int64
	Name        string
	Color       string // six hexadecimal digits
	Description string
}

// An Issue is an issue or a pull request. Times are in whole seconds, as GitHub's are.
type Issue struct {
	ID           int64
	Number       int
	Title        string
	Body         string // as it was given
	Author       string // login
	ViaApp       bool   // written with an installation token
	State        string // "open" or "closed"
	StateReason  string // "completed", "not_planned", "duplicate", "reopened" or ""
	Labels       []string
	PullRequest  bool
	Deleted      bool
	CommentCount int
	CreatedAt    time.Time
	UpdatedAt    time.Time
	ClosedAt     time.Time // zero if open
	ClosedBy     string

	Edits    []Edit    // former titles and bodies, the oldest first; only in answers of Issues
	Comments []Comment // in order; only in answers of Issues
}

// A Comment is a comment on an issue.
type Comment struct {
	ID        int64
	Issue     int // its number
	Author    string
	ViaApp    bool
	Body      string
	CreatedAt time.Time
	UpdatedAt time.Time

	Edits []Edit // former bodies, the oldest first; only in answers of Issues
}

// An Edit is what a title and a body were until somebody changed them.
type Edit struct {
	Title string // empty for comments
	Body  string
	Until time.Time
}

// An IssueEvent is an entry in an issue's history.
type IssueEvent struct {
	ID        int64
	Issue     int
	Kind      string // "closed", "reopened", "labeled", "unlabeled", "renamed"
	Actor     string
	ViaApp    bool
	Label     string // of labeled, unlabeled
	From, To  string // of renamed
	Reason    string // of closed, reopened
	CreatedAt time.Time

	written time.Time
}

// A revision is what something was from a time on. Revisions are never changed, so pointers to their values
// stay true.
type revision[T any] struct {
	since time.Time // not rounded
	value *T
}

// Revisions are all that something has been. Lists that lag show an earlier revision.
type revisions[T any] struct{ list []revision[T] }

func (h *revisions[T]) now() *T { return h.list[len(h.list)-1].value }

func (h *revisions[T]) set(v T, at time.Time) { h.list = append(h.list, revision[T]{at, &v}) }

// at returns the newest revision written by time t, nil if there was none.
func (h *revisions[T]) at(t time.Time) *T {
	for _, v := range slices.Backward(h.list) {
		if !v.since.After(t) {
			return v.value
		}
	}
	return nil
}

type issue struct {
	revisions[Issue]
	comments []*comment
	events   []*IssueEvent
	logged   int // the index of its newest entry in GitHub.updates
}

type comment struct{ revisions[Comment] }

// An issueUpdate says that an issue was changed. The log of them is in order of time; an entry that isn't the
// newest of its issue is void.
type issueUpdate struct {
	at     time.Time // in whole seconds
	number int
}

// An actor is who does something, and how.
type actor struct {
	*Account
	viaApp bool
}

func (g *GitHub) addAccount(login, kind, association string) *Account {
	a := &Account{ID: g.newID(), Login: login, Type: kind, Association: association, CreatedAt: g.now()}
	g.accounts[strings.ToLower(login)] = a
	return a
}

// person returns the account of somebody in the company, who is there as soon as they are named.
func (g *GitHub) person(login string) actor {
	a, ok := g.accounts[strings.ToLower(login)]
	if !ok {
		a = g.addAccount(login, "User", "MEMBER")
	}
	return actor{Account: a}
}

// issueNumbered returns an issue, also a deleted one, or nil.
func (g *GitHub) issueNumbered(number int) *issue {
	if number < 1 || number > len(g.issues) {
		return nil
	}
	return g.issues[number-1]
}

func (g *GitHub) openIssue(by actor, title, body string, labels []string, pullRequest bool) *issue {
	now := g.now()
	i := &issue{logged: -1}
	g.issues = append(g.issues, i)
	g.write(i, Issue{
		ID: g.newID(), Number: len(g.issues), Title: title, Body: body, Author: by.Login, ViaApp: by.viaApp,
		State: "open", PullRequest: pullRequest, CreatedAt: now,
	})
	if len(labels) > 0 {
		g.relabel(i, by, labels)
	}
	return i
}

// write makes v the newest revision of i, updated now.
func (g *GitHub) write(i *issue, v Issue) {
	v.UpdatedAt = g.now()
	i.set(v, g.clock.Now())
	g.updates = append(g.updates, issueUpdate{v.UpdatedAt, v.Number})
	i.logged = len(g.updates) - 1
	if len(g.updates) > 2*len(g.issues)+1000 {
		g.compactUpdates()
	}
}

// compactUpdates drops the void entries, so that the log stays in proportion to the issues.
func (g *GitHub) compactUpdates() {
	kept := make([]issueUpdate, 0, len(g.issues))
	for n, u := range g.updates {
		if i := g.issues[u.number-1]; i.logged == n {
			i.logged = len(kept)
			kept = append(kept, u)
		}
	}
	g.updates = kept
}

// updatedSince calls f with each issue updated at t or later, in order of its newest update.
func (g *GitHub) updatedSince(t time.Time, f func(*issue)) {
	first := sort.Search(len(g.updates), func(n int) bool { return !g.updates[n].at.Before(t) })
	for n := first; n < len(g.updates); n++ {
		if i := g.issues[g.updates[n].number-1]; i.logged == n {
			f(i)
		}
	}
}

func (g *GitHub) setText(i *issue, by actor, title, body string) {
	v := *i.now()
	if title == v.Title && body == v.Body {
		return
	}
	if title != v.Title {
		g.note(i, by, IssueEvent{Kind: "renamed", From: v.Title, To: title})
	}
	v.Title, v.Body = title, body
	g.write(i, v)
}

// setState opens or closes i; reason may be empty.
func (g *GitHub) setState(i *issue, by actor, state, reason string) {
	v := *i.now()
	if state == v.State && (reason == "" || reason == v.StateReason) {
		return
	}
	if state == "closed" {
		if reason == "" {
			reason = "completed"
		}
		v.ClosedAt, v.ClosedBy = g.now(), by.Login
		g.note(i, by, IssueEvent{Kind: "closed", Reason: reason})
	} else {
		reason = "reopened"
		v.ClosedAt, v.ClosedBy = time.Time{}, ""
		g.note(i, by, IssueEvent{Kind: "reopened"})
	}
	v.State, v.StateReason = state, reason
	g.write(i, v)
}

// relabel gives i exactly these labels; those that the repository doesn't have yet are made.
func (g *GitHub) relabel(i *issue, by actor, names []string) {
	v := *i.now()
	var labels []string
	for _, name := range names {
		name = g.label(name).Name
		if !slices.Contains(labels, name) {
			labels = append(labels, name)
		}
	}
	if slices.Equal(labels, v.Labels) {
		return
	}
	for _, name := range labels {
		if !slices.Contains(v.Labels, name) {
			g.note(i, by, IssueEvent{Kind: "labeled", Label: name})
		}
	}
	for _, name := range v.Labels {
		if !slices.Contains(labels, name) {
			g.note(i, by, IssueEvent{Kind: "unlabeled", Label: name})
		}
	}
	v.Labels = labels
	g.write(i, v)
}

// label returns the label of this name in any case, which is made if there is none.
func (g *GitHub) label(name string) *Label {
	l, ok := g.labels[strings.ToLower(name)]
	if !ok {
		l = &Label{ID: g.newID(), Name: name, Color: "ededed"}
		g.labels[strings.ToLower(name)] = l
	}
	return l
}

func (g *GitHub) note(i *issue, by actor, e IssueEvent) {
	e.ID, e.Issue, e.Actor, e.ViaApp = g.newID(), i.now().Number, by.Login, by.viaApp
	e.CreatedAt, e.written = g.now(), g.clock.Now()
	i.events = append(i.events, &e)
	g.events = append(g.events, &e)
}

func (g *GitHub) addComment(i *issue, by actor, body string) *comment {
	v := *i.now()
	c := &comment{}
	c.set(Comment{
		ID: g.newID(), Issue: v.Number, Author: by.Login, ViaApp: by.viaApp, Body: body,
		CreatedAt: g.now(), UpdatedAt: g.now(),
	}, g.clock.Now())
	i.comments = append(i.comments, c)
	g.comments[c.now().ID] = c
	g.inOrder = append(g.inOrder, c)
	v.CommentCount++
	g.write(i, v)
	return c
}

// editComment leaves the issue's own time of update alone: that GitHub moves it then is not documented, so
// nothing should rely on it.
func (g *GitHub) editComment(c *comment, body string) {
	v := *c.now()
	if body == v.Body {
		return
	}
	v.Body, v.UpdatedAt = body, g.now()
	c.set(v, g.clock.Now())
}

// deleteComment shows in no list by time and no event.
func (g *GitHub) deleteComment(c *comment) {
	g.hideComment(c)
	i := g.issues[c.now().Issue-1]
	i.comments = slices.DeleteFunc(i.comments, func(other *comment) bool { return other == c })
	v := *i.now()
	v.CommentCount--
	i.set(v, g.clock.Now())
}

// hideComment takes c out of what the API shows.
func (g *GitHub) hideComment(c *comment) {
	delete(g.comments, c.now().ID)
	g.inOrder = slices.DeleteFunc(g.inOrder, func(other *comment) bool { return other == c })
}
