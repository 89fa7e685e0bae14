package sandbox

import (
	"strings"
	"time"
)

func (s *Slack) authTest(slackArgs) (answer, error) {
	self := answer{
		"url": "https://" + slackDomain + ".slack.com/", "team": "Acme", "team_id": slackTeam,
		"user": s.people[slackBotUser].Name, "user_id": slackBotUser, "bot_id": slackBot, "is_enterprise_install": s.organised(),
	}
	if s.organised() { // it calls itself a team (github.com/onyx-dot-app/onyx/pull/6960)
		self["url"], self["team_id"], self["enterprise_id"] = "https://"+slackDomain+".enterprise.slack.com/", slackOrg, slackOrg
	}
	return self, nil
}

func (s *Slack) botsInfo(a slackArgs) (answer, error) {
	if a["bot"] != slackBot {
		return nil, refuse("bot_not_found")
	}
	return answer{"bot": answer{
		"id": slackBot, "deleted": false, "name": s.people[slackBotUser].DisplayName, "updated": 1500000000,
		"app_id": slackApp, "user_id": slackBotUser, "icons": answer{},
	}}, nil
}

func (s *Slack) usersInfo(a slackArgs) (answer, error) {
	p := s.people[a["user"]]
	if p == nil {
		return nil, refuse("user_not_found")
	}
	return answer{"user": s.user(p, a.on("include_locale"))}, nil
}

func (s *Slack) usersLookupByEmail(a slackArgs) (answer, error) {
	for _, p := range s.people {
		if strings.EqualFold(p.Email, a["email"]) && !p.Deleted && !p.External {
			return answer{"user": s.user(p, false)}, nil
		}
	}
	return nil, refuse("users_not_found")
}

// usersList leaves out people of other companies, whom users.info gives.
func (s *Slack) usersList(a slackArgs) (answer, error) {
	workspace, err := s.listedWorkspace(a)
	if err != nil {
		return nil, err
	}
	found := []answer{}
	for _, id := range sortedKeys(s.people) {
		if p := s.people[id]; !p.External && workspace == slackTeam {
			found = append(found, s.user(p, a.on("include_locale")))
		}
	}
	result, err := page("members", found, a, maxPage)
	if err != nil {
		return nil, err
	}
	result["cache_ts"] = s.clock.Now().Unix()
	return result, nil
}

// user is p as Slack describes people to the app.
func (s *Slack) user(p *Person, withLocale bool) answer {
	profile := answer{
		"real_name": p.DisplayName, "real_name_normalized": p.DisplayName,
		"display_name": p.DisplayName, "display_name_normalized": p.DisplayName, "team": slackTeam,
	}
	u := answer{
		"id": p.ID, "team_id": slackTeam, "name": p.Name, "real_name": p.DisplayName, "deleted": p.Deleted,
		"is_bot": p.Bot, "is_app_user": false, "updated": 1500000000, "profile": profile,
	}
	if p.ID == slackBotUser {
		profile["bot_id"], profile["api_app_id"] = slackBot, slackApp
	}
	if p.External {
		u["team_id"], profile["team"], u["is_stranger"] = strangerTeam, strangerTeam, true
		return u
	}
	if p.Deleted {
		return u
	}
	u["is_admin"], u["is_owner"], u["is_primary_owner"] = false, false, false
	u["is_restricted"], u["is_ultra_restricted"] = p.Guest || p.OneChannel, p.OneChannel
	u["tz"], u["tz_label"], u["tz_offset"] = p.TZ, p.TZ, zoneOffset(p.TZ, s.clock.Now())
	if s.scopes["users:read.email"] && !p.Bot {
		profile["email"] = p.Email
	}
	if withLocale {
		u["locale"] = p.Locale
	}
	return u
}

// zoneOffset is how far a zone is ahead of UTC, in seconds; 0 if it isn't known.
func zoneOffset(zone string, now time.Time) int {
	place, err := time.LoadLocation(zone)
	if err != nil {
		return 0
	}
	_, offset := now.In(place).Zone()
	return offset
}

func (s *Slack) usergroupsList(a slackArgs) (answer, error) {
	workspace, err := s.listedWorkspace(a)
	if err != nil {
		return nil, err
	}
	found := []answer{}
	for _, id := range sortedKeys(s.groups) {
		if workspace == slackTeam {
			found = append(found, s.subteam(s.groups[id], a.on("include_users")))
		}
	}
	return answer{"usergroups": found}, nil
}

func (s *Slack) usergroupsUsersList(a slackArgs) (answer, error) {
	workspace, err := s.listedWorkspace(a)
	if err != nil {
		return nil, err
	}
	g := s.groups[a["usergroup"]]
	if g == nil || workspace != slackTeam {
		return nil, refuse("no_such_subteam")
	}
	return answer{"users": idList(g.Members)}, nil
}

// subteam is g as Slack describes user groups to the app.
func (s *Slack) subteam(g *Group, withUsers bool) answer {
	info := answer{
		"id": g.ID, "team_id": slackTeam, "is_usergroup": true, "is_subteam": true, "name": g.Name, "handle": g.Handle,
		"description": "", "is_external": false, "date_create": 1500000000, "date_update": s.clock.Now().Unix(),
		"date_delete": 0, "auto_type": nil, "created_by": slackBotUser, "updated_by": slackBotUser, "deleted_by": nil,
		"prefs": answer{"channels": []string{}, "groups": []string{}}, "user_count": len(g.Members),
	}
	if withUsers {
		info["users"] = idList(g.Members)
	}
	return info
}

// idList is list as JSON lists are: never null.
func idList(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
