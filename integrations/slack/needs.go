// Package slack is the bot's client of Slack: sockets, and the kinds of action that it performs there.
package slack

// A Need is a permission that a part of the bot uses, and why. The app manifest asks for the sum of all
// needs, and for nothing else.
type Need struct {
	Scope  string   // bot token scope
	Events []string // events subscribed with it
	Why    string   // completes "needed to …", for the person who installs the app
}

// Needs returns what the kinds of this package use.
func Needs() []Need {
	return []Need{
		{Scope: "chat:write", Why: "answer in threads, and tell people what concerns only them"},
		{Scope: "channels:history", Why: "see whether an answer of its own arrived after the connection broke"},
		{Scope: "channels:read", Why: "name channels, and keep out what is shared with other companies"},
		{Scope: "files:read", Why: "show short text files and logs that come with a request, less their secrets"},
		{Scope: "users:read", Why: "name people, and answer in their language"},
		{Scope: "usergroups:read", Why: "name groups, and know who is in the support team"},
	}
}
