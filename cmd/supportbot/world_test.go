package main

import (
	"strings"
	"testing"
)

// Ids of world.yml that tests name.
const (
	supportGroup = "S0SUPPORT"
	helpChannel  = "C0HELP"
	opsChannel   = "C0OPS"
)

func TestTheCompanyOfTheSandboxIsWhole(t *testing.T) {
	c, err := parseCompany(defaultWorld)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range c.History {
		if strings.Contains(h.Text, "@"+c.SupportGroup) {
			t.Errorf("%q mentions the support group before the bot came: catching up would make a ticket of it", h.Text)
		}
	}
	if len(c.Guide) < 5 {
		t.Errorf("only %d steps in the guide", len(c.Guide))
	}
}

func TestAWorldThatNamesWhatIsNotThereIsRefused(t *testing.T) {
	whole := string(defaultWorld)
	for name, tt := range map[string]struct{ old, new, says string }{
		"a key that is none":      {"company:", "compagny:", `unknown field "compagny"`},
		"nobody in a group":       {"members: [kenji, mia]", "members: [kenji, zoe]", `group support: there is no person named "zoe"`},
		"no such support group":   {"support_group: support", "support_group: help", `there is no group named "help"`},
		"no such channel":         {"in: partner-studio", "in: nowhere", `history: there is no channel named "nowhere"`},
		"nobody to begin with":    {"begin: {as: alice", "begin: {as: zoe", `begin: there is no person named "zoe"`},
		"a step to no tab":        {"tab: github", "tab: gitlab", `there is no tab "gitlab"`},
		"a duration that is none": {"ago: 50h", "ago: long", "long"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseCompany([]byte(strings.Replace(whole, tt.old, tt.new, 1)))
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
		})
	}
}
