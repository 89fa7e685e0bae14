// Package slack is the bot's client of Slack: sockets, and the kinds of action that it performs there.
package slack

// A Need is a permission that a part of the bot uses, and why. The app manifest asks for the sum of all
// needs, and for nothing else.
type Need struct {
	Scope  string   // bot token scope
	Events []string // events subscribed with it
	Why    string   // completes "needed to …", for the person who installs the app
}
