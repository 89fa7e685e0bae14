package bot

import "supportbot/integrations/slack"

// Needs returns what the machine itself uses, to keep the directory fresh, to know where the bot is, and to find what
// was not heard.
func Needs() []slack.Need {
	return []slack.Need{
		{Scope: "channels:read", Events: []string{"channel_rename"}, Why: "notice when a channel gets another name"},
		{
			Scope:  "channels:read",
			Events: []string{"channel_archive", "channel_created", "channel_id_changed", "channel_unarchive", "member_joined_channel"},
			Why:    "know which channels there are, and in which the bot is",
		},
		{Scope: "groups:read", Events: []string{"group_archive", "group_rename", "group_unarchive"}, Why: "know in which private channels the bot is"},
		{Scope: "im:read", Why: "know in which direct messages the bot is"},
		{Scope: "mpim:read", Why: "know in which group messages the bot is"},
		{Scope: "channels:join", Why: "join public channels, as slack.join says"},
		{Scope: "channels:history", Why: "find what was said while no connection was open, and read threads whole"},
		{Scope: "users:read", Events: []string{"user_change"}, Why: "notice when a person gets another name or language"},
		{Scope: "usergroups:read", Events: []string{"subteam_updated"}, Why: "notice when a group changes"},
	}
}
