package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"supportbot/integrations"
	"supportbot/integrations/slack"
)

// slack checks the tokens, the scopes, the support group and the ops channel.
func (r *report) slack(ctx context.Context, s Settings, secrets Secrets) {
	r.section("Slack, " + s.Slack.APIURL)
	client := slack.New(slack.Config{
		APIURL: s.Slack.APIURL, BotToken: secrets.SlackBot.Reveal(), AppToken: secrets.SlackApp.Reveal(),
	})
	if secrets.SlackApp.IsZero() {
		r.note("sockets: not checked without SLACK_APP_TOKEN")
	} else {
		r.appToken(ctx, client)
	}
	if secrets.SlackBot.IsZero() {
		r.note("bot: not checked without SLACK_BOT_TOKEN")
		return
	}
	self, err := client.Identity(ctx)
	if err != nil {
		r.vital(err, "bot token")
		return
	}
	r.good("bot token: user %s in %s", self.UserID, self.WorkspaceURL)
	r.scopes(self.Scopes)
	if members := r.supportGroup(ctx, client, s.Slack.SupportGroup); len(members) > 0 {
		r.channels(ctx, client, s, members)
	}
	r.opsChannel(ctx, client, s.Slack.OpsChannel)
}

func (r *report) appToken(ctx context.Context, client *slack.Client) {
	err := client.TestAppToken(ctx)
	switch e := integrations.AsError(err); {
	case err == nil:
		r.good("app token: may open sockets")
	case e.Code == "missing_scope":
		r.miss("app token: lacks the scope connections:write")
		r.next("Make one with it: Basic Information, App-Level Tokens.")
	default:
		r.vital(err, "app token")
	}
}

// scopes compares those granted with those needed. granted is empty if the server doesn't say.
func (r *report) scopes(granted []string) {
	if len(granted) == 0 {
		r.warn("scopes: this server doesn't say which the bot token has")
		return
	}
	var needed []string
	lacks := false
	for _, a := range asks(needs()) {
		needed = append(needed, a.scope)
		if !slices.Contains(granted, a.scope) {
			lacks = true
			r.miss("scope %s is missing; it is needed to %s", a.scope, strings.Join(a.whys, "; "))
		}
	}
	if lacks {
		r.next("Add it under OAuth & Permissions (or paste the output of supportbot manifest), then install the app again.")
	} else {
		r.good("scopes: %s", strings.Join(needed, ", "))
	}
	var unused []string
	for _, scope := range granted {
		if !slices.Contains(needed, scope) {
			unused = append(unused, scope)
		}
	}
	if len(unused) > 0 {
		r.note("scopes granted but not used: %s", strings.Join(unused, ", "))
	}
}

// maxNames is how many members of the support group are named.
const maxNames = 10

// supportGroup checks the group, and returns who is in it.
func (r *report) supportGroup(ctx context.Context, client *slack.Client, id string) (team []string) {
	what := "support group " + id
	groups, err := client.Groups(ctx)
	if err != nil {
		r.failed(err, what)
		return nil
	}
	i := slices.IndexFunc(groups, func(g slack.Group) bool { return g.ID == id })
	switch {
	case i < 0:
		r.miss("%s: there is none with this id", what)
		r.next("%s", groupsThere(groups))
	case groups[i].Disabled:
		r.miss("%s: @%s is switched off, so nobody can mention it", what, groups[i].Handle)
		r.next("Switch it on under People & user groups.")
	case len(groups[i].Members) == 0:
		r.warn("%s: @%s has no members", what, groups[i].Handle)
	default:
		names, nameless := members(ctx, client, groups[i].Members)
		r.good("%s: @%s, %s", what, groups[i].Handle, names)
		if nameless {
			r.warn("names: this server doesn't know users.info, so ids stand in for people's names in issues")
		}
		return groups[i].Members
	}
	return nil
}

// groupsThere lists the groups of which one may have been meant.
func groupsThere(groups []slack.Group) string {
	var there []string
	for _, g := range groups {
		if !g.Disabled && len(there) < maxNames {
			there = append(there, fmt.Sprintf("%s (@%s)", g.ID, g.Handle))
		}
	}
	if len(there) == 0 {
		return "The workspace has no user group: make one under People & user groups, and put its id into slack.support_group."
	}
	return "Put one of these into slack.support_group: " + strings.Join(there, ", ") + "."
}

// members names people. An id stands in for a name that can't be read: a missing scope has been told of. nameless says that
// the server has no names.
func members(ctx context.Context, client *slack.Client, ids []string) (list string, nameless bool) {
	var names []string
	for _, id := range ids[:min(len(ids), maxNames)] {
		p, err := client.Person(ctx, id)
		switch {
		case err != nil || p.Name == "":
			nameless = nameless || err != nil && integrations.AsError(err).Code == integrations.UnknownMethod
			names = append(names, id)
		case p.Deleted:
			names = append(names, p.Name+" (deactivated)")
		default:
			names = append(names, p.Name)
		}
	}
	if more := len(ids) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return plural(len(ids), "member", "members") + ": " + strings.Join(names, ", "), nameless
}

func (r *report) opsChannel(ctx context.Context, client *slack.Client, id string) {
	if id == "" {
		r.note("ops channel: none set, so alarms go to the log only")
		return
	}
	what := "ops channel " + id
	channel, err := client.Channel(ctx, id)
	switch e := integrations.AsError(err); {
	case err != nil && e.Code == "channel_not_found":
		r.miss("%s: there is none with this id that the bot can see", what)
		r.next("Is it of this workspace? If it is private, invite the bot there.")
	case err != nil:
		r.failed(err, what)
	case channel.Archived:
		r.miss("%s: #%s is archived", what, channel.Name)
	case channel.IM:
		r.miss("%s: it is a direct message, not a channel", what)
	case !channel.Member:
		r.miss("%s: the bot is not in #%s", what, channel.Name)
		r.next("Invite it there: /invite and the bot's name.")
	case channel.ExtShared:
		r.warn("%s: #%s is shared with another company, which will read the alarms", what, channel.Name)
	default:
		r.good("%s: #%s, and the bot is in it", what, channel.Name)
	}
}
