package sandbox

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
)

func TestListsOfAnOrganisationWantAWorkspace(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	s.AddChannel(Channel{ID: "CSISTER", Name: "sister", Members: []string{s.BotUserID()}})
	s.AddGroup(Group{ID: "SGROUP", Handle: "group"})
	s.Organise("TSISTER", "CSISTER")
	c := aClient(s)
	lists := map[string]func(team string) (n int, err error){
		"conversations.list": func(team string) (int, error) {
			list, _, err := c.GetConversations(&slack.GetConversationsParameters{TeamID: team})
			return len(list), err
		},
		"users.conversations": func(team string) (int, error) {
			list, _, err := c.GetConversationsForUser(&slack.GetConversationsForUserParameters{TeamID: team})
			return len(list), err
		},
		"usergroups.list": func(team string) (int, error) {
			list, err := c.GetUserGroups(slack.GetUserGroupsOptionTeamID(team))
			return len(list), err
		},
	}
	for name, list := range lists {
		t.Run(name, func(t *testing.T) {
			for team, want := range map[string]string{"": "missing_argument", "TELSEWHERE": "team_access_not_granted"} {
				if _, err := list(team); err == nil || err.Error() != want {
					t.Errorf("of workspace %q: %v", team, err)
				}
			}
			if n, err := list(s.TeamID()); n == 0 || err != nil {
				t.Errorf("of our own there are %d, %v", n, err)
			}
			want := 1
			if name == "usergroups.list" {
				want = 0
			}
			if n, err := list("TSISTER"); n != want || err != nil {
				t.Errorf("of the other one there are %d, %v", n, err)
			}
		})
	}
	teams, _, err := c.ListTeams(slack.ListTeamsParameters{})
	var ids []string
	for _, team := range teams {
		ids = append(ids, team.ID)
	}
	if diff := cmp.Diff([]string{s.TeamID(), "TSISTER"}, ids); diff != "" || err != nil {
		t.Errorf("auth.teams.list: %v\n%s", err, diff)
	}
	self, err := c.AuthTest()
	if err != nil || self.TeamID != self.EnterpriseID || self.TeamID == s.TeamID() {
		t.Errorf("the bot is of %+v, %v", self, err)
	}
}
