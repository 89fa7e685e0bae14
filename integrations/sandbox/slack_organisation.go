package sandbox

import (
	"slices"
)

// Organise installs the app in a whole organisation: the workspace becomes one of its two, the other one, named by its id,
// has some of the channels. There is one token for both, and lists want to be told of which workspace
// (docs.slack.dev/enterprise/developing-for-enterprise-orgs).
func (s *Slack) Organise(workspace string, channels ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sisters = map[string][]string{workspace: channels}
}

func (s *Slack) organised() bool { return s.sisters != nil }

// workspaceOf is the workspace in which a channel is.
func (s *Slack) workspaceOf(channel string) string {
	for id, channels := range s.sisters {
		if slices.Contains(channels, channel) {
			return id
		}
	}
	return slackTeam
}

// listedWorkspace reads the argument team_id. A token of one workspace ignores it; that of an organisation can't do
// without.
func (s *Slack) listedWorkspace(a slackArgs) (string, error) {
	id := a["team_id"]
	switch {
	case !s.organised():
		return slackTeam, nil
	case id == "":
		return "", refuse("missing_argument")
	case id != slackTeam && s.sisters[id] == nil:
		return "", refuse("team_access_not_granted")
	}
	return id, nil
}

func (s *Slack) authTeamsList(a slackArgs) (answer, error) {
	teams := []answer{{"id": slackTeam, "name": "Acme"}}
	for _, id := range sortedKeys(s.sisters) {
		teams = append(teams, answer{"id": id, "name": "Acme " + id})
	}
	return page("teams", teams, a, 100)
}
