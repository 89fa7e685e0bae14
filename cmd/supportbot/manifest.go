package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"supportbot/bot"
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
	all := append(slack.Needs(), bot.Needs()...)
	list, err := handlers(defaultSettings(), slack.Identity{})
	if err != nil {
		panic(err) // nothing in it depends on anything outside of the program
	}
	for _, h := range list {
		all = append(all, h.Needs...)
	}
	return all
}

// An ask is what is asked of Slack for one scope, by all who need it.
type ask struct {
	scope  string
	events []string // each only at the first scope that names it
	whys   []string
}

// asks returns needs with each scope and each event once, sorted by scope.
func asks(needs []slack.Need) []ask {
	byScope := map[string]*ask{}
	events := map[string]bool{}
	for _, n := range needs {
		a := byScope[n.Scope]
		if a == nil {
			a = &ask{scope: n.Scope}
			byScope[n.Scope] = a
		}
		if !slices.Contains(a.whys, n.Why) {
			a.whys = append(a.whys, n.Why)
		}
		for _, event := range n.Events {
			if !events[event] {
				events[event] = true
				a.events = append(a.events, event)
			}
		}
	}
	var list []ask
	for _, scope := range slices.Sorted(maps.Keys(byScope)) {
		list = append(list, *byScope[scope])
	}
	return list
}

// writeManifest writes the app manifest as YAML. It is written by hand, for the comments.
// Its form: https://docs.slack.dev/reference/app-manifest.
func writeManifest(w io.Writer, needs []slack.Need) error {
	var scopes, events strings.Builder
	for _, a := range asks(needs) {
		for _, why := range a.whys {
			fmt.Fprintf(&scopes, "      # %s\n", why)
		}
		fmt.Fprintf(&scopes, "      - %s\n", a.scope)
		for _, event := range a.events {
			fmt.Fprintf(&events, "      - %s # with %s\n", event, a.scope)
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
    messages_tab_read_only_enabled: false # what people write there is a request
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
