package slack

import (
	"cmp"
	"strings"

	"supportbot/integrations"
)

// optional are the methods that the bot can do without, each with what is off then.
var optional = map[string]string{
	lanePerson:  "names of people and their languages: ids stand for names, and only text with kana is answered in Japanese",
	LaneGroups:  "names of groups, and who is in the support team: nobody can close an issue by a button",
	laneFile:    "what stands in files: they are linked to",
	laneWhisper: "what is said to one person alone in a channel",
	LaneChannel: "names of channels, what was said in a thread before its mention, and what was missed while no socket was open",
	LaneReplies: "what was said in a thread before its mention, and answers that were missed while no socket was open",
	LaneHistory: "what was missed while no socket was open",
	LaneMine:    "what was missed while no socket was open",
	LaneList:    "joining channels",
	LaneJoin:    "joining channels",
}

// Lacking returns the method that a server does not know, if e says that, and what is off for it.
func Lacking(e *integrations.Error) (method, off string) {
	if e.Code != integrations.UnknownMethod {
		return "", ""
	}
	method = strings.TrimPrefix(e.Op, "slack: ")
	return method, cmp.Or(optional[method], "what rests on it")
}
