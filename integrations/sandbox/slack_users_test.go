package sandbox

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"
)

func TestWhoTheBotIs(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	c := aClient(s)
	got, err := c.AuthTest()
	if err != nil {
		t.Fatal(err)
	}
	if got.UserID != s.BotUserID() || got.BotID != s.BotID() || got.TeamID != s.TeamID() || got.URL != "https://acme.slack.com/" {
		t.Errorf("auth.test: %+v", got)
	}
	bot, err := c.GetBotInfo(slack.GetBotInfoParameters{Bot: s.BotID()})
	if err != nil || bot.UserID != s.BotUserID() {
		t.Errorf("bots.info: %+v, %v", bot, err)
	}
}

func TestWhatSlackSaysOfPeople(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	s.AddPerson(Person{ID: "UGUEST", Name: "guest", Guest: true})
	s.AddPerson(Person{ID: "WSINGLE", Name: "single", OneChannel: true})
	s.AddPerson(Person{ID: "UFOREIGN", Name: "foreign", External: true})
	type person struct {
		Locale, Email, TZ string
		Offset            int
		Guest, Single     bool
		Stranger, Foreign bool
	}
	tests := map[string]struct {
		id   string
		want person
	}{
		"a colleague":                 {"UALICE", person{Locale: "ja-JP", Email: "alice@example.com", TZ: "Asia/Tokyo", Offset: 32400}},
		"a guest":                     {"UGUEST", person{Locale: "en-US", Email: "guest@example.com", TZ: "Asia/Tokyo", Offset: 32400, Guest: true}},
		"a guest of one channel":      {"WSINGLE", person{Locale: "en-US", Email: "single@example.com", TZ: "Asia/Tokyo", Offset: 32400, Guest: true, Single: true}},
		"somebody of another company": {"UFOREIGN", person{Stranger: true, Foreign: true}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			u, err := aClient(s).GetUserInfo(test.id)
			if err != nil {
				t.Fatal(err)
			}
			got := person{u.Locale, u.Profile.Email, u.TZ, u.TZOffset, u.IsRestricted, u.IsUltraRestricted, u.IsStranger, u.TeamID != s.TeamID()}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUsersInfoGivesTheLocaleOnlyIfAsked(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	body, _ := callSlack(t, slackRequest(t, s, "users.info", form, "user=UALICE&token="+s.BotToken()))
	if user := body["user"].(map[string]any); user["locale"] != nil || user["name"] != "alice" {
		t.Errorf("user %v", user)
	}
}

func TestAddressesNeedAScopeOfTheirOwn(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{Scopes: []string{"users:read"}})
	c := aClient(s)
	u, err := c.GetUserInfo("UALICE")
	if err != nil || u.Profile.Email != "" {
		t.Errorf("users.info: %q, %v", u.Profile.Email, err)
	}
	if _, err := c.GetUserByEmail("alice@example.com"); slackCode(err) != "missing_scope" {
		t.Errorf("users.lookupByEmail: %v", err)
	}
}

func TestPeopleAreListedWithoutStrangers(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	s.AddPerson(Person{ID: "UFOREIGN", Name: "foreign", External: true})
	all, err := aClient(s).GetUsers(slack.GetUsersOptionLimit(2))
	if err != nil || len(all) != 3 { // Alice, Bob, the bot: over two pages
		t.Errorf("%d people, %v", len(all), err)
	}
	u, err := aClient(s).GetUserByEmail("ALICE@example.com")
	if err != nil || u.ID != "UALICE" {
		t.Errorf("by address: %+v, %v", u, err)
	}
}

func TestUserGroupsShowTheirMembersIfAsked(t *testing.T) {
	s, _ := aWorkspace(t, SlackOptions{})
	c := aClient(s)
	for _, with := range []bool{false, true} {
		groups, err := c.GetUserGroups(slack.GetUserGroupsOptionIncludeUsers(with))
		if err != nil || len(groups) != 1 || groups[0].Handle != "support" || (len(groups[0].Users) == 1) != with {
			t.Errorf("include_users %v: %+v, %v", with, groups, err)
		}
	}
	members, err := c.GetUserGroupMembers("SSUPPORT")
	if err != nil || len(members) != 1 || members[0] != "UBOB" {
		t.Errorf("members %v, %v", members, err)
	}
}
