package slack

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"supportbot/integrations"
	"supportbot/integrations/redact"
)

// A Read is the payload of slack.read_person, slack.read_channel and slack.read_file: whom or what to read.
type Read struct {
	ID string `json:"id"`
}

// A Person is the result of slack.read_person.
type Person struct {
	ID       string `json:"id"`
	Name     string `json:"name"`           // display name, else real name, else user name
	Locale   string `json:"locale"`         // such as "ja-JP"; empty if the server doesn't say
	Zone     string `json:"zone,omitempty"` // such as "Asia/Tokyo"; likewise
	Bot      bool   `json:"bot"`
	Deleted  bool   `json:"deleted"`
	Stranger bool   `json:"stranger"` // of another company, met in a shared channel
}

// A Channel is the result of slack.read_channel.
type Channel struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Private   bool   `json:"private"`
	IM        bool   `json:"im"`                // a direct message, also of several people
	Several   bool   `json:"several,omitempty"` // a direct message of several people
	ExtShared bool   `json:"ext_shared"`        // with another company
	Archived  bool   `json:"archived"`
	Member    bool   `json:"member"` // the bot is in it

	Created time.Time `json:"-"`
}

// Type is what events call c's sort: "channel" if it is public, else "group", "im" or "mpim" (channel_type in
// docs.slack.dev/reference/events/message).
func (c Channel) Type() string {
	switch {
	case c.Several:
		return "mpim"
	case c.IM:
		return "im"
	case c.Private:
		return "group"
	}
	return "channel"
}

// A Group is a user group, an element of the result of slack.read_groups.
type Group struct {
	ID       string   `json:"id"`
	Handle   string   `json:"handle"` // without "@"
	Name     string   `json:"name"`
	Members  []string `json:"members"` // ids
	Disabled bool     `json:"disabled"`
}

// Slackbot is who sends Slack's own notices, as a person and not as a bot.
const Slackbot = "USLACKBOT"

// Person reads a person or bot (users.info).
func (c *Client) Person(ctx context.Context, id string) (Person, error) {
	const method = "users.info"
	u, err := attempt(ctx, method, func(ctx context.Context) (*slack.User, error) {
		return c.api.GetUserInfoContext(ctx, id, slack.GetUserInfoOptionIncludeLocale(true))
	})
	if err != nil {
		return Person{}, err
	}
	if u.ID == "" {
		return Person{}, broken(method)
	}
	p := Person{
		ID: u.ID, Locale: u.Locale, Bot: u.IsBot || u.ID == Slackbot, Deleted: u.Deleted, Stranger: u.IsStranger,
		Name: cmp.Or(u.Profile.DisplayName, u.Profile.RealName, u.RealName, u.Name),
	}
	if !p.Bot { // nobody lives in a bot's
		p.Zone = u.TZ
	}
	return p, nil
}

// Channel reads a channel or conversation (conversations.info).
func (c *Client) Channel(ctx context.Context, id string) (Channel, error) {
	const method = "conversations.info"
	ch, err := attempt(ctx, method, func(ctx context.Context) (*slack.Channel, error) {
		return c.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
	})
	if err != nil {
		return Channel{}, err
	}
	if ch.ID == "" {
		return Channel{}, broken(method)
	}
	return channelOf(ch), nil
}

// Groups reads all user groups with their members, those switched off too (usergroups.list), of each workspace.
func (c *Client) Groups(ctx context.Context) ([]Group, error) {
	workspaces, err := c.workspaces(ctx, false)
	if err != nil {
		return nil, err
	}
	all := []Group{}
	for _, workspace := range workspaces {
		groups, err := c.groupsOf(ctx, workspace)
		if err != nil {
			return nil, err
		}
		for _, g := range groups { // one of the whole organisation is in the list of each workspace
			if !slices.ContainsFunc(all, func(known Group) bool { return known.ID == g.ID }) {
				all = append(all, g)
			}
		}
	}
	return all, nil
}

func (c *Client) groupsOf(ctx context.Context, workspace string) ([]Group, error) {
	const method = "usergroups.list"
	options := []slack.GetUserGroupsOption{slack.GetUserGroupsOptionIncludeUsers(true), slack.GetUserGroupsOptionIncludeDisabled(true)}
	if workspace != "" {
		options = append(options, slack.GetUserGroupsOptionTeamID(workspace))
	}
	list, err := attempt(ctx, method, func(ctx context.Context) ([]slack.UserGroup, error) {
		return c.api.GetUserGroupsContext(ctx, options...)
	})
	if err != nil {
		return nil, err
	}
	if list == nil { // of a workspace without groups it is empty
		return nil, broken(method)
	}
	groups := make([]Group, len(list))
	for i, g := range list {
		groups[i] = Group{ID: g.ID, Handle: g.Handle, Name: g.Name, Members: g.Users, Disabled: g.DateDelete > 0}
	}
	return groups, nil
}

// Names may hold secrets too: the kinds redact what they read.

func (c *Client) readPerson(r *redact.Redactor) integrations.Kind {
	return integrations.Kind{
		Name: "slack.read_person", Settling: integrations.Idempotent, Read: true, Lane: lane(lanePerson),
		Perform: integrations.Performing(func(ctx context.Context, _ integrations.Call, asked Read) (Person, error) {
			p, err := c.Person(ctx, asked.ID)
			p.Name, _ = r.TypedString(p.Name)
			return p, err
		}),
	}
}

func (c *Client) readChannel(r *redact.Redactor) integrations.Kind {
	return integrations.Kind{
		Name: "slack.read_channel", Settling: integrations.Idempotent, Read: true, Lane: lane(LaneChannel),
		Perform: integrations.Performing(func(ctx context.Context, _ integrations.Call, asked Read) (Channel, error) {
			ch, err := c.Channel(ctx, asked.ID)
			ch.Name, _ = r.TypedString(ch.Name)
			return ch, err
		}),
	}
}

func (c *Client) readGroups(r *redact.Redactor) integrations.Kind {
	return integrations.Kind{
		Name: "slack.read_groups", Settling: integrations.Idempotent, Read: true, Lane: lane(LaneGroups),
		Perform: integrations.Performing(func(ctx context.Context, _ integrations.Call, _ struct{}) ([]Group, error) {
			groups, err := c.Groups(ctx)
			for i := range groups {
				groups[i].Handle, _ = r.TypedString(groups[i].Handle)
				groups[i].Name, _ = r.TypedString(groups[i].Name)
			}
			return groups, err
		}),
	}
}
