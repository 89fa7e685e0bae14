package slack

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"supportbot/integrations"
)

const (
	defaultAPIURL = "https://slack.com/api/"
	httpTimeout   = 10 * time.Second // of a call whose context has no earlier deadline
	maxAnswer     = 32 << 20         // bytes; usergroups.list with its members is the longest
	idleConns     = 64               // kept open, so that a burst does not open a connection for each call
)

// A Config says which Slack to talk to, and as whom.
type Config struct {
	APIURL     string       // https://slack.com/api/ if empty
	BotToken   string       // xoxb-…
	AppToken   string       // xapp-…, for sockets only
	HTTPClient *http.Client // nil is one with a timeout
}

// A Client calls Slack's Web API, each call once: it never repeats one, and follows no redirect. The Web API
// is called here with forms and the few fields that we need, not through slack-go, whose answers fail as a
// whole for one block that it can't read, and whose errors hide headers; sockets are slack-go's.
type Client struct {
	apiURL   string
	botToken string
	appToken string
	http     *http.Client

	mu   sync.Mutex
	self *Identity // once it is known
}

// New returns a Client. It calls nothing yet.
func New(c Config) *Client {
	if c.APIURL == "" {
		c.APIURL = defaultAPIURL
	}
	return &Client{
		apiURL:   strings.TrimSuffix(c.APIURL, "/") + "/",
		botToken: strings.TrimSpace(c.BotToken), // as read from a file
		appToken: strings.TrimSpace(c.AppToken),
		http:     harden(c.HTTPClient),
	}
}

// harden returns a copy of c that reads no endless answers and follows no redirects.
func harden(c *http.Client) *http.Client {
	hardened := http.Client{Timeout: httpTimeout}
	if c != nil {
		hardened = *c
	}
	if hardened.Transport == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = idleConns
		hardened.Transport = transport
	}
	hardened.Transport = integrations.Bounded(hardened.Transport, maxAnswer)
	hardened.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &hardened
}

// answer is what all answers of the Web API have in common.
type answer struct {
	OK       bool   `json:"ok"`
	Error    string `json:"error"`
	Needed   string `json:"needed"`
	Metadata struct {
		NextCursor string `json:"next_cursor"`
	} `json:"response_metadata"`
}

func (a *answer) common() *answer { return a }

// call performs one method with the bot's token and decodes its answer.
func (c *Client) call(ctx context.Context, method string, form url.Values, out interface{ common() *answer }) error {
	_, err := c.callAs(ctx, c.botToken, method, form, out)
	return err
}

func (c *Client) callAs(ctx context.Context, token, method string, form url.Values, out interface{ common() *answer }) (http.Header, error) {
	op := "slack: " + method
	ctx, sent := integrations.TraceSent(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.apiURL+method, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, &integrations.Error{Op: op, Code: "bad address", Failure: integrations.Locked}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, integrations.Unanswered(op, err, sent.Load())
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, statusError(op, resp.StatusCode, resp.Header)
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return nil, &integrations.Error{Op: op, Code: "broken answer", Failure: integrations.Unknown}
	}
	if a := out.common(); !a.OK {
		return nil, namedError(op, a.Error, a.Needed, resp.Header)
	}
	return resp.Header, nil
}

// An Identity is who the bot is at Slack.
type Identity struct {
	UserID       string
	BotID        string
	TeamID       string
	EnterpriseID string
	WorkspaceURL string   // such as https://acme.slack.com/
	Scopes       []string // granted to the bot token; nil if the server doesn't say
}

// Identity asks who the bot is (auth.test).
func (c *Client) Identity(ctx context.Context) (Identity, error) {
	var out struct {
		answer
		URL          string `json:"url"`
		UserID       string `json:"user_id"`
		BotID        string `json:"bot_id"`
		TeamID       string `json:"team_id"`
		EnterpriseID string `json:"enterprise_id"`
	}
	header, err := c.callAs(ctx, c.botToken, "auth.test", nil, &out)
	if err != nil {
		return Identity{}, err
	}
	id := Identity{
		UserID: out.UserID, BotID: out.BotID, TeamID: out.TeamID, EnterpriseID: out.EnterpriseID,
		WorkspaceURL: out.URL, Scopes: scopes(header.Get("X-OAuth-Scopes")),
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
	_, err := c.callAs(ctx, c.appToken, "apps.connections.open", nil, new(answer))
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
