package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/slack-go/slack"

	"supportbot/integrations"
)

// A Show is the payload of slack.show: what a message shall show. It is posted if nothing was posted in its
// slot, and else replaces what was. Where it is shown no other subject of its kind may have a slot of that name: so it is
// found even if the subject that posted it was forgotten.
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

func mark(c integrations.Call) slack.SlackMetadata {
	return slack.SlackMetadata{EventType: eventType, EventPayload: map[string]any{"key": c.Subject + "/" + c.Slot}}
}

func (c *Client) show() integrations.Kind {
	return integrations.Kind{
		Name:     "slack.show",
		Settling: integrations.LookUp,
		Lane:     showLane,
		Perform: integrations.Performing(func(ctx context.Context, call integrations.Call, s Show) (Posted, error) {
			if call.Ref != nil {
				return c.update(ctx, call.Ref, s)
			}
			return c.post(ctx, call, s)
		}),
		Edits:    true,
		Find:     c.findShown,
		Observed: observedShow,
	}
}

// showLane is the channel of a post. Slack counts posts by channel, and edits and lists all together.
func showLane(call integrations.Call) string {
	switch {
	case call.Ref != nil:
		return laneUpdate
	case call.Looking:
		var s Show
		_ = json.Unmarshal(call.Body, &s) // a payload that can't be read fails when it is performed
		return listing(s)
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
	marked, err := json.Marshal(mark(call))
	if err != nil {
		return Posted{}, err
	}
	form, err := message(s.Channel, s.Text, s.Blocks)
	if err != nil {
		return Posted{}, err
	}
	form.Set("metadata", string(marked))
	if s.ThreadTS != "" {
		form.Set("thread_ts", s.ThreadTS)
	}
	posted, err := c.send(ctx, "chat.postMessage", form)
	return posted, maybePosted(err)
}

// maybePosted returns err, and of an answer that can't be read as an open outcome: a look-up will tell.
func maybePosted(err error) error {
	var e *integrations.Error
	if errors.As(err, &e) && e.Code == unreadable {
		e.Failure = integrations.Unknown
	}
	return err
}

func (c *Client) update(ctx context.Context, ref json.RawMessage, s Show) (Posted, error) {
	var at Posted
	if err := json.Unmarshal(ref, &at); err != nil {
		return Posted{}, err
	}
	if isChannel(s.Channel) { // its id may have changed since, and s knows the latest; of a person, only the answer did
		at.Channel = s.Channel
	}
	form, err := message(at.Channel, s.Text, s.Blocks)
	if err != nil {
		return Posted{}, err
	}
	form.Set("ts", at.TS)
	return c.send(ctx, "chat.update", form)
}

// isChannel says whether an id is one of a channel. Those of people begin with U or W.
func isChannel(id string) bool { return strings.HasPrefix(id, "C") || strings.HasPrefix(id, "G") }

// message is the form of a message of which no link is unfurled. Its blocks are sent as they were planned.
func message(channel, text string, blocks json.RawMessage) (url.Values, error) {
	form := url.Values{"channel": {channel}, "text": {text}, "unfurl_links": {"false"}, "unfurl_media": {"false"}}
	switch {
	case len(blocks) == 0:
	case blocks[0] != '[':
		return nil, errors.New("blocks that are no list")
	default:
		form.Set("blocks", string(blocks))
	}
	return form, nil
}

// send calls a method whose answer must say where the message is.
func (c *Client) send(ctx context.Context, method string, form url.Values) (Posted, error) {
	said, err := attempt(ctx, method, func(ctx context.Context) (said struct {
		verdict
		Posted
	}, err error) {
		_, err = c.call(ctx, method, form, &said)
		return said, err
	})
	if err == nil && (said.Channel == "" || said.TS == "") {
		return Posted{}, broken(method)
	}
	return said.Posted, err
}

func (c *Client) notify() integrations.Kind {
	return integrations.Kind{
		Name:     "slack.notify",
		Settling: integrations.Repeat,
		Lane:     channelLane,
		Perform: integrations.Performing(func(ctx context.Context, _ integrations.Call, n Notify) (Posted, error) {
			form, err := message(n.Channel, n.Text, n.Blocks)
			if err != nil {
				return Posted{}, err
			}
			return c.send(ctx, "chat.postMessage", form)
		}),
		Observed: observedShow,
	}
}

func (c *Client) whisper() integrations.Kind {
	return integrations.Kind{
		Name:     "slack.whisper",
		Settling: integrations.BestEffort,
		Lane:     lane(laneWhisper),
		Perform: integrations.Performing(func(ctx context.Context, _ integrations.Call, w Whisper) (struct{}, error) {
			return struct{}{}, c.postEphemeral(ctx, w)
		}),
		Observed: func(integrations.Call) json.RawMessage { return json.RawMessage("{}") },
	}
}

func (c *Client) postEphemeral(ctx context.Context, w Whisper) error {
	options := []slack.MsgOption{slack.MsgOptionText(w.Text, false)}
	if w.ThreadTS != "" {
		options = append(options, slack.MsgOptionTS(w.ThreadTS))
	}
	const method = "chat.postEphemeral"
	ts, err := attempt(ctx, method, func(ctx context.Context) (string, error) {
		return c.api.PostEphemeralContext(ctx, w.Channel, w.User, options...)
	})
	if err == nil && ts == "" {
		return broken(method)
	}
	return err
}
