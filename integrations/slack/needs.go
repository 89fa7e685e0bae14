// Package slack is the bot's client of Slack: sockets, and the kinds of action that it performs there.
package slack

// A Need is a permission that a part of the bot uses, and why. The app manifest asks for the sum of all
// needs, and for nothing else.
type Need struct {
	Scope  string   // bot token scope
	Events []string // events subscribed with it
	Why    string   // completes "needed to …", for the person who installs the app
}

// Needs returns what the kinds of this package use, and the listening that all of the bot rests on.
func Needs() []Need {
	return []Need{
		{
			Scope: "chat:write", // chat.postMessage, chat.update, chat.postEphemeral
			Why:   "answer in threads, keep its answers up to date, and tell people what concerns only them",
		},
		{
			Scope:  "channels:history", // message.channels; conversations.replies and .history to settle slack.show
			Events: []string{"message.channels"},
			Why: "hear when someone asks for support in a public channel that it was invited to, and see whether an " +
				"answer of its own arrived after the connection broke",
		},
		{
			Scope: "channels:read", // conversations.info
			Why:   "name channels in issues, and keep out what is shared with other companies",
		},
		{
			Scope: "users:read", // users.info
			Why:   "name people in issues and answer in their language",
		},
		{
			Scope: "usergroups:read", // usergroups.list
			Why:   "check the support group that people mention, and name groups in issues",
		},
	}
}
