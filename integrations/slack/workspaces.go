package slack

import (
	"context"
	"strings"

	"github.com/slack-go/slack"
)

// maxWorkspaces is how many workspaces are listed at once, and the most that Slack gives
// (docs.slack.dev/reference/methods/auth.teams.list).
const maxWorkspaces = 1000

// workspaces returns of which workspaces lists are to be read: one, which needs no id; or, if the app is installed in a
// whole organisation, those that it was approved for (auth.teams.list). There Slack gives no list without the id of a
// workspace (docs.slack.dev/enterprise/developing-for-enterprise-orgs). What is known of them does unless it must be fresh.
// Who the bot is must have been asked before.
func (c *Client) workspaces(ctx context.Context, fresh bool) ([]string, error) {
	c.mu.Lock()
	self, ids := c.self, c.approved
	c.mu.Unlock()
	switch {
	case self == nil || !self.wholeOrganisation():
		return []string{""}, nil
	case len(ids) > 0 && !fresh:
		return ids, nil
	}
	return c.askWorkspaces(ctx)
}

func (c *Client) askWorkspaces(ctx context.Context) (ids []string, err error) {
	const method = "auth.teams.list"
	teams, err := attempt(ctx, method, func(ctx context.Context) ([]slack.Team, error) {
		teams, _, err := c.api.ListTeamsContext(ctx, slack.ListTeamsParameters{Limit: maxWorkspaces})
		return teams, err
	})
	if err != nil {
		return nil, err
	}
	for _, t := range teams {
		ids = append(ids, t.ID)
	}
	if len(ids) == 0 {
		return nil, broken(method)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.approved = ids
	return ids, nil
}

// wholeOrganisation says whether the app is installed in an organisation, of which the bot then says to be in place of a
// workspace.
func (i Identity) wholeOrganisation() bool { return strings.HasPrefix(i.TeamID, "E") }
