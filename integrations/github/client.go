// Package github is the bot's client of GitHub: the kinds of action that it performs on issues.
package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v66/github"

	"supportbot/integrations"
	"supportbot/integrations/redact"
)

const defaultBaseURL = "https://api.github.com/"

// A Config says which repository to write to, and as whom: with a token, or as an App.
type Config struct {
	BaseURL    string // https://api.github.com/ if empty; https://host/api/v3/ for GitHub Enterprise
	Repository string // owner/name
	Token      string
	App        *App
	Now        func() time.Time // time.Now if nil
}

// An App is a GitHub App with its installation at the repository's owner.
type App struct {
	ID             int64
	InstallationID int64
	KeyFile        string // path of the private key, in PEM
}

// A Client calls GitHub, each call once: it never repeats a write by itself. It follows a rename of the
// repository, but not an issue that was transferred to another one, which other people may read.
type Client struct {
	owner, name string
	api         *github.Client
	asApp       *github.Client // calls as the App itself; nil with a token
	transport   *transport
	now         func() time.Time

	mu   sync.Mutex
	self *Account // once it is known
}

var repositoryForm = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9-]*)/([A-Za-z0-9._-]+)$`)

// New returns a Client. It reads the App's key, and calls nothing yet.
func New(c Config) (*Client, error) {
	base, err := baseURL(c.BaseURL)
	if err != nil {
		return nil, err
	}
	parts := repositoryForm.FindStringSubmatch(c.Repository)
	if parts == nil || parts[2] == "." || parts[2] == ".." {
		return nil, fmt.Errorf("github: repository %q is not of the form owner/name", c.Repository)
	}
	client := &Client{owner: parts[1], name: parts[2], now: c.Now}
	if client.now == nil {
		client.now = time.Now
	}
	plain := integrations.HTTPClient() // whose redirects are our transport's
	client.transport = &transport{
		next: plain.Transport, base: base,
		repository: base.JoinPath("repos", client.owner, client.name),
	}
	if err := client.authenticate(c, base, plain); err != nil {
		return nil, err
	}
	api := *plain
	api.Transport = client.transport
	client.api = newAPI(&api, base)
	return client, nil
}

func baseURL(s string) (*url.URL, error) {
	if s == "" {
		s = defaultBaseURL
	}
	base, err := url.Parse(strings.TrimSuffix(s, "/") + "/")
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" || base.User != nil {
		return nil, errors.New("github: the base URL is not an http(s) address without user and password")
	}
	return base, nil
}

func newAPI(c *http.Client, base *url.URL) *github.Client {
	api := github.NewClient(c)
	api.BaseURL, api.UserAgent = base, "supportbot"
	return api
}

func (c *Client) authenticate(conf Config, base *url.URL, plain *http.Client) error {
	token := strings.TrimSpace(conf.Token) // as read from a file
	if (token == "") == (conf.App == nil) {
		return errors.New("github: either a token or an App is needed, not both")
	}
	if conf.App == nil {
		c.transport.token = func(context.Context) (string, error) { return token, nil }
		return nil
	}
	app, err := ghinstallation.NewAppsTransportKeyFromFile(plain.Transport, conf.App.ID, conf.App.KeyFile)
	if err != nil {
		return fmt.Errorf("github: App key: %w", err)
	}
	installation := ghinstallation.NewFromAppsTransport(app, conf.App.InstallationID)
	installation.BaseURL = strings.TrimSuffix(base.String(), "/")
	c.transport.token = installationToken(installation)
	signed := *plain
	signed.Transport = app
	c.asApp = newAPI(&signed, base)
	return nil
}

// An Account is who the bot is at GitHub.
type Account struct {
	Login string // of an App: its slug and "[bot]", which is no possible name of a person
	ID    int64  // 0 for an App
}

// Whoami asks which account the bot writes as.
func (c *Client) Whoami(ctx context.Context) (Account, error) {
	var self Account
	err := c.do(ctx, "github: whoami", func(ctx context.Context) error {
		if c.asApp != nil {
			app, _, err := c.asApp.Apps.Get(ctx, "")
			self = Account{Login: app.GetSlug() + "[bot]"}
			return err
		}
		user, _, err := c.api.Users.Get(ctx, "")
		self = Account{Login: user.GetLogin(), ID: user.GetID()}
		return err
	})
	if err == nil && (self.Login == "" || self.Login == "[bot]") {
		err = broken("github: whoami")
	}
	if err != nil {
		return Account{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.self = &self
	return self, nil
}

// known returns the bot's account, and asks for it once.
func (c *Client) known(ctx context.Context) (Account, error) {
	c.mu.Lock()
	self := c.self
	c.mu.Unlock()
	if self != nil {
		return *self, nil
	}
	return c.Whoami(ctx)
}

// wrote says whether u is this account.
func (a Account) wrote(u *github.User) bool {
	if a.ID != 0 {
		return u.GetID() == a.ID
	}
	return u.GetLogin() == a.Login
}

// A Repository is what GitHub says of the repository and of the bot's rights in it.
type Repository struct {
	FullName   string // its name today, if it was renamed
	Visibility string // public, internal or private; empty if an old server doesn't say
	Private    bool
	HasIssues  bool
	Archived   bool
	Push       bool // may write; without it, GitHub drops labels silently
}

// Repository reads the repository.
func (c *Client) Repository(ctx context.Context) (Repository, error) {
	var got *github.Repository
	err := c.do(ctx, "github: read repository", func(ctx context.Context) (err error) {
		got, _, err = c.api.Repositories.Get(ctx, c.owner, c.name)
		return err
	})
	if err != nil {
		return Repository{}, err
	}
	return Repository{
		FullName: got.GetFullName(), Visibility: got.GetVisibility(), Private: got.GetPrivate(),
		HasIssues: got.GetHasIssues(), Archived: got.GetArchived(),
		Push: got.GetPermissions()["push"],
	}, nil
}

// Probe asks whether issues can be written.
func (c *Client) Probe(ctx context.Context) error {
	repository, err := c.Repository(ctx)
	switch {
	case err != nil:
		return err
	case repository.Archived:
		return &integrations.Error{Op: "github: read repository", Code: "archived", Failure: integrations.Locked}
	case !repository.HasIssues:
		return &integrations.Error{Op: "github: read repository", Code: "issues disabled", Failure: integrations.Locked}
	}
	return nil
}

// An Issue is the result of github.create_issue.
type Issue struct {
	Number int      `json:"number"`
	URL    string   `json:"url"`
	Labels []string `json:"labels"` // that GitHub gave it: fewer than asked for if the bot lacks the right
	// Ticket is the one that opened it, if that was another than asks for it now: then nobody knows what it holds.
	Ticket string `json:"ticket,omitempty"`
	// Opened is when GitHub has it opened, and Comments are the ids of our own comments on it by the messages in their
	// markers. Both are there only if another ticket opened it.
	Opened   time.Time        `json:"opened,omitzero"`
	Comments map[string]int64 `json:"comments,omitempty"`
}

func namesOf(labels []*github.Label) []string {
	names := make([]string, len(labels))
	for i, l := range labels {
		names[i] = l.GetName()
	}
	return names
}

// CreateIssue opens an issue. Of the answer only what is looked at is decoded: all of it would take longer than the rest
// of the call.
func (c *Client) CreateIssue(ctx context.Context, title, body redact.Text, labels []string) (Issue, error) {
	const op = "github: create issue"
	var made struct {
		Number int             `json:"number"`
		URL    string          `json:"html_url"`
		Labels []*github.Label `json:"labels"`
	}
	err := c.do(ctx, op, func(ctx context.Context) error {
		request, err := c.api.NewRequest(http.MethodPost, fmt.Sprintf("repos/%s/%s/issues", c.owner, c.name), &github.IssueRequest{
			Title: github.String(title.String()), Body: github.String(body.String()), Labels: &labels,
		})
		if err == nil {
			_, err = c.api.Do(ctx, request, &made)
		}
		return err
	})
	if err == nil && made.Number == 0 {
		err = broken(op)
	}
	if err != nil {
		return Issue{}, err
	}
	return Issue{Number: made.Number, URL: made.URL, Labels: namesOf(made.Labels)}, nil
}

// EditIssue replaces the title and body of an issue.
func (c *Client) EditIssue(ctx context.Context, number int, title, body redact.Text) error {
	return c.edit(ctx, "github: edit issue", number, &github.IssueRequest{
		Title: github.String(title.String()), Body: github.String(body.String()),
	})
}

func (c *Client) edit(ctx context.Context, op string, number int, change *github.IssueRequest) error {
	return c.doOnIssue(ctx, op, func(ctx context.Context) error {
		_, _, err := c.api.Issues.Edit(ctx, c.owner, c.name, number, change)
		return err
	})
}

// A Comment is the result of github.create_comment.
type Comment struct {
	ID    int64  `json:"id"`
	URL   string `json:"url"`
	Found bool   `json:"found,omitempty"` // it was there already, and may say something older
}

// CreateComment comments on an issue.
func (c *Client) CreateComment(ctx context.Context, number int, body redact.Text) (Comment, error) {
	const op = "github: create comment"
	var made *github.IssueComment
	err := c.doOnIssue(ctx, op, func(ctx context.Context) (err error) {
		made, _, err = c.api.Issues.CreateComment(ctx, c.owner, c.name, number,
			&github.IssueComment{Body: github.String(body.String())})
		return err
	})
	if err == nil && made.GetID() == 0 {
		err = broken(op)
	}
	if err != nil {
		return Comment{}, err
	}
	return Comment{ID: made.GetID(), URL: made.GetHTMLURL()}, nil
}

// EditComment replaces the body of a comment.
func (c *Client) EditComment(ctx context.Context, id int64, body redact.Text) error {
	return c.doOnIssue(ctx, "github: edit comment", func(ctx context.Context) error {
		_, _, err := c.api.Issues.EditComment(ctx, c.owner, c.name, id,
			&github.IssueComment{Body: github.String(body.String())})
		return err
	})
}
