// Package alarm tells the operators, in their channel, what only they can mend: each matter once, until it is
// over.
package alarm

import (
	"encoding/json"
	"fmt"

	"github.com/slack-go/slack/slackutilsx"

	"supportbot/bot"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// New returns the handler. channel is the operators' Slack channel; empty if there is none: then the machine's
// log, which has all alarms, has to do.
func New(channel string, mode bot.Mode) bot.Handler {
	return bot.Handler{
		Prefix: bot.AlarmPrefix,
		Help:   "Operators are told once, in their channel, what only they can mend.",
		Needs:  []slack.Need{{Scope: "chat:write", Why: "tell the operators what only they can mend"}},
		Mode:   mode,
		Decide: func(v *store.View, e store.Event) (store.Decision, error) { return decide(v, e, channel) },
	}
}

// slot is where an alarm's notice is planned, so that it can be withdrawn if it is over before it was sent.
const slot = "notice"

func decide(v *store.View, e store.Event, channel string) (store.Decision, error) {
	var body bot.AlarmBody
	if e.Kind != bot.AlarmKind {
		return store.Decision{}, nil
	}
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return store.Decision{}, fmt.Errorf("read alarm: %w", err)
	}
	alarm, err := v.Alarm(body.What)
	if err != nil {
		return store.Decision{}, err
	}
	switch {
	case body.Over && alarm.Lasts():
		alarm.ClearedAt = e.At
		return store.Decision{Records: []store.Record{alarm}, Withdraw: []string{slot}}, nil
	case body.Over || alarm.Lasts():
		return store.Decision{}, nil
	}
	d := store.Decision{Records: []store.Record{&store.Alarm{What: body.What, Text: body.Text, RaisedAt: e.At}}}
	if channel != "" {
		notice, err := json.Marshal(slack.Notify{Channel: channel, Text: ":warning: " + slackutilsx.EscapeMessage(body.Text)})
		if err != nil {
			return store.Decision{}, err
		}
		d.Actions = []store.Action{{Kind: "slack.notify", Slot: slot, Body: notice}}
	}
	return d, nil
}
