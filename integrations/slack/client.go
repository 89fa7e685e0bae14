package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"supportbot/integrations"
)

const defaultAPIURL = "https://slack.com/api/"

// A Config says which Slack to talk to, and as whom.
type Config struct {
	APIURL   string // https://slack.com/api/ if empty
	BotToken string // xoxb-…
	AppToken string // xapp-…, for sockets only
}

// A Client calls Slack's Web API, each call once: it never repeats one, and follows no redirect. slack-go calls, but
// for what is answered with messages.
type Client struct {
	apiURL   string
	botToken string
	appToken string
	http     *http.Client
	api      *slack.Client

	mu       sync.Mutex
	self     *Identity // once it is known
	approved []string  // workspaces of an organisation, once they are known
}

// New returns a Client. It calls nothing yet.
func New(c Config) *Client {
	if c.APIURL == "" {
		c.APIURL = defaultAPIURL
	}
	client := &Client{
		apiURL:   strings.TrimSuffix(c.APIURL, "/") + "/",
		botToken: strings.TrimSpace(c.BotToken), // as read from a file
		appToken: strings.TrimSpace(c.AppToken),
		http:     integrations.HTTPClient(),
	}
	client.http.Transport = answers{client.http.Transport}
	client.api = client.slackGo(client.http)
	return client
}

// slackGo returns slack-go's client, which calls through h and does not repeat calls either.
func (c *Client) slackGo(h httpClient) *slack.Client {
	return slack.New(c.botToken,
		slack.OptionAPIURL(c.apiURL),
		slack.OptionAppLevelToken(c.appToken),
		slack.OptionHTTPClient(h),
	)
}

// httpClient is what slack-go needs of an *http.Client.
type httpClient interface {
	Do(*http.Request) (*http.Response, error)
}

// answers is a transport whose answers slack-go can't mistake. They are read to their end before they are
// returned, so that what slack-go then can't decode was not cut off by a connection that broke; and a limit's
// wait is always a number of seconds, since slack-go would not see a limit in a date.
type answers struct{ next http.RoundTripper }

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := a.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		resp.Header.Set("Retry-After", strconv.Itoa(int(integrations.RetryAfter(resp.Header)/time.Second)))
	case http.StatusOK:
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			return nil, err
		}
		resp.Body = io.NopCloser(bytes.NewReader(body))
	}
	return resp, nil
}

// call calls method with a form, once, and decodes of its answer what we look at. slack-go would decode it whole: it
// fails a page of messages, or takes a post for lost, for one block or file of anybody's that it can't decode, and
// what it does decode costs a post half of its time. The failures are those of slack-go.
func (c *Client) call(ctx context.Context, method string, form url.Values, answer interface{ failure() error }) (http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.apiURL+method, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+c.botToken)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusTooManyRequests {
		return nil, &slack.RateLimitedError{RetryAfter: integrations.RetryAfter(resp.Header)}
	}
	if resp.StatusCode != http.StatusOK {
		return nil, slack.StatusCodeError{Code: resp.StatusCode, Status: resp.Status}
	}
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		return nil, err
	}
	return resp.Header, answer.failure()
}

// A verdict is what every answer says of its call.
type verdict struct {
	OK     bool   `json:"ok"`
	Error  string `json:"error"`
	Needed string `json:"needed"`
}

func (v *verdict) failure() error {
	if v.OK {
		return nil
	}
	return slack.SlackErrorResponse{Err: v.Error, Needed: v.Needed}
}

// attempt calls method once by do, and returns its failure as an *integrations.Error.
func attempt[R any](ctx context.Context, method string, do func(context.Context) (R, error)) (R, error) {
	ctx, sent := integrations.TraceSent(ctx)
	result, err := do(ctx)
	if err != nil {
		return result, failure("slack: "+method, err, sent.Load())
	}
	return result, nil
}

// An Identity is who the bot is at Slack.
type Identity struct {
	UserID       string
	BotID        string
	TeamID       string   // of the workspace; of the organisation, if the app is installed in a whole one
	WorkspaceURL string   // such as https://acme.slack.com/
	Scopes       []string // granted to the bot token; nil if the server doesn't say
}

// Identity asks who the bot is (auth.test).
func (c *Client) Identity(ctx context.Context) (Identity, error) {
	const method = "auth.test"
	self, err := attempt(ctx, method, c.api.AuthTestContext)
	if err != nil {
		return Identity{}, err
	}
	if self.UserID == "" {
		return Identity{}, broken(method)
	}
	id := Identity{
		UserID: self.UserID, BotID: self.BotID, TeamID: self.TeamID,
		WorkspaceURL: self.URL, Scopes: scopes(self.Header.Get("X-OAuth-Scopes")),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.self = &id
	return id, nil
}

func scopes(header string) []string {
	return strings.FieldsFunc(header, func(r rune) bool { return r == ',' || r == ' ' })
}

// known returns the bot's identity, and asks for it once.
func (c *Client) known(ctx context.Context) (Identity, error) {
	c.mu.Lock()
	self := c.self
	c.mu.Unlock()
	if self != nil {
		return *self, nil
	}
	return c.Identity(ctx)
}

// TestAppToken checks that the app token may open sockets (apps.connections.open). It opens none.
func (c *Client) TestAppToken(ctx context.Context) error {
	const method = "apps.connections.open"
	address, err := attempt(ctx, method, func(ctx context.Context) (string, error) {
		_, address, err := c.api.StartSocketModeContext(ctx)
		return address, err
	})
	if err == nil && address == "" {
		return broken(method)
	}
	return err
}

// Permalink returns the address of a message, as Slack builds it: threadTS is the root's, or empty for a
// message that is in no thread.
func Permalink(workspaceURL, channel, ts, threadTS string) string {
	link := strings.TrimSuffix(workspaceURL, "/") + "/archives/" + channel + "/p" + strings.ReplaceAll(ts, ".", "")
	if threadTS != "" && threadTS != ts {
		link += "?thread_ts=" + threadTS + "&cid=" + channel
	}
	return link
}
