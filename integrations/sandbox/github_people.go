package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

// What people do on GitHub, beside the bot. A login is an account of the company as soon as it is used; the
// bot's own logins may be used too. A number that is no issue panics, since then the test is wrong.

// OpenIssueAs opens an issue as a person and returns its number.
func (g *GitHub) OpenIssueAs(login, title, body string, labels ...string) int {
	return g.openAs(login, title, body, labels, false)
}

// OpenPullRequestAs opens a pull request, which lists of issues show too, and returns its number.
func (g *GitHub) OpenPullRequestAs(login, title, body string) int {
	return g.openAs(login, title, body, nil, true)
}

func (g *GitHub) openAs(login, title, body string, labels []string, pullRequest bool) int {
	var v Issue
	var hook func(Issue)
	g.change(func() {
		v = *g.openIssue(g.person(login), title, body, labels, pullRequest).now()
		hook = g.onIssue
	})
	if hook != nil {
		hook(v)
	}
	return v.Number
}

// CommentAs writes a comment and returns its id.
func (g *GitHub) CommentAs(login string, number int, body string) int64 {
	var v Comment
	var hook func(Comment)
	g.change(func() {
		v = *g.addComment(g.existing(number), g.person(login), body).now()
		hook = g.onComment
	})
	if hook != nil {
		hook(v)
	}
	return v.ID
}

// EditCommentAs gives a comment another text.
func (g *GitHub) EditCommentAs(_ string, id int64, body string) {
	g.change(func() { g.editComment(g.existingComment(id), body) })
}

// DeleteCommentAs deletes a comment. No list by time and no event tells of it.
func (g *GitHub) DeleteCommentAs(_ string, id int64) {
	g.change(func() { g.deleteComment(g.existingComment(id)) })
}

// EditIssueAs gives an issue another title and body.
func (g *GitHub) EditIssueAs(login string, number int, title, body string) {
	g.change(func() { g.setText(g.existing(number), g.person(login), title, body) })
}

// CloseAs closes an issue for a reason: "completed", "not_planned" or "duplicate".
func (g *GitHub) CloseAs(login string, number int, reason string) {
	g.change(func() { g.setState(g.existing(number), g.person(login), "closed", reason) })
}

// ReopenAs opens a closed issue again.
func (g *GitHub) ReopenAs(login string, number int) {
	g.change(func() { g.setState(g.existing(number), g.person(login), "open", "") })
}

// RelabelAs takes labels off an issue and puts others on.
func (g *GitHub) RelabelAs(login string, number int, add, remove []string) {
	g.change(func() {
		i := g.existing(number)
		kept := slices.DeleteFunc(slices.Clone(i.now().Labels), func(have string) bool {
			return slices.ContainsFunc(remove, func(l string) bool { return strings.EqualFold(have, l) })
		})
		g.relabel(i, g.person(login), append(kept, add...))
	})
}

// DeleteIssueAs deletes an issue with its comments: it answers 410 and is in no list.
func (g *GitHub) DeleteIssueAs(_ string, number int) {
	g.change(func() {
		i := g.existing(number)
		for _, c := range i.comments {
			g.hideComment(c)
		}
		v := *i.now()
		v.Deleted = true
		i.list = nil // no earlier revision shows, not even in a list that lags
		i.set(v, g.clock.Now())
	})
}

func (g *GitHub) existing(number int) *issue {
	i := g.issueNumbered(number)
	if i == nil {
		panic(fmt.Sprintf("sandbox: there is no issue %d", number))
	}
	return i
}

func (g *GitHub) existingComment(id int64) *comment {
	c := g.comments[id]
	if c == nil {
		panic(fmt.Sprintf("sandbox: there is no comment %d", id))
	}
	return c
}

// Issues returns all issues and pull requests, also deleted ones, by number, with their comments and what both
// were before. It is what tests compare the bot's work with.
func (g *GitHub) Issues() []Issue {
	g.mu.Lock()
	defer g.mu.Unlock()
	issues := make([]Issue, len(g.issues))
	for n, i := range g.issues {
		issues[n] = i.whole()
	}
	return issues
}

// Issue returns one issue as Issues does.
func (g *GitHub) Issue(number int) Issue {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.existing(number).whole()
}

// Labels returns the repository's labels by name.
func (g *GitHub) Labels() []Label {
	g.mu.Lock()
	defer g.mu.Unlock()
	labels := make([]Label, 0, len(g.labels))
	for _, l := range g.labels {
		labels = append(labels, *l)
	}
	slices.SortFunc(labels, func(a, b Label) int { return strings.Compare(a.Name, b.Name) })
	return labels
}

// Repository returns the repository as it is.
func (g *GitHub) Repository() Repository {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.repo
}

// Calls returns what was called, in the order in which the calls came.
func (g *GitHub) Calls() []GitHubCall {
	g.mu.Lock()
	defer g.mu.Unlock()
	return values(g.calls)
}

func (i *issue) whole() Issue {
	v := *i.now()
	v.Labels = slices.Clone(v.Labels)
	for n, old := range i.list[1:] {
		before := i.list[n].value
		if before.Title != old.value.Title || before.Body != old.value.Body {
			v.Edits = append(v.Edits, Edit{before.Title, before.Body, old.since})
		}
	}
	for _, c := range i.comments {
		v.Comments = append(v.Comments, c.whole())
	}
	return v
}

func (c *comment) whole() Comment {
	v := *c.now()
	for n, later := range c.list[1:] {
		v.Edits = append(v.Edits, Edit{Body: c.list[n].value.Body, Until: later.since})
	}
	return v
}
