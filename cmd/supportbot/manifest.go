package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"supportbot/integrations/slack"
)

type manifestCmd struct{}

func (manifestCmd) Help() string {
	return `Paste it at https://api.slack.com/apps under "Create New App", "From a manifest". It asks for what the bot uses and for nothing else. After an update of the bot, compare it with your app's and install the app again if scopes were added.`
}

func (manifestCmd) Run(e *environment) error {
	return writeManifest(e.stdout, needs())
}

// needs is all that the bot asks of Slack: the app manifest and check are made of it.
func needs() []slack.Need {
	return []slack.Need{
		{Scope: "channels:history", Events: []string{"message.channels"}, Why: "hear a mention of the support group in public channels"},
		{Scope: "channels:read", Events: []string{"channel_rename"}, Why: "name channels in issues, and tell those shared with other companies"},
		{Scope: "users:read", Events: []string{"user_change"}, Why: "name people in issues, and answer in their language"},
		{Scope: "usergroups:read", Events: []string{"subteam_updated", "subteam_members_changed"}, Why: "know the support group and who is in it"},
		{Scope: "chat:write", Why: "answer in threads, and write direct messages about secrets"},
	}
}

// merged returns needs with each scope once, sorted by scope, and each event once, at the first scope that
// names it.
func merged(needs []slack.Need) []slack.Need {
	byScope := map[string]*slack.Need{}
	events := map[string]bool{}
	var all []*slack.Need
	for _, n := range needs {
		m := byScope[n.Scope]
		if m == nil {
			m = &slack.Need{Scope: n.Scope, Why: n.Why}
			byScope[n.Scope] = m
			all = append(all, m)
		} else if !slices.Contains(strings.Split(m.Why, "; "), n.Why) {
			m.Why += "; " + n.Why
		}
		for _, event := range n.Events {
			if !events[event] {
				events[event] = true
				m.Events = append(m.Events, event)
			}
		}
	}
	slices.SortFunc(all, func(a, b *slack.Need) int { return strings.Compare(a.Scope, b.Scope) })
	list := make([]slack.Need, len(all))
	for i, m := range all {
		list[i] = *m
	}
	return list
}

// writeManifest writes the app manifest as YAML. It is written by hand, for the comments.
// Its form: https://docs.slack.dev/reference/app-manifest.
func writeManifest(w io.Writer, needs []slack.Need) error {
	var scopes, events strings.Builder
	for _, n := range merged(needs) {
		fmt.Fprintf(&scopes, "      - %s # %s\n", n.Scope, n.Why)
		for _, event := range n.Events {
			fmt.Fprintf(&events, "      - %s # with %s\n", event, n.Scope)
		}
	}
	_, err := fmt.Fprintf(w, manifest, scopes.String(), events.String())
	return err
}

const manifest = `# The Slack app of the support bot, as "supportbot manifest" prints it: it asks for what the bot uses, and for
# nothing else. Create the app from it at https://api.slack.com/apps, then make an app-level token with the
# scope connections:write under Basic Information, which no manifest can do.
_metadata:
  major_version: 2
display_information:
  name: Support Bot
  description: Makes a GitHub issue of each request for support, and answers in its thread
  background_color: "#1f3a5f"
features:
  app_home:
    home_tab_enabled: false
    messages_tab_enabled: true # the bot writes direct messages, about secrets it has withheld
    messages_tab_read_only_enabled: true # it doesn't read answers to them
  bot_user:
    display_name: support-bot
    always_online: true
oauth_config:
  scopes:
    bot:
%ssettings:
  event_subscriptions:
    bot_events:
%s  interactivity:
    is_enabled: true # for the buttons below the bot's messages
  org_deploy_enabled: false
  socket_mode_enabled: true # the bot opens the connection; nothing has to reach it from outside
  token_rotation_enabled: false # a token that expires would have to be renewed
`
