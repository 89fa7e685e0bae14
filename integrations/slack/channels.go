package slack

import (
	"context"
	"slices"
	"strings"

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
	return c.listChannels(ctx, LaneMine, cursor, func(ctx context.Context, workspace, cursor string) ([]slack.Channel, string, error) {
		return c.api.GetConversationsForUserContext(ctx, &slack.GetConversationsForUserParameters{
			UserID: user, Types: []string{listType}, ExcludeArchived: true, Limit: channelsPage, Cursor: cursor, TeamID: workspace,
		})
	})
}

// PublicChannels reads a page of the public channels, without archived ones (conversations.list).
func (c *Client) PublicChannels(ctx context.Context, cursor string) (page []Channel, next string, err error) {
	return c.listChannels(ctx, LaneList, cursor, func(ctx context.Context, workspace, cursor string) ([]slack.Channel, string, error) {
		return c.api.GetConversationsContext(ctx, &slack.GetConversationsParameters{
			Types: []string{"public_channel"}, ExcludeArchived: true, Limit: channelsPage, Cursor: cursor, TeamID: workspace,
		})
	})
}

// listChannels reads a page of the list of one workspace after the other. A cursor of ours is the workspace and Slack's.
func (c *Client) listChannels(ctx context.Context, method, cursor string,
	list func(ctx context.Context, workspace, cursor string) ([]slack.Channel, string, error)) (page []Channel, next string, err error) {
	workspaces, err := c.workspaces(ctx, cursor == "")
	if err != nil {
		return nil, "", err
	}
	workspace, at, begun := strings.Cut(cursor, " ")
	if !begun {
		workspace = workspaces[0]
	}
	listed, err := attempt(ctx, method, func(ctx context.Context) (listed []slack.Channel, err error) {
		listed, next, err = list(ctx, workspace, at)
		return listed, err
	})
	for i := range listed {
		page = append(page, channelOf(&listed[i]))
	}
	switch i := slices.Index(workspaces, workspace); {
	case err != nil:
		return nil, "", err
	case next != "":
		next = workspace + " " + next
	case i >= 0 && i+1 < len(workspaces):
		next = workspaces[i+1] + " "
	}
	return page, next, nil
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
