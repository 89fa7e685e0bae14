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

// findIssue returns the first issue of our own account with marker that changed since then, or nil.
func (c *Client) findIssue(ctx context.Context, since time.Time, marker string) (*Issue, error) {
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
			if !i.IsPullRequest() && self.wrote(i.User) && marked(i.GetBody(), marker) {
				found := issueOf(i)
				return &found, nil
			}
		}
		if resp.NextPage == 0 {
			return nil, nil
		}
		options.Page = resp.NextPage
	}
}

// findComment returns the first comment of our own account with marker that changed since then, or nil.
func (c *Client) findComment(ctx context.Context, number int, since time.Time, marker string) (*Comment, error) {
	self, err := c.known(ctx)
	if err != nil {
		return nil, err
	}
	since = since.UTC()
	options := &github.IssueListCommentsOptions{Since: &since, ListOptions: github.ListOptions{PerPage: perPage}}
	for {
		var page []*github.IssueComment
		var resp *github.Response
		err := c.doOnIssue(ctx, "github: look for comment", func(ctx context.Context) (err error) {
			page, resp, err = c.api.Issues.ListComments(ctx, c.owner, c.name, number, options)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			if self.wrote(m.User) && marked(m.GetBody(), marker) {
				return &Comment{ID: m.GetID(), URL: m.GetHTMLURL()}, nil
			}
		}
		if resp.NextPage == 0 {
			return nil, nil
		}
		options.Page = resp.NextPage
	}
}
