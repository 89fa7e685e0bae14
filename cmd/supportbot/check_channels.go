package main

import (
	"context"
	"slices"
	"strings"

	"supportbot/bot"
	"supportbot/integrations/slack"
)

// listings is how many lists of channels check reads at most: Slack allows twenty a minute.
const listings = 15

// channels lists the public channels where members of the support group are without the bot: nobody is heard there.
func (r *report) channels(ctx context.Context, client *slack.Client, s Settings, members []string) {
	left := listings
	ours, whole, err := publicChannelsOf(ctx, client, "", &left)
	if err != nil {
		r.failed(err, "channels")
		return
	}
	without := map[string]bool{}
	for _, member := range members {
		theirs, all, err := publicChannelsOf(ctx, client, member, &left)
		if err != nil {
			r.failed(err, "channels of "+member)
			return
		}
		whole = whole && all
		for id, name := range theirs {
			if ours[id] == "" {
				without["#"+name] = true
			}
		}
	}
	r.without(without, s)
	if !whole {
		r.note("channels: there are more than were looked at")
	}
}

func (r *report) without(channels map[string]bool, s Settings) {
	var names []string
	for name := range channels {
		names = append(names, name)
	}
	slices.Sort(names)
	switch {
	case len(names) == 0:
		r.good("channels: of those that were looked at, the bot is in each public one where members of the group are")
		return
	case s.Slack.Join == JoinPublic && s.Mode == bot.Live:
		r.note("channels: the bot will join, when it runs, %s", shortened(names))
	default:
		r.warn("channels: members of the group are there, but the bot is not and hears nobody: %s", shortened(names))
		r.next("Invite it there, /invite and the bot's name, or set slack.join to public.")
	}
}

// shortened names the first of a list.
func shortened(names []string) string {
	if more := len(names) - maxNames; more > 0 {
		return strings.Join(names[:maxNames], ", ") + " and " + plural(more, "more", "more")
	}
	return strings.Join(names, ", ")
}

// publicChannelsOf returns the names, by id, of public channels of a person, or of the bot if user is empty, that are
// not shared with other companies. whole is false if calls ran out.
func publicChannelsOf(ctx context.Context, client *slack.Client, user string, left *int) (names map[string]string, whole bool, err error) {
	names = map[string]string{}
	for cursor := ""; *left > 0; {
		*left--
		page, next, err := client.ChannelsOf(ctx, user, "public_channel", cursor)
		if err != nil {
			return nil, false, err
		}
		for _, c := range page {
			if !c.ExtShared || user == "" {
				names[c.ID] = c.Name
			}
		}
		if next == "" {
			return names, true, nil
		}
		cursor = next
	}
	return names, false, nil
}
