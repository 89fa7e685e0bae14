package github

import (
	"context"
	"time"

	"github.com/google/go-github/v66/github"
)

const (
	clockSkew = 5 * time.Minute // how far our clock and GitHub's may be apart in a look-up
	perPage   = 100
)

// findIssue returns the first issue of our own account that changed since then and whose marker names a thread,
// or nil. The ticket in the marker may be another one than today's: the thread may have been forgotten, and its issue
// not, if the database was restored from a backup.
func (c *Client) findIssue(ctx context.Context, since time.Time, thread string) (*Issue, error) {
	self, err := c.known(ctx)
	if err != nil {
		return nil, err
	}
	options := &github.IssueListByRepoOptions{
		Creator: self.Login, State: "all", Since: since.UTC(), Sort: "created", Direction: "asc",
		ListOptions: github.ListOptions{PerPage: perPage},
	}
	for {
		var page []*github.Issue
		var resp *github.Response
		err := c.do(ctx, "github: look for issue", func(ctx context.Context) (err error) {
			page, resp, err = c.api.Issues.ListByRepo(ctx, c.owner, c.name, options)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, i := range page {
			if i.IsPullRequest() || !self.wrote(i.User) {
				continue
			}
			if mark := markOf(i.GetBody(), "thread", thread); mark != nil {
				return &Issue{
					Number: i.GetNumber(), URL: i.GetHTMLURL(), Labels: namesOf(i.Labels), Ticket: mark["ticket"], Opened: i.GetCreatedAt().UTC(),
				}, nil
			}
		}
		if resp.NextPage == 0 {
			return nil, nil
		}
		options.Page = resp.NextPage
	}
}

// findComment returns the first comment on an issue, of our own account, that changed since then and whose marker
// names a message, or nil.
func (c *Client) findComment(ctx context.Context, number int, since time.Time, message string) (found *Comment, err error) {
	err = c.ourComments(ctx, number, since.UTC(), func(m *github.IssueComment) (more bool) {
		if markOf(m.GetBody(), "message", message) != nil {
			found = &Comment{ID: m.GetID(), URL: m.GetHTMLURL(), Found: true}
		}
		return found == nil
	})
	return found, err
}

// commentsOn returns the ids of our own comments on an issue, by the messages that their markers name. Of two for one
// message it is the first.
func (c *Client) commentsOn(ctx context.Context, number int) (map[string]int64, error) {
	ids := map[string]int64{}
	err := c.ourComments(ctx, number, time.Time{}, func(m *github.IssueComment) (more bool) {
		for mark := range marksIn(m.GetBody()) {
			if message := mark["message"]; message != "" && ids[message] == 0 {
				ids[message] = m.GetID()
			}
		}
		return true
	})
	return ids, err
}

// ourComments hands on the comments on an issue, of our own account, that changed since then, in order, as long as more
// are wanted. Since zero it is all of them.
func (c *Client) ourComments(ctx context.Context, number int, since time.Time, take func(*github.IssueComment) (more bool)) error {
	self, err := c.known(ctx)
	if err != nil {
		return err
	}
	options := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: perPage}}
	if !since.IsZero() {
		options.Since = &since
	}
	for {
		var page []*github.IssueComment
		var resp *github.Response
		err := c.doOnIssue(ctx, "github: look for comment", func(ctx context.Context) (err error) {
			page, resp, err = c.api.Issues.ListComments(ctx, c.owner, c.name, number, options)
			return err
		})
		if err != nil {
			return err
		}
		for _, m := range page {
			if self.wrote(m.User) && !take(m) {
				return nil
			}
		}
		if resp.NextPage == 0 {
			return nil
		}
		options.Page = resp.NextPage
	}
}
