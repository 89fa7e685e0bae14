package slack

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"supportbot/integrations"
)

// A Show is the payload of slack.show: what a message shall show. It is posted if nothing was posted in its
// slot, and else replaces what was.
type Show struct {
	Channel  string          `json:"channel"`
	ThreadTS string          `json:"thread_ts,omitempty"`
	Text     string          `json:"text"` // mrkdwn; shown in notifications if there are blocks
	Blocks   json.RawMessage `json:"blocks,omitempty"`
}

// A Notify is the payload of slack.notify: a message that may be doubled, to a channel or, by a user's id, to
// a person. Its result is a Posted.
type Notify struct {
	Channel string          `json:"channel"`
	Text    string          `json:"text"`
	Blocks  json.RawMessage `json:"blocks,omitempty"`
}

// A Whisper is the payload of slack.whisper: a message that only User sees, if they are there to see it.
type Whisper struct {
	Channel  string `json:"channel"`
	User     string `json:"user"`
	ThreadTS string `json:"thread_ts,omitempty"`
	Text     string `json:"text"`
}

// A Posted is the result of slack.show and slack.notify: where the message is.
type Posted struct {
	Channel string `json:"channel"` // of a direct message, its D… id
	TS      string `json:"ts"`
}

// eventType marks the metadata of what slack.show posts, by which it is found again.
const eventType = "supportbot_show"

type metadata struct {
	EventType    string `json:"event_type"`
	EventPayload struct {
		Key string `json:"key"`
	} `json:"event_payload"`
}

func mark(c integrations.Call) metadata {
	m := metadata{EventType: eventType}
	m.EventPayload.Key = c.Subject + "/" + c.Slot
	return m
}

func (c *Client) show() integrations.Kind {
	return integrations.Kind{
		Name:     "slack.show",
		Settling: integrations.LookUp,
		Lane:     showLane,
		Perform: perform(func(ctx context.Context, call integrations.Call, s Show) (Posted, error) {
			if call.Ref != nil {
				return c.update(ctx, call.Ref, s)
			}
			return c.post(ctx, call, s)
		}),
		Find:     c.findShown,
		Observed: observedShow,
	}
}

// showLane is the channel of a post. Slack counts posts by channel, and edits all together.
func showLane(call integrations.Call) string {
	if call.Ref != nil {
		return laneUpdate
	}
	return channelLane(call)
}

func channelLane(call integrations.Call) string {
	var to struct {
		Channel string `json:"channel"`
	}
	_ = json.Unmarshal(call.Body, &to) // a payload that can't be read fails when it is performed
	return to.Channel
}

func observedShow(call integrations.Call) json.RawMessage {
	if call.Ref != nil {
		return call.Ref
	}
	made, _ := json.Marshal(Posted{Channel: channelLane(call), TS: "0000000000.000000"}) // strings always marshal
	return made
}

func (c *Client) post(ctx context.Context, call integrations.Call, s Show) (Posted, error) {
	form := message(s.Channel, s.Text, s.Blocks)
	if s.ThreadTS != "" {
		form.Set("thread_ts", s.ThreadTS)
	}
	meta, err := json.Marshal(mark(call))
	if err != nil {
		return Posted{}, err
	}
	form.Set("metadata", string(meta))
	return c.send(ctx, "chat.postMessage", form)
}

func (c *Client) update(ctx context.Context, ref json.RawMessage, s Show) (Posted, error) {
	var at Posted
	if err := json.Unmarshal(ref, &at); err != nil {
		return Posted{}, err
	}
	form := message(at.Channel, s.Text, s.Blocks)
	form.Set("ts", at.TS)
	return c.send(ctx, "chat.update", form)
}

// message returns the form of a message of which no link is unfurled.
func message(channel, text string, blocks json.RawMessage) url.Values {
	form := url.Values{
		"channel":      {channel},
		"text":         {text},
		"unfurl_links": {"false"},
		"unfurl_media": {"false"},
	}
	if len(blocks) > 0 {
		form.Set("blocks", string(blocks))
	}
	return form
}

func (c *Client) send(ctx context.Context, method string, form url.Values) (Posted, error) {
	var out struct {
		answer
		Posted
	}
	if err := c.call(ctx, method, form, &out); err != nil {
		return Posted{}, err
	}
	if out.Channel == "" || out.TS == "" {
		return Posted{}, &integrations.Error{Op: "slack: " + method, Code: "broken answer", Failure: integrations.Unknown}
	}
	return out.Posted, nil
}

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
		return m.Metadata == mark(call) && (m.BotID != "" && m.BotID == self.BotID || m.User != "" && m.User == self.UserID)
	})
	if err != nil || found == nil {
		return nil, false, err
	}
	result, err := json.Marshal(Posted{Channel: s.Channel, TS: found.TS})
	return result, err == nil, err
}

// listed is a message in a list, as far as we look at it.
type listed struct {
	TS       string   `json:"ts"`
	User     string   `json:"user"`
	BotID    string   `json:"bot_id"`
	Metadata metadata `json:"metadata"`
}

// find returns the first message since then, in s's thread or else its channel, that is meant, or nil.
func (c *Client) find(ctx context.Context, s Show, since time.Time, meant func(listed) bool) (*listed, error) {
	method := "conversations.history"
	form := url.Values{
		"channel":              {s.Channel},
		"oldest":               {strconv.FormatInt(since.Unix(), 10) + ".000000"},
		"inclusive":            {"true"},
		"include_all_metadata": {"true"},
		"limit":                {"200"},
	}
	if s.ThreadTS != "" {
		method = "conversations.replies"
		form.Set("ts", s.ThreadTS)
	}
	for {
		var page struct {
			answer
			Messages []json.RawMessage `json:"messages"`
		}
		err := c.call(ctx, method, form, &page)
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

func (c *Client) notify() integrations.Kind {
	return integrations.Kind{
		Name:     "slack.notify",
		Settling: integrations.Repeat,
		Lane:     channelLane,
		Perform: perform(func(ctx context.Context, _ integrations.Call, n Notify) (Posted, error) {
			return c.send(ctx, "chat.postMessage", message(n.Channel, n.Text, n.Blocks))
		}),
		Observed: observedShow,
	}
}

func (c *Client) whisper() integrations.Kind {
	return integrations.Kind{
		Name:     "slack.whisper",
		Settling: integrations.BestEffort,
		Lane:     lane(laneWhisper),
		Perform: perform(func(ctx context.Context, _ integrations.Call, w Whisper) (struct{}, error) {
			form := url.Values{"channel": {w.Channel}, "user": {w.User}, "text": {w.Text}}
			if w.ThreadTS != "" {
				form.Set("thread_ts", w.ThreadTS)
			}
			return struct{}{}, c.call(ctx, "chat.postEphemeral", form, new(answer))
		}),
		Observed: func(integrations.Call) json.RawMessage { return json.RawMessage("{}") },
	}
}
