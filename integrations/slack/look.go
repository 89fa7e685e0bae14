package slack

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"supportbot/integrations"
)

// clockSkew is how far our clock and a service's may be apart in a look-up.
const clockSkew = 5 * time.Minute

// findShown looks for what a lost post may have left: a message of our own with the mark of this slot. An
// edit is never looked for, as it can simply be repeated.
func (c *Client) findShown(ctx context.Context, call integrations.Call) (json.RawMessage, bool, error) {
	if call.Ref != nil {
		return nil, false, nil
	}
	var s Show
	if err := json.Unmarshal(call.Body, &s); err != nil {
		return nil, false, err
	}
	self, err := c.known(ctx)
	if err != nil {
		return nil, false, err
	}
	found, err := c.find(ctx, s, call.Started.Add(-clockSkew), func(m listed) bool {
		return m.Metadata.EventType == eventType && means(m.Metadata.EventPayload.Key, call) &&
			(m.BotID != "" && m.BotID == self.BotID || m.User != "" && m.User == self.UserID)
	})
	if err != nil || found == nil {
		return nil, false, err
	}
	result, err := json.Marshal(Posted{Channel: s.Channel, TS: found.TS})
	return result, err == nil, err
}

// means says whether a mark is that of the slot of call, of any subject of its kind.
func means(mark string, call integrations.Call) bool {
	subject, slot, _ := strings.Cut(mark, "/")
	kind, _, _ := strings.Cut(subject, ":")
	ours, _, _ := strings.Cut(call.Subject, ":")
	return kind == ours && slot == call.Slot
}

// listing is the method that lists where s is shown.
func listing(s Show) string {
	if s.ThreadTS != "" {
		return LaneReplies
	}
	return LaneHistory
}

// listed is a message in a list, as far as we look at it.
type listed struct {
	TS       string `json:"ts"`
	User     string `json:"user"`
	BotID    string `json:"bot_id"`
	Metadata struct {
		EventType    string `json:"event_type"`
		EventPayload struct {
			Key string `json:"key"`
		} `json:"event_payload"`
	} `json:"metadata"`
}

// list is a page of messages, each as it came.
type list struct {
	verdict
	Messages []json.RawMessage `json:"messages"`
	Metadata struct {
		NextCursor string `json:"next_cursor"`
	} `json:"response_metadata"`
	date time.Time
}

// find returns the first message that is meant, in all of s's thread or else in its channel since then, or nil.
func (c *Client) find(ctx context.Context, s Show, since time.Time, meant func(listed) bool) (*listed, error) {
	method := listing(s)
	form := url.Values{
		"channel":              {s.Channel},
		"inclusive":            {"true"},
		"include_all_metadata": {"true"},
		"limit":                {"200"},
	}
	if s.ThreadTS != "" {
		form.Set("ts", s.ThreadTS)
	} else {
		form.Set("oldest", strconv.FormatInt(since.Unix(), 10)+".000000")
	}
	for {
		page, err := attempt(ctx, method, func(ctx context.Context) (list, error) { return c.list(ctx, method, form) })
		if err != nil && integrations.AsError(err).Code == "thread_not_found" {
			return nil, nil // its root was deleted
		}
		if err != nil {
			return nil, err
		}
		for _, raw := range page.Messages {
			var m listed
			if json.Unmarshal(raw, &m) == nil && meant(m) { // what can't be read so is not ours
				return &m, nil
			}
		}
		if page.Metadata.NextCursor == "" {
			return nil, nil
		}
		form.Set("cursor", page.Metadata.NextCursor)
	}
}

// A Page is a part of a list of messages, each as it came: slack-go would fail a whole page for one block or file
// that it can't decode.
type Page struct {
	Messages []json.RawMessage
	Next     string    // cursor of the next page, empty after the last
	Date     time.Time // by Slack's clock, in whole seconds; zero if it didn't say
}

// pageSize is the most that Slack gives at once (docs.slack.dev/reference/methods/conversations.history).
const pageSize = "999"

// History reads a page of what stands in a channel itself, the newest first: what is later than oldest, a ts, and
// on from cursor; both may be empty (conversations.history).
func (c *Client) History(ctx context.Context, channel, oldest, cursor string) (Page, error) {
	return c.page(ctx, LaneHistory, url.Values{"channel": {channel}}, oldest, cursor)
}

// Replies reads a page of a thread, its root first on the first page, then what is later than oldest, a ts, in
// order; oldest and cursor may be empty (conversations.replies).
func (c *Client) Replies(ctx context.Context, channel, thread, oldest, cursor string) (Page, error) {
	return c.page(ctx, LaneReplies, url.Values{"channel": {channel}, "ts": {thread}}, oldest, cursor)
}

// Tombstone is the subtype of what stays of a deleted message that has replies. Slack does not document it.
const Tombstone = "tombstone"

// ShowsBefore says whether anything that is older than a message still stands in a channel (conversations.history).
func (c *Client) ShowsBefore(ctx context.Context, channel, ts string) (bool, error) {
	page, err := c.page(ctx, LaneHistory, url.Values{"channel": {channel}, "latest": {ts}}, "", "")
	return slices.ContainsFunc(page.Messages, func(raw json.RawMessage) bool {
		var m struct{ Subtype string }
		return json.Unmarshal(raw, &m) == nil && m.Subtype != Tombstone
	}), err
}

func (c *Client) page(ctx context.Context, method string, form url.Values, oldest, cursor string) (Page, error) {
	form.Set("limit", pageSize)
	if oldest != "" {
		form.Set("oldest", oldest)
	}
	if cursor != "" {
		form.Set("cursor", cursor)
	}
	page, err := attempt(ctx, method, func(ctx context.Context) (list, error) { return c.list(ctx, method, form) })
	if err != nil {
		return Page{}, err
	}
	return Page{Messages: page.Messages, Next: page.Metadata.NextCursor, Date: page.date}, nil
}

// list calls a method that lists messages.
func (c *Client) list(ctx context.Context, method string, form url.Values) (page list, err error) {
	header, err := c.call(ctx, method, form, &page)
	page.date, _ = http.ParseTime(header.Get("Date")) // zero if a proxy took it out
	return page, err
}
