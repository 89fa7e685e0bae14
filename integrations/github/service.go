package github

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v66/github"

	"supportbot/integrations"
	"supportbot/integrations/redact"
)

// Limits are GitHub's, for a server that has them; 0 is none. Source:
// https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
type Limits struct {
	WritesPerMinute  int
	CreationsPerHour int           // issues and comments; a fifth, 100 at most, is kept for issues
	Settle           time.Duration // after this a write that will land has landed; 0 is 10 s
}

// The lanes of GitHub's writes.
const (
	laneIssue   = "issue"
	laneComment = "comment"
	laneEdit    = "edit"
	laneLook    = "look" // for what an earlier attempt did; paced like a write, since it may read many pages
)

// Service returns GitHub with its kinds of action. All text goes through r.
func (c *Client) Service(r *redact.Redactor, l Limits) integrations.Service {
	if l.Settle == 0 {
		l.Settle = 10 * time.Second
	}
	workers := 4 // GitHub wants writes one after another; more only bridge a slow answer
	if l.WritesPerMinute == 0 {
		workers = 64 // answers of many share commits
	}
	k := kinds{c, r}
	return integrations.Service{
		Name:    "github",
		Title:   "GitHub",
		Timeout: 8 * time.Second,
		Settle:  l.Settle,
		Workers: workers,
		Limits:  l.limits(),
		Shared:  true,
		Kinds: []integrations.Kind{
			k.createIssue(), k.editIssue(), k.closeIssue(), k.createComment(), k.editComment(),
		},
		Probe: c.Probe,
	}
}

func (l Limits) limits() []integrations.Limit {
	creations := []string{laneIssue, laneComment}
	kept := min(100, l.CreationsPerHour/5)
	all := []integrations.Limit{
		{Counts: []string{laneIssue, laneComment, laneEdit, laneLook}, Count: l.WritesPerMinute, Per: time.Minute, Even: true},
		{Counts: creations, Count: l.CreationsPerHour, Per: time.Hour},
		{Counts: creations, Holds: []string{laneComment}, Count: l.CreationsPerHour - kept, Per: time.Hour},
	}
	return slices.DeleteFunc(all, func(l integrations.Limit) bool { return l.Count <= 0 })
}

// CreateIssue is the payload of github.create_issue. Its result is an Issue.
type CreateIssue struct {
	Ticket string   `json:"ticket"` // id, for the marker
	Thread string   `json:"thread"` // team/channel/ts, for the marker
	Title  string   `json:"title"`
	Body   string   `json:"body"` // Markdown, without marker
	Labels []string `json:"labels,omitempty"`
}

// EditIssue is the payload of github.edit_issue: title and body as they are to be.
type EditIssue struct {
	Number int    `json:"number"`
	Ticket string `json:"ticket"`
	Thread string `json:"thread"`
	Title  string `json:"title"`
	Body   string `json:"body"`
}

// CloseIssue is the payload of github.close_issue.
type CloseIssue struct {
	Number       int      `json:"number"`
	Reason       string   `json:"reason"` // "completed" or "not_planned"
	RemoveLabels []string `json:"remove_labels,omitempty"`
}

// CreateComment is the payload of github.create_comment. Its result is a Comment.
type CreateComment struct {
	Number  int    `json:"number"`
	Ticket  string `json:"ticket"`
	Message string `json:"message"` // what is mirrored, unique within the issue, for the marker
	Body    string `json:"body"`
}

// EditComment is the payload of github.edit_comment.
type EditComment struct {
	ID      int64  `json:"id"`
	Ticket  string `json:"ticket"`
	Message string `json:"message"`
	Body    string `json:"body"`
}

type kinds struct {
	c *Client
	r *redact.Redactor
}

// done is the result of kinds that have nothing to say.
type done struct{}

func (k kinds) createIssue() integrations.Kind {
	return integrations.Kind{
		Name: "github.create_issue", Settling: integrations.LookUp, Lane: lane(laneIssue),
		Perform: integrations.Performing(func(ctx context.Context, _ integrations.Call, p CreateIssue) (Issue, error) {
			marker, err := Marker("ticket", p.Ticket, "thread", p.Thread)
			if err != nil {
				return Issue{}, err
			}
			return k.c.CreateIssue(ctx, titleText(k.r, p.Title), bodyText(k.r, p.Body, marker), p.Labels)
		}),
		Find: find(func(ctx context.Context, since time.Time, p CreateIssue) (*Issue, error) {
			issue, err := k.c.findIssue(ctx, since, p.Thread)
			if issue == nil || err != nil {
				return nil, err
			}
			if issue.Ticket == p.Ticket {
				issue.Ticket, issue.Opened = "", time.Time{}
				return issue, nil
			}
			issue.Comments, err = k.c.commentsOn(ctx, issue.Number)
			return issue, err
		}),
		Observed: func(c integrations.Call) json.RawMessage {
			var p CreateIssue
			_ = json.Unmarshal(c.Body, &p) // a payload that can't be read fails when it is performed
			return made(Issue{Labels: p.Labels})
		},
	}
}

func (k kinds) editIssue() integrations.Kind {
	return integrations.Kind{
		Name: "github.edit_issue", Settling: integrations.Idempotent, Lane: lane(laneEdit), Observed: nothing,
		Perform: integrations.Performing(func(ctx context.Context, _ integrations.Call, p EditIssue) (done, error) {
			marker, err := Marker("ticket", p.Ticket, "thread", p.Thread)
			if err != nil {
				return done{}, err
			}
			return done{}, k.c.EditIssue(ctx, p.Number, titleText(k.r, p.Title), bodyText(k.r, p.Body, marker))
		}),
	}
}

func (k kinds) closeIssue() integrations.Kind {
	return integrations.Kind{
		Name: "github.close_issue", Settling: integrations.Idempotent, Lane: lane(laneEdit), Observed: nothing,
		Perform: integrations.Performing(func(ctx context.Context, _ integrations.Call, p CloseIssue) (done, error) {
			change := &github.IssueRequest{State: github.String("closed"), StateReason: github.String(p.Reason)}
			return done{}, k.c.unlabel(ctx, "github: close issue", p.Number, p.RemoveLabels, change)
		}),
	}
}

func (k kinds) createComment() integrations.Kind {
	return integrations.Kind{
		Name: "github.create_comment", Settling: integrations.LookUp, Lane: lane(laneComment),
		Perform: integrations.Performing(func(ctx context.Context, _ integrations.Call, p CreateComment) (Comment, error) {
			marker, err := Marker("ticket", p.Ticket, "message", p.Message)
			if err != nil {
				return Comment{}, err
			}
			return k.c.CreateComment(ctx, p.Number, bodyText(k.r, p.Body, marker))
		}),
		Find: find(func(ctx context.Context, since time.Time, p CreateComment) (*Comment, error) {
			return k.c.findComment(ctx, p.Number, since, p.Message)
		}),
		Observed: func(integrations.Call) json.RawMessage { return made(Comment{}) },
	}
}

func (k kinds) editComment() integrations.Kind {
	return integrations.Kind{
		Name: "github.edit_comment", Settling: integrations.Idempotent, Lane: lane(laneEdit), Observed: nothing,
		Perform: integrations.Performing(func(ctx context.Context, _ integrations.Call, p EditComment) (done, error) {
			marker, err := Marker("ticket", p.Ticket, "message", p.Message)
			if err != nil {
				return done{}, err
			}
			return done{}, k.c.EditComment(ctx, p.ID, bodyText(k.r, p.Body, marker))
		}),
	}
}

// unlabel makes a change to an issue and takes labels away. GitHub takes the whole list of those that stay: it is read
// just before.
func (c *Client) unlabel(ctx context.Context, op string, number int, remove []string, change *github.IssueRequest) error {
	if len(remove) > 0 {
		labels, err := c.labels(ctx, op, number)
		if err != nil {
			return err
		}
		labels = slices.DeleteFunc(labels, func(have string) bool { return containsFold(remove, have) })
		change.Labels = &labels
	}
	return c.edit(ctx, op, number, change)
}

func (c *Client) labels(ctx context.Context, op string, number int) ([]string, error) {
	var issue *github.Issue
	err := c.doOnIssue(ctx, op, func(ctx context.Context) (err error) {
		issue, _, err = c.api.Issues.Get(ctx, c.owner, c.name, number)
		return err
	})
	if err == nil && issue.GetNumber() != number {
		err = broken(op)
	}
	if err != nil {
		return nil, err
	}
	return namesOf(issue.Labels), nil
}

// containsFold compares as GitHub does with labels.
func containsFold(labels []string, label string) bool {
	return slices.ContainsFunc(labels, func(l string) bool { return strings.EqualFold(l, label) })
}

func lane(name string) func(integrations.Call) string {
	return func(c integrations.Call) string {
		if c.Looking {
			return laneLook
		}
		return name
	}
}

func nothing(integrations.Call) json.RawMessage { return made(done{}) }

func made(result any) json.RawMessage {
	b, _ := json.Marshal(result) // numbers and strings always marshal
	return b
}

// find makes a Kind's Find of a function that takes the decoded payload; nil is not found.
func find[P, R any](look func(context.Context, time.Time, P) (*R, error)) func(context.Context, integrations.Call) (json.RawMessage, bool, error) {
	return func(ctx context.Context, c integrations.Call) (json.RawMessage, bool, error) {
		var payload P
		if err := json.Unmarshal(c.Body, &payload); err != nil {
			return nil, false, err
		}
		found, err := look(ctx, c.Started.Add(-clockSkew), payload)
		if err != nil || found == nil {
			return nil, false, err
		}
		result, err := json.Marshal(found)
		return result, err == nil, err
	}
}
