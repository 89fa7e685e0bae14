package slack

import (
	"context"
	"net/url"

	"supportbot/integrations"
)

// A Read is the payload of slack.read_person and slack.read_channel: whom to read.
type Read struct {
	ID string `json:"id"`
}

// A Person is the result of slack.read_person.
type Person struct {
	ID       string `json:"id"`
	Name     string `json:"name"`   // display name, else real name, else user name
	Locale   string `json:"locale"` // such as "ja-JP"; empty if the server doesn't say
	Bot      bool   `json:"bot"`
	Deleted  bool   `json:"deleted"`
	Stranger bool   `json:"stranger"` // of another company, met in a shared channel
}

// A Channel is the result of slack.read_channel.
type Channel struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Private   bool   `json:"private"`
	IM        bool   `json:"im"`         // a direct message, also of several people
	ExtShared bool   `json:"ext_shared"` // with another company
	Archived  bool   `json:"archived"`
}

// A Group is a user group, an element of the result of slack.read_groups.
type Group struct {
	ID       string   `json:"id"`
	Handle   string   `json:"handle"` // without "@"
	Name     string   `json:"name"`
	Members  []string `json:"members"` // ids
	Disabled bool     `json:"disabled"`
}

// slackbot is the one bot that users.info does not call a bot.
const slackbot = "USLACKBOT"

// Person reads a person or bot (users.info).
func (c *Client) Person(ctx context.Context, id string) (Person, error) {
	var out struct {
		answer
		User struct {
			ID       string `json:"id"`
			Name     string `json:"name"`
			RealName string `json:"real_name"`
			Locale   string `json:"locale"`
			IsBot    bool   `json:"is_bot"`
			Deleted  bool   `json:"deleted"`
			Stranger bool   `json:"is_stranger"`
			Profile  struct {
				DisplayName string `json:"display_name"`
				RealName    string `json:"real_name"`
			} `json:"profile"`
		} `json:"user"`
	}
	if err := c.call(ctx, "users.info", url.Values{"user": {id}, "include_locale": {"true"}}, &out); err != nil {
		return Person{}, err
	}
	u := out.User
	return Person{
		ID: u.ID, Locale: u.Locale, Bot: u.IsBot || u.ID == slackbot, Deleted: u.Deleted, Stranger: u.Stranger,
		Name: first(u.Profile.DisplayName, u.Profile.RealName, u.RealName, u.Name),
	}, nil
}

func first(names ...string) string {
	for _, name := range names {
		if name != "" {
			return name
		}
	}
	return ""
}

// Channel reads a channel or conversation (conversations.info).
func (c *Client) Channel(ctx context.Context, id string) (Channel, error) {
	var out struct {
		answer
		Channel struct {
			ID          string `json:"id"`
			Name        string `json:"name"`
			IsPrivate   bool   `json:"is_private"`
			IsGroup     bool   `json:"is_group"`
			IsIM        bool   `json:"is_im"`
			IsMPIM      bool   `json:"is_mpim"`
			IsExtShared bool   `json:"is_ext_shared"`
			IsArchived  bool   `json:"is_archived"`
		} `json:"channel"`
	}
	if err := c.call(ctx, "conversations.info", url.Values{"channel": {id}}, &out); err != nil {
		return Channel{}, err
	}
	ch := out.Channel
	return Channel{
		ID: ch.ID, Name: ch.Name, IM: ch.IsIM || ch.IsMPIM, ExtShared: ch.IsExtShared, Archived: ch.IsArchived,
		Private: ch.IsPrivate || ch.IsGroup || ch.IsIM || ch.IsMPIM,
	}, nil
}

// Groups reads all user groups with their members, those switched off too (usergroups.list).
func (c *Client) Groups(ctx context.Context) ([]Group, error) {
	var out struct {
		answer
		Groups []struct {
			ID         string   `json:"id"`
			Handle     string   `json:"handle"`
			Name       string   `json:"name"`
			Users      []string `json:"users"`
			DateDelete int64    `json:"date_delete"`
		} `json:"usergroups"`
	}
	form := url.Values{"include_users": {"true"}, "include_disabled": {"true"}}
	if err := c.call(ctx, "usergroups.list", form, &out); err != nil {
		return nil, err
	}
	groups := make([]Group, len(out.Groups))
	for i, g := range out.Groups {
		groups[i] = Group{ID: g.ID, Handle: g.Handle, Name: g.Name, Members: g.Users, Disabled: g.DateDelete > 0}
	}
	return groups, nil
}

func (c *Client) readPerson() integrations.Kind {
	return integrations.Kind{
		Name: "slack.read_person", Settling: integrations.Idempotent, Read: true, Lane: lane(lanePerson),
		Perform: perform(func(ctx context.Context, _ integrations.Call, r Read) (Person, error) { return c.Person(ctx, r.ID) }),
	}
}

func (c *Client) readChannel() integrations.Kind {
	return integrations.Kind{
		Name: "slack.read_channel", Settling: integrations.Idempotent, Read: true, Lane: lane(laneChannel),
		Perform: perform(func(ctx context.Context, _ integrations.Call, r Read) (Channel, error) { return c.Channel(ctx, r.ID) }),
	}
}

func (c *Client) readGroups() integrations.Kind {
	return integrations.Kind{
		Name: "slack.read_groups", Settling: integrations.Idempotent, Read: true, Lane: lane(laneGroups),
		Perform: perform(func(ctx context.Context, _ integrations.Call, _ struct{}) ([]Group, error) { return c.Groups(ctx) }),
	}
}
