package slack

import (
	"context"

	"github.com/slack-go/slack"
)

// ChannelTypes are the types of conversation under the names that lists have for them, by those that events have
// (docs.slack.dev/reference/methods/users.conversations). Each needs a scope of its own to be listed.
var ChannelTypes = [...]struct{ Event, List string }{
	{"channel", "public_channel"}, {"group", "private_channel"}, {"mpim", "mpim"}, {"im", "im"},
}

// channelsPage is how many channels Slack advises to ask for at once (docs.slack.dev/reference/methods/conversations.list).
const channelsPage = 200

// ChannelsOf reads a page of the conversations of a type that a person is in, of which the bot may know, without
// archived ones; those of the bot itself if user is empty (users.conversations). next is the cursor of the next page,
// empty after the last.
func (c *Client) ChannelsOf(ctx context.Context, user, listType, cursor string) (page []Channel, next string, err error) {
	return listChannels(ctx, LaneMine, func(ctx context.Context) ([]slack.Channel, string, error) {
		return c.api.GetConversationsForUserContext(ctx, &slack.GetConversationsForUserParameters{
			UserID: user, Types: []string{listType}, ExcludeArchived: true, Limit: channelsPage, Cursor: cursor,
		})
	})
}

// PublicChannels reads a page of the public channels of the workspace, without archived ones (conversations.list).
func (c *Client) PublicChannels(ctx context.Context, cursor string) (page []Channel, next string, err error) {
	return listChannels(ctx, LaneList, func(ctx context.Context) ([]slack.Channel, string, error) {
		return c.api.GetConversationsContext(ctx, &slack.GetConversationsParameters{
			Types: []string{"public_channel"}, ExcludeArchived: true, Limit: channelsPage, Cursor: cursor,
		})
	})
}

func listChannels(ctx context.Context, method string, list func(context.Context) ([]slack.Channel, string, error)) (page []Channel, next string, err error) {
	listed, err := attempt(ctx, method, func(ctx context.Context) (listed []slack.Channel, err error) {
		listed, next, err = list(ctx)
		return listed, err
	})
	for i := range listed {
		page = append(page, channelOf(&listed[i]))
	}
	return page, next, err
}

// Join makes the bot a member of a public channel (conversations.join).
func (c *Client) Join(ctx context.Context, id string) error {
	_, err := attempt(ctx, LaneJoin, func(ctx context.Context) (*slack.Channel, error) {
		joined, _, _, err := c.api.JoinConversationContext(ctx, id)
		return joined, err
	})
	return err
}

func channelOf(ch *slack.Channel) Channel {
	return Channel{
		ID: ch.ID, Name: ch.Name, IM: ch.IsIM || ch.IsMpIM, Several: ch.IsMpIM, ExtShared: ch.IsExtShared, Archived: ch.IsArchived,
		Private: ch.IsPrivate || ch.IsGroup || ch.IsIM || ch.IsMpIM, Member: ch.IsMember,
		Created: ch.Created.Time().UTC(),
	}
}
